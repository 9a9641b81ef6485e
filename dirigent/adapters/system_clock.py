"""The machine's time, or that of whoever is followed."""

import asyncio
from datetime import UTC, datetime

from dirigent.ports.clock import Clock


class SystemClock:
    """Tells the machine's time until it is told to follow another clock."""

    def __init__(self) -> None:
        self._leader: Clock | None = None

    def follow(self, other: Clock) -> None:
        """From now on the other tells the time, as in tests whose time jumps."""
        self._leader = other

    def now(self) -> datetime:
        """The instant, aware, in UTC."""
        return datetime.now(UTC) if self._leader is None else self._leader.now()

    async def sleep(self, seconds: float) -> None:
        """Return once that much time has passed."""
        if self._leader is None:
            await asyncio.sleep(seconds)
        else:
            await self._leader.sleep(seconds)
