"""A clock that stands still until it is moved, then jumps."""

import asyncio
import heapq
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count

from devhost.engine.ports import Alarm
from devhost.functions.running import current_invocation_id

START = datetime(2030, 1, 1, tzinfo=UTC)

#: Turns of its loop after which a call that began or ended a sleep has come to rest: by then whoever races
#: one sleep against another has begun both, or has seen the winner and called off the loser.
TURNS = 20


@dataclass(slots=True, order=True)
class _Alarm:
    when: datetime
    number: int
    ring: Callable[[], None] = field(compare=False)
    live: bool = field(default=True, compare=False)

    def cancel(self) -> None:
        self.live = False


class VirtualClock:
    """Time for a host under test; whoever sleeps on it is parked and does not hold the time up."""

    def __init__(self, loop: asyncio.AbstractEventLoop, start: datetime = START) -> None:
        self._loop = loop
        self._now = start
        self._alarms: list[_Alarm] = []
        self._numbers = count()
        self._sleepers: set[_Sleeper] = set()
        self._holds: list[Callable[[], str]] = []

    def hold_while(self, why: Callable[[], str]) -> None:
        """Let no time pass while that says why not; it is asked often, and on the host's loop.

        For work that the host cannot see, such as a request to a server that sleeps on this clock as well.
        """
        self._holds.append(why)

    def soon(self, act: Callable[[], object]) -> None:
        """Have the host's loop do that in its turn; from any thread, and in vain once the host is gone."""
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(act)

    @property
    def held(self) -> str:
        """Why no time may pass, empty when nobody minds."""
        return "; ".join(filter(None, (why() for why in self._holds)))

    @property
    def parked(self) -> int:
        """How many calls are asleep on this clock, each counted once however often it sleeps."""
        restless = {sleeper.who for sleeper in self._sleepers if not sleeper.is_asleep}
        return len({sleeper.who for sleeper in self._sleepers} - restless)

    def now(self) -> datetime:
        return self._now

    def call_at(self, when: datetime, ring: Callable[[], None]) -> Alarm:
        alarm = _Alarm(when, next(self._numbers), ring)
        heapq.heappush(self._alarms, alarm)
        return alarm

    def next_due(self) -> datetime | None:
        """The instant of the next alarm; one that has passed is due now."""
        while self._alarms and not self._alarms[0].live:
            heapq.heappop(self._alarms)
        return max(self._alarms[0].when, self._now) if self._alarms else None

    def jump_to(self, when: datetime) -> None:
        """Make it `when` and ring what is due."""
        self._now = max(self._now, when)
        while self._alarms and (not self._alarms[0].live or self._alarms[0].when <= self._now):
            alarm = heapq.heappop(self._alarms)
            if alarm.live:
                alarm.live = False
                alarm.ring()

    async def sleep(self, seconds: float) -> None:
        """For the app's async functions: sleep until that much virtual time has passed."""
        loop = asyncio.get_running_loop()
        woken = loop.create_future()

        def wake() -> None:
            if not woken.done():
                woken.set_result(None)
            self._after_turns(loop, TURNS, partial(self._leave, sleeper))

        sleeper = _Sleeper(lambda: loop.call_soon_threadsafe(wake))
        self._loop.call_soon_threadsafe(self._park, seconds, sleeper)
        self._after_turns(loop, TURNS, partial(_fall_asleep, sleeper))
        try:
            await woken
        except asyncio.CancelledError:
            # Whoever gives up its sleep runs again: the time must wait for it.
            self._loop.call_soon_threadsafe(self._leave, sleeper)
            raise

    def _after_turns(self, loop: asyncio.AbstractEventLoop, turns: int, then: Callable[[], None]) -> None:
        if turns:
            loop.call_soon(self._after_turns, loop, turns - 1, then)
        else:
            self._loop.call_soon_threadsafe(then)

    def pause(self, seconds: float) -> None:
        """For the app's sync functions: as `sleep`, holding the thread."""
        woken = threading.Event()

        def wake() -> None:
            self._leave(sleeper)
            woken.set()

        sleeper = _Sleeper(wake)
        self._loop.call_soon_threadsafe(self._park, seconds, sleeper)
        self._loop.call_soon_threadsafe(_fall_asleep, sleeper)
        woken.wait()

    def _park(self, seconds: float, sleeper: "_Sleeper") -> None:
        def ring() -> None:
            # No longer asleep before it is woken: the time must not move on while it gets up.
            sleeper.alarm, sleeper.is_asleep = None, False
            sleeper.wake()

        sleeper.alarm = self.call_at(self._now + timedelta(seconds=seconds), ring)
        self._sleepers.add(sleeper)

    def _leave(self, sleeper: "_Sleeper") -> None:
        if sleeper.alarm is not None:
            sleeper.alarm.cancel()
        self._sleepers.discard(sleeper)


class _Sleeper:
    """One sleep of one call; whoever sleeps outside of calls counts for itself."""

    def __init__(self, wake: Callable[[], object]) -> None:
        self.wake = wake
        self.who: object = current_invocation_id() or self
        #: None once it has rung.
        self.alarm: Alarm | None = None
        #: Not yet while its call may be about to begin another, nor while it is getting up.
        self.is_asleep = False


def _fall_asleep(sleeper: _Sleeper) -> None:
    sleeper.is_asleep = sleeper.alarm is not None
