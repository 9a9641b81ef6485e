"""A chat completion as the wire has it, piece by piece."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec.structs import replace

from dirigent.domain.outcomes import Usage
from dirigent.modelserver.completions import Completion
from dirigent.modelserver.orders import CalledFunction, ToolCall
from dirigent.modelserver.streaming import events

SHELL = Completion(
    usage=Usage(input_tokens=3, output_tokens=5), model="m", at=datetime(2030, 1, 1, tzinfo=UTC)
)
TEXT = "  One two three four five.\n\nSix: “seven”, 8.\n"


def chunks(completion: Completion, *, includes_usage: bool = False) -> list[dict[str, Any]]:
    *told, done = events(completion, includes_usage=includes_usage)
    assert done == b"data: [DONE]\n\n"
    assert all(event.startswith(b"data: ") and event.endswith(b"\n\n") for event in told)
    return [json.loads(event.removeprefix(b"data: ")) for event in told]


def deltas(completion: Completion) -> list[dict[str, Any]]:
    return [chunk["choices"][0]["delta"] for chunk in chunks(completion)]


@pytest.mark.parametrize(
    ("completion", "name"),
    [(replace(SHELL, text=TEXT), "content"), (replace(SHELL, refusal=TEXT), "refusal")],
)
def test_the_pieces_make_the_whole(completion: Completion, name: str) -> None:
    told = deltas(completion)

    assert told[0]["role"] == "assistant"
    assert len(told) > 4
    assert "".join(delta.get(name, "") for delta in told) == TEXT


def test_the_last_piece_says_why_it_ends_and_all_have_one_id() -> None:
    told = chunks(replace(SHELL, text=TEXT, finish="length"))

    reasons = [chunk["choices"][0]["finish_reason"] for chunk in told]
    assert reasons == [None] * (len(told) - 1) + ["length"]
    assert len({chunk["id"] for chunk in told}) == 1
    assert {chunk["object"] for chunk in told} == {"chat.completion.chunk"}


def test_the_usage_comes_last_where_it_is_wished() -> None:
    *before, last = chunks(replace(SHELL, text=TEXT), includes_usage=True)

    assert last["choices"] == []
    assert last["usage"]["total_tokens"] == 8
    assert {json.dumps(chunk["usage"]) for chunk in before} == {"null"}
    assert all("usage" not in chunk for chunk in chunks(replace(SHELL, text=TEXT)))


def test_the_arguments_of_a_call_come_in_pieces() -> None:
    arguments = json.dumps({"city": "Rome", "days": [1, 2, 3], "why": "It is said to be old."})
    call = ToolCall(id="c1", type="function", function=CalledFunction(name="look", arguments=arguments))

    told = [delta["tool_calls"][0] for delta in deltas(replace(SHELL, call=call)) if delta]

    assert (told[0]["id"], told[0]["function"]) == ("c1", {"name": "look", "arguments": ""})
    assert len(told) > 2
    assert "".join(piece["function"]["arguments"] for piece in told) == arguments
