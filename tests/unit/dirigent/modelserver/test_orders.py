"""What a chat completion is asked for, as it comes over the wire."""

import json
from typing import Any

import pytest

from dirigent.modelserver.errors import ApiError
from dirigent.modelserver.orders import DEFAULT_LIMIT, ChatOrder, Function, Tool

TOOL = {"type": "function", "function": {"name": "look"}}


def order(**fields: Any) -> ChatOrder:
    body = {"model": "large", "messages": [{"role": "user", "content": "Go."}], **fields}
    return ChatOrder.read(json.dumps(body).encode())


@pytest.mark.parametrize(
    ("fields", "limit"),
    [({}, DEFAULT_LIMIT), ({"max_tokens": 5}, 5), ({"max_completion_tokens": 6, "max_tokens": None}, 6)],
)
def test_knows_the_limit_under_both_names(fields: dict[str, Any], limit: int) -> None:
    assert order(**fields).limit == limit


def test_a_stream_has_the_usage_only_where_it_is_wished() -> None:
    wishes: tuple[dict[str, Any], ...] = ({}, {"include_usage": False}, {"include_usage": True})

    told = [order(stream=True, stream_options=wish).includes_usage for wish in wishes]

    assert told == [False, False, True]


def test_takes_what_changes_nothing() -> None:
    taken = order(n=1, logprobs=False, modalities=["text"], stop=[], seed=7, user="u", tools=[TOOL])

    assert taken.tools == [Tool(type="function", function=Function(name="look"))]


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"n": 2}, "n"),
        ({"n": 0}, "n"),
        ({"logprobs": True}, "logprobs"),
        ({"stop": "."}, "stop"),
        ({"modalities": ["text", "audio"]}, "modalities"),
        ({"functions": []}, "functions"),
        ({"function_call": "auto"}, "function_call"),
        ({"max_tokens": 5, "max_completion_tokens": 5}, "max_tokens"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"temperature": 2.5}, "temperature"),
        ({"tool_choice": "auto"}, "tool_choice"),
        ({"tools": [{"type": "custom"}]}, "tools[0].type"),
        ({"tools": [TOOL], "tool_choice": "often"}, "tool_choice"),
        ({"stream_options": {"include_usage": True}}, "stream_options"),
        ({"model": ""}, "model"),
        ({"model": "m" * 257}, "model"),
        ({"tools": [TOOL] * 129}, "tools"),
        ({"messages": [{"role": "user", "content": "Go."}] * 2_049}, "messages"),
    ],
)
def test_refuses_what_it_does_not_do(fields: dict[str, Any], param: str) -> None:
    with pytest.raises(ApiError) as caught:
        order(**fields)

    assert (caught.value.status, caught.value.param) == (400, param)
