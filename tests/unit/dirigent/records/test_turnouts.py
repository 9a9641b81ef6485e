"""Turnouts in rows."""

from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from dirigent.domain.outcomes import Category, Missing, Turnout
from dirigent.records.turnouts import MOST_PIECES, PIECE, SHORT, turnout_of, turnout_text, turnout_values

NOON = datetime(2031, 5, 6, 12, tzinfo=UTC)


def missing(number: int, *, because: str = "no result within 30 s") -> Missing:
    return Missing(
        branch=f"branch-{number}", agent="a", category=Category.TIMEOUT, because=because, since=NOON
    )


def turnout(count: int, **missed: str) -> Turnout:
    everybody = tuple(missing(number, **missed) for number in range(count))
    return Turnout(completed_agents=3, timed_out=True, missing=everybody)


@pytest.mark.parametrize("count", [0, 1, 500])
def test_is_read_as_it_was_written(count: int) -> None:
    text = turnout_text(turnout_values(turnout(count)))

    assert text is not None
    assert turnout_of(text) == turnout(count)


def test_there_may_be_none() -> None:
    assert turnout_text(turnout_values(None)) is None


def test_what_is_left_of_a_longer_one_is_none_of_the_shorter() -> None:
    text = turnout_text(turnout_values(turnout(500)) | turnout_values(turnout(1)))

    assert text is not None
    assert turnout_of(text) == turnout(1)


def test_reasons_that_have_no_room_are_cut_before_anybody_is_left_out() -> None:
    text = turnout_text(turnout_values(turnout(1000, because="x" * 300)))

    assert text is not None
    assert turnout_of(text) == turnout(1000, because="x" * SHORT)


def test_a_row_always_has_room_for_it() -> None:
    crowd = turnout(5000, because="x" * 300)
    values = turnout_values(crowd)

    pieces = [piece for name, piece in values.items() if name != "turnout_pieces"]
    assert len(pieces) <= MOST_PIECES
    assert all(len(str(piece)) <= PIECE for piece in pieces)
    kept = turnout_of(turnout_text(values) or "")
    assert len(kept.missing) > 1000
    assert kept.missing == tuple(
        replace(one, because="x" * SHORT) for one in crowd.missing[: len(kept.missing)]
    )
