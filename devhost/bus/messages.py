"""Messages, as they are sent and as they are received."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType

Property = str | int | float | bool | datetime
_NONE: Mapping[str, Property] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A message on its way to a queue or topic."""

    body: bytes
    #: Empty: the bus makes one up.
    message_id: str = ""
    content_type: str | None = None
    correlation_id: str | None = None
    subject: str | None = None
    session_id: str | None = None
    reply_to: str | None = None
    to: str | None = None
    time_to_live: timedelta | None = None
    #: Nobody receives it before.
    scheduled: datetime | None = None
    properties: Mapping[str, Property] = field(default_factory=lambda: _NONE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """A message where it lies, and, where somebody has received it, the lock it is under."""

    #: Such as `orders`, `events/subscriptions/audit`, or either with `/$deadletterqueue` behind it.
    place: str
    #: With its effective time to live: the shorter of its own and the place's.
    message: Sent
    sequence_number: int
    enqueued: datetime
    expires: datetime | None
    #: How often it was received, this time included.
    delivery_count: int = 0
    lock_token: str | None = None
    locked_until: datetime | None = None
    #: Of one that was dead-lettered.
    dead_letter_reason: str | None = None
    dead_letter_description: str | None = None
    #: The place it was dead-lettered from.
    dead_letter_source: str | None = None
