"""Tracing runs."""

from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec.structs import replace

from dirigent.domain.outcomes import Category, Usage
from dirigent.domain.passages import Level, Passage
from dirigent.domain.records import Degraded, RunError, RunRecord, StepRecord
from dirigent.domain.runs import Held, Status
from triggers.passage_view import passage_view
from triggers.trace_view import trace_view

AT = datetime(2030, 1, 1, tzinfo=UTC)
RECORD = RunRecord(
    run="run-1",
    account="default",
    workflow="w",
    type="t",
    status=Status.COMPLETED,
    definition="digest",
    input=Held(text="{}"),
    created_at=AT,
    updated_at=AT,
    completed_at=AT + timedelta(seconds=10),
)
WRITE = StepRecord(
    step="write",
    position=0,
    record="writing",
    output="draft",
    value=Held(text=""),
    started_at=AT + timedelta(seconds=1),
    completed_at=AT + timedelta(seconds=3.5),
    attempts=2,
    agent="writer",
    model="scripted:gpt",
    usage=Usage(input_tokens=3, output_tokens=4),
)
PUBLISH = StepRecord(
    step="publish",
    position=1,
    record="publish",
    output="address",
    value=Held(text=""),
    started_at=AT + timedelta(seconds=4),
    completed_at=AT + timedelta(seconds=4.25),
)


def test_tells_who_did_what_and_what_it_took() -> None:
    assert trace_view(RECORD, (WRITE, PUBLISH)) == {
        "id": "run-1",
        "workflow": "w",
        "status": Status.COMPLETED,
        "pipeline": "write → publish",
        "steps": [
            {
                "name": "write",
                "record": "writing",
                "attempts": 2,
                "agent": "writer",
                "model": "scripted:gpt",
                "started_at": WRITE.started_at,
                "completed_at": WRITE.completed_at,
                "waited": 1.0,
                "duration": 2.5,
                "tokens": {"input": 3, "output": 4, "total": 7},
            },
            {
                "name": "publish",
                "record": "publish",
                "attempts": 1,
                "started_at": PUBLISH.started_at,
                "completed_at": PUBLISH.completed_at,
                "waited": 0.5,
                "duration": 0.25,
                "tokens": {"input": 0, "output": 0, "total": 0},
            },
        ],
        "totals": {
            "steps": 2,
            "attempts": 3,
            "duration": 10.0,
            "tokens": {"input": 3, "output": 4, "total": 7},
        },
        "simulated": True,
    }


def test_totals_a_run_that_goes_on_up_to_its_last_step() -> None:
    view: Any = trace_view(replace(RECORD, completed_at=None), (WRITE,))

    assert view["totals"]["duration"] == 3.5


def test_traces_a_run_that_did_nothing() -> None:
    error = RunError(category=Category.PERMANENT, message="gone")
    view: Any = trace_view(replace(RECORD, completed_at=None, error=error), ())

    assert (view["pipeline"], view["steps"], view["totals"]["duration"]) == ("", [], 0.0)
    assert view["error"] == {"category": Category.PERMANENT, "message": "gone"}


def test_counts_the_attempts_of_the_step_that_failed() -> None:
    error = RunError(category=Category.TIMEOUT, message="late", step="publish", attempts=3)
    view: Any = trace_view(replace(RECORD, error=error), (WRITE,))

    assert view["totals"]["attempts"] == 5


def test_tells_how_the_gates_were_passed() -> None:
    admission = Passage(level=Level.ACCOUNT, key="default")
    passage = Passage(level=Level.DEPLOYMENT, key="gpt", refused=1, waited=2.5)
    error = RunError(category=Category.RATE_LIMIT, message="full", step="edit", passage=passage)
    record = replace(RECORD, admission=admission, error=error)
    view: Any = trace_view(record, (replace(WRITE, passage=passage), PUBLISH))

    assert view["guards"] == {"admission": passage_view(admission)}
    assert view["error"]["guards"] == passage_view(passage)
    assert [step.get("guards") for step in view["steps"]] == [passage_view(passage), None]


def test_marks_the_steps_that_a_fallback_answered() -> None:
    degraded = Degraded(by="value", category=Category.TIMEOUT, because="late")
    view: Any = trace_view(RECORD, (replace(WRITE, degraded=degraded), PUBLISH))

    assert [step.get("degraded") for step in view["steps"]] == [
        {"by": "value", "category": Category.TIMEOUT, "because": "late"},
        None,
    ]
