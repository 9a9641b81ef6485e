"""Real time on an asyncio loop."""

import asyncio
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from devhost.engine.ports import Alarm

#: The longest single sleep: loops measure with a monotonic clock, and the wall clock may be set meanwhile.
LONGEST_SLEEP = timedelta(hours=1)


class _Alarm:
    def __init__(self, clock: "RealClock", when: datetime, ring: Callable[[], None]) -> None:
        self._clock, self._when, self._ring = clock, when, ring
        self._handle = self._sleep()

    def cancel(self) -> None:
        self._handle.cancel()

    def _sleep(self) -> asyncio.TimerHandle:
        left = min(self._when - self._clock.now(), LONGEST_SLEEP)
        return self._clock.loop.call_later(max(left.total_seconds(), 0), self._wake)

    def _wake(self) -> None:
        # The loop may wake a little early by the wall clock, and long waits are slept in pieces.
        if self._clock.now() < self._when:
            self._handle = self._sleep()
        else:
            self._ring()


class RealClock:
    """The wall clock, ringing on the given loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop

    def now(self) -> datetime:
        return datetime.now(UTC)

    def call_at(self, when: datetime, ring: Callable[[], None]) -> Alarm:
        return _Alarm(self, when, ring)

    async def sleep(self, seconds: float) -> None:
        """Sleep, as a test's virtual clock lets the app's async functions do."""
        await asyncio.sleep(seconds)

    def pause(self, seconds: float) -> None:
        """Sleep, as a test's virtual clock lets the app's sync functions do."""
        threading.Event().wait(seconds)
