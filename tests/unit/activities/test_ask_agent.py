"""Asking an agent."""

import asyncio
from typing import Any

import pytest

from activities.ask_agent import ask_agent, within
from activities.stage import Stage
from dirigent import codec
from dirigent.domain.outcomes import Category, Done, Failed, Failure, Usage
from dirigent.domain.prompts import STANDING
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


def test_a_call_that_never_ends_is_cancelled_when_its_time_is_over(job: Any) -> None:
    model = WaitingModel(asyncio.Event().wait)

    with pytest.raises(ModelFailed, match="TIMEOUT: no answer from 'gpt' within 30 s"):
        asyncio.run(within(job.clock, 30, model, REQUEST))
    assert model.cancelled


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
