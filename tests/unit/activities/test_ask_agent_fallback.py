"""Asking whoever stands in for an agent."""

import asyncio
from typing import Any

import pytest

from activities.ask_agent import ask_agent
from activities.stage import Stage
from dirigent import codec
from dirigent.domain.catalogue import Fallback
from dirigent.domain.outcomes import LONGEST_MESSAGE, Category, Done, Failed, Failure, Usage
from dirigent.domain.prompts import STANDING
from dirigent.domain.records import Degraded
from dirigent.ports.model import ModelFailed, Request
from dirigent.records.runs import Runs

OPEN = Failure(category=Category.TRANSIENT, message="the circuit is open", retry_after=9)
SPENT = Usage(input_tokens=3, output_tokens=4)
AGENT, MODEL, VALUE = Fallback(agent="stand-in"), Fallback(model="n"), Fallback(value="Come back later.")
MEANS = pytest.mark.parametrize("fallback", [AGENT, MODEL, VALUE], ids=["agent", "model", "value"])


def asked(job: Any, fallback: Fallback, instead_of: Failure | None = OPEN) -> Any:
    job.declare(fallback)
    order = codec.encode(job.order("write", instead_of=instead_of))
    return asyncio.run(ask_agent(Stage(job.parts), job.parts)(order))


def step_of(job: Any) -> Any:
    [step] = asyncio.run(Runs(job.parts.records, job.parts.artifacts).steps("run-1"))
    return step


def degraded(by: str, name: str | None) -> Degraded:
    return Degraded(by=by, name=name, category=Category.TRANSIENT, because="the circuit is open")


@pytest.mark.parametrize(
    ("fallback", "mark", "answer"),
    [
        (AGENT, degraded("agent", "stand-in"), ("stand-in", "told:gpt-small", "said by stand-in", SPENT)),
        (MODEL, degraded("model", "n"), ("writer", "told:gpt-small", "said by writer", SPENT)),
        (VALUE, degraded("value", None), (None, None, "Come back later.", Usage())),
    ],
    ids=["agent", "model", "value"],
)
def test_the_step_says_who_answered_and_why(
    job: Any, fallback: Fallback, mark: Degraded, answer: tuple[Any, ...]
) -> None:
    outcome = codec.decode(Done, asked(job, fallback))

    step = step_of(job)
    assert outcome == Done(usage=step.usage, is_degraded=True)
    assert step.degraded == mark
    assert (step.agent, step.model, step.value.text, step.usage) == answer


def test_another_agent_answers_as_itself(job: Any) -> None:
    asked(job, AGENT)

    [request] = job.model.asked
    assert (request.agent, request.deployment) == ("stand-in", "gpt-small")
    assert request.instructions == f"Stand in.\n\n{STANDING}"
    assert (request.temperature, request.token_limit) == (0.1, 77)
    assert request.prompt == "On <topic>sea wind</topic>, <count></count> words."


def test_with_another_model_the_agent_stays_itself(job: Any) -> None:
    asked(job, MODEL)

    [request] = job.model.asked
    assert (request.agent, request.deployment) == ("writer", "gpt-small")
    assert request.instructions == f"Write.\n\n{STANDING}"
    assert (request.temperature, request.token_limit) == (0.7, 4096)


@pytest.mark.parametrize("value", ["Come back later.", ""])
def test_a_fixed_value_asks_nobody(job: Any, value: str) -> None:
    outcome = asked(job, Fallback(value=value))

    assert codec.decode(Done, outcome).is_degraded
    assert (job.model.asked, step_of(job).value.text) == ([], value)


@MEANS
def test_a_redelivered_answer_is_as_degraded_as_it_was(job: Any, fallback: Fallback) -> None:
    first = asked(job, fallback)
    calls = len(job.model.asked)

    assert asked(job, fallback) == {**first, "is_repeated": True}
    assert len(job.model.asked) == calls


@MEANS
def test_what_the_agent_answered_itself_stands(job: Any, fallback: Fallback) -> None:
    asked(job, fallback, instead_of=None)

    assert codec.decode(Done, asked(job, fallback)) == Done(usage=SPENT, is_repeated=True)
    assert (step_of(job).degraded, step_of(job).agent, len(job.model.asked)) == (None, "writer", 1)


def test_a_fallback_that_fails_is_named(job: Any) -> None:
    def refuse(_: Request) -> str:
        raise ModelFailed(Failure(category=Category.TRANSIENT, message="no"))

    job.model.say = refuse

    outcome = codec.decode(Failed, asked(job, AGENT))
    assert (outcome.failure.message, outcome.is_theirs) == ("agent 'stand-in': no", True)


def test_the_reason_is_cut_to_what_may_travel(job: Any) -> None:
    asked(job, VALUE, instead_of=Failure(category=Category.PERMANENT, message="x" * 50_000))

    assert len(step_of(job).degraded.because) == LONGEST_MESSAGE
