"""The virtual clock stands still until it is moved, then rings what has come due."""

import asyncio
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from devhost.testing import VirtualClock
from devhost.testing.virtual_clock import START


def minutes(count: float) -> datetime:
    return START + timedelta(minutes=count)


def on_a_clock(scene: Callable[[VirtualClock], Any]) -> Any:
    async def run() -> Any:
        return await scene(VirtualClock(asyncio.get_running_loop()))

    return asyncio.run(run())


def idle_clock() -> VirtualClock:
    loop = asyncio.new_event_loop()
    loop.close()
    return VirtualClock(loop)


async def until(check: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not check():  # noqa: ASYNC110 - the clock has no event for who goes to sleep
            await asyncio.sleep(0)


def test_stands_still() -> None:
    clock = idle_clock()

    assert clock.now() == clock.now() == START
    assert clock.now().tzinfo is UTC
    assert clock.next_due() is None


def test_begins_when_it_is_told() -> None:
    loop = asyncio.new_event_loop()
    loop.close()

    assert VirtualClock(loop, minutes(7)).now() == minutes(7)


def test_rings_what_is_due_in_order_of_time_then_of_setting() -> None:
    clock, rung = idle_clock(), list[str]()
    for name, when in (("late", 3), ("second", 2), ("third", 2), ("first", 1)):
        clock.call_at(minutes(when), lambda name=name: rung.append(name))  # type: ignore[misc]

    clock.jump_to(minutes(2))

    assert rung == ["first", "second", "third"]
    assert (clock.now(), clock.next_due()) == (minutes(2), minutes(3))


def test_shows_the_new_time_to_what_rings() -> None:
    clock, seen = idle_clock(), list[datetime]()
    clock.call_at(minutes(1), lambda: seen.append(clock.now()))

    clock.jump_to(minutes(5))

    assert seen == [minutes(5)]


def test_rings_what_is_set_while_it_rings_if_it_is_due() -> None:
    clock, rung = idle_clock(), list[str]()

    def ring() -> None:
        rung.append("first")
        clock.call_at(minutes(2), lambda: rung.append("second"))
        clock.call_at(minutes(9), lambda: rung.append("later"))

    clock.call_at(minutes(1), ring)
    clock.jump_to(minutes(5))

    assert rung == ["first", "second"]


def test_what_has_passed_is_due_now_and_waits_for_a_jump() -> None:
    clock, rung = idle_clock(), list[int]()
    clock.call_at(minutes(-5), lambda: rung.append(1))

    assert (clock.next_due(), rung) == (START, [])

    clock.jump_to(START)
    assert rung == [1]


def test_never_goes_back() -> None:
    clock = idle_clock()
    clock.jump_to(minutes(5))
    clock.jump_to(minutes(1))

    assert clock.now() == minutes(5)


def test_does_not_ring_what_was_called_off() -> None:
    clock, rung = idle_clock(), list[int]()
    first = clock.call_at(minutes(1), lambda: rung.append(1))
    clock.call_at(minutes(2), lambda: rung.append(2))

    first.cancel()
    assert clock.next_due() == minutes(2)

    clock.jump_to(minutes(3))
    first.cancel()
    assert rung == [2]


def test_parks_coroutines_of_any_loop() -> None:
    async def scene(clock: VirtualClock) -> None:
        near = asyncio.create_task(clock.sleep(60))
        far = asyncio.create_task(asyncio.to_thread(asyncio.run, clock.sleep(120)))
        await until(lambda: clock.parked == 2)
        assert clock.next_due() == minutes(1)

        clock.jump_to(minutes(1))
        await near
        assert (clock.parked, far.done()) == (1, False)

        clock.jump_to(minutes(2))
        await far
        assert clock.parked == 0

    on_a_clock(scene)


def test_parks_threads() -> None:
    async def scene(clock: VirtualClock) -> None:
        threads = [threading.Thread(target=clock.pause, args=(seconds,)) for seconds in (60, 0)]
        for thread in threads:
            thread.start()
        await until(lambda: clock.parked == 2)

        clock.jump_to(START)
        assert clock.parked == 1

        clock.jump_to(minutes(1))
        assert clock.parked == 0
        for thread in threads:
            await asyncio.to_thread(thread.join, 20)
        assert not any(thread.is_alive() for thread in threads)

    on_a_clock(scene)


def test_is_held_by_whoever_minds_and_says_why() -> None:
    clock, reasons = idle_clock(), ["", "a letter is on its way", "", "the kettle boils"]
    for number in range(len(reasons)):
        clock.hold_while(lambda number=number: reasons[number])  # type: ignore[misc]

    assert clock.held == "a letter is on its way; the kettle boils"

    reasons[:] = [""] * len(reasons)
    assert clock.held == ""


def test_does_in_its_turn_what_other_threads_ask_for() -> None:
    async def scene(clock: VirtualClock) -> None:
        done = list[int]()
        here = threading.get_ident()

        def ask() -> None:
            for number in range(3):
                clock.soon(lambda number=number: done.append(number * (threading.get_ident() == here)))  # type: ignore[misc]

        await asyncio.to_thread(ask)
        await until(lambda: len(done) == 3)

        assert done == [0, 1, 2]

    on_a_clock(scene)


def test_is_deaf_once_its_host_is_gone() -> None:
    clock, done = idle_clock(), list[int]()

    clock.soon(lambda: done.append(1))

    assert done == []


def test_is_no_longer_asleep_when_it_is_woken() -> None:
    async def scene(clock: VirtualClock) -> None:
        sleeper = asyncio.create_task(clock.sleep(60))
        await until(lambda: clock.parked == 1)

        clock.jump_to(minutes(1))

        assert (clock.parked, sleeper.done()) == (0, False)
        await sleeper

    on_a_clock(scene)


def test_outlives_a_sleeper_that_gives_up() -> None:
    async def scene(clock: VirtualClock) -> None:
        sleeper = asyncio.create_task(clock.sleep(60))
        await until(lambda: clock.parked == 1)
        sleeper.cancel()
        await asyncio.wait([sleeper])

        clock.jump_to(minutes(1))
        await asyncio.sleep(0)

        assert clock.parked == 0

    on_a_clock(scene)
