"""Putting together what branches brought."""

import asyncio
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from activities.ask_agent import ask_agent
from activities.combine_branches import combine_branches
from activities.stage import Stage
from dirigent import codec
from dirigent.domain.catalogue import InputField, ResultField, Workflow
from dirigent.domain.outcomes import Category, Done, Failed, Failure, Missing, Outcome, Turnout
from dirigent.domain.records import Degraded
from dirigent.domain.runs import Held, Status
from dirigent.domain.steps import AskStep, CombineStep
from dirigent.domain.teams import Team
from dirigent.ports.model import ModelFailed, Request

TEAM = Team(name="w", members=("web", "deep"), merge="sum")
GAP = Missing(
    branch="deep",
    agent="d",
    category=Category.TIMEOUT,
    because="late",
    since=datetime(2031, 1, 1, tzinfo=UTC),
)
PARTIAL = Turnout(completed_agents=1, timed_out=True, missing=(GAP,))


def declare(job: Any, template: str | None) -> None:
    steps = [AskStep(name=name, agent="a", prompt="", output=name) for name in ("web", "deep")]
    workflow = Workflow(
        name="w",
        description="",
        type="t",
        input=(InputField(name="topic"),),
        steps=(*steps, CombineStep(name="sum", output="combined", template=template)),
        result={"all": ResultField(value="combined"), "sources": ResultField(value="branches")},
        pattern="fan_out",
        team=TEAM,
    )
    job.adopt(workflow)
    job.open(input=Held(text='{"topic":"bees"}'))


def combined(job: Any, **order: Any) -> Outcome:
    activity = combine_branches(Stage(job.parts))
    told = asyncio.run(activity(codec.encode(job.order("sum", closes=True, **order))))
    return codec.decode(Outcome, told)  # type: ignore[arg-type]  # a union is no type


def result(job: Any) -> Any:
    return json.loads(job.record().result.text)


def test_puts_one_below_the_other(job: Any) -> None:
    declare(job, None)
    job.did(job.outline(), "web", "Bees fly.")
    job.did(job.outline(), "deep", "Bees dance.")

    assert combined(job, turnout=Turnout(completed_agents=2)) == Done()
    assert result(job) == {
        "all": "## web\n\nBees fly.\n\n## deep\n\nBees dance.",
        "sources": [
            {"agent": "web", "data": {"text": "Bees fly."}},
            {"agent": "deep", "data": {"text": "Bees dance."}},
        ],
        "completed_agents": 2,
        "timed_out": False,
    }


@pytest.mark.parametrize("is_late", [False, True], ids=["never came", "came too late"])
def test_what_is_missing_is_named_and_the_rest_is_not_lost(job: Any, is_late: bool) -> None:
    declare(job, None)
    job.did(job.outline(), "web", "Bees fly.")
    if is_late:
        job.did(job.outline(), "deep", "Bees dance.")

    assert combined(job, turnout=PARTIAL) == Done()
    assert result(job) == {
        "all": "## web\n\nBees fly.\n\n[deep is missing: no answer in time]",
        "sources": [{"agent": "web", "data": {"text": "Bees fly."}}],
        "completed_agents": 1,
        "timed_out": True,
        "missing": [
            {
                "branch": "deep",
                "agent": "d",
                "category": "TIMEOUT",
                "because": "late",
                "since": "2031-01-01T00:00:00Z",
            }
        ],
    }
    assert job.record().turnout == PARTIAL


def test_fills_a_template_with_values_as_they_are(job: Any) -> None:
    declare(job, "# {{topic}}\n{{web}}\n{{deep}}")
    job.did(job.outline(), "web", "<b> {{topic}}")
    combined(job, turnout=PARTIAL)

    assert result(job)["all"] == "# bees\n<b> {{topic}}\n[deep is missing: no answer in time]"


@pytest.mark.parametrize("seconds", [30, 0], ids=["in time", "too late"])
def test_delivered_again_it_closes_what_was_combined_before(job: Any, seconds: float) -> None:
    declare(job, None)
    job.did(job.outline(), "web", "Bees fly.")
    job.did(job.outline(), "sum", "combined before")

    assert combined(job, turnout=PARTIAL, seconds=seconds) == Done(is_repeated=True)
    assert (job.record().status, result(job)["all"]) == (Status.COMPLETED, "combined before")


def test_half_a_character_in_why_one_failed_takes_the_others_not_with_it(job: Any) -> None:
    def refuse(_: Request) -> str:
        raise ModelFailed(Failure(category=Category.PERMANENT, message="bad \udc00 thing"))

    declare(job, None)
    job.did(job.outline(), "web", "Bees fly.")
    job.model.say = refuse
    told = asyncio.run(ask_agent(Stage(job.parts), job.parts)(codec.encode(job.order("deep"))))
    # As it travels through a history.
    failed = codec.from_json(Failed, codec.to_json(told))
    gap = Missing.of("deep", "a", failed.failure, job.clock.now())

    assert combined(job, turnout=Turnout(completed_agents=1, missing=(gap,))) == Done()
    assert [one["because"] for one in result(job)["missing"]] == ["agent 'a': bad ? thing"]
    assert result(job)["all"] == "## web\n\nBees fly.\n\n[deep is missing: it failed]"


def test_a_branch_that_is_gone_without_a_word_ends_it(job: Any) -> None:
    declare(job, None)
    job.did(job.outline(), "web", "Bees fly.")
    outcome = combined(job, turnout=Turnout(completed_agents=2))

    assert isinstance(outcome, Failed)
    assert outcome.failure.category is Category.PERMANENT


def test_a_fallback_of_a_late_branch_makes_no_result_degraded(job: Any) -> None:
    declare(job, None)
    mark = Degraded(by="value", category=Category.TIMEOUT, because="slow")
    job.did(job.outline(), "web", "Bees fly.", degraded=mark)
    job.did(job.outline(), "deep", "Bees dance.", degraded=mark)
    combined(job, turnout=PARTIAL, is_degraded=True)

    assert result(job)["degraded"] == [
        {"step": "web", "by": "value", "category": "TIMEOUT", "because": "slow"}
    ]
