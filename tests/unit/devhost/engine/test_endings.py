"""How instances end: at once, or when what they left open is done; and who is told."""

import logging
from datetime import timedelta
from typing import Any

import azure.durable_functions as df
import pytest

from devhost.engine.history import EventType
from devhost.storage import queries
from devhost.testing.scripted_hub import ScriptedHub


def leaving_a_timer(context: Any) -> Any:
    timer = context.create_timer(context.current_utc_datetime + timedelta(seconds=60))
    yield context.task_any([timer, context.wait_for_external_event("go")])
    return ending(context)


def cancelling_a_timer(context: Any) -> Any:
    timer = context.create_timer(context.current_utc_datetime + timedelta(seconds=60))
    yield context.task_any([timer, context.wait_for_external_event("go")])
    timer.cancel()
    return ending(context)


def ending(context: Any) -> Any:
    match context.get_input():
        case "fail":
            raise ValueError("as asked")
        case "again":
            context.continue_as_new("return")
            return None
    return "returned"


def working(context: Any) -> Any:
    said = yield context.call_activity("shout", "a")
    return said


def parent(context: Any) -> Any:
    try:
        return (yield context.call_sub_orchestrator(context.get_input(), "fail", instance_id="child"))
    except Exception as error:  # noqa: BLE001 - the SDK raises no other
        return str(error)


def other_parent(context: Any) -> Any:
    return (yield context.call_sub_orchestrator(context.get_input(), instance_id="other child"))


def failing(context: Any) -> Any:
    yield context.call_activity("shout", "a")
    raise ValueError("no luck")


def bargaining(context: Any) -> Any:
    """Asks an entity, does not wait for the reply, and begins anew."""
    round_number = context.get_input()
    asked = context.call_entity(df.EntityId("counter", "k"), "add", 1)
    event = context.wait_for_external_event("next")
    yield context.task_any([asked, event])
    if round_number == 0:
        context.continue_as_new(1)
        return None
    return asked.result


def counter(state: Any, operation: str, value: Any) -> tuple[Any, Any]:
    return (state or 0) + value, (state or 0) + value


def shout(value: Any) -> Any:
    return value.upper()


@pytest.fixture(autouse=True)
def app(hub: ScriptedHub) -> None:
    hub.worker.serve(
        orchestrators=[leaving_a_timer, cancelling_a_timer, working, parent, failing, bargaining],
        activities=[shout],
        entities=[counter],
    )


def kinds(hub: ScriptedHub, instance_id: str) -> list[int]:
    return [event["EventType"] for event in hub.history(instance_id)]


def open_rows(hub: ScriptedHub) -> int:
    return sum(
        len(list(rows))
        for rows in (
            queries.open_activities(hub.store),
            queries.open_timers(hub.store),
            queries.open_children(hub.store),
            queries.letters(hub.store),
            queries.operations(hub.store),
        )
    )


@pytest.mark.parametrize("crash", [False, True], ids=["alive", "crashed"])
@pytest.mark.parametrize(("what", "becomes"), [("return", "Completed"), ("fail", "Failed")])
def test_an_open_timer_keeps_an_ended_function_running_until_it_fires(
    hub: ScriptedHub, caplog: pytest.LogCaptureFixture, what: str, becomes: str, crash: bool
) -> None:
    hub.start("leaving_a_timer", what, instance_id="i")
    hub.settle()
    with caplog.at_level(logging.WARNING):
        hub.raise_event("i", "go")
    if crash:
        hub.crash()
    hub.advance(59)
    before = hub.status("i").runtime_status
    hub.advance(1)

    assert (before, hub.status("i").runtime_status) == ("Running", becomes)
    assert "stays Running until what it left open is done: timer for 2030-01-01T00:01:00" in caplog.text
    assert open_rows(hub) == 0


@pytest.mark.parametrize("crash", [False, True], ids=["alive", "crashed"])
def test_an_open_timer_holds_up_a_new_beginning_too(hub: ScriptedHub, crash: bool) -> None:
    hub.start("leaving_a_timer", "again", instance_id="i")
    hub.settle()
    first = hub.history("i")[1]["OrchestrationInstance"]["ExecutionId"]
    hub.raise_event("i", "go")
    if crash:
        hub.crash()
    hub.advance(59)
    before = hub.history("i")[1]["OrchestrationInstance"]["ExecutionId"]
    hub.advance(1)
    after = hub.history("i")[1]["OrchestrationInstance"]["ExecutionId"]
    hub.raise_event("i", "go")
    hub.advance(60)

    assert before == first
    assert after != first
    assert hub.output("i") == "returned"


@pytest.mark.parametrize(("what", "becomes"), [("return", "Completed"), ("fail", "Failed")])
def test_a_cancelled_timer_holds_nothing_up(hub: ScriptedHub, what: str, becomes: str) -> None:
    hub.start("cancelling_a_timer", what, instance_id="i")
    hub.settle()
    hub.raise_event("i", "go")

    assert hub.status("i").runtime_status == becomes
    assert (open_rows(hub), hub.clock.next_due()) == (0, None)


def test_a_failed_instance_tells_the_error_in_azure_s_words(hub: ScriptedHub) -> None:
    hub.start("failing", instance_id="i")
    hub.settle()

    assert hub.status("i").output_text in {
        "Orchestrator function 'failing' failed: no luck",
        "Orchestrator function 'failing' failed: ValueError: no luck",
    }


def test_terminating_ends_at_once_and_drops_what_was_open(hub: ScriptedHub) -> None:
    hub.start("leaving_a_timer", instance_id="i")
    hub.settle()
    hub.raise_event("i", "unheard")
    hub.run(hub.engine.terminate("i", "enough"))
    hub.settle()

    status = hub.status("i")
    assert (status.runtime_status, status.output_text) == ("Terminated", "enough")
    assert kinds(hub, "i")[-4:] == [12, EventType.EXECUTION_TERMINATED, EventType.EXECUTION_COMPLETED, 13]
    assert (open_rows(hub), hub.clock.next_due()) == (0, None)


@pytest.mark.parametrize("end", ["none", "crash"])
def test_the_late_answer_of_an_activity_is_ignored_once_its_instance_was_terminated(
    hub: ScriptedHub, end: str
) -> None:
    hub.worker.hold("shout")
    hub.start("working", instance_id="i")
    hub.settle()
    hub.run(hub.engine.terminate("i", "enough"))
    hub.settle()
    before = hub.history("i")
    if end == "crash":
        hub.crash()
    hub.worker.release("shout")
    hub.settle()

    assert (hub.status("i").runtime_status, hub.history("i") == before) == ("Terminated", True)
    assert hub.worker.delivered("shout") == ["a"]
    assert open_rows(hub) == 0


def test_the_late_answer_of_a_replaced_instance_is_not_its_successor_s(hub: ScriptedHub) -> None:
    hub.worker.hold("shout")
    hub.start("working", instance_id="i")
    hub.settle()
    hub.run(hub.engine.terminate("i", None))
    hub.settle()
    hub.start("working", instance_id="i")
    hub.settle()
    hub.worker.release("shout", 1)
    hub.settle()
    after_the_first = hub.status("i").runtime_status
    hub.worker.release("shout")

    assert (after_the_first, hub.output("i")) == ("Running", "A")


def test_a_parent_hears_of_its_child_s_failure(hub: ScriptedHub) -> None:
    assert "Orchestrator function 'failing' failed" in hub.output(hub.start("parent", "failing"))


def test_a_parent_hears_why_its_child_was_terminated(hub: ScriptedHub) -> None:
    hub.worker.hold("shout")
    hub.start("parent", "working", instance_id="p")
    hub.settle()
    hub.run(hub.engine.terminate("child", "enough of it"))

    assert "enough of it" in hub.output("p")


def test_children_go_on_when_their_parent_is_terminated(hub: ScriptedHub) -> None:
    hub.worker.hold("shout")
    hub.start("parent", "working", instance_id="p")
    hub.settle()
    hub.run(hub.engine.terminate("p", "enough"))
    hub.start("parent", "working", instance_id="p")
    hub.settle()
    hub.worker.release("shout")

    assert hub.output("child") == "A"
    # The new parent asked for the same child, which was running: it heard that, and not the old one's end.
    assert "already exists" in hub.output("p")


def test_the_end_of_a_terminated_parent_s_child_does_not_touch_its_successor(hub: ScriptedHub) -> None:
    hub.worker.hold("shout")
    hub.start("parent", "working", instance_id="p")
    hub.settle()
    hub.run(hub.engine.terminate("p", "enough"))
    hub.worker.orchestrators["parent"] = other_parent
    hub.start("parent", "working", instance_id="p")
    hub.settle()
    hub.worker.release("shout", 1)
    hub.settle()
    hub.crash()
    hub.worker.release("shout")

    assert hub.output("child") == "A"
    assert hub.output("p") == "A"


def test_begins_anew_with_a_new_history_and_the_same_birth(hub: ScriptedHub) -> None:
    hub.start("cancelling_a_timer", "again", instance_id="i", version="3")
    created = hub.clock.now()
    hub.advance(1)
    hub.raise_event("i", "go")
    status = hub.status("i")

    assert (status.runtime_status, status.created, status.version) == ("Running", created, "3")
    assert status.input_json is not None
    assert "return" in status.input_json
    assert [event["EventId"] for event in hub.history("i") if event["EventType"] == 10] == [0]


def test_a_reply_to_the_execution_before_is_dropped(hub: ScriptedHub) -> None:
    hub.worker.hold("counter")
    hub.start("bargaining", 0, instance_id="i")
    hub.settle()
    hub.raise_event("i", "next")
    hub.worker.release("counter", 1)
    hub.settle()
    after_the_late_one = hub.status("i").runtime_status
    hub.worker.release("counter")

    assert (after_the_late_one, hub.output("i")) == ("Running", 2)
    assert open_rows(hub) == 0


def test_a_reply_that_lay_there_when_the_execution_ended_is_dropped(hub: ScriptedHub) -> None:
    hub.worker.hold("counter")
    hub.start("bargaining", 0, instance_id="i")
    hub.settle()
    hub.worker.hold("bargaining")
    hub.raise_event("i", "next")
    hub.worker.release("counter", 1)
    hub.settle()
    hub.worker.release("bargaining")
    hub.settle()
    after_the_late_one = hub.status("i").runtime_status
    hub.crash()
    hub.worker.release("counter")

    assert (after_the_late_one, hub.output("i")) == ("Running", 2)
