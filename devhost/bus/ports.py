"""What the bus is to whoever sends, receives and looks."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from devhost.bus.messages import Received, Sent

#: What Service Bus calls the dead-letter queue of a place; names of places are in lower case.
DEAD_LETTERS = "/$deadletterqueue"
#: No sequence number has more; some thousand of them Python would refuse to read.
MOST_DIGITS = 18


class UnknownPlace(LookupError):
    """There is no queue, topic or subscription of that name."""

    def __init__(self, name: str, known: Sequence[str] = ()) -> None:
        self.name, self.known = name, tuple(known)
        super().__init__(f"There is no queue, topic or subscription {name!r}.")


class LockLost(LookupError):
    """The message is not under that lock any more: it ran out, or the message is gone."""

    def __init__(self, place: str, sequence_number: int) -> None:
        self.place, self.sequence_number = place, sequence_number
        super().__init__(
            f"Message {sequence_number} of {place!r} is not under that lock: it ran out, or the message is "
            "gone. Receive it again."
        )


class TooLarge(ValueError):
    """What was to be sent at once is larger than the Standard tier takes."""

    def __init__(self, size: int, most: int) -> None:
        self.size, self.most = size, most
        super().__init__(
            f"What is sent at once may have {most} bytes, properties included, and this has {size}: "
            "send less at a time, or keep large contents elsewhere and send where they are."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceFigures:
    """How a queue, a subscription or a dead-letter queue stands."""

    place: str
    kind: str
    active: int
    locked: int
    scheduled: int
    dead: int
    #: The subscription's rules, as they are written.
    rules: tuple[str, ...] = ()
    max_delivery_count: int = 0
    lock_duration: timedelta = timedelta()
    time_to_live: timedelta | None = None


class Broker(Protocol):
    """Queues and topics; all calls belong to the host's loop, and what they change is durable a commit later.

    Places are named in any case. Whatever is not under a lock may be received; whatever is not completed
    before its lock runs out may be received again.
    """

    def send(self, name: str, messages: Sequence[Sent]) -> None:
        """Lay the messages on a queue or topic, all or none; it may pass over duplicates.

        `UnknownPlace` or `TooLarge`.
        """

    def receive(self, place: str, most: int = 1, *, lasting: bool = False) -> list[Received]:
        """Lock and take some messages of a queue or subscription, oldest first; none when there are none.

        A lasting lock holds until it runs out, also over a restart of the host; others are void after one.
        """

    def complete(self, place: str, sequence_number: int, lock_token: str) -> None:
        """The message is done with and goes; `LockLost`."""

    def abandon(
        self, place: str, sequence_number: int, lock_token: str, *, pause: timedelta = timedelta()
    ) -> None:
        """Give the message back: it is received again, or dead-lettered after the last time; `LockLost`.

        After a pause, if one is given: what fails again and again in a dead-letter queue must let time pass.
        """

    def renew(self, place: str, sequence_number: int, lock_token: str) -> datetime:
        """Lock it for another while; until when. `LockLost`."""

    def remove(self, place: str, sequence_number: int) -> bool:
        """Delete a message, whoever holds it; False where there is none of that number."""

    def listen(self, place: str, wake: Callable[[], None]) -> Callable[[], None]:
        """Have `wake` called whenever there may be something to receive, now too; the answer ends it.

        Never from within a call of the broker, and only once what may be received is on disk.
        """

    def peek(self, place: str, *, first: int = 0, most: int = 100) -> list[Received]:
        """Messages as they lie there, from that sequence number on, whoever holds them."""

    def figures(self) -> list[PlaceFigures]:
        """Every place but topics and dead-letter queues, which are figures of their own places."""

    @property
    def is_quiet(self) -> bool:
        """Whether nothing happens here until somebody calls or an alarm rings."""

    def left_behind(self) -> dict[str, int]:
        """Places that the state file knows and the topology does not, with how many messages lie there."""

    def topics(self) -> dict[str, tuple[str, ...]]:
        """Every topic, with its subscriptions."""
