"""Tightens a text without changing what it says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dirigent.adapters.scripted.editing import tightened, wordy


@pytest.mark.parametrize(
    ("draft", "edited"),
    [
        ("It is very really good.", "It is good."),
        ("It should be noted that rain helps.", "Rain helps."),
        ("Due to the fact that it rains, we wait.", "Because it rains, we wait."),
        ("We wait in order to  see the the sea .", "We wait to see the sea."),
        ("What she had had that that day", "What she had had that that day"),
        ("Every day, everybody veryfies.", "Every day, everybody veryfies."),
    ],
)
def test_shortens_a_sentence(draft: str, edited: str) -> None:
    assert tightened(draft) == edited


def test_leaves_headings_code_and_quotations_alone() -> None:
    text = "# A very short tale\n\n> A very old saying.\n\n```\nvery = very\n```\n\nUse `very very` here."

    assert tightened(text) == text


def test_takes_away_needless_blank_lines_and_keeps_nested_lists() -> None:
    assert tightened("\n\n- a\n  - really b\n\n\n\nEnd.  \n") == "- a\n  - b\n\nEnd."


def test_names_each_wordy_turn_once() -> None:
    assert wordy("In order to be very, very brief, in order to stop.") == ["In order to", "very"]


@given(st.text())
def test_never_makes_a_text_much_longer(text: str) -> None:
    assert len(tightened(text)) <= len(text)
