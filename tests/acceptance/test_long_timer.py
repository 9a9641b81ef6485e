"""Timers, short and longer than one stored timer may be."""

from datetime import datetime
from itertools import pairwise

from driver import Driver, InProcess, shape

APP = "long_timer"
DAY = 24 * 60 * 60


def test_sleeps_ten_days_in_stages_of_three(virtual: InProcess) -> None:
    began = virtual.host.clock.now()
    instance = virtual.start("sleep_for", 10 * DAY)

    assert virtual.result(instance) == 10 * DAY
    history = virtual.host.history(instance)
    assert shape(history) == [
        "ExecutionStarted",
        *[line for stage in range(3) for line in (f"TimerCreated {stage}", f"TimerFired {stage}")],
        "ExecutionCompleted",
    ]
    due = [datetime.fromisoformat(event["FireAt"]) for event in history if event["EventType"] == 10]
    stages = [(later - earlier).days for earlier, later in pairwise([began, *due])]
    assert stages == [3, 3, 4]


def test_sleeps_six_days_at_a_stretch(virtual: InProcess) -> None:
    instance = virtual.start("sleep_for", 6 * DAY)

    assert virtual.result(instance) == 6 * DAY
    assert shape(virtual.host.history(instance)) == [
        "ExecutionStarted",
        "TimerCreated 0",
        "TimerFired 0",
        "ExecutionCompleted",
    ]


def test_sleeps_on_through_each_stage(virtual: InProcess) -> None:
    instance = virtual.start("sleep_for", 10 * DAY)
    for _ in range(9):
        virtual.host.advance(DAY)
        seen = virtual.look(instance)
        assert seen is not None
        assert seen.state == "Running"

    virtual.host.advance(DAY)
    assert virtual.result(instance) == 10 * DAY


def test_cannot_cancel_the_stage_of_a_long_timer(virtual: InProcess) -> None:
    instance = virtual.start("bell_before_morning", 10)
    virtual.raise_event(instance, "Bell")
    virtual.host.settle()

    woken = virtual.look(instance)
    assert woken is not None
    assert woken.state == "Running"

    virtual.host.advance(3 * DAY)
    ended = virtual.look(instance)
    assert ended is not None
    assert (ended.state, ended.output) == ("Completed", "woken")


def test_wakes_before_a_short_timer(driver: Driver) -> None:
    instance = driver.start("bell_before_morning", 2)
    driver.raise_event(instance, "Bell")

    assert driver.result(instance) == "woken"


def test_sleeps_a_moment(driver: Driver) -> None:
    slept = driver.result(driver.start("sleep_for", 0.3))

    assert 0.3 <= slept < 30


def test_does_not_sleep_towards_the_past(driver: Driver) -> None:
    assert driver.result(driver.start("sleep_for", -60)) < 30


def test_sleeps_as_long_as_the_longest_of_several(virtual: InProcess) -> None:
    assert virtual.result(virtual.start("several_naps", [5, 1, 3, 3])) == 5 * 3600
