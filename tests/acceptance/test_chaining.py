"""Function chaining, what travels between functions, and how a chain breaks."""

import pytest
from driver import Driver, InProcess, StoryFailed, fresh, shape

APP = "chaining"
KINDS = [{"a": [1, 2]}, [1, "two", None], "words", "", "7", 7, 0, 2.5, True, False, None, "Grüße, 世界"]


def test_gives_each_activity_what_the_one_before_returned(driver: Driver) -> None:
    instance = driver.start("chain", "  hello ")

    assert driver.result(instance) == "HELLO!"
    seen = driver.look(instance)
    assert seen is not None
    assert (seen.name, seen.state, seen.output) == ("chain", "Completed", "HELLO!")


def test_takes_the_id_it_is_given(driver: Driver) -> None:
    wanted = fresh("chain")

    assert driver.start("chain", "x", instance_id=wanted) == wanted
    assert driver.result(wanted) == "X!"


def test_invents_an_id_of_32_hex_digits(driver: Driver) -> None:
    instance = driver.start("chain", "x")

    assert len(instance) == 32
    assert int(instance, 16) >= 0
    assert driver.result(instance) == "X!"


def test_finds_orchestrators_whatever_their_case(driver: Driver) -> None:
    assert driver.result(driver.start("CHAIN", "x")) == "X!"


def test_hands_every_kind_of_value_to_an_activity_and_back(driver: Driver) -> None:
    assert driver.result(driver.start("echo_each", KINDS)) == KINDS


def test_hands_every_kind_of_input_to_an_orchestrator(driver: Driver) -> None:
    assert [driver.result(driver.start("no_steps", given)) for given in KINDS] == [
        {"input": given} for given in KINDS
    ]


def test_carries_classes_of_the_app(driver: Driver) -> None:
    assert driver.result(driver.start("weigh")) == 4


def test_runs_activities_in_the_order_of_their_yields(virtual: InProcess) -> None:
    instance = virtual.start("created_early")

    assert virtual.result(instance) == ["one!", "two!"]
    assert shape(virtual.host.history(instance)) == [
        "ExecutionStarted",
        "TaskScheduled 0",
        "TaskCompleted 0",
        "TaskScheduled 1",
        "TaskCompleted 1",
        "ExecutionCompleted",
    ]


def test_stores_the_history_of_a_chain(virtual: InProcess) -> None:
    instance = virtual.start("chain", "x")
    virtual.result(instance)

    history = virtual.host.history(instance)
    assert shape(history) == [
        "ExecutionStarted",
        *[f"{event} {step}" for step in range(3) for event in ("TaskScheduled", "TaskCompleted")],
        "ExecutionCompleted",
    ]
    assert [event["Name"] for event in history if event["EventType"] == 4] == [
        "trim",
        "raise_voice",
        "exclaim",
    ]
    assert [event["EventType"] for event in history[:2]] == [12, 0]


def test_lets_an_orchestrator_clean_up_after_a_failed_activity(driver: Driver) -> None:
    cleaned = driver.result(driver.start("chain_with_cleanup"))

    assert cleaned["cleanup"] == "cleaned up!"
    assert cleaned["because"].startswith("Activity function 'explode' failed:  ValueError: no fuse \n ")


def test_fails_with_the_activitys_failure(driver: Driver) -> None:
    instance = driver.start("chain_that_fails")

    with pytest.raises(StoryFailed) as failure:
        driver.result(instance)

    expected = (
        "Orchestrator function 'chain_that_fails' failed: "
        "Activity function 'explode' failed:  ValueError: no fuse"
    )
    assert failure.value.status == "Failed"
    assert expected in failure.value.text
    seen = driver.look(instance)
    assert seen is not None
    assert seen.output.startswith(expected)


def test_fails_with_the_orchestrators_own_words(driver: Driver) -> None:
    instance = driver.start("raises_at_once")

    with pytest.raises(StoryFailed, match="an input is needed"):
        driver.result(instance)

    seen = driver.look(instance)
    assert seen is not None
    assert seen.output == "Orchestrator function 'raises_at_once' failed: an input is needed"


def test_fails_when_an_activity_does_not_exist(driver: Driver) -> None:
    instance = driver.start("chain_of_the_unknown")

    with pytest.raises(StoryFailed) as failure:
        driver.result(instance)

    assert failure.value.status == "Failed"
    assert (
        "The function 'missing' doesn't exist, is disabled, or is not an activity function. "
        "Additional info: " in failure.value.text
    )


def test_fails_when_the_output_is_not_json(driver: Driver) -> None:
    instance = driver.start("returns_an_object")

    with pytest.raises(StoryFailed, match="Object of type object is not JSON serializable"):
        driver.result(instance)
