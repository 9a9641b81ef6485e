"""A bus of one process, for tests: what is laid on it stays there to be looked at."""

from collections.abc import Sequence

from dirigent.adapters.bus.limits import check
from dirigent.domain.events import BusMessage


class MemoryBus:
    """Keeps every message by its topic, and delivers none."""

    def __init__(self) -> None:
        self.sent: dict[str, list[BusMessage]] = {}
        #: Raised instead of taking what comes next, one a request.
        self.troubles: list[Exception] = []

    async def send(self, topic: str, messages: Sequence[BusMessage]) -> None:
        """Lay the messages on the topic."""
        if self.troubles:
            raise self.troubles.pop(0)
        for message in messages:
            check(topic, message)
        self.sent.setdefault(topic, []).extend(messages)

    def close(self) -> None:
        """Nothing is held."""
