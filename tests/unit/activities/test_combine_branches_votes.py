"""Telling how a vote ended."""

import asyncio
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec.structs import replace

from activities.combine_branches import combine_branches
from activities.stage import Stage
from dirigent import codec
from dirigent.domain.catalogue import ResultField, Workflow
from dirigent.domain.elections import Ballot, Election, Poll, Said, Voter
from dirigent.domain.outcomes import Category, Missing, Turnout
from dirigent.domain.steps import AnswerField, AskStep, TallyStep

VERDICT = (AnswerField(name="verdict"), AnswerField(name="reason"))
ELECTION = Election(
    voters=(Voter(name="a", weight=2), Voter(name="b"), Voter(name="c")),
    needed=3,
    tally="tally",
    by="verdict",
    abstain="unsure",
    resolution="arbiter",
)
GAP = Missing(
    branch="c",
    agent="c-agent",
    category=Category.TIMEOUT,
    because="no vote",
    since=datetime(2031, 1, 1, tzinfo=UTC),
)


def declare(job: Any, election: Election = ELECTION) -> None:
    answers = VERDICT if election.by else ()
    names = ("a", "b", "c", "arbiter")
    steps = [AskStep(name=n, agent=f"{n}-agent", prompt="", output=n, answers=answers) for n in names]
    told = ("decision", "outcome", "tally", "ballots", "arbiter.reason")
    workflow = Workflow(
        name="w",
        description="",
        type="t",
        input=(),
        steps=(*steps, TallyStep(name="tally", output="vote")),
        result={name: ResultField(value=name) for name in told},
        pattern="quorum",
        election=election,
    )
    job.adopt(workflow)
    job.open()


def said(job: Any, **answers: str) -> None:
    """What these have answered."""
    outline = job.outline()
    for name, verdict in answers.items():
        text = json.dumps({"verdict": verdict, "reason": f"{name} says so"})
        job.did(outline, name, text, is_json=True)


def poll(election: Election = ELECTION, **choices: str | None) -> Poll:
    ballots = {
        name: Ballot(voter=name, said=Said.ABSTAINED if choice is None else Said.CHOICE, choice=choice)
        for name, choice in choices.items()
    }
    return Poll(voters=election.voters, needed=election.needed, ballots=ballots)


def tallied(job: Any, ballots: Poll, turnout: Turnout) -> Any:
    activity = combine_branches(Stage(job.parts))
    order = job.order("tally", closes=True, poll=ballots, turnout=turnout)
    asyncio.run(activity(codec.encode(order)))
    return json.loads(job.record().result.text)


def test_tells_the_winners_own_words_and_every_ballot(job: Any) -> None:
    declare(job)
    said(job, a="Allow", b="allow!", c="remove")
    found = tallied(job, poll(a="allow", b="allow"), Turnout(completed_agents=2))

    assert (found["decision"], found["outcome"], found["tally"]) == ("Allow", "consensus", {"allow": 3})
    assert (found["completed_agents"], found["timed_out"]) == (2, False)
    # Nobody had to judge.
    assert found["arbiter.reason"] is None
    assert "missing" not in found
    assert found["ballots"][0] == {
        "voter": "a",
        "agent": "a-agent",
        "weight": 2,
        "said": "choice",
        "choice": "allow",
        "answer": {"verdict": "Allow", "reason": "a says so"},
    }
    # Its record is there, and came when all was decided.
    assert (found["ballots"][2]["said"], found["ballots"][2]["answer"]) == ("unheard", None)


@pytest.mark.parametrize("order", ["abc", "cab", "bca"])
def test_of_those_who_won_the_first_in_declared_order_is_quoted_whoever_was_heard_first(
    job: Any, order: str
) -> None:
    election = replace(ELECTION, by=None, same="arbiter", resolution=None)
    declare(job, election)
    labels = {"a": "l", "b": "p", "c": "l"}
    for name, text in {"a": "Lisbon", "b": "Porto", "c": "The capital"}.items():
        job.did(job.outline(), name, text)
    choices = {name: labels[name] for name in order}
    found = tallied(job, poll(election, **choices), Turnout(completed_agents=3))

    assert (found["decision"], found["tally"]) == ("Lisbon", {"l": 3, "p": 1})


def test_a_voter_that_is_missing_says_why(job: Any) -> None:
    declare(job)
    said(job, a="allow", b="allow", c="remove")
    failed = Ballot(voter="c", said=Said.FAILED, category=Category.TIMEOUT, because="no vote")
    turnout = Turnout(completed_agents=2, timed_out=True, missing=(GAP,))
    found = tallied(job, poll(a="allow", b="allow").hear(failed), turnout)

    assert found["ballots"][2] == {
        "voter": "c",
        "agent": "c-agent",
        "weight": 1,
        "said": "failed",
        "choice": None,
        "answer": None,
        "category": "TIMEOUT",
        "because": "no vote",
    }
    assert [one["branch"] for one in found["missing"]] == ["c"]


SPLIT: dict[str, Any] = {"a": "allow", "b": "remove", "c": "remove"}


@pytest.mark.parametrize(
    ("judgement", "decision", "outcome"),
    [("Remove", "Remove", "judged"), (" UNSURE.", None, "no_consensus"), (None, None, "no_consensus")],
    ids=["judged", "no opinion either", "nobody asked"],
)
def test_whoever_judges_decides_what_the_voters_did_not(
    job: Any, judgement: str | None, decision: str | None, outcome: str
) -> None:
    declare(job)
    said(job, **SPLIT)
    if judgement is not None:
        said(job, arbiter=judgement)
    found = tallied(job, poll(**SPLIT), Turnout(completed_agents=3))

    assert (found["decision"], found["outcome"]) == (decision, outcome)
    assert found["tally"] == {"allow": 2, "remove": 2}
    assert found["arbiter.reason"] == (None if judgement is None else "arbiter says so")


def test_a_judgement_that_came_too_late_is_none(job: Any) -> None:
    declare(job)
    said(job, arbiter="remove", **SPLIT)
    turnout = Turnout(completed_agents=3, missing=(replace(GAP, branch="arbiter"),))

    assert tallied(job, poll(**SPLIT), turnout)["outcome"] == "no_consensus"


def test_a_judgement_changes_nothing_that_was_decided(job: Any) -> None:
    declare(job)
    said(job, a="allow", b="allow", c="remove", arbiter="remove")
    found = tallied(job, poll(a="allow", b="allow", c="remove"), Turnout(completed_agents=3))

    assert (found["decision"], found["outcome"]) == ("allow", "consensus")


def test_a_whole_answer_is_the_vote_where_no_field_is(job: Any) -> None:
    election = replace(ELECTION, by=None)
    declare(job, election)
    for name, text in {"a": "Paris.", "b": "paris", "c": "abstain"}.items():
        job.did(job.outline(), name, text)
    found = tallied(job, poll(election, a="paris", b="paris", c=None), Turnout(completed_agents=3))

    assert (found["decision"], found["tally"]) == ("Paris.", {"paris": 3})
    assert [one["said"] for one in found["ballots"]] == ["choice", "choice", "abstained"]
    assert [one["answer"] for one in found["ballots"]] == ["Paris.", "paris", "abstain"]


def test_an_unheard_voter_named_in_a_prompt_is_no_silence(job: Any) -> None:
    declare(job)
    said(job, a="allow", b="allow", c="remove")
    scene = job.scene("arbiter", poll=poll(a="allow", b=None))

    assert asyncio.run(scene.text("c.verdict")) == "[c was not heard]"
    assert asyncio.run(scene.value("c")) is None
    assert asyncio.run(scene.text("a.verdict")) == "allow"
    assert asyncio.run(scene.text("ballots")).endswith("[c was not heard]")
