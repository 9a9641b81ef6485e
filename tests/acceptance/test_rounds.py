"""Eternal orchestrations that continue as new."""

from driver import Driver, InProcess, shape

APP = "rounds"


def test_carries_a_sum_through_a_thousand_rounds(driver: Driver) -> None:
    instance = driver.start("sum_up", {"left": 1000, "sum": 0})

    assert driver.result(instance) == 1000 * 1001


def test_keeps_the_history_of_the_last_round_only(virtual: InProcess) -> None:
    instance = virtual.start("sum_up", {"left": 20, "sum": 0})
    virtual.result(instance)

    assert shape(virtual.host.history(instance)) == ["ExecutionStarted", "ExecutionCompleted"]


def test_counts_tasks_from_zero_in_each_round(virtual: InProcess) -> None:
    instance = virtual.start("heartbeat", {"beats": [], "until": 3, "seconds": 60})
    virtual.host.settle()
    first = virtual.host.history(instance)
    virtual.host.advance(60)
    second = virtual.host.history(instance)

    assert shape(first) == shape(second) == ["ExecutionStarted", "TimerCreated 0"]
    executions = [history[1]["OrchestrationInstance"]["ExecutionId"] for history in (first, second)]
    assert executions[0] != executions[1]


def test_beats_every_hour_for_a_day(virtual: InProcess) -> None:
    began = virtual.host.clock.now()
    instance = virtual.start("heartbeat", {"beats": [], "until": 25, "seconds": 3600})

    beats = virtual.result(instance)
    assert len(set(beats)) == 25
    assert (virtual.host.clock.now() - began).total_seconds() == 24 * 3600


def test_beats_in_real_time(driver: Driver) -> None:
    beats = driver.result(driver.start("heartbeat", {"beats": [], "until": 4, "seconds": 0.1}))

    assert beats == sorted(beats)
    assert len(set(beats)) == 4


def test_keeps_the_events_that_come_between_rounds(driver: Driver) -> None:
    instance = driver.start("collect", [])
    words = [f"word {number}" for number in range(15)]
    for word in [*words, "end"]:
        driver.raise_event(instance, "Word", word)

    assert driver.result(instance) == words


def test_keeps_name_status_and_custom_status_over_rounds(driver: Driver) -> None:
    instance = driver.start("collect", [])
    driver.raise_event(instance, "Word", "one")
    driver.raise_event(instance, "Word", "two")

    def both_heard() -> bool:
        seen = driver.look(instance)
        return seen is not None and seen.custom == {"words": 2}

    assert driver.wait_until(both_heard)
    seen = driver.look(instance)
    assert seen is not None
    assert (seen.name, seen.state) == ("collect", "Running")
    driver.raise_event(instance, "Word", "end")
    assert driver.result(instance) == ["one", "two"]
