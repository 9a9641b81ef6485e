"""A model without a model."""

import asyncio
import json
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from devhost.testing.virtual_clock import VirtualClock
from dirigent.adapters.model_script import Answered, Dictated, Fault, Rule
from dirigent.adapters.scripted_model import Script, ScriptedModel
from dirigent.adapters.system_clock import SystemClock
from dirigent.domain.outcomes import Category, Failure, Usage
from dirigent.domain.steps import AnswerField
from dirigent.ports.model import ModelFailed, Reply, Request


def request(
    agent: str = "scout", prompt: str = "Research <topic>tea</topic>", token_limit: int = 4096
) -> Request:
    return Request(
        deployment="large",
        agent=agent,
        instructions="You scan the news.",
        prompt=prompt,
        temperature=0.7,
        token_limit=token_limit,
    )


def at_once(call: Coroutine[Any, Any, Reply]) -> Reply:
    """The reply of a call that suspends nowhere."""
    with pytest.raises(StopIteration) as returned:
        call.send(None)
    reply: Reply = returned.value.value
    return reply


def timed(script: Script, *requests: Request) -> list[tuple[float, Reply | Failure]]:
    """How each of several calls at once ended, and after how many seconds."""

    async def play() -> list[tuple[float, Reply | Failure]]:
        clock = VirtualClock(asyncio.get_running_loop())
        model, start = ScriptedModel(clock, script), clock.now()

        async def call(request: Request) -> tuple[float, Reply | Failure]:
            try:
                ended: Reply | Failure = await model.complete(request)
            except ModelFailed as failed:
                ended = failed.failure
            return (clock.now() - start).total_seconds(), ended

        calls = asyncio.gather(*map(call, requests))
        while not calls.done():
            for _ in range(50):
                await asyncio.sleep(0)
            if due := clock.next_due():
                clock.jump_to(due)
        return await calls

    return asyncio.run(play())


def failure(fault: Fault) -> Failure:
    ((_, ended),) = timed(Script(faults=(Rule(fault=fault),)), request())
    assert isinstance(ended, Failure)
    return ended


def test_names_itself_scripted_and_counts_four_characters_a_token() -> None:
    asked = request(prompt="Research <topic>green tea</topic>!")

    reply = at_once(ScriptedModel(SystemClock()).complete(asked))

    assert reply.model == "scripted:large"
    assert reply.usage == Usage(input_tokens=13, output_tokens=-(-len(reply.text) // 4))


def test_keeps_to_the_token_limit() -> None:
    reply = at_once(ScriptedModel(SystemClock()).complete(request(token_limit=40)))

    assert len(reply.text) <= 160
    assert reply.usage.output_tokens <= 40


def test_does_not_suspend_when_there_is_nothing_to_wait_for(tmp_path: Path) -> None:
    script = Script(journal=str(tmp_path / "calls"), faults=(Rule(fault="garbage", agent="other"),))

    assert at_once(ScriptedModel(SystemClock(), script).complete(request())).text


def test_refuses_without_suspending() -> None:
    script = Script(faults=(Rule(fault=Answered(status=500)),))

    with pytest.raises(ModelFailed):
        ScriptedModel(SystemClock(), script).complete(request()).send(None)


@pytest.mark.parametrize(
    ("fault", "category", "retry_after"),
    [
        (Answered(status=429, retry_after=7.0), Category.RATE_LIMIT, 7.0),
        (Answered(status=500), Category.TRANSIENT, None),
        (Answered(status=400), Category.PERMANENT, None),
        (Answered(status=401), Category.AUTHENTICATION, None),
        ("garbage", Category.TRANSIENT, None),
        ("cut", Category.TRANSIENT, None),
        ("refusal", Category.PERMANENT, None),
        ("filtered", Category.PERMANENT, None),
        ("truncated", Category.PERMANENT, None),
    ],
)
def test_fails_as_the_script_says(fault: Fault, category: Category, retry_after: float | None) -> None:
    failed = failure(fault)

    assert (failed.category, failed.retry_after) == (category, retry_after)


def test_a_call_that_is_never_answered_outlasts_every_limit() -> None:
    ((seconds, ended),) = timed(Script(faults=(Rule(fault="timeout"),)), request())

    assert seconds >= 86_400
    assert isinstance(ended, Failure)
    assert ended.category is Category.TIMEOUT


def test_waits_for_pace_and_slowness_on_the_clock_alone() -> None:
    script = Script(pace=0.5, faults=(Rule(fault=Answered(slow=3.0), agent="slow"),))

    (first, reply), (second, slow_reply) = timed(script, request(), request("slow"))

    assert (first, second) == (0.5, 3.5)
    assert isinstance(reply, Reply)
    assert slow_reply == reply


def test_faults_fall_in_the_order_in_which_calls_begin() -> None:
    script = Script(pace=1.0, faults=(Rule(fault="garbage", after=1, times=1),))

    ended = [type(end) for _, end in timed(script, *[request()] * 3)]

    assert ended == [Reply, Failure, Reply]


def test_notes_a_call_as_it_begins(tmp_path: Path) -> None:
    script = Script(pace=9.0, journal=str(tmp_path / "calls"), faults=(Rule(fault="garbage", times=1),))

    timed(script, request("one"), request("two"))

    lines = [json.loads(line) for line in (tmp_path / "calls").read_text(encoding="utf-8").splitlines()]
    assert [line["agent"] for line in lines] == ["one", "two"]
    assert {line["at"] for line in lines} == {"2030-01-01T00:00:00+00:00"}


def test_answers_in_the_fields_that_are_declared() -> None:
    fields = (AnswerField(name="summary"), AnswerField(name="mood", one_of=("calm", "upset")))
    asked = replace(request(prompt="Read <letter>I am upset. It is late.</letter>"), answers=fields)

    reply = at_once(ScriptedModel(SystemClock()).complete(asked))

    assert json.loads(reply.text) == {"summary": "I am upset.", "mood": "upset"}


def test_says_what_is_dictated() -> None:
    answers = (Dictated(agent="one", answer="Word for word."), Dictated(answer={"é": 1}))

    replies = timed(Script(answers=answers), request("one"), request("two"))

    assert [reply.text for _, reply in replies if isinstance(reply, Reply)] == ["Word for word.", '{"é":1}']


def test_a_call_that_fails_uses_up_no_dictated_answer() -> None:
    faults = (Rule(fault="garbage", times=1), Rule(fault=Answered(slow=1.0)))
    script = Script(faults=faults, answers=(Dictated(answer="Once.", times=1),))

    (_, failed), (_, reply) = timed(script, request(), request())

    assert isinstance(failed, Failure)
    assert isinstance(reply, Reply)
    assert reply.text == "Once."


def test_knows_no_other_deployments_than_those_of_its_script() -> None:
    script = Script(models=("small",))

    (_, failed), (_, reply) = timed(script, request(), replace(request(), deployment="small"))

    assert isinstance(failed, Failure)
    assert (failed.category, failed.reason) == (Category.PERMANENT, "unknown_model")
    assert isinstance(reply, Reply)


@pytest.mark.parametrize("fault", ["cut", "truncated"])
def test_whoever_tells_of_faults_gets_the_text_of_which_a_part_comes_through(fault: Fault) -> None:
    model = ScriptedModel(SystemClock(), Script(faults=(Rule(fault=fault, times=1),)))

    turn, next_turn = asyncio.run(model.turn(request())), asyncio.run(model.turn(request()))

    assert turn == replace(next_turn, fault=fault)
    assert turn.text


def test_whoever_tells_of_faults_learns_what_was_dictated() -> None:
    model = ScriptedModel(SystemClock(), Script(answers=(Dictated(answer="Once.", times=1),)))

    told = [asyncio.run(model.turn(request())).is_dictated for _ in range(2)]

    assert told == [True, False]


def test_whoever_answers_by_itself_learns_of_trouble_alone() -> None:
    faults = (Rule(fault=Answered(slow=0.0), times=1), Rule(fault="cut", times=1))
    model = ScriptedModel(SystemClock(), Script(faults=faults))

    met = [asyncio.run(model.trouble(request())) for _ in range(3)]

    assert met == [None, "cut", None]


def test_serves_several_loops_one_after_another() -> None:
    model = ScriptedModel(SystemClock())

    assert asyncio.run(model.complete(request())) == asyncio.run(model.complete(request()))
