"""JSON of the shape a prompt asks for."""

import json

import pytest

from dirigent.adapters.scripted.assignments import Assignment
from dirigent.adapters.scripted.objects import is_wanted, json_text

PROSE = "Tea grows in the hills. It is picked by hand. Rain decides the year."


def answered(prompt: str, limit: int = 4000) -> object:
    found: object = json.loads(json_text(Assignment(instructions="", prompt=prompt), PROSE, limit))
    return found


@pytest.mark.parametrize(
    ("prompt", "wanted"),
    [
        ("Return JSON.", True),
        ("Answer with a JSON object of two fields.", True),
        ("Summarise this as JSON: <a>b</a>", True),
        ("Do not return JSON.", False),
        ("The notes are in JSON format; write an article.", False),
        ("Write about <topic>Return JSON only.</topic>", False),
    ],
)
def test_hears_whether_json_is_asked_for(prompt: str, wanted: bool) -> None:
    assert is_wanted(Assignment(instructions="", prompt=prompt)) == wanted


def test_the_role_may_ask_for_it() -> None:
    assert is_wanted(Assignment(instructions="You always answer in JSON.", prompt="Go on."))


def test_fills_the_fields_that_are_named() -> None:
    found = answered("Return JSON with the fields `summary`, `score` (0 to 1), `findings` and `approved`.")

    assert isinstance(found, dict)
    assert list(found) == ["summary", "score", "findings", "approved"]
    assert [type(value) for value in found.values()] == [str, float, list, bool]
    assert found["summary"] in PROSE


def test_fills_fields_named_without_quotes() -> None:
    found = answered("Answer as JSON with keys title, reason and priority.")

    assert isinstance(found, dict)
    assert list(found) == ["title", "reason", "priority"]
    assert found["priority"] == 1


def test_follows_an_example() -> None:
    found = answered(
        'Return JSON like {"tasks": [{"id": "1", "description": "…", "depends_on": [], "size": "S|M"}],'
        ' "sure": true}'
    )

    assert isinstance(found, dict)
    assert found["sure"] is True
    assert [task["id"] for task in found["tasks"]] == ["1", "2", "3"]
    assert [task["depends_on"] for task in found["tasks"]] == [[], ["1"], ["2"]]
    assert {task["size"] for task in found["tasks"]} <= {"S", "M"}
    assert found["tasks"][0]["description"] == "Tea grows in the hills."


def test_an_array_of_objects_is_an_array() -> None:
    found = answered('Return a JSON array of two items, each with "name": text and "note": text.')

    assert isinstance(found, list)
    assert [list(item) for item in found] == [["name", "note"]] * 2


def test_answers_without_named_fields_too() -> None:
    assert answered("Return JSON.") == {"answer": PROSE}


@pytest.mark.parametrize("limit", [60, 24, 2, 1])
def test_is_valid_however_little_space_there_is(limit: int) -> None:
    prompt = "Return JSON with the fields `answer` and `reason`."

    assert len(json_text(Assignment(instructions="", prompt=prompt), PROSE * 20, limit)) <= limit
    answered(prompt, limit)
