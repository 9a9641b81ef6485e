"""A durable entity, called and signalled by orchestrators and clients."""

from typing import Any

from driver import Driver, InProcess, fresh, shape

APP = "counter"


def test_hears_signals_before_the_call_that_follows_them(driver: Driver) -> None:
    key = fresh("ordered")
    instance = driver.start("signal_then_call", {"key": key, "signals": 20})

    assert driver.result(instance) == 210
    assert driver.entity("counter", key) == 210


def test_answers_each_call_with_its_own_result(driver: Driver) -> None:
    key = fresh("totals")

    assert driver.result(driver.start("running_totals", {"key": key, "amounts": [1, 2, -5, 0]})) == [
        1,
        3,
        -2,
        -2,
    ]


def test_answers_calls_to_several_entities_at_once(driver: Driver) -> None:
    keys = [fresh("side") for _ in range(5)]

    assert driver.result(driver.start("at_the_same_time", keys)) == [1, 2, 3, 4, 5]
    assert [driver.entity("counter", key) for key in keys] == [1, 2, 3, 4, 5]


def test_loses_no_call_among_many_callers(driver: Driver) -> None:
    key = fresh("busy")
    callers = [driver.start("running_totals", {"key": key, "amounts": [1, 1, 1]}) for _ in range(10)]

    totals = [total for caller in callers for total in driver.result(caller)]
    assert sorted(totals) == list(range(1, 31))
    assert driver.entity("counter", key) == 30


def test_tells_the_caller_why_an_operation_failed(driver: Driver) -> None:
    order = {"key": fresh("odd"), "operation": "fly"}

    assert driver.result(driver.start("ask_for_the_impossible", order)) == "a counter cannot fly"


def test_keeps_the_state_set_before_an_operation_failed(driver: Driver) -> None:
    key = fresh("spoilt")
    order = {"key": key, "operation": "spoil"}

    assert driver.result(driver.start("ask_for_the_impossible", order)) == "this counter is spoilt"
    assert driver.entity("counter", key) == -1


def test_goes_on_after_a_failed_operation(driver: Driver) -> None:
    key = fresh("sturdy")
    driver.result(driver.start("ask_for_the_impossible", {"key": key, "operation": "fly"}))

    assert driver.result(driver.start("running_totals", {"key": key, "amounts": [4]})) == [4]


def test_begins_again_after_it_was_deleted(driver: Driver) -> None:
    assert driver.result(driver.start("start_afresh", fresh("phoenix"))) == [5, 0]


def test_does_not_exist_after_it_was_deleted(driver: Driver) -> None:
    key = fresh("gone")
    driver.signal("counter", key, "add", 5)
    driver.wait_until(lambda: driver.entity("counter", key) == 5)
    driver.signal("counter", key, "delete")

    assert driver.wait_until(lambda: driver.entity("counter", key) is None)


def test_does_not_exist_before_it_was_used(driver: Driver) -> None:
    assert driver.entity("counter", fresh("never")) is None


def test_hears_a_client(driver: Driver) -> None:
    key = fresh("client")
    for amount in (5, 6, 7):
        driver.signal("counter", key, "add", amount)

    assert driver.wait_until(lambda: driver.entity("counter", key) == 18)


def test_survives_a_failing_signal(driver: Driver) -> None:
    key = fresh("deaf")
    driver.signal("counter", key, "fly")
    driver.signal("counter", key, "add", 3)

    assert driver.wait_until(lambda: driver.entity("counter", key) == 3)


def test_hears_the_signal_of_an_orchestration_that_has_ended(driver: Driver) -> None:
    key = fresh("letter")

    assert driver.result(driver.start("leave_a_signal", key)) == "left"
    assert driver.wait_until(lambda: driver.entity("counter", key) == 7)


def test_goes_by_its_name_in_any_case(driver: Driver) -> None:
    key = fresh("case")
    for name in ("counter", "Counter", "COUNTER"):
        driver.signal(name, key, "add", 2)

    assert driver.wait_until(lambda: driver.entity("counter", key) == 6)


def test_shows_itself_to_the_durable_client(driver: Driver) -> None:
    key = fresh("shown")
    driver.request("POST", f"/api/signal/counter/{key}/add", 9)

    def shown() -> dict[str, Any] | None:
        found: dict[str, Any] = driver.request("GET", f"/api/read/counter/{key}").json()
        return found if found["exists"] else None

    assert driver.wait_until(shown) == {"exists": True, "state": 9}


def test_stores_a_call_as_a_message_sent_and_an_event_raised(virtual: InProcess) -> None:
    instance = virtual.start("signal_then_call", {"key": "k", "signals": 1})
    virtual.result(instance)

    history = virtual.host.history(instance)
    assert shape(history) == [
        "ExecutionStarted",
        "EventSent 0",
        "EventSent 1",
        "EventRaised",
        "ExecutionCompleted",
    ]
    assert {event["InstanceId"] for event in history if event["EventType"] == 14} == {"@counter@k"}
