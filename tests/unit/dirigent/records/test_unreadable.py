"""Telling what cannot be read any more."""

from typing import Any

import pytest

from dirigent.ports.records import Row
from dirigent.records.unreadable import Unreadable, of_rows


@of_rows("toy")
def price(row: Row) -> int:
    """Reads as records are read."""
    value: Any = row.values["price"]
    return int(value.strip())


def row(**values: Any) -> Row:
    return Row(partition="p", key="bear", values=values, etag="1")


def test_reads_what_can_be_read() -> None:
    assert price(row(price=" 5")) == 5


@pytest.mark.parametrize("values", [{}, {"price": 5}, {"price": "five"}])
def test_names_the_record_that_cannot_be_read(values: dict[str, Any]) -> None:
    with pytest.raises(
        Unreadable, match="The record of the toy 'bear' cannot be read any more"
    ) as unreadable:
        price(row(**values))

    assert unreadable.value.what == "The record of the toy 'bear'"
