"""Events that came to nothing: what is kept of each, and what may be done with it."""

import re
from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from hashlib import sha256

import msgspec

from dirigent.domain.events import Property
from dirigent.domain.messages import Message
from dirigent.domain.outcomes import Category
from dirigent.domain.run_ids import EPOCH
from dirigent.domain.runs import Held
from dirigent.domain.spelling import nearest


class State(StrEnum):
    """How a dead letter stands."""

    OPEN = "open"  #: nobody has dealt with it
    REPLAYING = "replaying"  #: it is being told again, or whoever began to tell it was cut short
    REPLAYED = "replayed"  #: it was told again, and has not come back since
    DISCARDED = "discarded"  #: somebody has decided that it is not needed


class DeadLetter(Message, frozen=True, kw_only=True):
    """One event that one subscription could not make anything of."""

    id: str
    account: str
    subscription: str
    topic: str
    #: Empty where the message does not say.
    type: str
    #: Id of the message as it was told first, whatever replays of it were called.
    event: str
    correlation_id: str
    state: State
    #: `bus`: no run came of it; `run`: the run that it started failed.
    source: str
    category: Category
    #: In one word, what happened: `MaxDeliveryCountExceeded`, `TTLExpiredException`, or of the run's failure.
    reason: str
    #: In a sentence, for people.
    description: str
    #: The same for all that came to nothing in the same way: what they are grouped by.
    cause: str
    enqueued_at: datetime
    died_at: datetime
    updated_at: datetime
    #: The body's text, or its base64 where it is none.
    message: Held
    is_base64: bool = False
    content_type: str = "application/json"
    #: As the message had them, the app's own included.
    properties: dict[str, Property] = msgspec.field(default_factory=dict)
    delivery_count: int = 0
    #: The run that failed, and at which step.
    run: str | None = None
    step: str | None = None
    #: How often it was told again.
    replays: int = 0
    #: The replay of many that told it again last.
    batch: str | None = None
    #: Why telling it again did not work out, as long as it has not.
    error: str = ""


class Choice(Message, frozen=True, kw_only=True):
    """Which dead letters of an account; what is None does not matter."""

    subscription: str | None = None
    topic: str | None = None
    type: str | None = None
    category: Category | None = None
    reason: str | None = None
    cause: str | None = None
    state: State | None = None
    #: The replay of many that told them again last.
    batch: str | None = None
    #: When the bus took their events.
    earliest: datetime | None = None
    latest: datetime | None = None


#: What Service Bus takes as a message's id, and how much of a longer one is kept for people to know it by.
LONGEST_ID, KNOWN_BY = 128, 80
#: Of the hash behind that.
_DIGITS = 16
_LATEST = 1 << 45
_ID = re.compile(r"[0-9a-f]{14}-[0-9a-f]{20}")
#: Ids, figures, quoted words and times: what differs between two accidents of one kind.
_PARTICULAR = re.compile(r"'[^']*'|\"[^\"]*\"|`[^`]*`|\S*\d\S*")


def dead_letter_id(subscription: str, event: str, enqueued_at: datetime) -> str:
    """The same for the same event and subscription; the newest sorts first."""
    digest = sha256(f"{subscription}\n{event}".encode()).hexdigest()[:20]
    return f"{_LATEST - _milliseconds(enqueued_at):014x}-{digest}"


def is_dead_letter_id(text: str) -> bool:
    """Whether the text may be the id of a dead letter."""
    return _ID.fullmatch(text) is not None


def letters_between(earliest: datetime | None, latest: datetime | None) -> tuple[str, str]:
    """The first and last id of a dead letter whose event the bus took between both instants."""
    newest = _LATEST if latest is None else _milliseconds(latest)
    oldest = 0 if earliest is None else _milliseconds(earliest)
    return f"{_LATEST - newest:014x}", f"{_LATEST - oldest:014x}-~"


def replay_id(event: str, number: int) -> str:
    """The message id of an event's replay of that number: the same if that replay is repeated."""
    known = event if len(event) <= LONGEST_ID - len(f".replay-{number}") else _cut(event)
    return f"{known}.replay-{number}"


def known_as(event: str) -> str:
    """The same for the event's id and for what any replay of it shows of that."""
    # As long as what is cut: whatever is longer may have been cut by one replay and not by another.
    return event if len(event) <= KNOWN_BY + 1 + _DIGITS else _cut(event)


def _cut(event: str) -> str:
    return f"{event[:KNOWN_BY]}~{sha256(event.encode('utf-8', 'replace')).hexdigest()[:_DIGITS]}"


def why_unheard(subscription: str, known: Iterable[str]) -> str:
    """Why letters of a subscription that is not known are not told again, and what to do about it."""
    near = nearest(subscription, known)
    hint = "" if near is None else f" (there is {near!r})"
    return (
        f"There is no subscription {subscription!r} any more{hint}, and nobody would hear of it: declare it "
        "again, or discard its dead letters."
    )


def cause_of(subscription: str, category: Category, reason: str, description: str, step: str | None) -> str:
    """The same for all that came to nothing in the same way, whatever ids their sentences hold."""
    kind = _PARTICULAR.sub("…", description.partition("\n")[0])
    told = "\n".join((subscription, category, reason, step or "", kind))
    return sha256(told.encode("utf-8", "replace")).hexdigest()[:16]


def _milliseconds(instant: datetime) -> int:
    return min(max(int((instant - EPOCH).total_seconds() * 1000), 0), _LATEST)
