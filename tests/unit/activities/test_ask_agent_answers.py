"""Asking for structured answers."""

import asyncio
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec.structs import replace

from activities.ask_agent import ask_agent
from activities.combine_branches import combine_branches
from activities.stage import Stage
from dirigent import codec
from dirigent.domain.answers import instruction
from dirigent.domain.catalogue import Fallback, ResultField, Workflow
from dirigent.domain.elections import Ballot, Election, Poll, Said, Voter
from dirigent.domain.outcomes import Category, Done, Failed, Failure, Missing, Outcome, Turnout, Usage
from dirigent.domain.records import Degraded
from dirigent.domain.steps import AnswerField, AskStep, ChooseStep, TallyStep
from dirigent.domain.teams import Team
from dirigent.ports.model import Request

FIELDS = (AnswerField(name="kind", one_of=("invoice", "letter")), AnswerField(name="reason"))
SPENT = Usage(input_tokens=3, output_tokens=4)


def asked(job: Any, step: str, **order: Any) -> Outcome:
    activity = ask_agent(Stage(job.parts), job.parts)
    told = asyncio.run(activity(codec.encode(job.order(step, **order))))
    return codec.decode(Outcome, told)  # type: ignore[arg-type]  # a union is no type


def workflow(*steps: Any, **more: Any) -> Workflow:
    whole = Workflow(name="w", description="", type="t", input=(), steps=steps, result={})
    return replace(whole, **more)


def step_of(job: Any, name: str) -> Any:
    return next(step for step in job.steps() if step.step == name)


TRIAGE = AskStep(name="triage", agent="clerk", prompt="What is it?", output="triage", answers=FIELDS)
CHOICE = ChooseStep(
    name="go",
    choose="triage.kind",
    output="gone",
    record="going",
    branches={"invoice": AskStep(name="go", agent="payer", prompt="Pay: {{triage.reason}}", output="gone")},
    otherwise=AskStep(name="go", agent="clerk", prompt="File it.", output="gone"),
)


@pytest.fixture
def chain(job: Any) -> Any:
    """A chain whose first step decides about the second."""
    job.adopt(workflow(TRIAGE, CHOICE))
    job.open()
    job.model.say = lambda _: 'Sure: {"reason": "a total", "kind": "INVOICE", "more": 1}'
    return job


def test_says_in_the_prompt_and_to_the_model_what_it_wants(chain: Any) -> None:
    asked(chain, "triage")

    [request] = chain.model.asked
    assert request.prompt == f"What is it?\n\n{instruction(FIELDS)}"
    assert request.answers == FIELDS


def test_keeps_the_object_and_tells_by_what_the_run_goes_on(chain: Any) -> None:
    outcome = asked(chain, "triage")

    step = step_of(chain, "triage")
    assert outcome == Done(usage=SPENT, told="invoice")
    assert (step.value.text, step.is_json) == ('{"kind":"invoice","reason":"a total"}', True)


def test_delivered_again_it_tells_the_same(chain: Any) -> None:
    first = asked(chain, "triage")
    assert isinstance(first, Done)

    assert asked(chain, "triage") == replace(first, is_repeated=True)
    assert len(chain.model.asked) == 1


@pytest.mark.parametrize(
    ("reply", "why", "is_theirs"),
    [
        # Whoever answers in another form than was asked for is up and well.
        ("An invoice.", "agent 'clerk': the answer is no JSON object", False),
        ('{"kind": "invoice"}', "agent 'clerk': the answer lacks the field 'reason'", False),
        (" ", "agent 'clerk': an empty answer", True),
    ],
)
def test_an_answer_that_does_not_fit_is_to_be_given_again(
    chain: Any, reply: str, why: str, *, is_theirs: bool
) -> None:
    chain.model.say = lambda _: reply

    assert asked(chain, "triage") == Failed(
        failure=Failure(category=Category.TRANSIENT, message=why), is_theirs=is_theirs
    )
    assert chain.steps() == ()


def test_a_text_is_kept_as_it_is(chain: Any) -> None:
    asked(chain, "triage")
    chain.model.say = lambda _: '{"kind": "letter"}'
    outcome = asked(chain, "go", branch="invoice")

    step = step_of(chain, "go")
    assert isinstance(outcome, Done)
    assert outcome.told is None
    assert (step.value.text, step.is_json) == ('{"kind": "letter"}', False)


@pytest.mark.parametrize(("branch", "agent"), [("invoice", "payer"), ("", "clerk")])
def test_a_step_that_chooses_asks_whom_its_branch_names(chain: Any, branch: str, agent: str) -> None:
    asked(chain, "triage")
    asked(chain, "go", branch=branch)

    step = step_of(chain, "go")
    assert (step.agent, step.branch, step.record, step.output) == (agent, branch, "going", "gone")
    assert chain.model.asked[-1].agent == agent


def fixed(job: Any, value: str) -> Outcome:
    """What becomes of a fixed value in the clerk's place."""
    job.declare(Fallback(value=value), step=TRIAGE)
    because = Failure(category=Category.TRANSIENT, message="open")
    return asked(job, "triage", instead_of=because)


def test_a_fixed_value_is_read_like_an_answer(job: Any) -> None:
    outcome = fixed(job, '{"kind": "letter", "reason": "none"}')

    assert outcome == Done(is_degraded=True, told=None)
    assert step_of(job, "triage").is_json


def test_a_fixed_value_that_does_not_fit_never_will(job: Any) -> None:
    outcome = fixed(job, "Come back later.")

    assert isinstance(outcome, Failed)
    assert (outcome.failure.category, outcome.is_theirs) == (Category.PERMANENT, False)


NAMES = ("a", "b", "c")
PROPOSALS = tuple(AskStep(name=name, agent="poet", prompt="", output=f"{name}_poem") for name in NAMES)
JUDGE = AskStep(
    name="judge",
    agent="critic",
    prompt="Which? {{branches}}",
    output="verdict",
    picks=True,
    answers=(AnswerField(name="why"),),
)


def gone(*branches: str) -> Turnout:
    since = datetime(2031, 1, 1, tzinfo=UTC)
    gaps = (
        Missing(branch=branch, category=Category.TIMEOUT, because="late", since=since) for branch in branches
    )
    return Turnout(completed_agents=len(NAMES) - len(branches), timed_out=bool(branches), missing=tuple(gaps))


@pytest.fixture
def contest(job: Any) -> Any:
    """Three have written, and the best is to be chosen."""
    result = {name: ResultField(value=name) for name in ("winner", "best")} | {
        "why": ResultField(value="verdict.why")
    }
    team = Team(name="w", members=NAMES, merge="judge")
    job.adopt(workflow(*PROPOSALS, JUDGE, pattern="fan_out", team=team, result=result))
    job.open()
    for name in NAMES:
        job.did(job.outline(), name, f"A poem by {name}")
    job.model.say = lambda _: '{"winner": "C", "why": "it rhymes"}'
    return job


def result(job: Any) -> Any:
    return json.loads(job.record().result.text)


def test_the_best_is_chosen_among_those_that_are_there(contest: Any) -> None:
    assert asked(contest, "judge", closes=True, turnout=gone("b")) == Done(usage=SPENT)
    [request] = contest.model.asked
    assert [(field.name, field.one_of) for field in request.answers] == [("winner", ("a", "c")), ("why", ())]
    assert "[b is missing: no answer in time]" in request.prompt
    found = result(contest)
    assert (found["winner"], found["best"], found["why"]) == ("c", "A poem by c", "it rhymes")


def test_nobody_wins_who_is_missing(contest: Any) -> None:
    outcome = asked(contest, "judge", closes=True, turnout=gone("c"))

    assert isinstance(outcome, Failed)
    assert outcome.failure.category is Category.TRANSIENT


def test_of_one_the_judge_says_what_else_is_wanted(contest: Any) -> None:
    contest.model.say = lambda _: '{"winner": "b", "why": "it is alone"}'

    assert asked(contest, "judge", closes=True, turnout=gone("a", "c")) == Done(usage=SPENT)
    found = result(contest)
    assert (found["winner"], found["best"], found["why"]) == ("b", "A poem by b", "it is alone")


def test_of_one_nobody_is_asked_who_is_the_best(job: Any) -> None:
    team = Team(name="w", members=NAMES, merge="judge")
    fields = {name: ResultField(value=name) for name in ("winner", "best")}
    judge = replace(JUDGE, answers=())
    job.adopt(workflow(*PROPOSALS, judge, pattern="fan_out", team=team, result=fields))
    job.open()
    job.did(job.outline(), "b", "A poem by b")

    assert asked(job, "judge", closes=True, turnout=gone("a", "c")) == Done()
    assert job.model.asked == []
    assert (result(job)["winner"], result(job)["best"]) == ("b", "A poem by b")


def test_of_none_there_is_no_best(contest: Any) -> None:
    outcome = asked(contest, "judge", closes=True, turnout=gone(*NAMES))

    assert isinstance(outcome, Failed)
    assert (outcome.failure.category, outcome.is_theirs) == (Category.PERMANENT, False)


SAME = AskStep(name="same", agent="critic", prompt="{{ballots}}", output="same", groups=True)


@pytest.fixture
def vote(job: Any) -> Any:
    """Three have answered, and somebody is to say which answers mean the same."""
    voters = tuple(Voter(name=name) for name in NAMES)
    election = Election(voters=voters, needed=2, tally="tally", same="same")
    steps = (*PROPOSALS, SAME, TallyStep(name="tally", output="vote"))
    job.adopt(workflow(*steps, pattern="quorum", election=election))
    job.open()
    for name in NAMES:
        job.did(job.outline(), name, f"Paris, says {name}.")
    return job


def ballots(*names: str) -> Poll:
    cast = {name: Ballot(voter=name, said=Said.CHOICE, choice=name) for name in names}
    return Poll(voters=tuple(Voter(name=name) for name in NAMES), needed=2, ballots=cast)


def poll_by(**labels: str) -> Poll:
    """What they said, by what it was found to mean."""
    cast = {name: Ballot(voter=name, said=Said.CHOICE, choice=label) for name, label in labels.items()}
    return replace(ballots(), ballots=cast)


def test_answers_of_those_who_were_heard_are_given_labels(vote: Any) -> None:
    vote.model.say = lambda _: '{"a": "Paris", "c": " paris. ", "b": "Rome"}'

    assert asked(vote, "same", poll=ballots("a", "c")) == Done(usage=SPENT, told='{"a":"paris","c":"paris"}')
    [request] = vote.model.asked
    assert [field.name for field in request.answers] == ["a", "c"]
    assert "[b was not heard]" in request.prompt


def test_more_answers_are_compared_anew_and_the_same_are_not(vote: Any) -> None:
    vote.model.say = lambda _: '{"a": "x", "b": "x", "c": "y"}'
    first: Any = asked(vote, "same", poll=ballots("a", "b"))
    again = asked(vote, "same", poll=ballots("b", "a"))
    second: Any = asked(vote, "same", poll=ballots("a", "b", "c"))

    assert (first, second) == (
        Done(usage=SPENT, told='{"a":"x","b":"x"}'),
        Done(usage=SPENT, told='{"a":"x","b":"x","c":"y"}'),
    )
    assert again == replace(first, is_repeated=True)
    assert len(vote.model.asked) == 2
    assert [step.value.text for step in vote.steps() if step.step == "same"] == [first.told, second.told]


def test_labels_are_those_of_the_comparison_that_the_choices_are_by(vote: Any) -> None:
    told = {"ab": '{"a":"X","b":"X"}', "abc": '{"a":"Y","b":"Z","c":"Y"}'}
    for names, labels in told.items():
        vote.model.say = lambda _, labels=labels: labels
        asked(vote, "same", poll=ballots(*names))
    last = poll_by(a="y", b="z", c="y")
    # The second was begun, and overtaken.
    first = replace(last, ballots={**poll_by(a="x", b="x").ballots, "c": ballots("c").ballots["c"]})

    assert asyncio.run(vote.scene("tally", poll=last).value("same")) == json.loads(told["abc"])
    assert asyncio.run(vote.scene("tally", poll=first).value("same")) == json.loads(told["ab"])
    assert asyncio.run(vote.scene("tally", poll=last).texts(("same",))) == {"same": told["abc"]}


def test_of_answers_that_nobody_compared_there_are_no_labels(vote: Any) -> None:
    scene = vote.scene("tally", poll=ballots("a", "b"))

    assert asyncio.run(scene.value("same")) is None
    assert asyncio.run(scene.text("same")) == "[same was not asked]"


def test_a_fallback_that_compared_marks_the_result(vote: Any) -> None:
    mark = Degraded(by="value", category=Category.TIMEOUT, because="slow")
    record = replace(step_of(vote, "a"), step="same", position=3, degraded=mark)
    asyncio.run(vote.runs.add_step("run-1", record, name="same.0003-0123456789abcdef"))
    order = vote.order("tally", closes=True, is_degraded=True, poll=ballots(*NAMES))
    asyncio.run(combine_branches(Stage(vote.parts))(codec.encode(order)))

    assert [one["step"] for one in result(vote)["degraded"]] == ["same"]


def test_one_answer_needs_no_comparing(vote: Any) -> None:
    assert asked(vote, "same", poll=ballots("b")) == Done(told='{"b":"b"}')
    assert vote.model.asked == []


def test_a_voter_tells_its_vote_as_votes_are_written(vote: Any) -> None:
    def say(request: Request) -> str:
        return f" {request.agent.upper()}! "

    vote.open(run="run-2")
    vote.model.say = say

    assert asked(vote, "a") == Done(usage=SPENT, told="poet")
