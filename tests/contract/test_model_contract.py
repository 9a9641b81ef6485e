"""What every adapter of the model port promises."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from dirigent.adapters.model_script import Answered, Rule
from dirigent.adapters.scripted_model import Script, ScriptedModel
from dirigent.adapters.system_clock import SystemClock
from dirigent.domain.outcomes import Category
from dirigent.ports.model import Model, ModelFailed, Request


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """One adapter, answering and in trouble."""

    answering: Callable[[], Model]
    #: Answers with this HTTP status; the second is what it asks callers to wait.
    refusing: Callable[[int, float | None], Model]
    #: Sends what is no answer.
    raving: Callable[[], Model]
    #: Never answers.
    silent: Callable[[], Model]


def scripted(*faults: Rule) -> Model:
    return ScriptedModel(SystemClock(), Script(faults=faults))


OFFERS = {
    "scripted": Offer(
        answering=scripted,
        refusing=lambda status, wait: scripted(Rule(fault=Answered(status=status, retry_after=wait))),
        raving=lambda: scripted(Rule(fault="garbage")),
        silent=lambda: scripted(Rule(fault="timeout")),
    ),
}


@pytest.fixture(params=sorted(OFFERS))
def offer(request: pytest.FixtureRequest) -> Offer:
    """Each adapter in turn."""
    return OFFERS[request.param]


def question(topic: str = "tea", token_limit: int = 400) -> Request:
    return Request(
        deployment="large",
        agent="scout",
        instructions="You are a researcher.",
        prompt=f"Name three findings about the topic; mention it by name.\n<topic>{topic}</topic>",
        temperature=0.0,
        token_limit=token_limit,
    )


def test_a_reply_has_text_a_model_and_usage(offer: Offer) -> None:
    reply = asyncio.run(offer.answering().complete(question()))

    assert reply.text.strip()
    assert reply.model
    assert reply.usage.input_tokens > 0
    assert 0 < reply.usage.output_tokens <= 400


def test_a_limit_of_tokens_is_kept(offer: Offer) -> None:
    reply = asyncio.run(offer.answering().complete(question(token_limit=20)))

    assert reply.text.strip()
    assert reply.usage.output_tokens <= 20


@pytest.mark.parametrize(
    ("status", "category"),
    [
        (400, Category.PERMANENT),
        (401, Category.AUTHENTICATION),
        (403, Category.AUTHENTICATION),
        (429, Category.RATE_LIMIT),
        (500, Category.TRANSIENT),
        (503, Category.TRANSIENT),
    ],
)
def test_a_refusal_is_a_failure_of_its_category(offer: Offer, status: int, category: Category) -> None:
    with pytest.raises(ModelFailed) as caught:
        asyncio.run(offer.refusing(status, None).complete(question()))

    assert caught.value.failure.category is category
    assert caught.value.is_theirs
    assert caught.value.failure.message


def test_the_wait_a_provider_asks_for_is_passed_on(offer: Offer) -> None:
    with pytest.raises(ModelFailed) as caught:
        asyncio.run(offer.refusing(429, 7.0).complete(question()))

    assert caught.value.failure.retry_after == 7.0


def test_an_answer_that_is_none_may_be_asked_for_again(offer: Offer) -> None:
    with pytest.raises(ModelFailed) as caught:
        asyncio.run(offer.raving().complete(question()))

    assert caught.value.failure.category is Category.TRANSIENT


def test_a_call_that_is_given_up_ends_at_once(offer: Offer) -> None:
    async def give_up() -> bool:
        call = asyncio.create_task(offer.silent().complete(question()))
        for _ in range(10):
            await asyncio.sleep(0)
        call.cancel()
        await asyncio.wait([call])
        return call.cancelled()

    assert asyncio.run(give_up())


def test_calls_at_once_do_not_mix(offer: Offer) -> None:
    topics = [f"subject{number}" for number in range(20)]

    async def ask_all() -> list[str]:
        model = offer.answering()
        replies = await asyncio.gather(*(model.complete(question(topic)) for topic in topics))
        return [reply.text for reply in replies]

    texts = asyncio.run(ask_all())
    assert [[topic for topic in topics if f"{topic} " in f"{text} "] for text in texts] == [
        [t] for t in topics
    ]
