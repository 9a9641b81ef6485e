"""Fan-out and fan-in."""

import pytest
from driver import Driver, InProcess, shape

from devhost.testing import VirtualClock

APP = "fan_out"


@pytest.mark.parametrize("activity", ["square", "square_async"])
def test_sums_a_hundred_results(driver: Driver, activity: str) -> None:
    instance = driver.start("sum_of_squares", {"width": 100, "activity": activity})

    assert driver.result(instance) == sum(number * number for number in range(100))


def test_keeps_results_in_the_order_of_the_calls(driver: Driver) -> None:
    assert driver.result(driver.start("in_order", 12)) == list(range(12))


def test_runs_async_activities_all_at_once(driver: Driver) -> None:
    assert driver.result(driver.start("dinner")) == list(range(8))


def test_fails_a_whole_fan_at_its_first_failure(driver: Driver) -> None:
    text = driver.result(driver.start("one_bad_apple"))

    assert text.startswith("Activity function 'bite' failed:  ValueError: apple 3 is bad \n ")


def test_lets_the_first_of_many_win(driver: Driver) -> None:
    assert driver.result(driver.start("first_of_many")) == {"won": True, "result": 4}


def test_fans_out_within_fans(driver: Driver) -> None:
    assert driver.result(driver.start("nested")) == [[n * n, n * n] for n in range(4)]


def test_goes_on_at_once_after_an_empty_fan(driver: Driver) -> None:
    # The SDK gives None here, not an empty list.
    assert driver.result(driver.start("nothing_to_do")) == {"gathered": None}


def test_schedules_a_whole_fan_in_one_episode(virtual: InProcess) -> None:
    instance = virtual.start("sum_of_squares", {"width": 100, "activity": "square"})
    virtual.result(instance)

    lines = shape(virtual.host.history(instance))
    assert lines[:101] == ["ExecutionStarted", *[f"TaskScheduled {number}" for number in range(100)]]
    assert sorted(lines[101:-1]) == sorted(f"TaskCompleted {number}" for number in range(100))
    assert lines[-1] == "ExecutionCompleted"


def test_sleeps_on_the_hosts_clock_all_at_once(virtual: InProcess) -> None:
    clock = virtual.host.clock
    assert isinstance(clock, VirtualClock)
    vars(virtual.host.module)["sleep"] = clock.sleep

    assert virtual.result(virtual.start("naps", [3600] * 30 + [7200])) == 7200


def test_stays_running_until_the_losers_have_ended(virtual: InProcess) -> None:
    instance = virtual.start("first_of_many")
    virtual.result(instance)

    lines = shape(virtual.host.history(instance))
    assert [line for line in lines if line.startswith("TaskCompleted")] == [
        f"TaskCompleted {number}" for number in (4, 3, 2, 1, 0)
    ]
    assert lines[-1] == "ExecutionCompleted"
