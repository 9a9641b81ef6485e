"""What every adapter of the model port promises."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from msgspec.structs import replace

from activities.ask_agent import within
from dirigent.adapters.model_script import Answered, Dictated, Fault, Rule, Script
from dirigent.adapters.openai_model import OpenAIModel
from dirigent.adapters.scripted_model import ScriptedModel
from dirigent.adapters.system_clock import SystemClock
from dirigent.domain import answers
from dirigent.domain.dialects import Dialect, Tokens
from dirigent.domain.outcomes import Category
from dirigent.domain.steps import AnswerField
from dirigent.modelserver import ModelServer
from dirigent.ports.model import Model, ModelFailed, Reply, Request
from dirigent.settings.endpoints import Endpoint

KEY = "sk-made-up-for-this"

#: A model that does as the script says.
Offer = Callable[[Script], Model]


def _scripted(script: Script, leave: ExitStack) -> Model:
    return ScriptedModel(SystemClock(), script)


def _openai(script: Script, leave: ExitStack) -> Model:
    server = leave.enter_context(ModelServer(script, key=KEY))
    model = OpenAIModel({None: Endpoint(url=server.url, key=KEY)})
    leave.callback(model.close)
    return model


OFFERS: dict[str, Callable[[Script, ExitStack], Model]] = {"scripted": _scripted, "openai": _openai}


@pytest.fixture(params=sorted(OFFERS))
def offer(request: pytest.FixtureRequest) -> Iterator[Offer]:
    """Each adapter in turn."""
    with ExitStack() as leave:
        yield lambda script: OFFERS[request.param](script, leave)


def failing(fault: Fault, agent: str | None = None) -> Script:
    return Script(faults=(Rule(fault=fault, agent=agent),))


def question(
    topic: str = "tea",
    *,
    token_limit: int = 400,
    fields: tuple[AnswerField, ...] = (),
    dialect: Dialect | None = None,
) -> Request:
    asked = f"Name three findings about the topic; mention it by name.\n<topic>{topic}</topic>"
    return Request(
        deployment="large",
        dialect=dialect or Dialect(),
        agent="scout",
        instructions="You are a researcher.",
        prompt=f"{asked}\n\n{answers.instruction(fields)}" if fields else asked,
        temperature=0.0,
        token_limit=token_limit,
        answers=fields,
        run="run-1",
        step="find",
    )


def ask(model: Model, request: Request | None = None) -> Reply:
    return asyncio.run(model.complete(request or question()))


def failed(model: Model, request: Request | None = None) -> ModelFailed:
    with pytest.raises(ModelFailed) as caught:
        ask(model, request)
    return caught.value


def test_a_reply_has_text_a_model_and_usage(offer: Offer) -> None:
    reply = ask(offer(Script()))

    assert reply.text.strip()
    assert reply.model == "scripted:large"
    assert reply.usage.input_tokens > 0
    assert 0 < reply.usage.output_tokens <= 400
    assert reply.finish == "stop"


def test_the_same_request_gets_the_same_reply_whichever_way_it_goes(offer: Offer) -> None:
    there, here = ask(offer(Script())), ask(ScriptedModel(SystemClock()))

    assert (there.text, there.model, there.usage) == (here.text, here.model, here.usage)


def test_what_is_said_arrives_sign_for_sign(offer: Offer) -> None:
    said = 'Thé, 茶 "quoted" \\ \n\ttab 🍵'

    reply = ask(offer(Script(answers=(Dictated(answer=said),))))

    assert reply.text == said


def test_whoever_asks_is_known(offer: Offer) -> None:
    model = offer(failing("garbage", agent="scöut: 1"))

    reply, error = ask(model), failed(model, replace(question(), agent="scöut: 1"))

    assert reply.text.strip()
    assert error.failure.reason == "unreadable"


def test_a_limit_of_tokens_is_kept(offer: Offer) -> None:
    reply = ask(offer(Script()), question(token_limit=20))

    assert reply.text.strip()
    assert reply.usage.output_tokens <= 20


FIELDS = (
    AnswerField(name="title", description="what it is called"),
    AnswerField(name="count", type="integer"),
    AnswerField(name="share", type="number"),
    AnswerField(name="is sound", type="boolean"),
    AnswerField(name="sources", type="list"),
    AnswerField(name="verdict", one_of=("keep it", "drop it", "wait")),
)


@pytest.mark.parametrize("tokens", ["max_completion_tokens", "max_tokens"])
def test_an_answer_of_declared_fields_fits_them(offer: Offer, tokens: Tokens) -> None:
    reply = ask(offer(Script()), question(fields=FIELDS, dialect=Dialect(tokens=tokens)))

    assert answers.read(reply.text, FIELDS)["verdict"] in FIELDS[-1].one_of


@pytest.mark.parametrize(
    ("status", "category", "reason"),
    [
        (400, Category.PERMANENT, "bad_request"),
        (401, Category.AUTHENTICATION, "wrong_key"),
        (403, Category.AUTHENTICATION, "forbidden"),
        (404, Category.PERMANENT, "unknown_model"),
        (408, Category.TIMEOUT, "timeout"),
        (409, Category.TRANSIENT, "conflict"),
        (422, Category.PERMANENT, "bad_request"),
        (429, Category.RATE_LIMIT, "rate_limit"),
        (500, Category.TRANSIENT, "server_error"),
        (503, Category.TRANSIENT, "server_error"),
    ],
)
def test_a_refusal_is_a_failure_of_its_category(
    offer: Offer, status: int, category: Category, reason: str
) -> None:
    error = failed(offer(failing(Answered(status=status))))

    assert (error.failure.category, error.failure.reason) == (category, reason)
    assert error.is_theirs
    assert "'large'" in error.failure.message


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("wait", [7.0, 0.25, 600.0])
def test_the_wait_a_provider_asks_for_is_passed_on(offer: Offer, status: int, wait: float) -> None:
    error = failed(offer(failing(Answered(status=status, retry_after=wait))))

    assert error.failure.retry_after == wait


@pytest.mark.parametrize(
    ("fault", "category", "reason"),
    [
        ("garbage", Category.TRANSIENT, "unreadable"),
        ("cut", Category.TRANSIENT, "dropped"),
        ("refusal", Category.PERMANENT, "refusal"),
        ("filtered", Category.PERMANENT, "content_filter"),
        ("truncated", Category.PERMANENT, "truncated"),
    ],
)
def test_an_answer_that_is_none_says_why(offer: Offer, fault: Fault, category: Category, reason: str) -> None:
    error = failed(offer(failing(fault)))

    assert (error.failure.category, error.failure.reason) == (category, reason)
    assert "'large'" in error.failure.message


def test_a_fault_passes_with_the_call_that_met_it(offer: Offer) -> None:
    model = offer(Script(faults=(Rule(fault="cut", times=1),)))

    error, reply = failed(model), ask(model)

    assert error.failure.reason == "dropped"
    assert reply.text.strip()


def test_a_slow_answer_comes_all_the_same(offer: Offer) -> None:
    assert ask(offer(failing(Answered(slow=0.05)))).text.strip()


def test_a_call_ends_with_the_time_of_whoever_asks(offer: Offer) -> None:
    model = offer(failing("timeout"))

    async def wait() -> Reply:
        return await within(SystemClock(), 0.1, model, question())

    with pytest.raises(ModelFailed) as caught:
        asyncio.run(wait())

    assert caught.value.failure.category is Category.TIMEOUT


def test_a_call_that_is_given_up_ends_at_once(offer: Offer) -> None:
    model = offer(failing("timeout"))

    async def give_up() -> bool:
        call = asyncio.create_task(model.complete(question()))
        for _ in range(10):
            await asyncio.sleep(0)
        call.cancel()
        await asyncio.wait([call])
        return call.cancelled()

    assert asyncio.run(give_up())


def test_calls_at_once_do_not_mix(offer: Offer) -> None:
    topics = [f"subject{number}" for number in range(20)]
    model = offer(Script())

    async def ask_all() -> list[str]:
        replies = await asyncio.gather(*(model.complete(question(topic)) for topic in topics))
        return [reply.text for reply in replies]

    texts = asyncio.run(ask_all())
    assert [[topic for topic in topics if f"{topic} " in f"{text} "] for text in texts] == [
        [t] for t in topics
    ]


def test_answers_again_after_it_was_closed(offer: Offer) -> None:
    model = offer(Script())
    before = ask(model)
    model.close()

    assert ask(model).text == before.text
