"""Rows of dead letters."""

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from dirigent.adapters import row_limits
from dirigent.domain.dead_letters import DeadLetter, State
from dirigent.domain.events import Property
from dirigent.domain.runs import Held
from dirigent.ports.records import Row, Values
from dirigent.records.letter_rows import letter_of, letter_values, standing_values
from dirigent.records.unreadable import Unreadable

Dead = Callable[..., DeadLetter]


def row(letter: DeadLetter, values: Values) -> Row:
    return Row(partition=letter.account, key=letter.id, values=dict(values), etag="1")


def test_a_letter_comes_back_as_it_was(dead: Dead) -> None:
    letter = dead(
        state=State.REPLAYED,
        message=Held(artifact="dead-letters/x/message.txt"),
        is_base64=True,
        step="write",
        delivery_count=3,
        replays=2,
        batch="redrive-1",
        error="The bus was away.",
    )

    assert letter_of(row(letter, letter_values(letter))) == letter


def test_what_is_no_longer_so_does_not_show_through(dead: Dead) -> None:
    before = dead(run="run-1", step="write", batch="b", error="away", message=Held(text="{}"))
    after = replace(before, run=None, step=None, batch=None, error="")

    assert letter_of(row(after, {**letter_values(before), **standing_values(after)})) == after


def test_as_many_properties_as_a_message_may_have_fit_and_come_back(dead: Dead) -> None:
    properties: dict[str, Property] = {f"name-{number}": "ü\u0001" * 200 for number in range(100)}
    letter = dead(properties=properties, message=Held(text="{}"))

    values = row_limits.checked(letter_values(letter))

    assert letter_of(row(letter, values)).properties == properties


def test_what_senders_made_too_long_is_cut(dead: Dead) -> None:
    letter = dead(type="t" * 40_000, correlation_id="c" * 40_000, description="d" * 40_000, reason="r\ud800")

    values = row_limits.checked(letter_values(letter))

    assert [len(str(values[name])) for name in ("type", "correlation_id", "description")] == [300, 300, 2000]
    assert values["reason"] == "r?"


@pytest.mark.parametrize("spoilt", [{"state": "lost"}, {"died_at": "noon"}, {"properties_0": "{"}])
def test_a_spoilt_row_is_unreadable(dead: Dead, spoilt: dict[str, str]) -> None:
    letter = dead(message=Held(text="{}"))

    with pytest.raises(Unreadable, match="dead letter"):
        letter_of(row(letter, {**letter_values(letter), **spoilt}))
