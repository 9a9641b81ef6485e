"""Virtual time for an app whose model answers over a real network.

Calls that the server's script keeps waiting sleep on the host's virtual clock; so does the app, which sleeps
for nothing but the time limit of a call. Time may pass only if each call that the app waits for is one that
sleeps at the server: not while a request or an answer is on its way, nor while a caller who left is still
thought to be there. Everything here is counted on the host's loop, in the order in which it was told.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from devhost.engine.ports import Alarm
from devhost.testing import VirtualClock
from dirigent.modelserver import Counts
from dirigent.ports.clock import Clock


class ModelTime:
    """The host's time, as the app and the model server are to live by it."""

    def __init__(self, clock: VirtualClock, counts: Callable[[], Counts]) -> None:
        self._limits, self._waits = Limits(clock), Waits(clock)
        self._counts = counts
        clock.hold_while(self._why)

    @property
    def of_app(self) -> Clock:
        """For the app to follow."""
        return self._limits

    @property
    def of_server(self) -> Clock:
        """For the server to follow."""
        return self._waits

    def _why(self) -> str:
        """Why time may not pass."""
        counts, limits, waits = self._counts(), self._limits, self._waits
        answered = counts.total.calls - counts.in_flight - waits.given_up
        is_at_rest = (
            limits.begun == counts.total.calls
            and limits.met == answered
            and limits.missed == waits.given_up
            and waits.asleep == counts.in_flight
        )
        if is_at_rest:
            return ""
        return (
            f"of {limits.begun} calls begun {counts.total.calls} arrived at the model; "
            f"{limits.met} of {answered} answers and {waits.given_up} of {limits.missed} farewells did; "
            f"{waits.asleep} of {counts.in_flight} calls there wait for the time"
        )


class Limits:
    """The clock of an app that sleeps as long as it waits for an answer at most."""

    def __init__(self, clock: VirtualClock) -> None:
        self._clock = clock
        self.begun = 0
        #: Ended, because there was an answer, or because there was none.
        self.met = self.missed = 0

    def now(self) -> datetime:
        return self._clock.now()

    async def sleep(self, seconds: float) -> None:
        self._clock.soon(self._begin)
        is_missed = False
        try:
            await self._clock.sleep(seconds)
            # At one instant answers come before limits, as they do from a model in process: once more the
            # time stands still until every answer that is due now is there.
            await self._clock.sleep(0)
            is_missed = True
        finally:
            # After the clock was told that this sleep is over: else it would still count as one.
            self._clock.soon(partial(self._end, is_missed=is_missed))

    def _begin(self) -> None:
        self.begun += 1

    def _end(self, *, is_missed: bool) -> None:
        self.missed += is_missed
        self.met += not is_missed


class Waits:
    """The clock of a server whose model takes its time."""

    def __init__(self, clock: VirtualClock) -> None:
        self._clock = clock
        self.asleep = 0
        #: Sleeps that ended because the caller had left.
        self.given_up = 0

    def now(self) -> datetime:
        return self._clock.now()

    async def sleep(self, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        woken = loop.create_future()
        wait = Wait(lambda: loop.call_soon_threadsafe(partial(_wake, woken)))
        self._clock.soon(partial(self._fall_asleep, wait, seconds))
        try:
            await woken
        except asyncio.CancelledError:
            self._clock.soon(partial(self._give_up, wait))
            raise

    def _fall_asleep(self, wait: "Wait", seconds: float) -> None:
        wait.alarm = self._clock.call_at(self.now() + timedelta(seconds=seconds), partial(self._ring, wait))
        self.asleep += 1

    def _ring(self, wait: "Wait") -> None:
        # Awake before it knows: time must not move on while it gets up.
        wait.alarm = None
        self.asleep -= 1
        wait.wake()

    def _give_up(self, wait: "Wait") -> None:
        self.given_up += 1
        if wait.alarm is not None:
            wait.alarm.cancel()
            self.asleep -= 1


class Wait:
    """One sleep of one call."""

    def __init__(self, wake: Callable[[], object]) -> None:
        self.wake = wake
        #: None before it sleeps and once it has rung.
        self.alarm: Alarm | None = None


def _wake(woken: "asyncio.Future[None]") -> None:
    if not woken.done():
        woken.set_result(None)
