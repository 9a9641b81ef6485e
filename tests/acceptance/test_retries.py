"""Activities with retry options."""

from datetime import datetime

import pytest
from driver import Driver, InProcess, StoryFailed, shape

APP = "retries"
HOUR = 60 * 60


def test_succeeds_at_a_later_attempt(driver: Driver) -> None:
    instance = driver.start("keep_trying", {"milliseconds": 50, "attempts": 4, "failures": 3})

    assert driver.result(instance) == 4


def test_fails_with_the_last_attempts_words(driver: Driver) -> None:
    instance = driver.start("keep_trying", {"milliseconds": 50, "attempts": 3, "failures": 9})

    with pytest.raises(StoryFailed) as failure:
        driver.result(instance)

    assert failure.value.status == "Failed"
    assert (
        "Orchestrator function 'keep_trying' failed: "
        "Activity function 'flaky' failed:  ConnectionError: attempt 3 failed" in failure.value.text
    )


def test_lets_the_orchestrator_catch_the_last_failure(driver: Driver) -> None:
    text = driver.result(
        driver.start("give_up_gracefully", {"milliseconds": 50, "attempts": 2, "failures": 9})
    )

    assert text.startswith("Activity function 'flaky' failed:  ConnectionError: attempt 2 failed \n ")


def test_retries_several_calls_at_once(driver: Driver) -> None:
    instance = driver.start("several_at_once", {"milliseconds": 50, "failures": [2, 0, 3, 1]})

    assert driver.result(instance) == [3, 1, 4, 2]


def test_retries_on_while_the_orchestrator_looks_elsewhere(driver: Driver) -> None:
    instance = driver.start("steady_beside_flaky", {"milliseconds": 50})

    assert driver.result(instance) == ["ready", "after 2 tries"]


def test_stores_attempts_and_the_timers_between_them(virtual: InProcess) -> None:
    instance = virtual.start("keep_trying", {"milliseconds": 60_000, "attempts": 5, "failures": 2})
    virtual.result(instance)

    assert shape(virtual.host.history(instance)) == [
        "ExecutionStarted",
        *["TaskScheduled 0", "TaskFailed 0", "TimerCreated 1", "TimerFired 1"],
        *["TaskScheduled 2", "TaskFailed 2", "TimerCreated 3", "TimerFired 3"],
        *["TaskScheduled 4", "TaskCompleted 4", "ExecutionCompleted"],
    ]


def test_stores_one_more_timer_after_the_last_attempt(virtual: InProcess) -> None:
    instance = virtual.start("give_up_gracefully", {"milliseconds": 60_000, "attempts": 2, "failures": 9})
    virtual.result(instance)

    assert shape(virtual.host.history(instance)) == [
        "ExecutionStarted",
        *["TaskScheduled 0", "TaskFailed 0", "TimerCreated 1", "TimerFired 1"],
        *["TaskScheduled 2", "TaskFailed 2", "TimerCreated 3", "TimerFired 3"],
        "ExecutionCompleted",
    ]


def test_needs_no_timer_when_the_first_attempt_succeeds(virtual: InProcess) -> None:
    instance = virtual.start("keep_trying", {"milliseconds": 60_000, "attempts": 2, "failures": 0})
    virtual.result(instance)

    assert shape(virtual.host.history(instance)) == [
        "ExecutionStarted",
        "TaskScheduled 0",
        "TaskCompleted 0",
        "ExecutionCompleted",
    ]


def test_waits_equally_long_before_each_attempt_and_not_after_the_last(virtual: InProcess) -> None:
    began = virtual.host.clock.now()
    instance = virtual.start("give_up_gracefully", {"milliseconds": 60_000, "attempts": 4, "failures": 9})
    virtual.result(instance)

    fired = [
        (datetime.fromisoformat(event["Timestamp"]) - began).total_seconds()
        for event in virtual.host.history(instance)
        if event["EventType"] == 11
    ]
    assert fired == [60, 120, 180, 180]
    assert (virtual.host.clock.now() - began).total_seconds() == 180


def test_bears_with_an_activity_for_a_whole_day(virtual: InProcess) -> None:
    began = virtual.host.clock.now()
    instance = virtual.start("keep_trying", {"milliseconds": HOUR * 1000, "attempts": 30, "failures": 24})

    assert virtual.result(instance) == 25
    assert (virtual.host.clock.now() - began).total_seconds() == 24 * HOUR


def test_tries_once_when_told_so(virtual: InProcess) -> None:
    began = virtual.host.clock.now()
    instance = virtual.start("give_up_gracefully", {"milliseconds": 60_000, "attempts": 1, "failures": 9})

    assert "attempt 1 failed" in virtual.result(instance)
    assert virtual.host.clock.now() == began
