"""Opening a run before its first step, and one that is a step of another."""

import asyncio
import json
import logging
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from activities.archive import Archive
from activities.open_run import open_run
from dirigent import codec
from dirigent.domain.catalogue import InputField, Workflow
from dirigent.domain.outcomes import Category, Done, Failed, Outcome
from dirigent.domain.passages import Level, Passage
from dirigent.domain.runs import Held, OpenRun, Parent, Status
from dirigent.domain.steps import AnswerField, AskStep, ChooseStep, WorkflowStep
from dirigent.domain.teams import Team

WAITED = Passage(level=Level.ACCOUNT, key="a", refused=1, waited=9.0)
GIVEN = {
    "text": "On {{topic}}: {{triage.reason}}",
    "tags": "{{tags}}",
    "count": "{{triage.count}}",
    "language": "German",
    "note": "{{nothing}}",
}
OUTER = Workflow(
    name="outer",
    description="",
    type="t",
    input=(InputField(name="topic"), InputField(name="tags", type="list", required=False)),
    steps=(
        AskStep(
            name="triage",
            agent="clerk",
            prompt="",
            output="triage",
            answers=(AnswerField(name="reason"), AnswerField(name="count", type="integer")),
        ),
        WorkflowStep(name="sub", workflow="inner", output="sub", given=GIVEN),
        ChooseStep(
            name="go",
            choose="triage.reason",
            output="gone",
            branches={"x": WorkflowStep(name="go", workflow="inner", output="gone", given={"text": "way x"})},
            otherwise=WorkflowStep(name="go", workflow="inner", output="gone", given={"text": "any other"}),
        ),
    ),
    result={},
)
INNER = Workflow(
    name="inner",
    description="",
    type="t",
    input=(
        InputField(name="text"),
        InputField(name="tags", type="list", required=False),
        InputField(name="count", type="integer", required=False),
        InputField(name="language", required=False),
        InputField(name="note", required=False),
        InputField(name="agents", type="list", required=False),
    ),
    steps=tuple(AskStep(name=name, agent="clerk", prompt="", output=name) for name in ("a", "b", "sum")),
    result={},
    pattern="fan_out",
    team=Team(name="inner", members=("a", "b"), merge="sum"),
)


@pytest.fixture
def nested(job: Any) -> Any:
    """A run two of whose steps are runs; its first step is done."""
    inner = job.adopt(INNER)
    outer = job.adopt(OUTER)
    job.open(input=Held(text='{"topic":"bees","tags":["x",2]}'))
    job.did(job.outline(), "triage", '{"reason":"why","count":3}', is_json=True)
    until = job.clock.now() + timedelta(seconds=60)
    parent = Parent(run="run-1", definition=outer, step="sub", until=until)
    job.start = replace(
        job.start, run="run-1-sub", workflow="inner", definition=inner, input=Held(), parent=parent
    )
    return job


def begun(job: Any, **opening: Any) -> Outcome:
    order = OpenRun(opening=replace(job.start, **opening), is_begun=True, admission=WAITED)
    told = asyncio.run(open_run(Archive(job.parts))(codec.encode(order)))
    return codec.decode(Outcome, told)  # type: ignore[arg-type]  # a union is no type


def given(job: Any) -> Any:
    return json.loads(job.record("run-1-sub").input.text)


def test_a_run_that_begins_is_in_progress(job: Any) -> None:
    assert begun(job) == Done()
    assert (job.record().status, job.record().admission) == (Status.IN_PROGRESS, WAITED)
    assert job.record().input == job.start.input


def test_a_run_that_has_waited_begins(job: Any) -> None:
    order = codec.encode(OpenRun(opening=job.start))
    asyncio.run(open_run(Archive(job.parts))(order))
    begun(job)

    assert job.record().status is Status.IN_PROGRESS


def test_what_has_ended_does_not_begin_again(job: Any) -> None:
    job.open()
    asyncio.run(job.runs.cancel("a", "run-1", "too late", at=job.clock.now()))
    begun(job)

    assert job.record().status is Status.CANCELLED


def test_a_step_of_another_run_draws_its_input_from_there(nested: Any) -> None:
    assert begun(nested) == Done()
    assert given(nested) == {"text": "On bees: why", "tags": ["x", 2], "count": 3, "language": "German"}
    record = nested.record("run-1-sub")
    assert (record.parent, record.status) == ("run-1", Status.IN_PROGRESS)


@pytest.mark.parametrize(("branch", "text"), [("x", "way x"), ("", "any other")])
def test_draws_what_the_branch_gives(nested: Any, branch: str, text: str) -> None:
    parent = replace(nested.start.parent, step="go", branch=branch)
    begun(nested, parent=parent)

    assert given(nested) == {"text": text}


def test_delivered_again_it_changes_nothing(nested: Any) -> None:
    first = begun(nested)
    before = nested.record("run-1-sub")
    nested.clock.time += timedelta(seconds=9)

    assert begun(nested) == first
    assert nested.record("run-1-sub") == before


def test_a_long_input_is_kept_apart(nested: Any) -> None:
    long = replace(nested.start.parent, run="run-3")
    nested.open(run="run-3", definition=long.definition, input=Held(text=json.dumps({"topic": "b" * 20_000})))
    nested.did(nested.outline(), "triage", '{"reason":"why","count":3}', is_json=True)
    begun(nested, run="run-1-sub", definition=nested.adopt(INNER), parent=long, input=Held())

    record = nested.record("run-1-sub")
    assert record.input == Held(artifact="runs/run-1-sub/input.json")


def refitted(job: Any, *fields: InputField, **workflow: Any) -> Outcome:
    """What becomes of it if the inner workflow takes these fields."""
    inner = job.adopt(replace(INNER, input=fields, **workflow))
    return begun(job, definition=inner)


@pytest.mark.parametrize(
    ("field", "named"),
    [
        (InputField(name="text", type="integer"), "'text' must be a whole number"),
        (InputField(name="text", max_length=3), "'text' is 12 characters long"),
        (InputField(name="more"), "'more' is required"),
    ],
)
def test_what_does_not_fit_is_refused_for_good_and_named(nested: Any, field: InputField, named: str) -> None:
    others = (one for one in INNER.input if one.name != field.name)
    outcome = refitted(nested, *others, field)

    assert isinstance(outcome, Failed)
    assert outcome.failure.category is Category.PERMANENT
    assert named in outcome.failure.message
    assert "'inner'" in outcome.failure.message
    assert nested.record("run-1-sub") is None


def test_what_is_gone_cannot_be_drawn(nested: Any) -> None:
    outcome = begun(nested, parent=replace(nested.start.parent, run="nobody"))

    assert isinstance(outcome, Failed)
    assert outcome.failure.category is Category.PERMANENT


def test_tells_which_branches_its_input_names(nested: Any) -> None:
    assert refitted(nested, *INNER.input, select="agents") == Done(told='["a","b"]')
    assert given(nested)["agents"] == ["a", "b"]


def test_says_once_that_a_run_within_another_has_begun(nested: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    begun(nested)
    begun(nested)

    assert [record.getMessage() for record in caplog.records] == [
        "A run has begun: task_id=run-1-sub run=run-1-sub workflow=inner parent=run-1 step=sub"
    ]
