import json
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dirigent.adapters.openai.requests import chat_body, embedding_body, headers, schema, sound
from dirigent.domain.dialects import Dialect
from dirigent.domain.steps import AnswerField
from dirigent.ports.model import Request

FIELDS = st.builds(
    AnswerField,
    name=st.text(min_size=1),
    type=st.sampled_from(["string", "integer", "number", "boolean", "list"]),
    description=st.text(),
    one_of=st.lists(st.text(), max_size=3).map(tuple),
)


def request(*fields: AnswerField, dialect: Dialect | None = None, instructions: str = "Be brief.") -> Request:
    return Request(
        deployment="large",
        dialect=dialect or Dialect(),
        agent="scout",
        instructions=instructions,
        prompt="Tea? \ud83c",
        temperature=0.5,
        token_limit=9,
        answers=fields,
        step="find/it",
    )


def test_says_who_speaks() -> None:
    assert chat_body(request())["messages"] == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Tea? ?"},
    ]


def test_says_nothing_for_a_system_without_words() -> None:
    assert chat_body(request(instructions=" "))["messages"] == [{"role": "user", "content": "Tea? ?"}]


@pytest.mark.parametrize(
    ("dialect", "expected"),
    [
        (Dialect(), {"model", "messages", "temperature", "max_completion_tokens", "response_format"}),
        (Dialect(temperature=False), {"model", "messages", "max_completion_tokens", "response_format"}),
        (
            Dialect(tokens="max_tokens", structure="none"),
            {"model", "messages", "temperature", "max_tokens"},
        ),
    ],
)
def test_says_only_what_the_model_understands(dialect: Dialect, expected: set[str]) -> None:
    assert set(chat_body(request(AnswerField(name="title"), dialect=dialect))) == expected


def test_asks_for_no_form_where_no_fields_are_declared() -> None:
    assert "response_format" not in chat_body(request())


def test_asks_for_declared_fields_by_a_strict_schema() -> None:
    fields = (
        AnswerField(name="title", description=" what it is called "),
        AnswerField(name="count", type="integer"),
        AnswerField(name="parts", type="list"),
        AnswerField(name="verdict", one_of=("keep", "drop")),
    )

    asked = chat_body(request(*fields))["response_format"]

    scalars = [{"type": "string"}, {"type": "number"}, {"type": "boolean"}]
    properties = {
        "title": {"type": "string", "description": "what it is called"},
        "count": {"type": "integer"},
        "parts": {"type": "array", "items": {"anyOf": scalars}},
        "verdict": {"type": "string", "enum": ["keep", "drop"]},
    }
    expected = {
        "type": "object",
        "properties": properties,
        "required": ["title", "count", "parts", "verdict"],
        "additionalProperties": False,
    }
    assert asked == {
        "type": "json_schema",
        "json_schema": {"name": "answer", "strict": True, "schema": expected},
    }


def offered(*fields: AnswerField) -> list[int]:
    """How many choices the schema offers, field by field."""
    properties = cast("dict[str, dict[str, Any]]", schema(fields)["properties"])
    assert [found["type"] for found in properties.values()] == ["string"] * len(fields)
    return [len(found.get("enum", ())) for found in properties.values()]


def choosing(name: str, choices: int, *, length: int = 5) -> AnswerField:
    return AnswerField(name=name, one_of=tuple(f"{n:0{length}}" for n in range(choices)))


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ((choosing("a", 500),), [500]),
        ((choosing("a", 501),), [0]),
        ((choosing("a", 300), choosing("b", 201), choosing("c", 200)), [300, 0, 200]),
        ((choosing("a", 100, length=149), choosing("b", 19)), [100, 19]),
        ((choosing("a", 100, length=150), choosing("b", 20)), [0, 20]),
    ],
    ids=["most", "too many", "too many in all", "longest", "too long"],
)
def test_offers_no_more_choices_than_providers_take(
    fields: tuple[AnswerField, ...], expected: list[int]
) -> None:
    assert offered(*fields) == expected


@given(fields=st.lists(FIELDS, min_size=1, unique_by=lambda field: sound(field.name)))
def test_every_schema_is_strict_and_can_be_sent(fields: list[AnswerField]) -> None:
    found = schema(fields)

    assert found["required"] == [sound(field.name) for field in fields]
    assert found["additionalProperties"] is False
    assert json.loads(json.dumps(found, ensure_ascii=False).encode()) == found


def test_asks_for_vectors_of_texts_that_providers_take() -> None:
    assert embedding_body("v", ("Tea", "", "\udc00")) == {
        "model": "v",
        "input": ["Tea", " ", "?"],
        "encoding_format": "base64",
    }


def test_headers_name_what_there_is() -> None:
    told = headers(request())

    assert told["x-dirigent-agent"] == "scout"
    assert told["x-dirigent-step"] == "find%2Fit"
    assert "x-dirigent-run" not in told
    assert all(text.isascii() for text in told.values())


def test_headers_of_nobody_hold_an_id_of_their_own() -> None:
    first, second = headers(), headers()

    assert list(first) == ["x-client-request-id"]
    assert first != second
