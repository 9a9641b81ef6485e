"""Events: what is told on the bus, and which run was started by what."""

from datetime import datetime

import msgspec

from dirigent.domain.messages import Message

Property = str | int | float | bool

#: Whoever tells an event because of another passes it on; so often at most, for it may go in a circle.
MOST_HOPS = 20
#: Seconds; no topic keeps a message for longer unless somebody says so.
LONGEST_TIME_TO_LIVE = 14 * 86_400
#: Properties that are ours: whoever tells an event cannot set them.
TYPE, ACCOUNT, USER, RUN, HOPS = "type", "account", "user", "run", "hops"
REPLAY_FOR, DEAD_LETTER, REPLAY = "replay_for", "dead_letter", "replay"
#: The second is what Azure's own clients and hosts call the first.
TRACEPARENT, DIAGNOSTIC_ID = "traceparent", "Diagnostic-Id"
RESERVED = frozenset(
    {TYPE, ACCOUNT, USER, RUN, HOPS, REPLAY_FOR, DEAD_LETTER, REPLAY, TRACEPARENT, DIAGNOSTIC_ID}
)


class Replay(Message, frozen=True, kw_only=True):
    """An event that is told again, to one subscriber alone."""

    #: Id of the dead letter it is told from.
    dead_letter: str
    #: 1 for its first replay.
    number: int
    subscription: str


class Event(Message, frozen=True, kw_only=True):
    """Something that has happened, as it is told on a topic."""

    topic: str
    type: str
    #: The message's id: the same where the same is told again.
    id: str
    #: JSON text of an object.
    data: str
    correlation_id: str
    #: On whose account runs are started by it.
    account: str
    user: str | None = None
    #: Seconds after which nobody needs to hear of it; None as long as the topic keeps messages.
    time_to_live: float | None = None
    #: The run that tells it.
    run: str | None = None
    #: By how many runs it was passed on.
    hops: int = 0
    traceparent: str | None = None
    #: What filters see besides.
    properties: dict[str, Property] = msgspec.field(default_factory=dict)
    replay: Replay | None = None


class BusMessage(Message, frozen=True, kw_only=True):
    """A message as the bus carries it."""

    id: str
    body: bytes
    subject: str
    correlation_id: str
    content_type: str = "application/json"
    #: Seconds.
    time_to_live: float | None = None
    properties: dict[str, Property] = msgspec.field(default_factory=dict)


class Origin(Message, frozen=True, kw_only=True, omit_defaults=False):
    """The event that a run was started by."""

    subscription: str
    topic: str
    type: str
    #: The message's id.
    event: str
    correlation_id: str
    #: When the bus took the message.
    enqueued_at: datetime
    hops: int = 0
    replay: Replay | None = None


def message_of(event: Event) -> BusMessage:
    """The event, as the bus carries it."""
    own: dict[str, Property | None] = {
        TYPE: event.type,
        ACCOUNT: event.account,
        USER: event.user,
        RUN: event.run,
        HOPS: event.hops or None,
        TRACEPARENT: event.traceparent,
        DIAGNOSTIC_ID: event.traceparent,
    }
    if event.replay is not None:
        own |= {
            REPLAY_FOR: event.replay.subscription,
            DEAD_LETTER: event.replay.dead_letter,
            REPLAY: event.replay.number,
        }
    return BusMessage(
        id=event.id,
        body=event.data.encode(),
        subject=event.type,
        correlation_id=event.correlation_id,
        time_to_live=event.time_to_live,
        properties=event.properties | {name: value for name, value in own.items() if value is not None},
    )
