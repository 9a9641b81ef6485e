"""Deliveries of the bus, read: what a message says, and what is wrong with it."""

import re
from base64 import b64encode
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from math import isfinite
from typing import Any

import azure.functions as func
import msgspec
from msgspec import UNSET

from dirigent.domain.dead_letters import LONGEST_ID, is_dead_letter_id
from dirigent.domain.events import (
    ACCOUNT,
    DEAD_LETTER,
    DIAGNOSTIC_ID,
    HOPS,
    MOST_HOPS,
    REPLAY,
    REPLAY_FOR,
    TRACEPARENT,
    TYPE,
    USER,
    Origin,
    Property,
    Replay,
)
from dirigent.domain.messages import Message
from dirigent.domain.outcomes import Category, Failure
from dirigent.domain.subscriptions import Subscription
from dirigent.records.deliveries import Parcel
from dirigent.settings import NAMES, Settings, is_name
from dirigent.telemetry.tracing import LONGEST_TRACEPARENT, Carried

#: Of what people read of a message in lists.
LONGEST_NAME = 300
#: Properties that the bus gives to what it gave up; some hosts tell them here alone.
DEAD_REASON, DEAD_DESCRIPTION = "DeadLetterReason", "DeadLetterErrorDescription"
#: No more of them than a number has that is taken: thousands would be slow to read, or refused by Python.
_DIGITS = re.compile("[0-9]{1,10}")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Poison(Exception):
    """The message can start nothing, however often it is delivered."""

    #: Tells a host that its text says all there is to say: it comes with each delivery, and no stack helps.
    speaks_for_itself = True

    def __init__(self, reason: str, sentence: str, *, category: Category = Category.PERMANENT) -> None:
        self.failure = Failure(category=category, message=sentence, reason=reason).brief()
        super().__init__(f"{reason}: {self.failure.message}")


class Delivery(Message, frozen=True, kw_only=True):
    """One delivery of a message to a subscription."""

    origin: Origin
    account: str
    user: str | None = None
    body: bytes
    content_type: str = ""
    properties: dict[str, Property] = msgspec.field(default_factory=dict)
    delivery_count: int = 0
    traceparent: Carried = UNSET
    #: What is wrong with its properties, each with the remedy; it starts nothing then.
    problems: tuple[str, ...] = ()
    #: It is a replay for another subscription.
    is_for_another: bool = False
    #: Why the bus has given it up, in its own words; empty as long as it has not.
    dead_reason: str = ""
    dead_description: str = ""

    @property
    def parcel(self) -> Parcel:
        """As it is kept."""
        body, is_base64 = text_of(self.body)
        return Parcel(
            body=body,
            is_base64=is_base64,
            content_type=self.content_type,
            properties=self.properties,
            delivery_count=self.delivery_count,
        )

    def check(self) -> None:
        """`Poison` where a property is wrong, or the event goes in a circle."""
        if self.problems:
            raise Poison("bad_property", " ".join(self.problems))
        if self.origin.hops > MOST_HOPS:
            raise Poison(
                "circle",
                f"The event was passed on {self.origin.hops} times, and {MOST_HOPS} are allowed: workflows "
                "that start one another by events go in a circle. End it by a filter, or by a step less.",
            )


def text_of(body: bytes) -> tuple[str, bool]:
    """The body as text, and whether that is its base64, for it is none itself."""
    try:
        return body.decode(), False
    except UnicodeDecodeError:
        return b64encode(body).decode(), True


def delivery_of(
    message: func.ServiceBusMessage, subscription: Subscription, settings: Settings, *, now: datetime
) -> Delivery:
    """The delivery; what is wrong with it is among its problems, and no reason not to read the rest."""
    reader = _Reader(message)
    reader.check_id()
    replay = reader.replay(subscription.name)
    told = reader.text(TYPE) or message.subject or message.label or ""
    return Delivery(
        origin=Origin(
            subscription=subscription.name,
            topic=subscription.topic,
            type=_whole(told)[:LONGEST_NAME],
            event=reader.id,
            correlation_id=_whole(message.correlation_id or reader.id)[:LONGEST_NAME],
            enqueued_at=_aware(message.enqueued_time_utc) or now,
            hops=reader.whole(HOPS),
            replay=replay,
        ),
        account=reader.account(settings),
        user=reader.name(USER),
        body=message.get_body(),
        content_type=_whole(message.content_type or ""),
        properties=reader.properties,
        delivery_count=message.delivery_count or 0,
        traceparent=reader.trace(),
        problems=tuple(reader.problems),
        is_for_another=isinstance(reader.properties.get(REPLAY_FOR), str)
        and reader.properties[REPLAY_FOR] != subscription.name,
        dead_reason=_whole(message.dead_letter_reason or reader.said.get(DEAD_REASON, "")),
        dead_description=_whole(
            message.dead_letter_error_description or reader.said.get(DEAD_DESCRIPTION, "")
        ),
    )


class _Reader:
    """Reads a message's properties by kind, and notes what is wrong with them."""

    def __init__(self, message: func.ServiceBusMessage) -> None:
        self._message = message
        self.problems: list[str] = []
        told: Mapping[str, Any] = message.application_properties or message.user_properties or {}
        #: Those that a filter sees; lists, say, are nothing to it.
        self.properties: dict[str, Property] = {
            _whole(name): _whole(value) if isinstance(value, str) else value
            for name, value in told.items()
            if _is_property(value) and name not in (DEAD_REASON, DEAD_DESCRIPTION)
        }
        #: What the bus itself has said of the message.
        self.said = {name: value for name, value in told.items() if isinstance(value, str)}
        self._own_id: str | None = message.message_id
        self.id = _whole(self._own_id or _place(message))

    def check_id(self) -> None:
        if not self._own_id and self._message.sequence_number is None:
            self.problems.append("The message has no id: whether it was handled before cannot be known.")
        if len(self.id) > LONGEST_ID:
            self.problems.append(f"The message's id has {len(self.id)} characters, of {LONGEST_ID} at most.")

    def _refuse(self, name: str, wanted: str) -> None:
        self.problems.append(
            f"The property {name!r} is {self.properties[name]!r:.80}, which is not {wanted}: "
            "send it as such, or leave it out."
        )

    def text(self, name: str) -> str | None:
        value = self.properties.get(name)
        if value is None or isinstance(value, str):
            return value
        self._refuse(name, "a text")
        return None

    def name(self, name: str) -> str | None:
        value = self.text(name)
        if value is None or is_name(value):
            return value
        self._refuse(name, f"a name ({NAMES})")
        return None

    def account(self, settings: Settings) -> str:
        if settings.accounts == "enforced" and ACCOUNT not in self.properties:
            self.problems.append(
                f"The message names no account in its property {ACCOUNT!r}, and accounts are enforced: "
                "whoever sends it has to say on whose account it starts runs."
            )
        return self.name(ACCOUNT) or settings.default_account

    def whole(self, name: str, *, least: int = 0) -> int:
        """The number; it is kept as one, however it has come."""
        if name not in self.properties:
            return least
        number = _number(self.properties[name])
        if number is None or not least <= number < 2**31:
            self._refuse(name, f"a whole number from {least} on")
            return least
        self.properties[name] = number
        return number

    def replay(self, subscription: str) -> Replay | None:
        """Of which dead letter it is a replay, if it is this subscription's."""
        named = [name for name in (REPLAY_FOR, DEAD_LETTER, REPLAY) if name in self.properties]
        if not named:
            return None
        if len(named) < 3:
            self.problems.append(
                f"The message has the property {named[0]!r}, but not all of {REPLAY_FOR!r}, {DEAD_LETTER!r} "
                f"and {REPLAY!r}, which replays have: leave it out."
            )
            return None
        letter, number = self.text(DEAD_LETTER), self.whole(REPLAY, least=1)
        if letter is None or not is_dead_letter_id(letter):
            self._refuse(DEAD_LETTER, "the id of a dead letter")
        meant = self.text(REPLAY_FOR)
        if self.problems or letter is None or meant != subscription:
            return None
        return Replay(dead_letter=letter, number=number, subscription=subscription)

    def trace(self) -> Carried:
        for name in (TRACEPARENT, DIAGNOSTIC_ID):
            value = self.properties.get(name)
            if isinstance(value, str) and len(value) <= LONGEST_TRACEPARENT:
                return value
        return UNSET


def _place(message: func.ServiceBusMessage) -> str:
    """By what a message without an id is known: its place in the subscription, which stays the same."""
    place = f"sequence-{message.sequence_number}"
    # A subscription that is deleted and made again counts from 1 once more.
    taken = _aware(message.enqueued_time_utc)
    return place if taken is None else f"{place}-{(taken - _EPOCH) // timedelta(milliseconds=1)}"


def _is_property(value: object) -> bool:
    """Whether it can be kept as it is."""
    if isinstance(value, float):
        return isfinite(value)
    if isinstance(value, int):
        return abs(value) < 2**63
    return isinstance(value, str)


def _number(told: Property) -> int | None:
    """The whole number that is meant."""
    # Of a batch nobody says whether numbers stay numbers on their way over Azure's bus.
    if isinstance(told, str):
        return int(told) if _DIGITS.fullmatch(told) else None
    return None if isinstance(told, bool) or told != int(told) else int(told)


def _whole(text: str) -> str:
    # Half of a character can be kept by no store.
    return text.encode("utf-8", "replace").decode()


def _aware(instant: datetime | None) -> datetime | None:
    return instant.replace(tzinfo=UTC) if instant is not None and instant.tzinfo is None else instant
