"""What every clock does."""

import asyncio
from datetime import UTC, timedelta

import pytest

from dirigent.ports.clock import Clock


def test_tells_instants_in_utc(clock: Clock) -> None:
    assert clock.now().tzinfo is UTC


def test_does_not_go_back(clock: Clock) -> None:
    instants = [clock.now() for _ in range(100)]

    assert instants == sorted(instants)


def test_time_has_passed_after_a_sleep(clock: Clock) -> None:
    before = clock.now()

    asyncio.run(clock.sleep(0.02))

    # Wall time and the time one sleeps by may drift apart by a hair.
    assert clock.now() - before >= timedelta(seconds=0.019)


@pytest.mark.parametrize("seconds", [0, -1])
def test_does_not_wait_for_what_has_passed(clock: Clock, seconds: float) -> None:
    asyncio.run(asyncio.wait_for(clock.sleep(seconds), timeout=5))


def test_sleepers_do_not_hold_each_other_up(clock: Clock) -> None:
    async def work() -> list[str]:
        woken: list[str] = []

        async def sleeper(name: str, seconds: float) -> None:
            await clock.sleep(seconds)
            woken.append(name)

        await asyncio.gather(sleeper("late", 0.05), sleeper("early", 0.01))
        return woken

    assert asyncio.run(work()) == ["early", "late"]


def test_a_sleep_can_be_given_up(clock: Clock) -> None:
    async def work() -> None:
        await asyncio.wait_for(clock.sleep(3600), timeout=0.01)

    with pytest.raises(TimeoutError):
        asyncio.run(work())
