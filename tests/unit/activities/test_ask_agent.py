"""Asking an agent."""

import asyncio
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from activities.ask_agent import ask_agent, within
from activities.stage import Stage
from dirigent import codec
from dirigent.domain.outcomes import Category, Done, Failed, Failure, Usage
from dirigent.domain.prompts import STANDING
from dirigent.domain.runs import Held
from dirigent.ports.model import ModelFailed, Reply, Request

REQUEST = Request(deployment="gpt", agent="a", instructions="", prompt="", temperature=0, token_limit=1)
REPLY = Reply(text="yes", model="m", usage=Usage())


def asked(job: Any, **order: Any) -> Any:
    activity = ask_agent(Stage(job.parts), job.parts)
    return asyncio.run(activity(codec.encode(job.order("write", **order))))


def test_asks_with_the_prompt_over_the_input(job: Any) -> None:
    asked(job)

    [request] = job.model.asked
    assert request.prompt == "On <topic>sea wind</topic>, <count></count> words."
    assert (request.deployment, request.agent) == ("gpt", "writer")
    assert request.instructions == f"Write.\n\n{STANDING}"


def test_says_what_it_consumed(job: Any) -> None:
    assert codec.decode(Done, asked(job)).usage == Usage(input_tokens=3, output_tokens=4)


def test_tells_who_failed_and_how(job: Any) -> None:
    def refuse(_: Request) -> str:
        raise ModelFailed(Failure(category=Category.RATE_LIMIT, message="slow down", retry_after=7))

    job.model.say = refuse

    assert codec.decode(Failed, asked(job)).failure == Failure(
        category=Category.RATE_LIMIT, message="agent 'writer': slow down", retry_after=7
    )


class WaitingModel:
    """Answers after so many seconds of the clock, or never; remembers whether it was cancelled."""

    def __init__(self, wait: Any) -> None:
        self.wait, self.cancelled = wait, False

    async def complete(self, request: Request) -> Reply:
        try:
            await self.wait()
        except asyncio.CancelledError:
            self.cancelled = True
            raise
        return REPLY

    def close(self) -> None:
        """Nothing is held."""


def test_a_call_that_never_ends_is_cancelled_when_its_time_is_over(job: Any) -> None:
    model = WaitingModel(asyncio.Event().wait)

    with pytest.raises(ModelFailed, match="TIMEOUT: no answer from 'gpt' within 30 s"):
        asyncio.run(within(job.clock, 30, model, REQUEST))
    assert model.cancelled


def test_an_adapters_own_limit_is_not_the_first_to_strike(job: Any) -> None:
    asked(job, seconds=0.5)

    [request] = job.model.asked
    # An adapter that gives up by itself would say that the deployment is ill.
    assert request.seconds > 10


def test_an_answer_in_time_is_an_answer(job: Any) -> None:
    class SlowClock:
        def now(self) -> Any:
            return job.clock.now()

        async def sleep(self, seconds: float) -> None:
            await asyncio.Event().wait()

    async def some_turns() -> None:
        loop = asyncio.get_running_loop()
        for _ in range(5):
            turn = loop.create_future()
            loop.call_soon(turn.set_result, None)
            await turn

    model = WaitingModel(some_turns)

    assert asyncio.run(within(SlowClock(), 30, model, REQUEST)) == REPLY


def test_an_empty_answer_is_none(job: Any) -> None:
    job.model.say = lambda _: " \n"

    assert codec.decode(Failed, asked(job)).failure.message == "agent 'writer': an empty answer"


def test_a_page_of_html_does_not_travel_whole(job: Any) -> None:
    def refuse(_: Request) -> str:
        raise ModelFailed(Failure(category=Category.PERMANENT, message="x" * 300_000))

    job.model.say = refuse

    assert len(codec.decode(Failed, asked(job)).failure.message) == 1_000


def test_halves_of_characters_are_replaced(job: Any) -> None:
    job.model.say = lambda _: "half \ud800 of it"

    assert codec.decode(Done, asked(job)) == Done(usage=Usage(input_tokens=3, output_tokens=4))


def test_an_attempts_time_counts_from_its_beginning(job: Any) -> None:
    job.model.complete = WaitingModel(asyncio.Event().wait).complete

    told = codec.decode(Failed, asked(job, seconds=300)).failure.message
    assert told == "agent 'writer': no answer from 'gpt' within 30 s"


def test_but_never_beyond_what_the_order_allows(job: Any) -> None:
    job.model.complete = WaitingModel(asyncio.Event().wait).complete

    told = codec.decode(Failed, asked(job, seconds=4)).failure.message
    assert told == "agent 'writer': no answer from 'gpt' within 4 s"


def refusing(category: Category, **failed: Any) -> Any:
    def refuse(_: Request) -> str:
        raise ModelFailed(Failure(category=category, message="no"), **failed)

    return refuse


@pytest.mark.parametrize(
    ("say", "is_theirs"),
    [
        (refusing(Category.TRANSIENT), True),
        (refusing(Category.TRANSIENT, is_theirs=False), False),
        (lambda _: "", True),
    ],
    ids=["it refused", "our side failed", "it said nothing"],
)
def test_says_whose_failure_it_was(job: Any, say: Any, is_theirs: bool) -> None:
    job.model.say = say

    assert codec.decode(Failed, asked(job)).is_theirs is is_theirs


@pytest.mark.parametrize(
    ("seconds", "is_theirs"), [(300, True), (30, True), (29.9, True), (20, False), (4, False)]
)
def test_a_call_that_had_less_than_its_time_says_nothing_of_the_model(
    job: Any, seconds: float, is_theirs: bool
) -> None:
    job.model.complete = WaitingModel(asyncio.Event().wait).complete

    outcome = codec.decode(Failed, asked(job, seconds=seconds))
    assert (outcome.failure.category, outcome.is_theirs) == (Category.TIMEOUT, is_theirs)


class DawdlingArtifacts:
    """Lets a minute go by over every text of a run."""

    def __init__(self, job: Any) -> None:
        self._inner, self._clock = job.parts.artifacts, job.clock

    async def get(self, name: str) -> Any:
        if name.startswith("runs/"):
            await self._clock.sleep(60)
        return await self._inner.get(name)

    async def put(self, name: str, content: bytes, *, content_type: str) -> str:
        return str(await self._inner.put(name, content, content_type=content_type))

    async def delete_under(self, prefix: str) -> int:
        return int(await self._inner.delete_under(prefix))


def test_nobody_is_asked_when_reading_took_all_the_time(job: Any) -> None:
    name = "runs/run-1/input.json"
    asyncio.run(job.parts.artifacts.put(name, b'{"topic":"t"}', content_type="application/json"))
    job.start = msgspec.structs.replace(job.start, input=Held(artifact=name))
    job.parts = replace(job.parts, artifacts=DawdlingArtifacts(job))

    outcome = codec.decode(Failed, asked(job))
    assert (outcome.failure.category, outcome.attempts, outcome.is_theirs) == (Category.TIMEOUT, 0, False)
    assert job.model.asked == []
