"""Showing runs."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec.structs import replace

from dirigent import codec
from dirigent.domain.catalogue import ResultField
from dirigent.domain.events import Origin, Replay
from dirigent.domain.outcomes import Category, Missing, Turnout
from dirigent.domain.records import Degraded, RunError, RunRecord, StepRecord
from dirigent.domain.run_ids import child_id
from dirigent.domain.runs import Held, Status
from dirigent.domain.waves import Wait
from dirigent.records.texts import Texts
from dirigent.records.unreadable import Unreadable
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
ORIGIN = Origin(
    subscription="tea-watch",
    topic="data",
    type="TeaBrewed",
    event="run-0.tell",
    correlation_id="run-0",
    enqueued_at=AT,
    hops=1,
)
ERROR = RunError(category=Category.TIMEOUT, message="late", step="write", attempts=3)
MISSING = Missing(branch="write", agent="writer", category=Category.TIMEOUT, because="late", since=AT)
#: As it goes over the wire.
TOLD = {
    "branch": "write",
    "agent": "writer",
    "category": "TIMEOUT",
    "because": "late",
    "since": "2030-01-01T12:30:00Z",
}


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


def test_shows_structured_answers_as_objects(bench: Any) -> None:
    value = Held(text='{"kind":"invoice","urgent":true}')
    view = shown(bench, RECORD, replace(STEP, value=value, is_json=True), replace(STEP, value=value))

    told = [step["result"]["draft"] for step in view["steps"]]
    assert told == [{"kind": "invoice", "urgent": True}, value.text]


def test_says_that_a_structured_answer_is_spoilt(bench: Any) -> None:
    with pytest.raises(Unreadable, match="The step 'writing' of the task 'run-1'"):
        shown(bench, RECORD, replace(STEP, value=Held(text="{"), is_json=True))


def test_shows_where_a_step_went_and_which_run_it_is(bench: Any) -> None:
    turnout = Turnout(completed_agents=3, timed_out=True, missing=(MISSING,))
    nested = replace(STEP, branch="invoice", child="run-2", turnout=turnout)
    view = shown(bench, RECORD, nested, replace(STEP, branch=""), STEP)

    marks = [
        {name: step[name] for name in ("branch", "child", "turnout") if name in step}
        for step in view["steps"]
    ]
    assert marks == [
        {
            "branch": "invoice",
            "child": "run-2",
            "turnout": {"completed_agents": 3, "timed_out": True, "missing": [TOLD]},
        },
        {"branch": None},
        {},
    ]


def test_tells_when_steps_side_by_side_began_and_what_is_ahead(wide: Any) -> None:
    texts, workflows = Texts(wide.parts.artifacts), wide.catalogue.workflows
    steps = (replace(STEP, step="web"),)
    research = asyncio.run(task_view(RECORD, steps, texts, workflow=workflows["multi-source-research"]))
    chain = asyncio.run(task_view(RECORD, (STEP,), texts, workflow=workflows["content-creation"]))

    [web], [write] = (codec.from_json(list[Any], codec.to_json(view["steps"])) for view in (research, chain))
    assert (web["started_at"], "started_at" in write) == ("2030-01-01T12:30:00Z", False)
    assert chain["ahead"] == [{"step": "publish", "name": "publish", "state": "under_way"}]


def test_marks_a_step_that_came_after_it_was_given_up(bench: Any) -> None:
    record = replace(RECORD, turnout=Turnout(missing=(MISSING,)))
    view = shown(bench, record, STEP, replace(STEP, step="edit"))

    assert [step.get("late") for step in view["steps"]] == [True, None]


def test_marks_a_vote_that_was_not_waited_for(wide: Any) -> None:
    vote = replace(wide.catalogue.workflows["vote"], result={"votes": ResultField(value="ballots")})
    result = Held(text='{"votes":[{"voter":"gpt","said":"unheard"}]}')
    record, steps = replace(RECORD, result=result), (replace(STEP, step="gpt"), replace(STEP, step="tally"))
    view: Any = asyncio.run(task_view(record, steps, Texts(wide.parts.artifacts), workflow=vote))

    assert [step.get("late") for step in view["steps"]] == [True, None]


def test_shows_which_run_it_is_a_step_of(bench: Any) -> None:
    record = replace(RECORD, parent="run-0")

    assert (shown(bench, record)["parent"], task_line(record)["parent"]) == ("run-0", "run-0")
    assert "parent" not in shown(bench, RECORD)


def test_says_who_was_missing_when_a_run_failed(bench: Any) -> None:
    record = replace(RECORD, status=Status.FAILED, error=ERROR, turnout=Turnout(missing=(MISSING,)))

    assert shown(bench, record)["error"]["missing"] == [TOLD]
    assert codec.from_json(dict[str, Any], codec.to_json(task_line(record)))["error"]["missing"] == [TOLD]


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


def test_says_that_the_scripted_model_spoke_in_a_run_below(bench: Any) -> None:
    view = asyncio.run(task_view(RECORD, (STEP,), Texts(bench.parts.artifacts), simulated=True))

    assert view["simulated"] is True


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


@pytest.mark.parametrize(("runs", "child"), [((), None), (("write",), child_id("run-1", "write"))])
def test_names_the_run_that_failed_within_it(bench: Any, runs: tuple[str, ...], child: str | None) -> None:
    record = replace(RECORD, status=Status.FAILED, error=ERROR)
    known = frozenset(child_id("run-1", name) for name in runs)
    view: Any = asyncio.run(task_view(record, (), Texts(bench.parts.artifacts), runs=known))

    assert view["error"].get("child") == child


def test_shows_what_a_cancelled_run_was_at(wide: Any) -> None:
    record = replace(RECORD, status=Status.CANCELLED)
    workflow = wide.catalogue.workflows["content-creation"]
    view: Any = asyncio.run(task_view(record, (STEP,), Texts(wide.parts.artifacts), workflow=workflow))

    assert view["cut"] == [{"step": "publish", "name": "publish"}]


def test_marks_what_came_after_the_run_had_given_it_up(bench: Any) -> None:
    view: Any = asyncio.run(task_view(RECORD, (STEP,), Texts(bench.parts.artifacts), given_up=(MISSING,)))

    assert view["steps"][0]["late"] is True


@pytest.mark.parametrize(
    ("replay", "more"),
    [
        (None, {}),
        (
            Replay(dead_letter="letter-1", number=2, subscription="tea-watch"),
            {"replay": {"dead_letter": "letter-1", "number": 2}},
        ),
    ],
)
def test_shows_the_event_that_a_run_was_started_by(
    bench: Any, replay: Replay | None, more: dict[str, Any]
) -> None:
    record = replace(RECORD, origin=replace(ORIGIN, replay=replay), correlation_id="run-0")
    view = shown(bench, record)

    assert view["correlation_id"] == "run-0"
    assert (
        view["event"]
        == {
            "subscription": "tea-watch",
            "topic": "data",
            "type": "TeaBrewed",
            "id": "run-0.tell",
            "correlation_id": "run-0",
        }
        | more
    )


def test_a_run_within_another_was_started_by_no_event(bench: Any) -> None:
    view = shown(bench, replace(RECORD, origin=ORIGIN, parent="run-0", correlation_id="run-0"))

    assert (view["parent"], view["correlation_id"], "event" in view) == ("run-0", "run-0", False)


def test_a_list_tells_what_belongs_together() -> None:
    assert task_line(replace(RECORD, correlation_id="run-0"))["correlation_id"] == "run-0"
    assert "correlation_id" not in task_line(RECORD)


def test_what_was_told_to_nobody_is_simulated(bench: Any) -> None:
    view = shown(bench, RECORD, replace(STEP, is_simulated=True))

    assert (view["simulated"], view["steps"][0]["simulated"]) == (True, True)
