"""Showing runs."""

import asyncio
from datetime import UTC, datetime
from typing import Any

from msgspec.structs import replace

from dirigent import codec
from dirigent.domain.outcomes import Category
from dirigent.domain.records import Degraded, RunError, RunRecord, StepRecord
from dirigent.domain.runs import Held, Status
from dirigent.domain.waves import Wait
from dirigent.records.texts import Texts
from triggers.task_view import task_line, task_view

AT = datetime(2030, 1, 1, 12, 30, tzinfo=UTC)
RECORD = RunRecord(
    run="run-1",
    account="default",
    workflow="content-creation",
    type="content_creation",
    status=Status.IN_PROGRESS,
    definition="digest",
    input=Held(text='{"topic":"tea"}'),
    created_at=AT,
    updated_at=AT,
)
STEP = StepRecord(
    step="write",
    position=0,
    record="writing",
    output="draft",
    value=Held(text="Tea is."),
    started_at=AT,
    completed_at=AT,
    model="gpt-4",
)
ERROR = RunError(category=Category.TIMEOUT, message="late", step="write", attempts=3)


def shown(bench: Any, record: RunRecord, *steps: StepRecord) -> Any:
    """The run as it goes over the wire."""
    view = asyncio.run(task_view(record, steps, Texts(bench.parts.artifacts)))
    return codec.from_json(dict[str, Any], codec.to_json(view))


def test_shows_a_run_and_the_results_of_its_steps_so_far(bench: Any) -> None:
    assert shown(bench, RECORD, STEP) == {
        "id": "run-1",
        "type": "content_creation",
        "workflow": "content-creation",
        "account": "default",
        "status": "in_progress",
        "input": {"topic": "tea"},
        "created_at": "2030-01-01T12:30:00Z",
        "steps": [
            {"name": "writing", "completed_at": "2030-01-01T12:30:00Z", "result": {"draft": "Tea is."}}
        ],
        "result": None,
        "completed_at": None,
    }


def test_shows_what_a_run_resulted_in(bench: Any) -> None:
    result = Held(text='{"topic":"tea","word_count":2}')
    view = shown(bench, replace(RECORD, status=Status.COMPLETED, completed_at=AT, result=result))

    assert view["result"] == {"topic": "tea", "word_count": 2}
    assert view["completed_at"] == "2030-01-01T12:30:00Z"


def test_reads_texts_that_lie_in_artifacts(bench: Any) -> None:
    held = asyncio.run(Texts(bench.parts.artifacts).keep("t" * 40_000, name="runs/run-1/steps/write.txt"))
    view = shown(bench, RECORD, replace(STEP, value=held))

    assert view["steps"][0]["result"] == {"draft": "t" * 40_000}


def test_says_why_a_run_failed(bench: Any) -> None:
    view = shown(bench, replace(RECORD, status=Status.FAILED, error=ERROR))

    assert view["error"] == {"category": "TIMEOUT", "message": "late", "step": "write", "attempts": 3}


def test_leaves_out_what_is_not_known_of_an_error(bench: Any) -> None:
    error = RunError(category=Category.PERMANENT, message="gone")

    assert shown(bench, replace(RECORD, error=error))["error"] == {"category": "PERMANENT", "message": "gone"}


def test_says_when_a_failed_run_may_be_tried_again(bench: Any) -> None:
    error = RunError(category=Category.RATE_LIMIT, message="full", retry_after=12.5)

    assert shown(bench, replace(RECORD, error=error))["error"] == {
        "category": "RATE_LIMIT",
        "message": "full",
        "retry_after": 12.5,
    }


def test_marks_the_steps_that_a_fallback_answered(bench: Any) -> None:
    degraded = Degraded(by="agent", name="editor", category=Category.TRANSIENT, because="circuit open")
    view = shown(bench, RECORD, STEP, replace(STEP, degraded=degraded))

    assert [step.get("degraded") for step in view["steps"]] == [
        None,
        {"by": "agent", "name": "editor", "category": "TRANSIENT", "because": "circuit open"},
    ]


def test_tells_a_wait_before_the_first_step(bench: Any) -> None:
    wait = Wait(step=None, attempts=0, next_try=AT, category=Category.RATE_LIMIT, because="full")
    view: Any = asyncio.run(task_view(RECORD, (), Texts(bench.parts.artifacts), waits=(wait,)))

    assert list(view["waits"]) == [
        {
            "step": None,
            "attempts": 0,
            "next_try": "2030-01-01T12:30:00Z",
            "category": "RATE_LIMIT",
            "because": "full",
        }
    ]


def test_says_that_the_scripted_model_spoke(bench: Any) -> None:
    assert shown(bench, RECORD, STEP, replace(STEP, model="scripted:gpt-4"))["simulated"] is True


def test_lists_a_run_in_short() -> None:
    assert task_line(replace(RECORD, error=ERROR)) == {
        "id": "run-1",
        "type": "content_creation",
        "workflow": "content-creation",
        "account": "default",
        "status": Status.IN_PROGRESS,
        "created_at": AT,
        "completed_at": None,
        "error": {"category": Category.TIMEOUT, "message": "late", "step": "write", "attempts": 3},
    }
