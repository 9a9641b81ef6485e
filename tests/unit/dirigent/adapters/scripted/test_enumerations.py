"""Numbered items, as many as asked for."""

import pytest

from dirigent.adapters.scripted.assignments import Assignment
from dirigent.adapters.scripted.enumerations import items

TEXT = "The sea is blue. Very blue."
LONG = "Tea wants rain. It is picked by hand. Ships carry it. Towns drink it. Some add milk. Few add salt."


def asked(prompt: str, instructions: str = "") -> list[str]:
    return items(Assignment(instructions=instructions, prompt=prompt)).splitlines()


def test_weak_spots_are_those_of_the_text() -> None:
    lines = asked(f"Name the three weakest spots of this text: <text>{TEXT}</text>")

    assert len(lines) == 3
    assert "“blue” (2 times)" in lines[0]
    assert "“Very”" in lines[1]
    assert "“The sea is blue”" in lines[2]


@pytest.mark.parametrize("number", [1, 2, 7, 12])
def test_gives_as_many_as_asked_for_and_none_twice(number: int) -> None:
    for data in (f"<text>{TEXT}</text>", "<topic>tea in Nepal</topic>"):
        lines = asked(f"Name {number} problems of {data}")

        assert len({line.partition(" ")[2] for line in lines}) == number


def test_a_brief_role_gives_fewer() -> None:
    prompt = f"List the claims. <text>{LONG}</text>"

    assert (len(asked(prompt)), len(asked(prompt, "You are brief."))) == (5, 3)


def test_extracts_what_the_text_holds() -> None:
    mail = "Sent on 3 May 2024 by ann@example.org and bo@example.org."

    assert asked(f"Extract all e-mail addresses. <mail>{mail}</mail>") == [
        "1. ann@example.org",
        "2. bo@example.org",
    ]
    assert asked(f"Extract the dates. <mail>{mail}</mail>") == ["1. 3 May 2024"]
    assert len(asked(f"Extract dates and amounts. <mail>{mail}</mail>")) == 1


def test_quotes_the_text_where_nothing_else_is_known() -> None:
    assert asked(f"List the two claims of <text>{LONG}</text>") == [
        "1. Tea wants rain.",
        "2. It is picked by hand.",
    ]


def test_questions_are_questions_about_the_topic() -> None:
    lines = asked("Suggest two questions about <topic>tea</topic>")

    assert all(line.endswith("for tea?") for line in lines)


def test_headlines_name_the_topic() -> None:
    lines = asked("Suggest six headlines for <topic>tea</topic>")

    assert len(lines) == 6
    assert all("tea" in line.lower() for line in lines)
