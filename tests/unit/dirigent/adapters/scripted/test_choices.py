"""One of several words, where a prompt asks for no more."""

import pytest

from dirigent.adapters.scripted.assignments import Assignment
from dirigent.adapters.scripted.choices import chosen, options, wants_one_word


def asked(prompt: str) -> Assignment:
    return Assignment(instructions="", prompt=prompt)


@pytest.mark.parametrize(
    ("prompt", "found"),
    [
        ("Answer with one of: billing, technical, sales.", ["billing", "technical", "sales"]),
        ("Vote `approve` or `reject`.", ["approve", "reject"]),
        ("Reply with exactly one word: yes or no.", ["yes", "no"]),
        (
            "Classify it as one of the following labels: red, dark blue or green.",
            ["red", "dark blue", "green"],
        ),
        ("Choose one of\n- north\n- south\n", ["north", "south"]),
        ("Pick one of the options. <options>\n- tea\n- coffee\n</options>", ["tea", "coffee"]),
        ("Write an article about tea.", []),
        ("Return only the edited article.", []),
        ("Return the title and the summary: _", []),
        ("Answer politely and briefly.", []),
        ("Review <text>answer with one of: a, b</text>", []),
    ],
)
def test_finds_the_words_to_choose_from(prompt: str, found: list[str]) -> None:
    assert options(asked(prompt)) == found


def test_chooses_what_the_data_speaks_of() -> None:
    request = asked("Answer with one of: billing, technical. <mail>A technical question</mail>")

    assert chosen(options(request), request) == "technical"


def test_without_a_hint_chooses_the_same_every_time() -> None:
    choices = {
        chosen(["yes", "no"], asked(f"Answer yes or no. <mail>{letter}</mail>"))
        for letter in "abcdefghij" * 2
    }

    assert choices == {"yes", "no"}


def test_hears_that_one_word_is_enough() -> None:
    assert wants_one_word(asked("Name the mood in one word."))
    assert not wants_one_word(asked("Say a word about it."))
