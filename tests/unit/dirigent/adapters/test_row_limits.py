"""What a row may hold whichever store keeps it; how each store refuses is told in tests/contract."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from dirigent.adapters import row_limits
from dirigent.domain.outcomes import Category
from dirigent.ports.records import LONGEST_TEXT


def test_makes_values_plain() -> None:
    elsewhere = datetime(2031, 5, 6, 1, tzinfo=timezone(timedelta(hours=2)))

    values = row_limits.checked({"category": Category.TIMEOUT, "at": elsewhere, "yes": True})

    assert values == {"category": "TIMEOUT", "at": datetime(2031, 5, 5, 23, tzinfo=UTC), "yes": True}
    assert [type(value) for value in values.values()] == [str, datetime, bool]


def test_a_refusal_says_what_and_why() -> None:
    with pytest.raises(row_limits.RowRefused) as refused:
        row_limits.checked({"topic": "x" * (LONGEST_TEXT + 1)})

    assert str(refused.value) == (
        "The value 'topic' of 32001 characters cannot be kept: a text has at most 32000."
    )
    assert (refused.value.what, refused.value.limit) == (
        "The value 'topic' of 32001 characters",
        "a text has at most 32000",
    )


def test_counts_as_the_narrowest_store_does() -> None:
    row_limits.checked({"a": "🎼" * (LONGEST_TEXT // 2)})

    with pytest.raises(row_limits.RowRefused, match="32002"):
        row_limits.checked({"a": "🎼" * (LONGEST_TEXT // 2 + 1)})


def test_a_mebibyte_is_the_end() -> None:
    values = {f"n{n:02}": "x" * LONGEST_TEXT for n in range(16)}
    taken = row_limits.ROW_ITSELF + sum(row_limits.value_size(*item) for item in values.items())
    rest = (row_limits.LARGEST_ROW - taken - row_limits.value_size("z", "")) // 2

    row_limits.checked({**values, "z": "x" * rest})

    with pytest.raises(row_limits.RowRefused, match="1048578"):
        row_limits.checked({**values, "z": "x" * (rest + 1)})
