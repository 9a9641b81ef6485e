"""A chat completion from its request to what is sent back."""

import asyncio
import json
from typing import Any

import pytest

from dirigent.adapters.model_script import Answered, Dictated, Fault, Rule, Script
from dirigent.adapters.scripted_model import ScriptedModel
from dirigent.adapters.system_clock import SystemClock
from dirigent.domain.steps import AnswerField
from dirigent.modelserver.chat import LONGEST, Chat
from dirigent.modelserver.counts import Counter, Tally
from dirigent.modelserver.desks import Desk
from dirigent.modelserver.errors import ApiError
from dirigent.modelserver.replies import Reply
from dirigent.ports.model import Request

FIELDS = (AnswerField(name="mood", one_of=("calm", "upset")), AnswerField(name="why"))
SCHEMA = {
    "type": "object",
    "properties": {"mood": {"type": "string", "enum": ["calm", "upset"]}, "why": {"type": "string"}},
    "required": ["mood", "why"],
    "additionalProperties": False,
}
FORMAT = {"type": "json_schema", "json_schema": {"name": "answer", "strict": True, "schema": SCHEMA}}
TOOL = {"type": "function", "function": {"name": "look_up", "parameters": SCHEMA}}
LETTER = "Read <letter>I am upset. It is late.</letter>"


def chat(prompt: str = "Research <topic>tea</topic>", **fields: Any) -> Chat:
    messages = [{"role": "system", "content": "You are a scout."}, {"role": "user", "content": prompt}]
    headers = {"x-dirigent-agent": "caf%C3%A9 1", "x-dirigent-run": "r%2F1", "x-dirigent-step": "look"}
    return Chat(json.dumps({"model": "large", "messages": messages, **fields}).encode(), headers)


def request(prompt: str, **fields: Any) -> Request:
    return Request(
        deployment="large",
        agent="café 1",
        run="r/1",
        step="look",
        instructions="You are a scout.",
        prompt=prompt,
        **fields,
    )


def sent(chat: Chat, script: Script | None = None, counter: Counter | None = None) -> Reply:
    clock = SystemClock()
    with (counter or Counter()).call(chat.request.agent, chat.request.deployment) as call:
        return asyncio.run(chat.reply(ScriptedModel(clock, script), clock, Desk(), call))


def choice(chat: Chat, script: Script | None = None) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(sent(chat, script).body[0])["choices"][0]
    return found


def met(fault: Fault) -> Script:
    return Script(faults=(Rule(fault=fault),))


def test_is_the_request_that_it_would_be_in_process() -> None:
    asked = chat(LETTER, response_format=FORMAT, temperature=0.2, max_completion_tokens=50)

    assert asked.request == request(LETTER, temperature=0.2, token_limit=50, answers=FIELDS)


def test_answers_as_in_process() -> None:
    asked = chat(LETTER, response_format=FORMAT)
    in_process = asyncio.run(ScriptedModel(SystemClock()).complete(asked.request))

    body = json.loads(sent(asked).body[0])

    assert body["choices"][0]["message"]["content"] == in_process.text
    assert body["choices"][0]["finish_reason"] == in_process.finish
    assert body["model"] == in_process.model
    assert body["usage"]["prompt_tokens"] == in_process.usage.input_tokens
    assert body["usage"]["completion_tokens"] == in_process.usage.output_tokens


def test_says_what_is_dictated_whatever_the_schema_wants() -> None:
    script = Script(answers=(Dictated(agent="café 1", answer={"mood": "odd"}),))

    assert choice(chat(response_format=FORMAT), script)["message"]["content"] == '{"mood":"odd"}'


def test_a_json_object_is_one() -> None:
    found = choice(chat("Say in JSON-like words why.", response_format={"type": "json_object"}))

    assert isinstance(json.loads(found["message"]["content"]), dict)


def test_calls_a_tool_with_arguments_that_fit() -> None:
    found = choice(chat("Look it up.", tools=[TOOL]))

    [call] = found["message"]["tool_calls"]
    arguments = json.loads(call["function"]["arguments"])
    assert (found["finish_reason"], found["message"]["content"]) == ("tool_calls", None)
    assert call["function"]["name"] == "look_up"
    assert arguments["mood"] in ("calm", "upset")
    assert arguments["why"]


def test_what_is_dictated_is_said_and_becomes_arguments_only_where_a_call_is_ordered() -> None:
    script = Script(answers=(Dictated(answer="{}"),))

    said = choice(chat("Look it up.", tools=[TOOL]), script)["message"]
    called = choice(chat("Look it up.", tools=[TOOL], tool_choice="required"), script)["message"]

    assert said["content"] == "{}"
    assert called["tool_calls"][0]["function"]["arguments"] == "{}"


@pytest.mark.parametrize("tools", [{}, {"tools": [TOOL], "tool_choice": "required"}])
def test_an_answer_at_its_limit_has_no_end(tools: dict[str, Any]) -> None:
    counter = Counter()
    asked = chat(**tools)

    body = json.loads(sent(asked, met("truncated"), counter).body[0])
    whole = json.loads(sent(asked).body[0])

    assert body["choices"][0]["finish_reason"] == "length"
    assert 0 < body["usage"]["completion_tokens"] < whole["usage"]["completion_tokens"]
    assert (counter.counts().total.answered, counter.counts().total.calls) == (0, 1)


def test_declines_without_a_text() -> None:
    found = choice(chat(), met("refusal"))

    assert found["message"]["content"] is None
    assert found["message"]["refusal"]


def test_an_error_is_one() -> None:
    with pytest.raises(ApiError) as caught:
        sent(chat(), met(Answered(status=429, retry_after=7)))

    assert (caught.value.status, caught.value.headers) == (429, {"retry-after": "7"})


@pytest.mark.parametrize("stream", [True, False])
def test_what_is_cut_is_counted_as_a_call_alone(stream: bool) -> None:
    counter = Counter()

    reply = sent(chat(stream=stream), met("cut"), counter)

    assert reply.is_cut
    assert (len(reply.body) > 1) == stream
    assert counter.counts().total == Tally(calls=1)


def test_what_is_told_is_counted() -> None:
    counter = Counter()

    usage = json.loads(sent(chat(), counter=counter).body[0])["usage"]

    tally = Tally(
        calls=1, answered=1, input_tokens=usage["prompt_tokens"], output_tokens=usage["completion_tokens"]
    )
    assert counter.counts().agents == {"café 1": tally}
    assert counter.counts().deployments == {"large": tally}


def test_a_stream_is_one() -> None:
    reply = sent(chat(stream=True))

    assert reply.content_type.startswith("text/event-stream")
    assert reply.body[-1] == b"data: [DONE]\n\n"


def test_refuses_a_conversation_that_no_model_could_read() -> None:
    with pytest.raises(ApiError) as caught:
        chat("a" * (LONGEST + 1))

    error = caught.value
    assert (error.status, error.param, error.code) == (400, "messages", "context_length_exceeded")


def test_refuses_to_read_a_long_prompt_for_very_many_fields() -> None:
    properties = {f"part{place}": {"type": "string"} for place in range(100)}
    wanted = {"type": "json_schema", "json_schema": {"name": "a", "schema": {"properties": properties}}}
    assert chat("a" * 1_000, response_format=wanted).request.answers

    with pytest.raises(ApiError) as caught:
        chat("a" * 100_000, response_format=wanted)

    assert (caught.value.status, caught.value.param) == (400, "messages")


def test_who_asks_is_named_in_characters_whatever_bytes_it_sends() -> None:
    body = json.dumps({"model": "large", "messages": [{"role": "user", "content": "Go."}]}).encode()

    asked = Chat(body, {"x-dirigent-agent": b"a\xff".decode("utf-8", "surrogateescape")})

    assert asked.request.agent == "a?"
