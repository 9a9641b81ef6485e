"""A chat completion as the wire has it, whole."""

import json
from datetime import UTC, datetime

from dirigent.domain.outcomes import Usage
from dirigent.modelserver.completions import Completion
from dirigent.modelserver.orders import CalledFunction, ToolCall

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)
USAGE = Usage(input_tokens=3, output_tokens=5)


def test_tells_text_usage_and_model() -> None:
    body = json.loads(Completion(text="Yes.", usage=USAGE, model="scripted:large", at=NOON).body())

    assert (body["object"], body["model"], body["created"]) == (
        "chat.completion",
        "scripted:large",
        int(NOON.timestamp()),
    )
    message = {"role": "assistant", "content": "Yes.", "refusal": None}
    assert body["choices"] == [{"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}]
    assert (body["usage"]["prompt_tokens"], body["usage"]["completion_tokens"]) == (3, 5)
    assert body["usage"]["total_tokens"] == 8


def test_tells_a_call_whole() -> None:
    call = ToolCall(id="c1", type="function", function=CalledFunction(name="look", arguments="{}"))
    completion = Completion(call=call, finish="tool_calls", usage=USAGE, model="m", at=NOON)

    choice = json.loads(completion.body())["choices"][0]

    assert choice["finish_reason"] == "tool_calls"
    assert choice["message"]["content"] is None
    assert choice["message"]["tool_calls"] == [
        {"id": "c1", "type": "function", "function": {"name": "look", "arguments": "{}"}}
    ]


def test_every_answer_has_an_id_of_its_own() -> None:
    completion = Completion(text="Yes.", usage=USAGE, model="m", at=NOON)

    assert json.loads(completion.body())["id"] != json.loads(completion.body())["id"]
