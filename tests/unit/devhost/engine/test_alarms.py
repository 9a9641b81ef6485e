"""Timers ring once, in order, never early and never after they were cancelled."""

import asyncio
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devhost.engine.alarms import SLACK, Alarms
from devhost.testing.virtual_clock import START, VirtualClock


def after(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


@pytest.fixture
def clock() -> Iterator[VirtualClock]:
    with closing(asyncio.new_event_loop()) as loop:
        yield VirtualClock(loop)


class Bell:
    """Remembers what rang, and when."""

    def __init__(self, clock: VirtualClock) -> None:
        self.clock = clock
        self.rung: list[tuple[str, int, datetime]] = []
        self.late: list[timedelta] = []
        self.alarms = Alarms(clock, self.ring)

    def ring(self, instance_id: str, task: int, fire_at: datetime) -> None:
        self.rung.append((instance_id, task, fire_at))
        self.late.append(self.clock.now() - fire_at)


def test_rings_at_its_time_and_not_before(clock: VirtualClock) -> None:
    bell = Bell(clock)
    bell.alarms.set("i", 0, after(10))
    clock.jump_to(after(9.999999))
    early = list(bell.rung)
    clock.jump_to(after(10))

    assert early == []
    assert bell.rung == [("i", 0, after(10))]
    assert len(bell.alarms) == 0


def test_rings_in_the_order_of_time_and_for_equal_times_of_setting(clock: VirtualClock) -> None:
    bell = Bell(clock)
    for task, seconds in enumerate([5, 1, 5, 3]):
        bell.alarms.set("i", task, after(seconds))
    clock.jump_to(after(60))

    assert [task for _, task, _ in bell.rung] == [1, 3, 0, 2]


def test_a_time_that_has_passed_rings_at_the_next_opportunity(clock: VirtualClock) -> None:
    bell = Bell(clock)
    bell.alarms.set("i", 0, after(-5))
    assert clock.next_due() == START
    clock.jump_to(START)

    assert bell.rung == [("i", 0, after(-5))]


def test_a_timer_set_again_rings_only_at_its_new_time(clock: VirtualClock) -> None:
    bell = Bell(clock)
    bell.alarms.set("i", 0, after(5))
    bell.alarms.set("i", 0, after(8))
    clock.jump_to(after(20))

    assert bell.rung == [("i", 0, after(8))]


def test_a_cancelled_timer_leaves_the_clock_nothing_to_wait_for(clock: VirtualClock) -> None:
    bell = Bell(clock)
    bell.alarms.set("i", 0, after(86_400))
    bell.alarms.cancel("i", 0)

    assert clock.next_due() is None


def test_cancelling_what_is_not_set_changes_nothing(clock: VirtualClock) -> None:
    bell = Bell(clock)
    bell.alarms.set("i", 0, after(1))
    bell.alarms.cancel("i", 1)
    bell.alarms.cancel("j", 0)
    clock.jump_to(after(1))

    assert len(bell.rung) == 1


def test_a_timer_may_be_set_and_another_cancelled_while_one_rings(clock: VirtualClock) -> None:
    rung: list[int] = []

    def ring(instance_id: str, task: int, fire_at: datetime) -> None:
        rung.append(task)
        if task == 0:
            alarms.cancel("i", 1)
            alarms.set("i", 2, after(1))
            alarms.set("i", 3, after(4))

    alarms = Alarms(clock, ring)
    for task in (0, 1):
        alarms.set("i", task, after(1))
    clock.jump_to(after(1))
    first = list(rung)
    clock.jump_to(after(4))

    assert (first, rung) == ([0, 2], [0, 2, 3])


def test_a_late_clock_can_be_caught_up_with_and_rings_for_nothing_twice(clock: VirtualClock) -> None:
    bell = Bell(clock)
    bell.alarms.set("i", 0, after(5))
    bell.alarms.set("i", 1, after(9))
    bell.alarms.catch_up()
    early = list(bell.rung)
    clock._now = after(5)
    bell.alarms.catch_up()
    bell.alarms.catch_up()
    caught_up = list(bell.rung)
    clock.jump_to(after(9))

    assert early == []
    assert caught_up == [("i", 0, after(5))]
    assert [task for _, task, _ in bell.rung] == [0, 1]


def test_rings_no_more_once_stopped(clock: VirtualClock) -> None:
    bell = Bell(clock)
    bell.alarms.set("i", 0, after(1))
    bell.alarms.stop()
    bell.alarms.stop()
    clock.jump_to(after(5))

    assert (bell.rung, clock.next_due(), len(bell.alarms)) == ([], None, 0)


def test_can_be_used_again_after_a_stop(clock: VirtualClock) -> None:
    bell = Bell(clock)
    bell.alarms.set("i", 0, after(1))
    bell.alarms.stop()
    bell.alarms.set("i", 0, after(1))
    clock.jump_to(after(1))

    assert len(bell.rung) == 1


def test_thousands_of_cancelled_timers_leave_the_others_alone(clock: VirtualClock) -> None:
    bell = Bell(clock)
    for task in range(4 * SLACK):
        bell.alarms.set("i", task, after(task + 1))
    for task in range(4 * SLACK):
        if task % 100:
            bell.alarms.cancel("i", task)
    clock.jump_to(after(10 * SLACK))

    assert [task for _, task, _ in bell.rung] == list(range(0, 4 * SLACK, 100))


SETTING = st.tuples(st.just("set"), st.integers(0, 4), st.integers(-3, 30))
CANCELLING = st.tuples(st.just("cancel"), st.integers(0, 4), st.just(0))
WAITING = st.tuples(st.just("wait"), st.just(0), st.integers(0, 10))


@settings(max_examples=200, deadline=None)
@given(st.lists(SETTING | CANCELLING | WAITING, max_size=40))
def test_rings_exactly_once_never_early_and_never_after_a_cancellation(
    steps: list[tuple[str, int, int]],
) -> None:
    with closing(asyncio.new_event_loop()) as loop:
        clock = VirtualClock(loop)
        bell = Bell(clock)
        due: dict[int, datetime] = {}
        expected: list[tuple[datetime, int]] = []
        for what, task, seconds in [*steps, ("wait", 0, 1000)]:
            if what == "set":
                due[task] = clock.now() + timedelta(seconds=seconds)
                bell.alarms.set("i", task, due[task])
            elif what == "cancel":
                due.pop(task, None)
                bell.alarms.cancel("i", task)
            else:
                clock.jump_to(clock.now() + timedelta(seconds=seconds))
                expected += sorted((when, task) for task, when in due.items() if when <= clock.now())
                due = {task: when for task, when in due.items() if when > clock.now()}
            assert sorted((when, task) for _, task, when in bell.rung) == sorted(expected)
            assert len(bell.alarms) == len(due)
    assert all(late >= timedelta(0) for late in bell.late)
