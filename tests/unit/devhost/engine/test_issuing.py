"""Commands become events, rows and effects; effects only after the rows are on disk."""

import json
from datetime import timedelta
from typing import Any

import azure.durable_functions as df
import pytest

from devhost.engine.history import COMMANDS, EventType
from devhost.storage import queries
from devhost.testing.scripted_hub import ScriptedHub


def calling(context: Any) -> Any:
    """Calls what its input names, in the manner it names."""
    manner, name = context.get_input()
    match manner:
        case "activity":
            return (yield context.call_activity(name, "a"))
        case "child":
            return (yield context.call_sub_orchestrator(name, "a"))
        case "entity":
            return (yield context.call_entity(df.EntityId(name, "k"), "add", 1))
        case "signal":
            context.signal_entity(df.EntityId(name, "k"), "add", 1)
            return "signalled"
    context.call_activity(name, "a")
    return (yield context.call_activity("nothing_of_the_kind", "a"))


def catching(context: Any) -> Any:
    try:
        yield context.call_activity("stumble", "a")
    except Exception as error:  # noqa: BLE001 - the SDK raises no other
        return str(error)


def retrying(context: Any) -> Any:
    options = df.RetryOptions(first_retry_interval_in_milliseconds=5000, max_number_of_attempts=3)
    return (yield context.call_activity_with_retry("stumble_twice", options, "a"))


def dawdling(context: Any) -> Any:
    yield context.create_timer(context.current_utc_datetime + timedelta(seconds=30))
    return "done"


def shout(value: Any) -> Any:
    return value.upper()


def stumble_twice(value: Any) -> Any:
    raise ValueError("not this time")


def silent(value: Any) -> Any:
    return None


def stumble(value: Any) -> Any:
    raise ValueError(f"over {value}")


def counter(state: Any, operation: str, value: Any) -> tuple[Any, Any]:
    return (state or 0) + value, (state or 0) + value


@pytest.fixture(autouse=True)
def app(hub: ScriptedHub) -> None:
    hub.worker.serve(
        orchestrators=[calling, catching, retrying, dawdling],
        activities=[shout, silent, stumble, stumble_twice],
        entities=[counter],
    )


def of_kind(hub: ScriptedHub, instance_id: str, kind: EventType) -> list[Any]:
    return [event for event in hub.history(instance_id) if event["EventType"] == kind]


def test_an_activity_is_called_only_when_its_scheduling_is_on_disk(hub: ScriptedHub) -> None:
    seen: list[object] = []

    def looking(value: Any) -> Any:
        seen.extend(queries.open_activities(hub.store))
        seen.extend(queries.history(hub.store, "i"))

    hub.worker.serve(activities=[looking])
    hub.start("calling", ["activity", "looking"], instance_id="i")
    hub.settle()

    [row, episode] = seen
    assert row == ("i", 0, "looking", '"a"')
    assert [event["EventType"] for event in json.loads(str(episode))] == [12, 0, 4, 13]


def test_an_activity_is_not_called_when_its_scheduling_cannot_be_promised(hub: ScriptedHub) -> None:
    def fail(number: int) -> None:
        raise OSError(f"no more after commit {number}")

    hub.worker.hold("calling")
    hub.start("calling", ["activity", "shout"], instance_id="i")
    hub.settle()
    hub.store.after_commit = fail
    hub.worker.release("calling")
    hub.turn(10)

    assert isinstance(hub.engine.commits.failure, OSError)
    assert hub.worker.delivered("shout") == []


@pytest.mark.parametrize("crash", [False, True], ids=["alive", "crashed"])
def test_counts_the_commands_of_an_execution(hub: ScriptedHub, crash: bool) -> None:
    hub.start("retrying", instance_id="i")
    hub.advance(1)
    if crash:
        hub.crash()
    hub.advance(5)

    # Activity, pause, activity, pause.
    row = queries.instance(hub.store, "i")
    assert row is not None
    assert row[10] == len([event for event in hub.history("i") if event["EventType"] in COMMANDS]) == 4


def test_an_activity_s_answer_completes_its_task(hub: ScriptedHub) -> None:
    hub.start("calling", ["activity", "SHOUT"], instance_id="i")

    assert hub.output("i") == "A"
    [scheduled] = of_kind(hub, "i", EventType.TASK_SCHEDULED)
    [completed] = of_kind(hub, "i", EventType.TASK_COMPLETED)
    assert (scheduled["EventId"], scheduled["Name"], scheduled["Input"]) == (0, "shout", '"a"')
    assert (completed["TaskScheduledId"], completed["Result"]) == (0, '"A"')
    assert list(queries.open_activities(hub.store)) == []


def test_an_activity_that_returns_nothing_has_no_result(hub: ScriptedHub) -> None:
    hub.start("calling", ["activity", "silent"], instance_id="i")

    assert hub.output("i") is None
    [completed] = of_kind(hub, "i", EventType.TASK_COMPLETED)
    assert completed["Result"] is None


def test_an_activity_s_error_is_told_in_azure_s_words(hub: ScriptedHub) -> None:
    hub.start("catching", instance_id="i")

    assert hub.output("i").startswith("Activity function 'stumble' failed:  ValueError: over a")
    [failed] = of_kind(hub, "i", EventType.TASK_FAILED)
    assert "Traceback" in failed["Details"]


def test_attempts_are_counted_and_spaced_by_timers(hub: ScriptedHub) -> None:
    calls: list[Any] = []

    def stumble_twice(value: Any) -> Any:
        calls.append(hub.clock.now())
        if len(calls) < 3:
            raise ValueError("not yet")
        return "at last"

    hub.worker.serve(activities=[stumble_twice])
    hub.start("retrying", instance_id="i")
    hub.advance(60)

    assert hub.output("i") == "at last"
    assert [(call - calls[0]).total_seconds() for call in calls] == [0, 5, 10]


@pytest.mark.parametrize("manner", ["activity", "child", "entity", "signal"])
def test_calling_what_is_not_there_fails_the_orchestrator(hub: ScriptedHub, manner: str) -> None:
    hub.start("calling", [manner, "nobody"], instance_id="i")
    hub.settle()

    status = hub.status("i")
    kind = {"child": "orchestrator", "signal": "entity"}.get(manner, manner)
    assert status.runtime_status == "Failed"
    assert f"The function 'nobody' doesn't exist, is disabled, or is not an {kind} function." in str(
        status.output_text
    )


def test_an_entity_s_id_that_no_file_can_hold_fails_the_orchestrator_and_not_the_host(
    hub: ScriptedHub,
) -> None:
    def half_a_pair(context: Any) -> Any:
        yield context.call_entity(df.EntityId("counter", "\ud800"), "get")

    hub.worker.serve(orchestrators=[half_a_pair])
    hub.start("half_a_pair", instance_id="i")
    hub.settle()

    assert "cannot be the entity's id: it is not valid Unicode" in str(hub.status("i").output_text)
    assert hub.engine.commits.failure is None


def test_what_was_asked_for_before_the_unknown_name_is_carried_out(hub: ScriptedHub) -> None:
    def both(context: Any) -> Any:
        yield context.task_all([context.call_activity("shout", "a"), context.call_activity("nobody", "a")])

    hub.worker.serve(orchestrators=[both])
    hub.start("both", instance_id="i")
    hub.settle()

    assert hub.worker.delivered("shout") == ["a"]
    assert hub.status("i").runtime_status == "Failed"


def test_a_child_s_answer_completes_its_task(hub: ScriptedHub) -> None:
    hub.worker.serve(orchestrators=[dawdling])
    hub.start("calling", ["child", "dawdling"], instance_id="i")
    hub.advance(30)

    assert hub.output("i") == "done"
    [created] = of_kind(hub, "i", EventType.CHILD_CREATED)
    [completed] = of_kind(hub, "i", EventType.CHILD_COMPLETED)
    assert (created["EventId"], created["Name"]) == (0, "dawdling")
    assert (completed["TaskScheduledId"], completed["Result"]) == (0, '"done"')
    assert list(queries.open_children(hub.store)) == []


def test_a_timer_fires_at_its_time_and_tells_it(hub: ScriptedHub) -> None:
    hub.start("dawdling", instance_id="i")
    hub.advance(30)

    assert hub.output("i") == "done"
    [created] = of_kind(hub, "i", EventType.TIMER_CREATED)
    [fired] = of_kind(hub, "i", EventType.TIMER_FIRED)
    assert (created["FireAt"], fired["FireAt"]) == ("2030-01-01T00:00:30.000000Z",) * 2
    assert (created["EventId"], fired["TimerId"]) == (0, 0)


def test_a_message_to_an_entity_names_whom_to_answer(hub: ScriptedHub) -> None:
    hub.start("calling", ["entity", "counter"], instance_id="i")

    assert hub.output("i") == 1
    [sent] = of_kind(hub, "i", EventType.EVENT_SENT)
    request = json.loads(sent["Input"])
    [reply] = of_kind(hub, "i", EventType.EVENT_RAISED)
    assert (sent["InstanceId"], request["op"], request["parent"]) == ("@counter@k", "add", "i")
    assert (request["signal"], reply["Name"]) == (False, request["id"])


def test_a_signal_to_an_entity_is_not_waited_for(hub: ScriptedHub) -> None:
    hub.worker.hold("counter")
    hub.start("calling", ["signal", "counter"], instance_id="i")
    ended = hub.output("i")
    hub.worker.release("counter")
    hub.settle()

    assert (ended, hub.entity("counter", "k")) == ("signalled", 1)


@pytest.mark.parametrize("end", ["crash", "restart"])
def test_an_activity_without_an_answer_is_called_again_by_the_next_host(hub: ScriptedHub, end: str) -> None:
    hub.worker.hold("shout")
    hub.start("calling", ["activity", "shout"], instance_id="i")
    hub.settle()
    getattr(hub, end)()
    hub.worker.release("shout")

    assert hub.output("i") == "A"
    assert hub.worker.delivered("shout") == ["a", "a"]
