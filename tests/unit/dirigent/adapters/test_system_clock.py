"""The machine's time, or that of whoever is followed."""

import asyncio
from datetime import UTC, datetime, timedelta

from devhost.testing.virtual_clock import START, VirtualClock
from dirigent.adapters.system_clock import SystemClock


def test_tells_the_machines_time() -> None:
    before = datetime.now(UTC)

    assert before <= SystemClock().now() <= datetime.now(UTC)


def test_tells_the_time_of_whom_it_follows() -> None:
    async def work() -> list[datetime]:
        leader, clock = VirtualClock(asyncio.get_running_loop()), SystemClock()
        clock.follow(leader)
        seen = [clock.now()]
        leader.jump_to(START + timedelta(days=3))
        return [*seen, clock.now()]

    assert asyncio.run(work()) == [START, START + timedelta(days=3)]


def test_sleeps_by_the_time_of_whom_it_follows() -> None:
    async def work() -> tuple[bool, bool]:
        leader, clock = VirtualClock(asyncio.get_running_loop()), SystemClock()
        clock.follow(leader)
        sleeper = asyncio.create_task(clock.sleep(3600))
        # One turn to begin, one to be parked by the leader.
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        leader.jump_to(START + timedelta(seconds=3599))
        await asyncio.sleep(0)
        was_done_early = sleeper.done()
        leader.jump_to(START + timedelta(seconds=3600))
        await sleeper
        return was_done_early, sleeper.done()

    assert asyncio.run(work()) == (False, True)
