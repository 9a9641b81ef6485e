"""A message in its one place, as the broker holds it in memory."""

from dataclasses import dataclass
from datetime import datetime

from devhost.bus.messages import Received, Sent


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    """Who has the token holds the message."""

    token: str
    until: datetime
    #: Whether it holds over a restart.
    lasting: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Death:
    """Why a message was dead-lettered, and where."""

    reason: str
    description: str
    source: str


@dataclass(slots=True, kw_only=True, eq=False)
class Copy:
    """One subscription's copy of a message, or a queue's."""

    sequence_number: int
    place: str
    #: The number under which properties and body are kept.
    content: int
    message: Sent
    enqueued: datetime
    expires: datetime | None
    #: Until then nobody receives it; None where it may be received, were it not locked.
    due: datetime | None = None
    deliveries: int = 0
    lock: Lock | None = None
    death: Death | None = None

    def is_over(self, now: datetime) -> bool:
        """Whether its time to live has passed; the dead have no time to live."""
        return self.death is None and self.expires is not None and self.expires <= now

    def next_change(self) -> datetime | None:
        """When something becomes of it by itself."""
        if self.lock is not None:
            return self.lock.until
        if self.due is None or self.death is not None:
            return self.due if self.death is not None else self.expires
        return self.due if self.expires is None else min(self.due, self.expires)

    def seen(self) -> Received:
        """The message as whoever receives or peeks sees it."""
        lock, death = self.lock, self.death
        return Received(
            place=self.place,
            message=self.message,
            sequence_number=self.sequence_number,
            enqueued=self.enqueued,
            expires=self.expires,
            delivery_count=self.deliveries,
            lock_token=None if lock is None else lock.token,
            locked_until=None if lock is None else lock.until,
            dead_letter_reason=None if death is None else death.reason,
            dead_letter_description=None if death is None else death.description,
            dead_letter_source=None if death is None else death.source,
        )
