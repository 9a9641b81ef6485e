"""The end of a run, where it is a step of another."""

import asyncio
import dataclasses
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from activities.ask_agent import ask_agent
from activities.stage import Stage
from dirigent import codec
from dirigent.domain.catalogue import ResultField, Workflow
from dirigent.domain.outcomes import Category, Done, Failed, Missing, Outcome, Turnout, Usage
from dirigent.domain.records import Degraded
from dirigent.domain.runs import Held, Parent, Status
from dirigent.domain.steps import AskStep, ChooseStep, WorkflowStep
from dirigent.ports.records import RecordsUnavailable

CALL = WorkflowStep(name="sub", workflow="inner", output="sub", record="subbing")
OUTER = Workflow(
    name="outer",
    description="",
    type="t",
    input=(),
    steps=(
        CALL,
        ChooseStep(
            name="go",
            choose="sub.kind",
            output="gone",
            branches={"x": replace(CALL, name="go", output="gone")},
        ),
        AskStep(name="last", agent="clerk", prompt="", output="last"),
    ),
    result={"summary": ResultField(value="sub.summary"), "words": ResultField(words_of="last")},
)
INNER = Workflow(
    name="inner",
    description="",
    type="t",
    input=(),
    steps=(
        AskStep(name="first", agent="clerk", prompt="", output="first"),
        AskStep(name="write", agent="clerk", prompt="", output="text"),
    ),
    result={"summary": ResultField(value="text"), "words": ResultField(words_of="text")},
)
SPENT, BEFORE = Usage(input_tokens=3, output_tokens=4), Usage(input_tokens=10, output_tokens=20)
GAP = Missing(
    branch="deep", category=Category.TIMEOUT, because="late", since=datetime(2031, 1, 1, tzinfo=UTC)
)
PARTIAL = Turnout(timed_out=True, missing=(GAP,))


@pytest.fixture
def child(job: Any) -> Any:
    """A run that is the step of another, and in progress."""
    inner, outer = job.adopt(INNER), job.adopt(OUTER)
    job.open(input=Held(text="{}"))
    until = job.clock.now() + timedelta(seconds=60)
    parent = Parent(run="run-1", definition=outer, step="sub", until=until)
    job.open(run="run-1-sub", definition=inner, parent=parent)
    job.clock.time += timedelta(seconds=7)
    return job


def closed(job: Any, **order: Any) -> Outcome:
    order = {"opening": None, "closes": True, "parent": job.start.parent, "usage": BEFORE} | order
    activity = ask_agent(Stage(job.parts), job.parts)
    told = asyncio.run(activity(codec.encode(job.order("write", **order))))
    return codec.decode(Outcome, told)  # type: ignore[arg-type]  # a union is no type


RESULT = '{"summary":"said by clerk","words":3}'


def test_its_result_is_the_step_of_the_other(child: Any) -> None:
    assert closed(child) == Done(usage=SPENT, told="")
    [step] = child.steps("run-1")
    assert (step.step, step.record, step.output, step.position) == ("sub", "subbing", "sub", 0)
    assert (step.value.text, step.is_json, step.child) == (RESULT, True, "run-1-sub")
    assert (step.branch, step.turnout, step.degraded, step.agent) == (None, None, None, None)
    assert step.completed_at - step.started_at == timedelta(seconds=7)
    record = child.record("run-1-sub")
    assert (record.status, record.result.text) == (Status.COMPLETED, RESULT)


def test_the_step_has_cost_what_the_run_has_cost(child: Any) -> None:
    closed(child)

    [step] = child.steps("run-1")
    assert step.usage == BEFORE.plus(SPENT)


@pytest.mark.parametrize("branch", ["x", ""])
def test_says_which_branch_it_was(child: Any, branch: str) -> None:
    closed(child, parent=replace(child.start.parent, step="go", branch=branch))

    [step] = child.steps("run-1")
    assert (step.step, step.output, step.branch) == ("go", "gone", branch)


def test_tells_the_other_which_way_to_go(child: Any) -> None:
    inner = replace(INNER, result={"kind": ResultField(value="text")})
    digest = child.adopt(inner)
    child.start = replace(child.start, definition=digest)
    outcome = closed(child)

    assert outcome == Done(usage=SPENT, told="said by clerk")
    assert closed(child) == Done(usage=SPENT, told="said by clerk", is_repeated=True)


def test_what_is_missing_in_it_reaches_the_other(child: Any) -> None:
    closed(child, turnout=PARTIAL)

    [step] = child.steps("run-1")
    assert step.turnout == PARTIAL
    result = json.loads(step.value.text)
    assert (result["timed_out"], [one["branch"] for one in result["missing"]]) == (True, ["deep"])
    assert "completed_agents" not in result
    assert child.record("run-1-sub").turnout == PARTIAL


def test_a_fallback_in_it_is_one_in_the_other(child: Any) -> None:
    mark = Degraded(by="value", category=Category.TIMEOUT, because="slow")
    child.did(child.outline(), "first", "Come back later.", degraded=mark)
    closed(child, is_degraded=True)

    [step] = child.steps("run-1")
    assert step.degraded == Degraded(
        by="workflow", name="inner", category=Category.TIMEOUT, because="its step 'first': slow"
    )
    assert json.loads(step.value.text)["degraded"] == [
        {"step": "first", "by": "value", "category": "TIMEOUT", "because": "slow"}
    ]


def test_delivered_again_it_writes_nothing_twice(child: Any) -> None:
    first = closed(child)
    before = child.steps("run-1"), child.record("run-1-sub")
    child.clock.time += timedelta(seconds=5)

    assert isinstance(first, Done)
    assert closed(child) == replace(first, is_repeated=True)
    assert (child.steps("run-1"), child.record("run-1-sub")) == before
    assert len(child.model.asked) == 1


class StumblingRecords:
    """Refuses one write, as a process does that is killed before it."""

    def __init__(self, inner: Any, table: str, write: str) -> None:
        self._inner, self._refused = inner, (write, table)

    def __getattr__(self, name: str) -> Any:
        act = getattr(self._inner, name)

        async def acted(table: str, *args: Any, **more: Any) -> Any:
            if (name, table) == self._refused and (table != "steps" or args[0] == "run-1"):
                raise RecordsUnavailable("killed")
            return await act(table, *args, **more)

        return acted


@pytest.mark.parametrize(("table", "write", "is_told"), [("steps", "insert", False), ("runs", "merge", True)])
def test_killed_on_the_way_it_ends_the_same_when_it_is_delivered_again(
    child: Any, table: str, write: str, is_told: bool
) -> None:
    parts = child.parts
    child.parts = dataclasses.replace(parts, records=StumblingRecords(parts.records, table, write))
    outcome = closed(child)
    child.parts = parts

    assert isinstance(outcome, Failed)
    assert outcome.is_done
    # The other run's step comes first: nobody takes the run for done whose result is nowhere.
    assert len(child.steps("run-1")) == int(is_told)
    assert child.record("run-1-sub").status is Status.IN_PROGRESS
    assert closed(child) == Done(usage=SPENT, told="", is_repeated=True)
    assert len(child.steps("run-1")) == 1
    assert child.record("run-1-sub").status is Status.COMPLETED
    assert len(child.model.asked) == 1


def test_a_run_that_was_cancelled_meanwhile_stays_so(child: Any) -> None:
    asyncio.run(child.runs.cancel("a", "run-1-sub", "too late", at=child.clock.now()))
    closed(child)

    assert child.record("run-1-sub").status is Status.CANCELLED


def test_a_long_result_outlives_the_run(child: Any) -> None:
    child.model.say = lambda _: "word " * 20_000
    closed(child)
    record = child.record("run-1-sub")
    asyncio.run(child.runs.forget(record))

    [step] = child.steps("run-1")
    text = asyncio.run(child.parts.artifacts.get(step.value.artifact)).content
    assert json.loads(text)["words"] == 20_000


def test_a_mere_chain_says_nothing_of_branches(child: Any) -> None:
    closed(child)

    assert child.record("run-1-sub").result.text == RESULT
