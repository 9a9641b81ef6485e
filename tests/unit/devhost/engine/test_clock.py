"""The wall clock rings on its loop, at the time or at once."""

import asyncio
from datetime import UTC, datetime, timedelta

from devhost.engine.clock import LONGEST_SLEEP, RealClock


def test_tells_the_present_in_utc() -> None:
    async def ask() -> tuple[datetime, datetime, datetime]:
        clock = RealClock(asyncio.get_running_loop())
        return datetime.now(UTC), clock.now(), datetime.now(UTC)

    before, told, after = asyncio.run(ask())

    assert before <= told <= after
    assert told.tzinfo is UTC


def test_rings_at_once_for_a_time_that_has_passed() -> None:
    async def wait() -> bool:
        rung = asyncio.Event()
        clock = RealClock(asyncio.get_running_loop())
        clock.call_at(clock.now() - timedelta(days=1), rung.set)
        await asyncio.wait_for(rung.wait(), 5)
        return rung.is_set()

    assert asyncio.run(wait())


def test_never_rings_before_the_time() -> None:
    async def wait() -> timedelta:
        rung = asyncio.Event()
        clock = RealClock(asyncio.get_running_loop())
        when = clock.now() + timedelta(milliseconds=20)
        clock.call_at(when, rung.set)
        await asyncio.wait_for(rung.wait(), 5)
        return clock.now() - when

    assert asyncio.run(wait()) >= timedelta(0)


def test_a_cancelled_alarm_does_not_ring() -> None:
    async def wait() -> list[str]:
        rung: list[str] = []
        done = asyncio.Event()
        clock = RealClock(asyncio.get_running_loop())
        when = clock.now() + timedelta(milliseconds=5)
        clock.call_at(when, lambda: rung.append("cancelled")).cancel()
        clock.call_at(when, done.set)
        await asyncio.wait_for(done.wait(), 5)
        return rung

    assert asyncio.run(wait()) == []


def test_sleeps_long_waits_in_pieces() -> None:
    async def sleep_to() -> float:
        loop = asyncio.get_running_loop()
        clock = RealClock(loop)
        before = len(_scheduled(loop))
        alarm = clock.call_at(clock.now() + timedelta(days=365), lambda: None)
        [handle] = _scheduled(loop)[before:]
        alarm.cancel()
        return handle.when() - loop.time()

    assert 0 < asyncio.run(sleep_to()) <= LONGEST_SLEEP.total_seconds()


def _scheduled(loop: asyncio.AbstractEventLoop) -> list[asyncio.TimerHandle]:
    assert isinstance(loop, asyncio.BaseEventLoop)
    scheduled: list[asyncio.TimerHandle] = vars(loop)["_scheduled"]
    return scheduled
