"""A body is held against the declared fields, and every problem told at once."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dirigent.domain.catalogue import InputField, Workflow
from dirigent.domain.inputs import LARGEST_INTEGER, MOST_PROBLEMS, InputRefused, Problem, check
from dirigent.domain.steps import PublishStep

EVERYTHING = (
    InputField(name="topic", missing="Topic required", max_length=20),
    InputField(name="words", type="integer", required=False),
    InputField(name="warmth", type="number", required=False),
    InputField(name="urgent", type="boolean", required=False),
    InputField(name="languages", type="list", required=False, max_length=10),
)


def workflow(*fields: InputField) -> Workflow:
    step = PublishStep(name="publish", publish="topic", output="address", filename="a.md")
    return Workflow(name="w", description="d", type="t", input=fields, steps=(step,), result={})


def problems(body: object, *fields: InputField) -> tuple[Problem, ...]:
    with pytest.raises(InputRefused) as refused:
        check(workflow(*(fields or EVERYTHING)), body)
    return refused.value.problems


def test_passes_what_fits_in_declared_order() -> None:
    body = {"languages": ["de", 1], "urgent": False, "warmth": 1, "words": 0, "topic": "Bees"}

    found = check(workflow(*EVERYTHING), body)

    assert list(found.items()) == list(reversed(body.items()))


def test_leaves_out_what_was_left_out() -> None:
    body: object = {"topic": "Bees", "words": None, "languages": [], "note": " \n"}

    assert check(workflow(*EVERYTHING, InputField(name="note", required=False)), body) == {"topic": "Bees"}


@pytest.mark.parametrize("body", [None, {}, {"topic": None}, {"topic": ""}, {"topic": " \n"}])
def test_says_the_declared_sentence_of_a_missing_field(body: object) -> None:
    assert problems(body) == (Problem(field="topic", message="Topic required"),)


def test_all_that_is_wrong_reads_as_sentences_whatever_the_catalogue_says() -> None:
    with pytest.raises(InputRefused) as refused:
        check(workflow(*EVERYTHING), {"hue": 1, "words": "x"})

    told = str(refused.value)
    assert told.startswith("Topic required. The field 'words' must be a whole number")
    assert ". The workflow knows no field 'hue'" in told
    assert told.endswith(".")


def test_makes_up_a_sentence_where_none_is_declared() -> None:
    (problem,) = problems({"tags": []}, InputField(name="tags", type="list"))

    assert problem == Problem(field="tags", message="The field 'tags' is required: send a list.")


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("topic", 5, "must be a text, not the number 5"),
        ("topic", ["a"], "must be a text, not a list"),
        ("topic", "x" * 21, "is 21 characters long: shorten it to 20"),
        ("topic", "\ud800", "lone surrogate"),
        ("words", "5", "must be a whole number, not a text"),
        ("words", 5.0, "must be a whole number, not the number 5.0"),
        ("words", True, "must be a whole number, not true"),
        ("words", LARGEST_INTEGER + 1, "send larger numbers as text"),
        ("warmth", False, "must be a number, not false"),
        ("warmth", float("nan"), "must be a finite number"),
        ("urgent", 1, "must be true or false, not the number 1"),
        ("languages", {"a": 1}, "must be a list, not an object"),
        ("languages", "de", "must be a list, not a text"),
        ("languages", ["12345", "123456"], "is 11 characters long"),
    ],
)
def test_refuses_what_does_not_fit(field: str, value: object, says: str) -> None:
    (problem,) = problems({"topic": "Bees", field: value})

    assert problem.field == field
    assert says in problem.message


@pytest.mark.parametrize("item", [None, [], {}, float("inf"), "\udfff"])
def test_names_the_item_of_a_list(item: object) -> None:
    (problem,) = problems({"topic": "Bees", "languages": ["de", item]})

    assert problem.field == "languages[1]"


def test_names_the_field_that_was_probably_meant() -> None:
    (problem,) = problems({"topic": "Bees", "Word": 5})

    assert problem.message == "The workflow knows no field 'Word': did you mean 'words'?"


def test_lists_the_fields_when_none_is_near() -> None:
    (problem,) = problems({"topic": "a", "zzz": 5}, InputField(name="topic"))

    assert problem.message == "The workflow knows no field 'zzz': the workflow's fields are 'topic'."


@pytest.mark.parametrize("body", ["Bees", 5, True, ["topic"]])
def test_asks_for_an_object(body: object) -> None:
    (problem,) = problems(body, InputField(name="topic"))

    assert problem.field == ""
    assert problem.message.endswith("send a JSON object with the fields 'topic'.")


def test_tells_every_problem_and_the_declared_fields_first() -> None:
    found = problems({"odd": 1, "words": "x", "urgent": 0})

    assert [problem.field for problem in found] == ["topic", "words", "urgent", "odd"]


def test_the_sentence_is_the_first_problem() -> None:
    with pytest.raises(InputRefused) as refused:
        check(workflow(*EVERYTHING), {"words": "x"})

    assert refused.value.sentence == "Topic required"


def test_a_body_of_nonsense_is_answered_briefly() -> None:
    body = {"topic": "Bees", "languages": [None] * 10_000} | {f"f{n}": n for n in range(10_000)}

    assert len(problems(body)) == 2 * MOST_PROBLEMS


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(st.characters()), inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from([field.name for field in EVERYTHING]) | st.text(), JSON) | JSON)
def test_either_refuses_or_passes_what_can_be_written_down(body: object) -> None:
    try:
        found = check(workflow(*EVERYTHING), body)
    except InputRefused as refused:
        told = [problem.message.encode() for problem in refused.problems]
        assert told
    else:
        assert json.loads(json.dumps(found, allow_nan=False).encode()) == found
        assert found["topic"]
