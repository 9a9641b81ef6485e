"""Time."""

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """Tells the time and waits; a test's may jump."""

    def now(self) -> datetime:
        """The instant, aware, in UTC."""

    async def sleep(self, seconds: float) -> None:
        """Return once that much time has passed."""
