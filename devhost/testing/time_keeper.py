"""Moves virtual time when, and only when, nothing else can happen."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

from devhost.engine.clock import RealClock
from devhost.engine.hub import InstanceStatus
from devhost.host import Host
from devhost.testing.virtual_clock import VirtualClock

#: Real seconds a quiet host without any timer is given before its waiting is called hopeless:
#: another thread of the test may still be about to raise an event.
HOPE = 1.0


class TimeKeeper:
    """Waits for a host, letting virtual time pass meanwhile."""

    def __init__(self, host: Host, clock: VirtualClock | RealClock) -> None:
        self._host = host
        self._clock = clock

    async def ended(self, instance_id: str, timeout: float) -> InstanceStatus:
        """The instance once it has ended."""
        ended = asyncio.ensure_future(self._host.ended(instance_id))
        try:
            async with asyncio.timeout(timeout):
                if isinstance(self._clock, VirtualClock):
                    await self._run(self._clock, ended.done, instance_id)
                return await ended
        except TimeoutError as error:
            if error.args:  # it is not the time that ran out: nothing will ever happen, and it says so
                raise
            raise TimeoutError(self._tell(instance_id, f"has not ended within {timeout:g} s")) from None
        finally:
            ended.cancel()

    async def settle(self, timeout: float) -> None:
        """Return once nothing runs."""
        try:
            async with asyncio.timeout(timeout):
                await self._idle()
        except TimeoutError:
            raise TimeoutError(f"Something still runs after {timeout:g} s{self._held()}.") from None

    async def advance(self, span: timedelta, timeout: float) -> None:
        """Let virtual time pass, from one due timer to the next."""
        clock = self._clock
        if not isinstance(clock, VirtualClock):
            raise TypeError("Real time cannot be advanced: host the app with clock='virtual'.")
        goal = clock.now() + span
        try:
            async with asyncio.timeout(timeout):
                await self._advance(clock, goal)
        except TimeoutError:
            come = f"{clock.now():%Y-%m-%d %H:%M:%S} of {goal:%Y-%m-%d %H:%M:%S}"
            raise TimeoutError(
                f"After {timeout:g} s the time has come to {come}{self._held()}: give it a longer timeout, "
                "or go in steps."
            ) from None

    async def _advance(self, clock: VirtualClock, goal: datetime) -> None:
        await self._idle()
        while (due := clock.next_due()) is not None and due <= goal:
            clock.jump_to(due)
            await self._idle()
        clock.jump_to(goal)
        await self._idle()

    async def _run(self, clock: VirtualClock, done: Callable[[], bool], instance_id: str) -> None:
        quiet_since: float | None = None
        loop = asyncio.get_running_loop()
        while not done():
            await self._idle_or(done)
            if done():
                return
            due = clock.next_due()
            if self._host.has_ended(instance_id):
                # Its end is on disk; only the waiting task has not been told yet.
                await asyncio.sleep(0)
                continue
            if due is not None:
                quiet_since = None
                clock.jump_to(due)
                await asyncio.sleep(0)
                continue
            quiet_since = quiet_since or loop.time()
            if loop.time() - quiet_since > HOPE:
                raise TimeoutError(self._tell(instance_id, "waits and nothing will ever happen"))
            await asyncio.sleep(0.001)

    async def _idle(self) -> None:
        await self._idle_or(lambda: False)

    async def _idle_or(self, done: Callable[[], bool]) -> None:
        turns = 0
        while not self._is_idle() and not done():
            turns += 1
            # A few turns of the loop are enough for most things; threads need real time.
            await asyncio.sleep(0 if turns < 5 else 0.0002)

    def _is_idle(self) -> bool:
        if not isinstance(self._clock, VirtualClock):
            return not self._host.running_calls and self._host.is_quiet
        # Asked last: until the host has come to rest, what is held by others may still change.
        return self._host.running_calls <= self._clock.parked and self._host.is_quiet and not self._clock.held

    def _held(self) -> str:
        """What the clock was told to wait for, as the rest of a sentence."""
        held = self._clock.held if isinstance(self._clock, VirtualClock) else ""
        return f", and the time is held: {held}" if held else ""

    def _tell(self, instance_id: str, what: str) -> str:
        waits = ", ".join(self._host.waits_of(instance_id)) or "nothing that is known"
        now: datetime = self._clock.now()
        return (
            f"Instance '{instance_id}' {what}; at {now:%Y-%m-%d %H:%M:%S} it waits for {waits}{self._held()}."
        )
