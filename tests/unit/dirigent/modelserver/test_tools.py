"""Which tool an answer calls, and with what."""

import json
from typing import Any

import pytest

from dirigent.modelserver.conversations import Question
from dirigent.modelserver.errors import ApiError
from dirigent.modelserver.orders import ChatOrder
from dirigent.modelserver.tools import Calling, calling

WEATHER = {
    "name": "get_weather",
    "description": "The weather of a city.",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
}
MAIL = {"name": "sendMail", "description": "Write to somebody."}


def called(wish: str, *functions: Any, results: tuple[str, ...] = (), **fields: Any) -> Calling | None:
    tools = [{"type": "function", "function": function} for function in functions]
    body = {"model": "a", "messages": [{"role": "user", "content": wish}], "tools": tools, **fields}
    question = Question(instructions="", prompt=wish, wish=wish, results=results)
    return calling(ChatOrder.read(json.dumps(body).encode()), question)


def name_of(found: Calling | None) -> str | None:
    return None if found is None else found.name


@pytest.mark.parametrize(
    ("wish", "name"),
    [
        ("What is the weather in Rome?", "get_weather"),
        ("Compare cities.", None),
        ("Which city is best?", "get_weather"),
        ("Send a mail to Rome.", "sendMail"),
        ("Tell a joke.", None),
    ],
)
def test_calls_the_tool_that_the_user_speaks_of(wish: str, name: str | None) -> None:
    assert name_of(called(wish, MAIL, WEATHER)) == name


def test_calls_none_where_none_is_to_be_called() -> None:
    assert called("What is the weather?") is None
    assert called("What is the weather?", WEATHER, tool_choice="none") is None
    assert called("What is the weather?", WEATHER, results=("21 degrees",)) is None


def test_calls_one_where_one_must_be_called() -> None:
    found = called("Tell a joke.", MAIL, WEATHER, results=("x",), tool_choice="required")

    assert found is not None
    assert (found.name, found.is_ordered, found.finish) == ("sendMail", True, "tool_calls")


def test_calls_the_one_that_is_named() -> None:
    choice = {"type": "function", "function": {"name": "get_weather"}}

    found = called("Tell a joke.", MAIL, WEATHER, tool_choice=choice)

    assert found is not None
    assert (found.name, found.is_ordered, found.finish) == ("get_weather", True, "stop")


def test_refuses_a_name_that_no_tool_has() -> None:
    choice = {"type": "function", "function": {"name": "dig"}}

    with pytest.raises(ApiError, match="'dig'") as caught:
        called("Go.", WEATHER, tool_choice=choice)

    assert caught.value.param == "tool_choice"


def test_refuses_parameters_it_cannot_fill_in_even_of_a_tool_it_does_not_call() -> None:
    odd = {"name": "odd", "parameters": {"type": "object", "properties": {"a": {"pattern": "x"}}}}

    with pytest.raises(ApiError) as caught:
        called("What is the weather?", WEATHER, odd)

    assert caught.value.param == "tools[1].function.parameters"


@pytest.mark.parametrize(
    ("wish", "spoken"),
    [
        ("What is the weather in Rome?", ("Rome", "weather Rome")),
        ('Look for "green tea" in New York', ("green tea", "New York", "Look green tea")),
        ("?", ("anything",)),
    ],
)
def test_knows_what_the_user_spoke_of(wish: str, spoken: tuple[str, ...]) -> None:
    found = called(wish, WEATHER, tool_choice="required")

    assert found is not None
    assert found.spoken == spoken


def test_every_call_has_an_id_of_its_own() -> None:
    found = called("What is the weather?", WEATHER)

    assert found is not None
    first, second = found.call("{}"), found.call("{}")
    assert first.function == second.function
    assert first.function.arguments == "{}"
    assert first.id != second.id
