"""Dead letters as they are told."""

from collections.abc import Callable

import pytest

from dirigent import codec
from dirigent.domain.dead_letters import DeadLetter
from dirigent.records.letter_causes import Cause
from triggers.letter_view import cause_line, letter_line, letter_view

Dead = Callable[..., DeadLetter]


def test_a_line_holds_no_message(dead: Dead) -> None:
    line = letter_line(dead(run="run-1", step="write"))

    assert "message" not in line
    assert (line["task_id"], line["step"], line["error"]) == ("run-1", "write", None)
    assert codec.from_json(dict, codec.to_json(line))["enqueued_at"] == "2030-01-01T00:00:00Z"


@pytest.mark.parametrize(
    ("text", "message", "encoding"),
    [('{"a": 1}', {"a": 1}, "json"), ("{broken", "{broken", "text"), ("[1]", "[1]", "text")],
)
def test_a_message_is_told_as_what_it_is(dead: Dead, text: str, message: object, encoding: str) -> None:
    view = letter_view(dead(), text)

    assert (view["message"], view["encoding"], view["message_lost"]) == (message, encoding, None)


def test_what_is_no_text_is_told_in_base64(dead: Dead) -> None:
    view = letter_view(dead(is_base64=True), "AAE=")

    assert (view["message"], view["encoding"]) == ("AAE=", "base64")


def test_a_lost_message_is_told_as_lost(dead: Dead) -> None:
    view = letter_view(dead(), None, "It is gone.")

    assert (view["message"], view["encoding"], view["message_lost"]) == (None, None, "It is gone.")


def test_a_cause_shows_its_example(dead: Dead) -> None:
    letter = dead(reason="late")
    line = cause_line(Cause(count=3, first=letter.died_at, last=letter.died_at, example=letter))

    assert (line["count"], line["reason"], line["example"]) == (3, "late", letter.id)
