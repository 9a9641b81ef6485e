"""Instances hear their messages one episode at a time, in order, and nothing while suspended."""

import asyncio
import logging
from datetime import timedelta
from typing import Any

import azure.durable_functions as df
import pytest

from devhost.engine.history import EventType
from devhost.testing.scripted_hub import ScriptedHub


def listening(context: Any) -> Any:
    heard: list[Any] = []
    for name in context.get_input():
        value = yield context.wait_for_external_event(name)
        heard += [value]
    return heard


def working(context: Any) -> Any:
    first = yield context.call_activity("shout", "a")
    heard = yield context.wait_for_external_event("go")
    return [first, heard]


def fanning(context: Any) -> Any:
    said = yield context.task_all([context.call_activity("shout", word) for word in "abc"])
    return said


def racing(context: Any) -> Any:
    timer = context.create_timer(context.current_utc_datetime + timedelta(seconds=60))
    event = context.wait_for_external_event("go")
    winner = yield context.task_any([timer, event])
    if winner is timer:
        return "late"
    timer.cancel()
    return event.result


def counting(context: Any) -> Any:
    total = yield context.call_entity(df.EntityId("counter", "k"), "add", 5)
    again = yield context.call_entity(df.EntityId("counter", "k"), "add", 2)
    return [total, again]


def counter(state: Any, operation: str, value: Any) -> tuple[Any, Any]:
    return (state or 0) + value, (state or 0) + value


def rounds(context: Any) -> Any:
    number = context.get_input()
    heard = yield context.wait_for_external_event("go")
    if number < 2:
        context.continue_as_new(number + 1)
        return None
    return [number, heard]


def versioned(context: Any) -> Any:
    yield context.wait_for_external_event("go")
    return [context.version, context.get_input()]


def shout(value: Any) -> Any:
    return value.upper()


@pytest.fixture(autouse=True)
def app(hub: ScriptedHub) -> None:
    hub.worker.serve(
        orchestrators=[listening, working, fanning, racing, counting, rounds, versioned],
        activities=[shout],
        entities=[counter],
    )


def kinds(hub: ScriptedHub, instance_id: str) -> list[int]:
    return [event["EventType"] for event in hub.history(instance_id)]


def episodes(hub: ScriptedHub, name: str) -> int:
    return len(hub.worker.delivered(name))


def test_an_event_that_came_early_is_held_back_until_it_is_awaited(hub: ScriptedHub) -> None:
    hub.start("listening", ["first", "second"], instance_id="i")
    hub.raise_event("i", "second", 2)
    before = EventType.EVENT_RAISED in kinds(hub, "i")
    hub.raise_event("i", "first", 1)

    assert not before
    assert hub.output("i") == [1, 2]


def test_events_of_one_name_answer_one_wait_each_in_their_order(hub: ScriptedHub) -> None:
    hub.start("listening", ["go", "go", "go"], instance_id="i")
    for number in range(3):
        hub.raise_event("i", "go", number)

    assert hub.output("i") == [0, 1, 2]


def test_events_held_back_survive_continuing_as_new(hub: ScriptedHub) -> None:
    hub.start("rounds", 0, instance_id="i")
    for number in range(3):
        hub.run(hub.engine.raise_event("i", "go", str(number)))

    assert hub.output("i") == [2, 2]


def test_a_name_in_another_case_is_warned_of(hub: ScriptedHub, caplog: pytest.LogCaptureFixture) -> None:
    hub.start("listening", ["go"], instance_id="i")
    hub.settle()
    with caplog.at_level(logging.WARNING):
        hub.raise_event("i", "GO")

    assert "waits for the event 'go' and was sent 'GO'" in caplog.text
    assert hub.status("i").runtime_status == "Running"


def test_what_arrives_in_one_turn_is_heard_in_one_episode(hub: ScriptedHub) -> None:
    hub.worker.hold("shout")
    hub.start("fanning", instance_id="i")
    hub.settle()
    hub.worker.release("shout")

    assert hub.output("i") == ["A", "B", "C"]
    assert episodes(hub, "fanning") == 2


def test_what_arrives_during_an_episode_is_heard_in_the_next(hub: ScriptedHub) -> None:
    hub.worker.hold("listening")
    hub.start("listening", ["a", "b"], instance_id="i")
    hub.settle()
    hub.raise_event("i", "a", 1)
    hub.raise_event("i", "b", 2)
    busy = episodes(hub, "listening")
    hub.worker.release("listening")

    assert busy == 1
    assert hub.output("i") == [1, 2]


def test_an_event_before_the_timer_cancels_it(hub: ScriptedHub) -> None:
    hub.start("racing", instance_id="i")
    hub.settle()
    hub.raise_event("i", "go", "now")

    assert hub.output("i") == "now"
    assert hub.clock.next_due() is None


def test_a_timer_before_the_event_wins(hub: ScriptedHub) -> None:
    hub.start("racing", instance_id="i")
    hub.advance(59.9)
    before = hub.status("i").runtime_status
    hub.advance(0.1)

    assert (before, hub.output("i")) == ("Running", "late")


def test_an_entity_answers_each_call(hub: ScriptedHub) -> None:
    assert hub.output(hub.start("counting")) == [5, 7]


def test_while_suspended_nothing_is_heard_and_after_it_everything_in_order(hub: ScriptedHub) -> None:
    hub.start("listening", ["a", "b"], instance_id="i")
    hub.settle()
    hub.run(hub.engine.suspend("i", "lunch"))
    hub.settle()
    before = hub.history("i")
    hub.raise_event("i", "b", 2)
    hub.raise_event("i", "a", 1)
    meanwhile = (hub.status("i").runtime_status, hub.history("i") == before)
    hub.run(hub.engine.resume("i", "back"))

    assert meanwhile == ("Suspended", True)
    assert hub.output("i") == [1, 2]
    reasons = [event.get("Reason") for event in hub.history("i") if "Reason" in event]
    assert reasons == ["lunch", "back"]


def test_a_timer_that_fires_while_suspended_is_heard_after_it(hub: ScriptedHub) -> None:
    hub.start("racing", instance_id="i")
    hub.settle()
    hub.run(hub.engine.suspend("i", None))
    hub.advance(120)
    hub.raise_event("i", "go", "too late")
    asleep = hub.status("i").runtime_status
    hub.run(hub.engine.resume("i", None))

    assert (asleep, hub.output("i")) == ("Suspended", "late")


@pytest.mark.parametrize("end", ["crash", "restart"])
def test_an_answer_that_came_while_suspended_survives_the_host(hub: ScriptedHub, end: str) -> None:
    hub.worker.hold("shout")
    hub.start("working", instance_id="i")
    hub.settle()
    hub.run(hub.engine.suspend("i", None))
    hub.settle()
    hub.worker.release("shout")
    hub.settle()
    getattr(hub, end)()
    hub.settle()
    asleep = hub.status("i").runtime_status
    hub.run(hub.engine.resume("i", None))
    hub.raise_event("i", "go", 1)

    assert (asleep, hub.output("i")) == ("Suspended", ["A", 1])
    assert hub.worker.delivered("shout") == ["a"]


def test_a_suspended_instance_can_be_terminated(hub: ScriptedHub) -> None:
    hub.start("working", instance_id="i")
    hub.settle()
    hub.run(hub.engine.suspend("i", None))
    hub.run(hub.engine.terminate("i", "enough"))
    hub.settle()

    assert (hub.status("i").runtime_status, hub.status("i").output_text) == ("Terminated", "enough")


def test_an_instance_suspended_before_its_first_episode_starts_when_resumed(hub: ScriptedHub) -> None:
    hub.worker.hold("rounds")
    hub.start("rounds", 0, instance_id="i", version="7")
    hub.settle()
    hub.run(hub.engine.raise_event("i", "go", "1"))
    hub.worker.release("rounds", 1)
    hub.settle()
    # The episode that continues as new is under way: the suspension comes first in the new execution.
    hub.run(hub.engine.suspend("i", None))
    hub.worker.release("rounds")
    hub.settle()
    asleep = hub.status("i").runtime_status, kinds(hub, "i")
    hub.crash()
    hub.run(hub.engine.resume("i", None))
    hub.raise_event("i", "go", 2)
    hub.raise_event("i", "go", 3)

    assert asleep == ("Suspended", [12, 19, 13])
    assert hub.output("i") == [2, 3]


def test_an_instance_suspended_while_it_is_pending_keeps_version_and_input(hub: ScriptedHub) -> None:
    async def start_and_suspend() -> None:
        start = hub.engine.start("versioned", instance_id="i", version="7", input_json='"5"')
        await asyncio.gather(start, hub.engine.suspend("i", None))

    hub.run(start_and_suspend())
    hub.settle()
    asleep = kinds(hub, "i")
    hub.run(hub.engine.resume("i", None))
    hub.raise_event("i", "go")

    assert asleep == [12, 19, 13]
    assert hub.output("i") == ["7", 5]


def test_an_orchestrator_that_changed_while_it_slept_fails_and_says_where(hub: ScriptedHub) -> None:
    hub.start("working", instance_id="i")
    hub.settle()

    def changed(context: Any) -> Any:
        yield context.call_activity("whisper", "a")
        yield context.wait_for_external_event("go")

    hub.worker.orchestrators["working"] = changed
    hub.crash()
    hub.raise_event("i", "go", 1)

    status = hub.status("i")
    assert status.runtime_status == "Failed"
    assert "step 1 was activity 'shout'" in (status.output_text or "")
    assert hub.clock.next_due() is None


def test_an_orchestrator_that_is_gone_keeps_its_instances_until_it_is_back(
    hub: ScriptedHub, caplog: pytest.LogCaptureFixture
) -> None:
    hub.start("working", instance_id="i")
    hub.settle()
    del hub.worker.orchestrators["working"]
    hub.crash()
    hub.raise_event("i", "go", 1)
    meanwhile = hub.status("i").runtime_status
    hub.worker.serve(orchestrators=[working])
    hub.crash()

    assert meanwhile == "Running"
    assert "the app has no orchestrator 'working' any more" in caplog.text
    assert hub.output("i") == ["A", 1]


def test_an_instance_whose_orchestrator_is_gone_can_be_terminated(hub: ScriptedHub) -> None:
    hub.start("working", instance_id="i")
    hub.settle()
    del hub.worker.orchestrators["working"]
    hub.crash()
    hub.run(hub.engine.terminate("i", "gone"))
    hub.settle()

    assert hub.status("i").runtime_status == "Terminated"
