"""Answers reach whoever still waits for them, and nobody else."""

from datetime import timedelta
from typing import Any

import pytest

from devhost.storage import queries
from devhost.testing.scripted_hub import ScriptedHub


def working(context: Any) -> Any:
    said = yield context.call_activity("shout", "a")
    yield context.create_timer(context.current_utc_datetime + timedelta(seconds=10))
    return said


def shout(value: Any) -> Any:
    return value.upper()


@pytest.fixture(autouse=True)
def app(hub: ScriptedHub) -> None:
    hub.worker.serve(orchestrators=[working], activities=[shout])


def test_an_answer_goes_to_the_instance_that_asked(hub: ScriptedHub) -> None:
    hub.start("working", instance_id="i")
    hub.advance(10)

    assert hub.output("i") == "A"


def test_an_answer_that_comes_while_the_host_stops_is_kept_for_the_next(hub: ScriptedHub) -> None:
    hub.worker.hold("shout")
    hub.start("working", instance_id="i")
    hub.settle()
    hub.engine.wind_down()
    hub.worker.release("shout")
    hub.settle()
    hub.restart()
    hub.advance(10)

    assert hub.output("i") == "A"
    assert hub.worker.delivered("shout") == ["a"]


def test_an_answer_that_comes_while_suspended_is_kept_without_its_task(hub: ScriptedHub) -> None:
    hub.worker.hold("shout")
    hub.start("working", instance_id="i")
    hub.settle()
    hub.run(hub.engine.suspend("i", None))
    hub.settle()
    hub.worker.release("shout")
    hub.settle()

    assert list(queries.open_activities(hub.store)) == []
    assert len(list(queries.letters(hub.store))) == 1


@pytest.mark.parametrize("end", ["crash", "restart"])
def test_a_timer_that_was_due_while_no_host_ran_fires_when_the_next_one_starts(
    hub: ScriptedHub, end: str
) -> None:
    hub.start("working", instance_id="i")
    hub.settle()
    hub.engine.wind_down()
    hub.advance(3600)
    before = len(list(queries.open_timers(hub.store)))
    getattr(hub, end)()
    hub.advance(0)

    assert (before, hub.output("i")) == (1, "A")


def test_a_timer_of_an_ended_instance_does_not_reach_its_successor(hub: ScriptedHub) -> None:
    hub.start("working", instance_id="i")
    hub.advance(5)
    hub.run(hub.engine.terminate("i", None))
    hub.settle()
    hub.start("working", instance_id="i")
    hub.advance(9)
    before = hub.status("i").runtime_status
    hub.advance(1)

    assert (before, hub.output("i")) == ("Running", "A")
