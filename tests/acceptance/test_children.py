"""Sub-orchestrations."""

import pytest
from driver import Driver, InProcess, StoryFailed, fresh, shape

APP = "children"


def test_goes_three_orchestrations_deep(driver: Driver) -> None:
    instance = driver.start("descend", 3)

    top, middle, bottom = driver.result(instance)
    assert [top["depth"], middle["depth"], bottom["depth"]] == [3, 2, 1]
    assert (top["id"], top["parent"]) == (instance, None)
    assert (middle["parent"], bottom["parent"]) == (instance, middle["id"])


def test_shows_children_as_instances_of_their_own(driver: Driver) -> None:
    _, middle, _ = driver.result(driver.start("descend", 3))

    seen = driver.look(middle["id"])
    assert seen is not None
    assert (seen.name, seen.state, len(seen.output)) == ("descend", "Completed", 2)


def test_derives_a_childs_id_from_execution_and_task(virtual: InProcess) -> None:
    instance = virtual.start("descend", 2)
    _, child = virtual.result(instance)

    history = virtual.host.history(instance)
    started = next(event for event in history if event["EventType"] == 0)
    created = next(event for event in history if event["EventType"] == 7)
    assert child["id"] == f"{started['OrchestrationInstance']['ExecutionId']}:{created['EventId']}"
    assert created["InstanceId"] == child["id"]
    assert shape(history) == ["ExecutionStarted", "ChildCreated 0", "ChildCompleted 0", "ExecutionCompleted"]


def test_gives_a_child_the_id_it_was_called_with(driver: Driver) -> None:
    wanted = fresh("child")
    instance = driver.start("named_child", wanted)

    assert driver.result(instance) == {"depth": 1, "id": wanted, "parent": instance}


def test_runs_children_side_by_side(driver: Driver) -> None:
    assert driver.result(driver.start("side_by_side", 6)) == [0, 1, 4, 9, 16, 25]


def test_lets_a_parent_catch_what_its_child_failed_with(driver: Driver) -> None:
    text = driver.result(driver.start("forgiving"))

    assert text.startswith("Orchestrator function 'stumble' failed: fell over a stone \n ")


def test_fails_a_parent_with_its_childs_failure(driver: Driver) -> None:
    instance = driver.start("unforgiving")

    with pytest.raises(StoryFailed) as failure:
        driver.result(instance)

    assert failure.value.status == "Failed"
    assert (
        "Orchestrator function 'unforgiving' failed: "
        "Orchestrator function 'stumble' failed: fell over a stone" in failure.value.text
    )


def test_fails_when_a_child_does_not_exist(driver: Driver) -> None:
    instance = driver.start("calls_nobody")

    with pytest.raises(StoryFailed) as failure:
        driver.result(instance)

    assert failure.value.status == "Failed"
    assert "The function 'nobody' doesn't exist" in failure.value.text


def test_retries_a_child_under_a_new_id_each_time(driver: Driver) -> None:
    order = {"milliseconds": 50, "attempts": 5, "failures": 2}
    learnt = driver.result(driver.start("persistent", order))

    assert learnt["attempt"] == 3
    assert learnt["id"].endswith(":4")


def test_retries_a_named_child_under_its_name(driver: Driver) -> None:
    name = fresh("learner")
    order = {"milliseconds": 50, "attempts": 5, "failures": 2, "child_id": name}

    assert driver.result(driver.start("persistent", order)) == {"attempt": 3, "id": name}


def test_stores_each_attempt_of_a_retried_child(virtual: InProcess) -> None:
    instance = virtual.start("persistent", {"milliseconds": 5000, "attempts": 3, "failures": 2})
    virtual.result(instance)

    assert shape(virtual.host.history(instance)) == [
        "ExecutionStarted",
        *["ChildCreated 0", "ChildFailed 0", "TimerCreated 1", "TimerFired 1"],
        *["ChildCreated 2", "ChildFailed 2", "TimerCreated 3", "TimerFired 3"],
        *["ChildCreated 4", "ChildCompleted 4", "ExecutionCompleted"],
    ]


def test_fails_after_the_childs_last_attempt(driver: Driver) -> None:
    instance = driver.start("persistent", {"milliseconds": 50, "attempts": 2, "failures": 9})

    with pytest.raises(StoryFailed, match="attempt 2 was not enough"):
        driver.result(instance)


def test_tells_a_parent_that_its_child_was_terminated(driver: Driver) -> None:
    child = fresh("child")
    instance = driver.start("guardian", child)
    driver.wait_until(lambda: driver.look(child))
    driver.terminate(child, "bedtime")

    assert driver.result(instance).startswith("lost the child: bedtime")


def test_leaves_the_children_of_a_terminated_parent_alone(driver: Driver) -> None:
    child = fresh("child")
    instance = driver.start("guardian", child)
    driver.wait_until(lambda: driver.look(child))
    driver.terminate(instance, "away")
    driver.raise_event(child, "Call", "dinner")

    assert driver.result(child) == "dinner"
    seen = driver.look(instance)
    assert seen is not None
    assert (seen.state, seen.output) == ("Terminated", "away")
