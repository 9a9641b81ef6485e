"""Human interaction: an approval before a deadline."""

import pytest
from driver import Driver, InProcess, StoryFailed, fresh, shape

APP = "approval"
DAY = 24 * 60 * 60
YES = {"approved": True, "by": "the boss"}


def test_is_approved_before_the_deadline(driver: Driver) -> None:
    instance = driver.start("approval", {"what": "desk", "timeout_seconds": DAY})
    driver.raise_event(instance, "Decision", YES)

    assert driver.result(instance) == "desk approved by the boss"


def test_is_refused_before_the_deadline(driver: Driver) -> None:
    instance = driver.start("approval", {"what": "desk", "timeout_seconds": DAY})
    driver.raise_event(instance, "Decision", {"approved": False, "by": "the boss"})

    assert driver.result(instance) == "desk refused by the boss"


def test_escalates_at_the_deadline(driver: Driver) -> None:
    instance = driver.start("approval", {"what": "desk", "timeout_seconds": 0.3})

    assert driver.result(instance) == "desk escalated"


def test_ends_as_soon_as_the_cancelled_timer_has_lost(driver: Driver) -> None:
    instance = driver.start("approval", {"what": "desk", "timeout_seconds": DAY})
    driver.raise_event(instance, "Decision", YES)
    driver.result(instance)

    seen = driver.look(instance)
    assert seen is not None
    assert seen.state == "Completed"


def test_escalates_after_a_whole_day(virtual: InProcess) -> None:
    instance = virtual.start("approval", {"what": "desk", "timeout_seconds": DAY})
    began = virtual.host.clock.now()

    virtual.host.advance(DAY - 1)
    waiting = virtual.look(instance)
    assert waiting is not None
    assert (waiting.state, waiting.custom) == ("Running", "waiting")

    assert virtual.result(instance) == "desk escalated"
    assert (virtual.host.clock.now() - began).total_seconds() == DAY


def test_tells_nothing_of_a_cancelled_timer_in_the_history(virtual: InProcess) -> None:
    instance = virtual.start("approval", {"what": "desk", "timeout_seconds": DAY})
    virtual.host.settle()
    virtual.raise_event(instance, "Decision", YES)
    virtual.result(instance)

    assert shape(virtual.host.history(instance)) == [
        "ExecutionStarted",
        "TimerCreated 0",
        "EventRaised",
        "TaskScheduled 1",
        "TaskCompleted 1",
        "ExecutionCompleted",
    ]


def test_moves_no_time_to_end_with_a_cancelled_timer(virtual: InProcess) -> None:
    began = virtual.host.clock.now()
    virtual.start("approval", {"what": "a bystander", "timeout_seconds": 2 * DAY})
    instance = virtual.start("approval", {"what": "desk", "timeout_seconds": DAY})
    virtual.raise_event(instance, "Decision", YES)
    virtual.result(instance)

    assert virtual.host.clock.now() == began


def test_stays_running_until_a_forgotten_timer_fires(virtual: InProcess) -> None:
    instance = virtual.start("forgetful_approval", {"what": "desk", "timeout_seconds": DAY})
    virtual.raise_event(instance, "Decision", YES)
    virtual.host.settle()

    decided = virtual.look(instance)
    assert decided is not None
    assert (decided.state, decided.custom, decided.output) == ("Running", "decided", None)

    virtual.host.advance(DAY)
    assert virtual.result(instance) == "decided"
    assert shape(virtual.host.history(instance)) == [
        "ExecutionStarted",
        "TimerCreated 0",
        "EventRaised",
        "TimerFired 0",
        "ExecutionCompleted",
    ]


def test_waits_for_a_forgotten_timer_in_real_time_too(driver: Driver) -> None:
    instance = driver.start("forgetful_approval", {"what": "desk", "timeout_seconds": 1})
    driver.raise_event(instance, "Decision", YES)

    assert driver.result(instance) in ("decided", "too late")
    reply = driver.request("GET", f"/runtime/webhooks/durabletask/instances/{instance}?showHistory=true")
    assert [event["EventType"] for event in reply.json()["historyEvents"]][-2:] == [
        "TimerFired",
        "ExecutionCompleted",
    ]


def test_needs_both_signatures_in_any_order(driver: Driver) -> None:
    instance = driver.start("two_signatures")
    driver.raise_event(instance, "Seller", "S.")
    driver.raise_event(instance, "Buyer", "B.")

    assert driver.result(instance) == ["B.", "S."]


def test_ends_with_the_reason_it_is_terminated_for(driver: Driver) -> None:
    instance = driver.start("approval", {"what": "desk", "timeout_seconds": DAY})
    driver.terminate(instance, "nobody wants desks")

    with pytest.raises(StoryFailed) as failure:
        driver.result(instance)

    assert failure.value.status == "Terminated"
    assert "nobody wants desks" in failure.value.text
    seen = driver.look(instance)
    assert seen is not None
    assert seen.output == "nobody wants desks"


def test_keeps_a_decision_that_comes_while_it_is_suspended(driver: Driver) -> None:
    instance = driver.start("approval", {"what": "desk", "timeout_seconds": DAY})
    driver.suspend(instance, "lunch")
    driver.raise_event(instance, "Decision", YES)

    def suspended() -> bool:
        seen = driver.look(instance)
        return seen is not None and seen.state == "Suspended"

    assert driver.wait_until(suspended)
    driver.resume(instance, "back again")
    assert driver.result(instance) == "desk approved by the boss"


def test_does_nothing_at_the_deadline_while_it_is_suspended(virtual: InProcess) -> None:
    instance = virtual.start("approval", {"what": "desk", "timeout_seconds": DAY})
    virtual.suspend(instance, "holidays")
    virtual.host.advance(2 * DAY)

    away = virtual.look(instance)
    assert away is not None
    assert away.state == "Suspended"

    virtual.resume(instance, "back again")
    assert virtual.result(instance) == "desk escalated"


def test_starts_an_ended_id_anew(driver: Driver) -> None:
    name = fresh("desk")
    driver.start("approval", {"what": "desk", "timeout_seconds": DAY}, instance_id=name)
    driver.terminate(name, "a mistake")
    with pytest.raises(StoryFailed):
        driver.result(name)

    driver.start("approval", {"what": "chair", "timeout_seconds": DAY}, instance_id=name)
    driver.raise_event(name, "Decision", YES)

    assert driver.result(name) == "chair approved by the boss"


def test_forgets_a_purged_instance(driver: Driver) -> None:
    instance = driver.start("approval", {"what": "desk", "timeout_seconds": DAY})
    driver.raise_event(instance, "Decision", YES)
    driver.result(instance)
    driver.purge(instance)

    assert driver.look(instance) is None
