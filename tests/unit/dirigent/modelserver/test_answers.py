"""The form an answer is to have."""

import json
from typing import Any

import pytest

from dirigent.domain.answers import instruction
from dirigent.domain.steps import AnswerField
from dirigent.modelserver.answers import LONGEST, Form, an_object, form_of
from dirigent.modelserver.conversations import Question
from dirigent.modelserver.errors import ApiError
from dirigent.modelserver.orders import Format, NamedSchema
from dirigent.modelserver.schemas import Branch, Leaf, Listing, read

FIELDS = (
    AnswerField(name="summary", description="Two lines; no more."),
    AnswerField(name="mood", one_of=("calm; quiet", 'so "so"'), description="How it is."),
    AnswerField(name="score", type="number"),
    AnswerField(name="votes", type="integer"),
    AnswerField(name="is_urgent", type="boolean"),
    AnswerField(name="tags", type="list"),
)


def form(**properties: Any) -> Form:
    return Form(read({"type": "object", "properties": properties}, "response_format"))


def asking(prompt: str = "Go.", instructions: str = "") -> Question:
    return Question(instructions=instructions, prompt=prompt, wish=prompt)


def fields_of(wanted: Format | None, question: Question) -> tuple[AnswerField, ...]:
    found = form_of(wanted, question)
    return () if found is None else found.fields


def test_asks_for_the_fields_by_their_own_names() -> None:
    person = {"type": "object", "properties": {"name": {"type": "string"}, "age": {"type": "integer"}}}
    place = {"type": "object", "properties": {"name": {"type": "string"}}}

    names = [field.name for field in form(person=person, place=place).fields]

    assert names == ["person_name", "age", "place_name"]


def test_an_answer_that_fits_stays_as_it_is() -> None:
    text = '{"mood":  "calm"}'

    assert form(mood={"type": "string"}).filled(text) == text


def test_puts_what_was_found_where_the_schema_wants_it() -> None:
    steps = {
        "type": "array",
        "minItems": 2,
        "items": {"type": "object", "properties": {"title": {"type": "string"}, "kind": {"const": "step"}}},
    }

    filled = form(goal={"type": "string"}, steps=steps).filled('{"goal": "Rome", "title": "Pack."}')

    step = {"title": "Pack.", "kind": "step"}
    assert json.loads(filled) == {"goal": "Rome", "steps": [step, step]}


@pytest.mark.parametrize(
    ("schema", "found", "value"),
    [
        ({"type": "number", "minimum": 0, "maximum": 1}, 5.0, 1),
        ({"type": "integer", "minimum": 3}, 1, 3),
        ({"type": "string", "maxLength": 3}, "abcd", "abc"),
        ({"type": "string", "minLength": 3}, "a", "a.."),
        ({"type": "array", "maxItems": 1}, ["a", "b"], ["a"]),
        ({"type": "array", "minItems": 2}, ["a"], ["a", "a"]),
        ({"type": "array", "minItems": 1}, [], [""]),
        ({"type": "boolean"}, True, True),
    ],
)
def test_keeps_within_bounds(schema: Any, found: object, value: object) -> None:
    filled = form(it=schema).filled(json.dumps({"it": found}))

    assert json.loads(filled) == {"it": value}


def test_puts_what_was_spoken_of_in_the_place_of_texts() -> None:
    properties = {"to": {"type": "string"}, "about": {"type": "string"}, "unit": {"enum": ["c", "f"]}}

    filled = form(**properties).filled('{"to": "x", "about": "y", "unit": "c"}', ("Rome",))

    assert json.loads(filled) == {"to": "Rome", "about": "Rome", "unit": "c"}


@pytest.mark.parametrize("text", ['{"mood": "ca', "[]", '{"other": 1}'])
def test_leaves_alone_what_was_cut_short_or_is_something_else(text: str) -> None:
    assert form(mood={"type": "string", "maxLength": 1}).filled(text) == text


def test_nothing_to_fill_in_is_an_empty_object() -> None:
    assert form().filled("A text.") == "{}"


@pytest.mark.parametrize("wanted", [None, Format(type="text"), Format(type="json_object")])
def test_reads_the_fields_from_a_prompt_of_the_app(wanted: Format | None) -> None:
    prompt = f"Judge it.\n\n{instruction(FIELDS)}"

    assert fields_of(wanted, asking(prompt)) == FIELDS


@pytest.mark.parametrize(
    "prompt", ["Go.", f"{instruction(FIELDS)}\nAnd be brief.", f"<data>\n{instruction(FIELDS)}\n</data>"]
)
def test_takes_nothing_else_for_a_list_of_fields(prompt: str) -> None:
    assert form_of(None, asking(prompt)) is None


def test_reads_the_fields_from_a_schema() -> None:
    schema = {"type": "object", "properties": {"mood": {"enum": ["calm", "upset"]}}}
    wanted = Format(type="json_schema", json_schema=NamedSchema(name="answer", schema=schema))

    assert fields_of(wanted, asking()) == (AnswerField(name="mood", one_of=("calm", "upset")),)


@pytest.mark.parametrize(
    ("wanted", "param"),
    [
        (Format(type="json_object"), "messages"),
        (Format(type="json_schema"), "response_format.json_schema"),
        (
            Format(type="json_schema", json_schema=NamedSchema(name="answer")),
            "response_format.json_schema.schema",
        ),
    ],
)
def test_refuses_half_a_wish(wanted: Format, param: str) -> None:
    with pytest.raises(ApiError) as caught:
        form_of(wanted, asking())

    assert (caught.value.status, caught.value.param) == (400, param)


@pytest.mark.parametrize("question", [asking("As JSON."), asking("Go.", "Speak json.")])
def test_a_json_object_is_given_to_whoever_says_so(question: Question) -> None:
    assert form_of(Format(type="json_object"), question) is None


@pytest.mark.parametrize(
    ("text", "value"), [('{"a": 1}', {"a": 1}), ("Yes.", {"answer": "Yes."}), ("[1]", {"answer": "[1]"})]
)
def test_any_text_becomes_an_object(text: str, value: object) -> None:
    assert json.loads(an_object(text)) == value


@pytest.mark.parametrize("name", [r'"a\q"', r'"\ud800"', r'"\u12"'])
def test_a_name_that_is_no_json_makes_no_field(name: str) -> None:
    head = "Answer with one JSON object and nothing else. Its fields, all of them needed:\n"
    prompt = f"{head}- {name}: a text"

    assert form_of(None, Question(instructions="", prompt=prompt, wish=prompt)) is None


def test_refuses_to_repeat_a_long_text_without_measure() -> None:
    form = Form(Branch(parts={"it": Listing(item=Leaf(path=("it",), type="string"), shortest=1_000)}))

    with pytest.raises(ApiError) as caught:
        form.filled(json.dumps({"it": "a" * (LONGEST // 1_000 + 1)}))

    assert caught.value.status == 400
    assert len(json.loads(form.filled(json.dumps({"it": "a"})))["it"]) == 1_000
