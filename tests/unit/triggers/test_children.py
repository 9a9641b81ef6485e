"""Finding the runs that are steps of a run."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec.structs import replace

from dirigent.domain.outcomes import Category
from dirigent.domain.records import RunError, RunRecord, StepRecord
from dirigent.domain.run_ids import child_id
from dirigent.domain.runs import Held, Parent, Status
from dirigent.records.runs import Runs, opened
from triggers.children import Child, Children
from triggers.instances import DurableInstances

AT = datetime(2030, 1, 1, tzinfo=UTC)


def begin(bench: Any, step: str, status: str, *, account: str = "default") -> str:
    """A run that is that step of run-1; its id."""
    parent = Parent(run="run-1", definition="digest", step=step, until=bench.clock.now())
    run = child_id("run-1", step)
    start = bench.opening(run, parent=parent, account=account)
    asyncio.run(Runs(bench.parts.records, bench.parts.artifacts).open(start, at=bench.clock.now()))
    bench.client.put(run, status, output="ended")
    return run


def children(bench: Any, workflow: str) -> tuple[Child, ...]:
    """Those of run-1."""
    record: RunRecord = opened(bench.opening(), at=bench.clock.now())
    declared = bench.catalogue.workflows[workflow]
    found = Children(bench.parts).of(record, declared, DurableInstances(bench.client))
    return asyncio.run(found)


def wrote(model: str | None = None, child: str | None = None, name: str = "s") -> StepRecord:
    """A step that this model did, or that is that run."""
    return StepRecord(
        step=name,
        position=0,
        record=name,
        output=name,
        value=Held(text=""),
        started_at=AT,
        completed_at=AT,
        model=model,
        child=child,
    )


def test_finds_the_runs_that_have_begun_as_they_stand(wide: Any) -> None:
    run = begin(wide, "deep", "Terminated")

    [child] = children(wide, "multi-source-research")
    assert (child.step, child.record.run, child.record.parent) == ("deep", run, "run-1")
    assert child.record.status == Status.CANCELLED


def test_finds_the_run_that_a_choice_may_have_led_to(wide: Any) -> None:
    assert children(wide, "desk") == ()

    run = begin(wide, "process", "Running")

    assert [(child.step, child.record.run) for child in children(wide, "desk")] == [("process", run)]


def test_finds_no_run_of_another_account(wide: Any) -> None:
    begin(wide, "deep", "Running", account="other")

    assert children(wide, "multi-source-research") == ()


def test_asks_durable_about_no_run_that_has_not_begun(wide: Any) -> None:
    assert children(wide, "multi-source-research") == ()
    assert wide.client.asked == []


def test_tells_that_the_scripted_model_spoke_however_far_below(bench: Any) -> None:
    runs, desk = Runs(bench.parts.records, bench.parts.artifacts), Children(bench.parts)
    asyncio.run(runs.add_step("run-2", wrote(child="run-3")))
    asyncio.run(runs.add_step("run-3", wrote(model="scripted:gpt")))
    asyncio.run(runs.add_step("run-4", wrote(model="gpt")))

    told = [
        asyncio.run(desk.are_simulated((step,)))
        for step in (wrote(child="run-2"), wrote(child="run-4"), wrote("scripted"), wrote("gpt"))
    ]
    assert told == [True, False, True, False]


@pytest.mark.parametrize(
    ("status", "failed_in", "workflow", "step", "is_found"),
    [
        (Status.IN_PROGRESS, None, "desk", "process", True),
        (Status.IN_PROGRESS, None, "multi-source-research", "deep", False),
        (Status.CANCELLED, None, "multi-source-research", "deep", True),
        (Status.FAILED, "deep", "multi-source-research", "deep", True),
        (Status.FAILED, "summary", "multi-source-research", "deep", False),
        (Status.COMPLETED, None, "multi-source-research", "deep", False),
    ],
)
def test_looks_for_runs_that_no_step_tells_of(
    wide: Any, status: Status, failed_in: str | None, workflow: str, step: str, *, is_found: bool
) -> None:
    run = begin(wide, step, "Running")
    error = None if failed_in is None else RunError(category=Category.TIMEOUT, message="late", step=failed_in)
    record = replace(opened(wide.opening(), at=AT), status=status, error=error)
    found = asyncio.run(Children(wide.parts).begun(record, wide.catalogue.workflows[workflow], ()))

    assert found == (frozenset({run}) if is_found else frozenset())


def test_looks_for_no_run_of_which_a_step_tells_or_that_is_not_there(wide: Any) -> None:
    record = replace(opened(wide.opening(), at=AT), status=Status.CANCELLED)
    workflow, desk = wide.catalogue.workflows["multi-source-research"], Children(wide.parts)
    before = asyncio.run(desk.begun(record, workflow, ()))
    begin(wide, "deep", "Running")

    assert before == asyncio.run(desk.begun(record, workflow, (wrote(name="deep"),))) == frozenset()
