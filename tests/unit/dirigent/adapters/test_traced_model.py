"""A model whose calls are told."""

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any

import pytest
from msgspec.structs import replace
from opentelemetry.trace import StatusCode
from watcher import Watcher, trace_id

from dirigent.adapters.traced_model import TracedModel
from dirigent.domain.dialects import Dialect
from dirigent.domain.outcomes import Category, Failure, Usage
from dirigent.domain.steps import AnswerField
from dirigent.ports.model import ModelFailed, Reply, Request
from dirigent.settings.endpoints import Endpoint
from dirigent.telemetry.tracing import carried

REQUEST = Request(
    deployment="gpt",
    agent="writer",
    instructions="Be secret.",
    prompt="A secret prompt.",
    temperature=0.5,
    token_limit=99,
    run="run-1",
    step="write",
)
REPLY = Reply(
    text="A secret answer.",
    model="gpt-2030",
    usage=Usage(input_tokens=3, output_tokens=4),
    finish="stop",
    request_id="req-7",
    response_id="chatcmpl-8",
)
ENDPOINTS: dict[str | None, Endpoint] = {
    None: Endpoint(url="https://api.openai.com/v1", key="sk-1"),
    "claude": Endpoint(url="http://localhost:4000/v1", key="", provider="gateway"),
}
FAILURE = Failure(category=Category.PERMANENT, message="It refuses.", reason="refusal", said="A secret.")


@dataclass
class Model:
    """Answers at once, or fails, and remembers in which trace it was asked."""

    failure: Failure | None = None
    spent: Usage | None = None
    traces: list[Any] = field(default_factory=list)
    is_closed: bool = False

    async def complete(self, request: Request) -> Reply:
        self.traces.append(carried())
        if self.failure is not None:
            raise ModelFailed(self.failure, is_theirs=False, usage=self.spent)
        return REPLY

    def close(self) -> None:
        self.is_closed = True


def traced(watcher: Watcher, model: Any, *, content: bool = False, scripted: bool = False) -> TracedModel:
    return TracedModel(model, endpoints={} if scripted else ENDPOINTS, content=content, calls=watcher.calls)


def told(request: Request = REQUEST, **others: Any) -> dict[str, Any]:
    """What the span tells of a call that is answered."""
    watcher = Watcher()
    assert asyncio.run(traced(watcher, Model(), **others).complete(request)) == REPLY
    return dict(watcher.spans[0].attributes or {})


def test_tells_of_a_call_in_the_words_of_the_conventions() -> None:
    assert told() == {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "gpt",
        "gen_ai.request.temperature": 0.5,
        "gen_ai.request.max_tokens": 99,
        "gen_ai.response.model": "gpt-2030",
        "gen_ai.response.id": "chatcmpl-8",
        "gen_ai.response.finish_reasons": ("stop",),
        "gen_ai.usage.input_tokens": 3,
        "gen_ai.usage.output_tokens": 4,
        "gen_ai.agent.name": "writer",
        "dirigent.task_id": "run-1",
        "dirigent.run": "run-1",
        "dirigent.step": "write",
        "dirigent.request_id": "req-7",
        "server.address": "api.openai.com",
        "server.port": 443,
    }


def test_nothing_that_was_said_is_told_unless_it_is_asked_for() -> None:
    assert "secret" not in json.dumps(told())


def test_what_was_said_is_told_in_the_form_of_the_conventions() -> None:
    found = told(content=True)

    assert json.loads(found["gen_ai.system_instructions"]) == [{"type": "text", "content": "Be secret."}]
    assert json.loads(found["gen_ai.input.messages"]) == [
        {"role": "user", "parts": [{"type": "text", "content": "A secret prompt."}]}
    ]
    assert json.loads(found["gen_ai.output.messages"]) == [
        {"role": "assistant", "parts": [{"type": "text", "content": "A secret answer."}]}
    ]


@pytest.mark.parametrize("prompt", ["half \ud83d", "\x00", "é" * 10_000])
def test_odd_texts_are_no_obstacle(prompt: str) -> None:
    found = told(replace(REQUEST, prompt=prompt), content=True)

    [message] = json.loads(found["gen_ai.input.messages"])
    assert message["parts"][0]["content"] == prompt


def test_who_asks_for_no_run_is_said_to_be_in_none() -> None:
    found = told(replace(REQUEST, run="", step=""))

    assert [name for name in found if name.startswith("dirigent.")] == ["dirigent.request_id"]


def test_tells_where_each_model_is_reached() -> None:
    found = told(replace(REQUEST, endpoint="claude"))

    where = (found["gen_ai.provider.name"], found["server.address"], found["server.port"])
    assert where == ("gateway", "localhost", 4000)


def test_says_that_nobody_answers_who_is_none() -> None:
    assert told(scripted=True)["gen_ai.provider.name"] == "scripted"
    assert told(replace(REQUEST, endpoint="gone"))["gen_ai.provider.name"] == "unknown"


def test_tells_only_what_is_sent() -> None:
    found = told(replace(REQUEST, dialect=Dialect(temperature=False), answers=(AnswerField(name="kind"),)))

    assert "gen_ai.request.temperature" not in found
    assert found["gen_ai.output.type"] == "json"


@pytest.mark.parametrize(
    ("content", "said"),
    [(False, "PERMANENT"), (True, "It refuses. They said: A secret.")],
    ids=["silent", "content"],
)
def test_a_failure_says_why_and_in_its_own_words_only_if_asked(content: bool, said: str) -> None:
    watcher = Watcher()
    with pytest.raises(ModelFailed) as raised:
        asyncio.run(traced(watcher, Model(failure=FAILURE), content=content).complete(REQUEST))

    [span] = watcher.spans
    assert (raised.value.failure, raised.value.is_theirs) == (FAILURE, False)
    assert (span.attributes or {})["error.type"] == "refusal"
    assert (span.status.status_code, span.status.description) == (StatusCode.ERROR, said)


def test_what_an_answer_cost_that_was_withheld_is_told_all_the_same() -> None:
    watcher = Watcher()
    model = Model(failure=FAILURE, spent=Usage(input_tokens=5, output_tokens=6))
    with pytest.raises(ModelFailed):
        asyncio.run(traced(watcher, model).complete(REQUEST))

    [span], points = watcher.spans, watcher.points()
    about = span.attributes or {}
    assert (about["gen_ai.usage.input_tokens"], about["gen_ai.usage.output_tokens"]) == (5, 6)
    for kind, count in (("input_tokens", 5), ("output_tokens", 6)):
        [used] = points[f"gen_ai.client.inference.usage.{kind}"]
        [size] = points[f"gen_ai.client.inference.operation.{kind}"]
        assert (used.value, size.sum, size.attributes["error.type"]) == (count, count, "refusal")
    [duration] = points["gen_ai.client.inference.duration"]
    assert duration.attributes["error.type"] == "refusal"


def test_the_call_is_made_within_its_span() -> None:
    watcher, model = Watcher(), Model()
    asyncio.run(traced(watcher, model).complete(REQUEST))

    [span] = watcher.spans
    assert span.context is not None
    [asked] = model.traces
    assert asked[:-2] == f"00-{trace_id(span)}-{span.context.span_id:016x}-"


def test_who_answers_at_once_is_heard_at_once() -> None:
    call = traced(Watcher(), Model(), content=True).complete(REQUEST)

    # It came back before anybody could have looked: nothing was awaited.
    with pytest.raises(StopIteration) as ended:
        call.send(None)
    assert ended.value.value == REPLY


def test_a_call_that_is_cancelled_says_so() -> None:
    class Silent(Model):
        async def complete(self, request: Request) -> Reply:
            await asyncio.Event().wait()
            return REPLY

    async def give_up() -> None:
        call = asyncio.ensure_future(traced(watcher, Silent()).complete(REQUEST))
        await asyncio.sleep(0)
        call.cancel()
        await asyncio.gather(call, return_exceptions=True)

    watcher = Watcher()
    asyncio.run(give_up())

    assert (watcher.spans[0].attributes or {})["error.type"] == "cancelled"


def test_without_anybody_who_watches_it_answers_all_the_same() -> None:
    model = TracedModel(Model(), endpoints={}, content=True)

    assert asyncio.run(model.complete(REQUEST)) == REPLY


def test_lets_go_with_the_other() -> None:
    model = Model()
    traced(Watcher(), model).close()

    assert model.is_closed
