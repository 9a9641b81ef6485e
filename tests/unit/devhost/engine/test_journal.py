"""The journal tells each thing once, when it happens, in a line one can read."""

import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import azure.durable_functions as df
import pytest

from devhost.engine.journal import ReadableJournal
from devhost.testing.scripted_hub import ScriptedHub

Told = Callable[[], list[str]]


def shouting(context: Any) -> Any:
    said = yield context.task_all([context.call_activity("shout", word) for word in "ab"])
    go = yield context.wait_for_external_event("go")
    return [*said, go]


def pausing(context: Any) -> Any:
    yield context.create_timer(context.current_utc_datetime + timedelta(seconds=60))
    return "rested"


def counting(context: Any) -> Any:
    context.signal_entity(df.EntityId("counter", "k"), "add", 1)
    total = yield context.call_entity(df.EntityId("counter", "k"), "add", 5)
    return total


def parent(context: Any) -> Any:
    said = yield context.call_sub_orchestrator("pausing", "x", instance_id="child")
    return said


def rounds(context: Any) -> Any:
    number = context.get_input()
    yield context.wait_for_external_event("go")
    if number < 2:
        context.continue_as_new(number + 1)


def failing(context: Any) -> Any:
    yield context.call_activity("snap", None)


def shout(word: Any) -> Any:
    return word.upper()


def snap(_value: Any) -> Any:
    raise ValueError("no such thing")


def counter(state: Any, _operation: str, value: Any) -> tuple[Any, Any]:
    return (state or 0) + value, (state or 0) + value


@pytest.fixture
def told(hub: ScriptedHub, caplog: pytest.LogCaptureFixture) -> Told:
    """What the journal of the hub has said so far."""
    caplog.set_level(logging.INFO, "devhost.journal")
    hub.engine._resources.journal = ReadableJournal()
    hub.worker.serve(
        orchestrators=(shouting, pausing, counting, parent, rounds, failing),
        activities=(shout, snap),
        entities=(counter,),
    )
    return lambda: [r.getMessage() for r in caplog.records if r.name == "devhost.journal"]


def test_tells_a_life_from_start_to_end(hub: ScriptedHub, told: Told) -> None:
    hub.start("shouting", {"a": 1}, instance_id="i")
    hub.settle()
    hub.advance(2)
    hub.raise_event("i", "go", "now")

    assert told() == [
        """shouting 'i' started by a client with {"a": 1}""",
        "shouting 'i' waits for activity 'shout' (2 times)",
        """shouting 'i' heard activity 'shout': completed in 0.00 s with "A\"""",
        """shouting 'i' heard activity 'shout': completed in 0.00 s with "B\"""",
        "shouting 'i' waits for the event 'go'",
        """shouting 'i' heard the event 'go' with "now\"""",
        """shouting 'i' completed in 2.00 s with ["A", "B", "now"]""",
    ]


def test_tells_of_children_and_timers(hub: ScriptedHub, told: Told) -> None:
    hub.start("parent", instance_id="i")
    hub.advance(60)

    [started] = [line for line in told() if "'child' started" in line]
    assert started == """pausing 'child' started by 'parent' (i) with "x\""""
    assert "pausing 'child' completed in 60 s with \"rested\"" in told()
    assert told()[-2:] == [
        "parent 'i' heard sub-orchestration 'child': completed in 60 s with \"rested\"",
        "parent 'i' completed in 60 s with \"rested\"",
    ]
    assert [line for line in told() if "heard timer for " in line]


def test_tells_of_entities(hub: ScriptedHub, told: Told) -> None:
    hub.start("counting", instance_id="i")
    hub.settle()

    assert told()[1:] == [
        "counting 'i' signalled 'add' to entity @counter@k with 1",
        "counting 'i' sent 'add' to entity @counter@k with 5",
        "counting 'i' waits for the answer to 'add' of entity @counter@k",
        "counting 'i' heard 'add' of entity @counter@k: completed in 0.00 s with 6",
        "counting 'i' completed in 0.00 s with 6",
    ]


def test_tells_why_something_failed(hub: ScriptedHub, told: Told) -> None:
    hub.start("failing", instance_id="i")
    hub.settle()

    why = "failed because Activity function 'snap' failed: ValueError: no such thing"
    assert told()[2] == f"failing 'i' heard activity 'snap': {why}"
    assert told()[3].startswith(
        "failing 'i' failed after 0.00 s because Orchestrator function 'failing' failed"
    )
    assert told()[3].endswith("…")


def test_tells_of_steering(hub: ScriptedHub, told: Told) -> None:
    hub.start("pausing", instance_id="i")
    hub.settle()
    hub.run(hub.engine.suspend("i", "lunch"))
    hub.settle()
    hub.run(hub.engine.resume("i", None))
    hub.settle()
    hub.run(hub.engine.terminate("i", "enough"))
    hub.settle()

    assert told()[2:] == [
        "pausing 'i' suspended because lunch",
        "pausing 'i' resumed",
        "pausing 'i' terminated after 0.00 s because enough",
    ]


def test_tells_of_rounds(hub: ScriptedHub, told: Told) -> None:
    hub.start("rounds", 1, instance_id="i")
    hub.settle()
    for _ in range(2):
        hub.raise_event("i", "go")

    assert told() == [
        "rounds 'i' started by a client with 1",
        "rounds 'i' waits for the event 'go'",
        "rounds 'i' heard the event 'go' with null",
        "rounds 'i' continued as new with 2",
        "rounds 'i' waits for the event 'go'",
        "rounds 'i' heard the event 'go' with null",
        "rounds 'i' completed in 0.00 s with nothing",
    ]


def test_tells_nothing_twice_after_a_restart(hub: ScriptedHub, told: Told) -> None:
    hub.start("shouting", instance_id="i")
    hub.settle()
    before = told()
    hub.restart()
    hub.engine._resources.journal = ReadableJournal()
    hub.settle()
    assert told() == before

    hub.raise_event("i", "go", 1)
    assert told()[len(before) :] == [
        "shouting 'i' heard the event 'go' with 1",
        """shouting 'i' completed in 0.00 s with ["A", "B", 1]""",
    ]


def test_cuts_what_is_long(hub: ScriptedHub, told: Told) -> None:
    hub.start("shouting", "word " * 40, instance_id="i")

    assert told()[0] == "shouting 'i' started by a client with \"" + ("word " * 16)[:78] + "…"


def test_is_silent_unless_asked_for(sticky_hub: ScriptedHub, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    sticky_hub.worker.serve(orchestrators=(pausing,))
    sticky_hub.start("pausing")
    sticky_hub.advance(60)

    assert [record for record in caplog.records if record.name == "devhost.journal"] == []
