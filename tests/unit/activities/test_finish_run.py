"""Closing a run whose last step was a run."""

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from activities.finish_run import finish_run
from activities.stage import Stage
from dirigent import codec
from dirigent.domain.catalogue import ResultField, Workflow
from dirigent.domain.outcomes import Category, Done, Failed, Missing, Outcome, Turnout
from dirigent.domain.records import Degraded
from dirigent.domain.runs import Held, Status
from dirigent.domain.steps import WorkflowStep
from dirigent.ports.records import RecordsUnavailable

WORKFLOW = Workflow(
    name="w",
    description="",
    type="t",
    input=(),
    steps=(WorkflowStep(name="sub", workflow="inner", output="sub"),),
    result={"summary": ResultField(value="sub.summary"), "all": ResultField(value="sub")},
)
GAP = Missing(
    branch="sub/deep", category=Category.TIMEOUT, because="late", since=datetime(2031, 1, 1, tzinfo=UTC)
)


@pytest.fixture
def done(job: Any) -> Any:
    """A run whose only step is done."""
    job.adopt(WORKFLOW)
    job.open(input=Held(text="{}"))
    mark = Degraded(by="workflow", name="inner", category=Category.TIMEOUT, because="its step 'x': slow")
    job.did(job.outline(), "sub", '{"summary":"short"}', is_json=True, degraded=mark)
    return job


def finished(job: Any, **order: Any) -> Outcome:
    told = asyncio.run(finish_run(Stage(job.parts))(codec.encode(job.order("", closes=True, **order))))
    return codec.decode(Outcome, told)  # type: ignore[arg-type]  # a union is no type


def test_its_result_is_drawn_from_what_the_steps_brought(done: Any) -> None:
    assert finished(done) == Done()
    assert done.record().status is Status.COMPLETED
    assert json.loads(done.record().result.text) == {"summary": "short", "all": {"summary": "short"}}


def test_tells_of_gaps_and_fallbacks_in_its_steps(done: Any) -> None:
    finished(done, is_degraded=True, turnout=Turnout(timed_out=True, missing=(GAP,)))

    result = json.loads(done.record().result.text)
    assert result["degraded"] == [
        {
            "step": "sub",
            "by": "workflow",
            "name": "inner",
            "category": "TIMEOUT",
            "because": "its step 'x': slow",
        }
    ]
    assert [one["branch"] for one in result["missing"]] == ["sub/deep"]


def test_finished_twice_it_is_finished_once(done: Any) -> None:
    finished(done)
    before = done.record()

    assert finished(done) == Done()
    assert done.record() == before


def test_without_its_step_there_is_no_result(job: Any) -> None:
    job.adopt(WORKFLOW)
    job.open()
    outcome = finished(job)

    assert isinstance(outcome, Failed)
    assert outcome.failure.category is Category.PERMANENT
    assert job.record().status is Status.IN_PROGRESS


class DeafRecords:
    """Read well, and take no word of how a run ended."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    async def merge(self, *_: Any, **__: Any) -> str:
        raise RecordsUnavailable("the network is gone")


def test_what_a_store_did_not_take_is_to_be_written_again_and_not_done_again(done: Any) -> None:
    parts = done.parts
    done.parts = replace(parts, records=DeafRecords(parts.records))
    outcome = finished(done)
    done.parts = parts

    assert isinstance(outcome, Failed)
    assert (outcome.failure.category, outcome.is_done) == (Category.TRANSIENT, True)
    assert done.record().status is Status.IN_PROGRESS
    assert finished(done) == Done()
    assert done.record().status is Status.COMPLETED
