"""Tracing runs."""

from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec.structs import replace

from dirigent.domain.outcomes import Category, Missing, Turnout, Usage
from dirigent.domain.passages import Level, Passage
from dirigent.domain.records import Degraded, RunError, RunRecord, StepRecord
from dirigent.domain.runs import Held, Status
from triggers.children import Child
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


def test_names_the_agent_whose_step_failed(wide: Any) -> None:
    workflow = wide.catalogue.workflows["multi-source-research"]
    error = RunError(
        category=Category.AUTHENTICATION, message="no", step="web", attempts=1, reason="wrong_key"
    )
    failed = replace(RECORD, error=error)
    view: Any = trace_view(failed, (), workflow=workflow)
    of_lost: Any = trace_view(failed, ())

    assert (view["error"]["agent"], view["error"]["reason"]) == ("writer", "wrong_key")
    assert view["steps"] == []
    assert "agent" not in of_lost["error"]


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


def test_counts_waits_from_when_a_step_could_begin_whoever_is_beside_it(wide: Any) -> None:
    workflow = wide.catalogue.workflows["multi-source-research"]
    steps = (replace(WRITE, step="web"), replace(PUBLISH, step="news"), replace(PUBLISH, step="deep"))
    last = replace(PUBLISH, step="summary", started_at=AT + timedelta(seconds=5.25))
    view: Any = trace_view(RECORD, (*steps, last), workflow=workflow)

    assert [step["waited"] for step in view["steps"]] == [1.0, 4.0, 4.0, 1.0]
    assert view["pipeline"] == "[web, news, deep] → summary"


def test_counts_what_a_run_within_it_consumed_once_and_tells_its_id() -> None:
    usage = Usage(input_tokens=30, output_tokens=40)
    nested = replace(WRITE, step="deep", child="run-2", usage=usage, branch="hard")
    child = Child(step="deep", record=replace(RECORD, run="run-2", workflow="vote"))
    view: Any = trace_view(RECORD, (WRITE, nested), children=(child,))

    assert view["totals"]["tokens"] == {"input": 33, "output": 44, "total": 77}
    assert [step.get("child") for step in view["steps"]] == [None, "run-2"]
    assert view["steps"][1]["branch"] == "hard"
    assert view["children"] == [
        {
            "id": "run-2",
            "step": "deep",
            "workflow": "vote",
            "status": Status.COMPLETED,
            "created_at": AT,
            "completed_at": RECORD.completed_at,
        }
    ]


def test_marks_what_came_late_and_tells_the_run_around_it() -> None:
    missing = Missing(branch="write", category=Category.TIMEOUT, because="late", since=AT)
    error = RunError(category=Category.TIMEOUT, message="late")
    record = replace(RECORD, parent="run-0", turnout=Turnout(missing=(missing,)), error=error)
    view: Any = trace_view(record, (WRITE, PUBLISH), simulated=True)

    assert [step.get("late") for step in view["steps"]] == [True, None]
    assert (view["parent"], view["pipeline"]) == ("run-0", "publish")
    assert [each["branch"] for each in view["error"]["missing"]] == ["write"]


def test_has_a_row_for_each_that_is_missing(wide: Any) -> None:
    workflow = wide.catalogue.workflows["multi-source-research"]
    since = AT + timedelta(seconds=30)
    missing = Missing(branch="web", agent="writer", category=Category.TIMEOUT, because="late", since=since)
    record = replace(RECORD, turnout=Turnout(missing=(missing, replace(missing, branch="deep/gpt"))))
    steps = (replace(WRITE, step="news"), replace(PUBLISH, step="summary"))
    view: Any = trace_view(record, steps, workflow=workflow)

    assert [row["name"] for row in view["steps"]] == ["web", "news", "summary"]
    assert view["steps"][0] == {
        "name": "web",
        "record": "web",
        "state": "missing",
        "agent": "writer",
        "category": Category.TIMEOUT,
        "because": "late",
        "since": since,
    }
    assert (view["pipeline"], view["totals"]["steps"]) == ("[web ✗, news] → summary", 2)


def test_says_of_what_came_late_why_it_was_given_up(wide: Any) -> None:
    missing = Missing(branch="web", category=Category.TIMEOUT, because="late", since=AT)
    workflow = wide.catalogue.workflows["multi-source-research"]
    view: Any = trace_view(RECORD, (replace(WRITE, step="web"),), workflow=workflow, given_up=(missing,))

    [row] = view["steps"]
    assert (row["late"], row["duration"], row["because"]) == (True, 2.5, "late")


def test_lists_all_voters_of_a_vote_that_is_over(wide: Any) -> None:
    workflow = wide.catalogue.workflows["vote"]
    steps = (replace(WRITE, step="gpt"), replace(PUBLISH, step="tally"))
    views: list[Any] = [
        trace_view(replace(RECORD, status=status), steps, workflow=workflow)
        for status in (Status.COMPLETED, Status.IN_PROGRESS)
    ]

    unheard = {"name": "claude", "record": "claude", "state": "unheard", "agent": "writer"}
    assert views[0]["steps"][1] == unheard
    assert [[row["name"] for row in view["steps"]] for view in views] == [
        ["gpt", "claude", "tally"],
        ["gpt", "tally"],
    ]


def test_says_that_the_scripted_model_spoke_in_a_run_below() -> None:
    assert trace_view(RECORD, (PUBLISH,), simulated=True)["simulated"] is True
    assert "simulated" not in trace_view(RECORD, (PUBLISH,))
