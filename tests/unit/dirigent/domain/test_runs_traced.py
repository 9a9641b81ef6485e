"""The trace that a run carries: to its steps, to the runs within it, and not a byte where there is none."""

from datetime import UTC, datetime

import pytest
from guarded_wave import NOW, later, planned, started
from msgspec import UNSET
from msgspec.structs import replace
from played_runs import nested

from dirigent import codec
from dirigent.domain.outcomes import Category, Failed, Failure
from dirigent.domain.pendings import Call
from dirigent.domain.run_ids import child_id, new_run_id, task_of
from dirigent.domain.runs import AskAlone, CloseRun, OpenRun, Perform, StartRun
from dirigent.domain.waves import Wave

PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
FAILED = Failed(failure=Failure(category=Category.TIMEOUT, message="late"))
CALLS = {
    "a step": Call(step=planned("v")),
    "the first step": Call(step=planned("v"), opens=True),
    "a call of its own": Call(step=planned("v"), is_alone=True),
    "a nested run": Call(step=nested("far", (planned("inner"),))),
}


def order(call: str, start: StartRun) -> Perform | AskAlone | StartRun:
    wave = Wave.of(replace(start, max_wait=None), (CALLS[call],), later(3600), now=NOW)
    [found] = wave.orders(NOW).values()
    return found


def trace(found: Perform | AskAlone | StartRun) -> object:
    if isinstance(found, Perform):
        return found.trace
    return found.start.traceparent if isinstance(found, AskAlone) else found.traceparent


@pytest.mark.parametrize("call", CALLS)
def test_whatever_is_ordered_carries_the_trace_once(call: str) -> None:
    found = order(call, replace(started(), traceparent=PARENT))

    assert trace(found) == PARENT
    assert codec.to_json(found).count(PARENT.encode()) == 1
    assert codec.decode(type(found), codec.encode(found)) == found


@pytest.mark.parametrize("call", CALLS)
def test_without_a_trace_nothing_is_carried(call: str) -> None:
    found = order(call, started())

    assert trace(found) is UNSET
    assert b"trace" not in codec.to_json(found)


@pytest.mark.parametrize("traceparent", [UNSET, PARENT])
def test_a_runs_beginning_and_its_end_are_written_in_its_trace(traceparent: str) -> None:
    brief = replace(started(), traceparent=traceparent).brief()

    for message in (OpenRun(opening=brief), CloseRun(opening=brief, failed=FAILED)):
        assert codec.decode(type(message), codec.encode(message)).opening.traceparent == traceparent


def test_a_run_from_before_there_were_traces_has_none() -> None:
    values = codec.encode(started())

    assert "traceparent" not in values
    assert codec.decode(StartRun, values).traceparent is UNSET


def test_a_run_within_another_belongs_to_the_task_of_the_outermost() -> None:
    run = new_run_id(datetime(2030, 1, 1, tzinfo=UTC), 7)

    assert {task_of(one) for one in (run, child_id(run, "a"), child_id(child_id(run, "a"), "b"))} == {run}
