"""Rows as Azure Tables keeps them, and back."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dirigent.adapters.tables.entities import MARK, ORIGIN, entity, is_etag, kept_text, row
from dirigent.ports.records import LONGEST_TEXT, Value

#: The most bytes, and UTF-16 units, that the service keeps of one property.
MOST_BYTES = 65_536

VALUES = st.one_of(
    st.text(st.characters(codec="utf-8")),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    st.booleans(),
    st.datetimes(datetime(1601, 1, 1), datetime(9999, 12, 30), timezones=st.just(UTC)),  # noqa: DTZ001
)


class SdkDatetime(datetime):
    """As the SDK gives instants back: of a class of its own."""


def sent_and_found(value: Any) -> Any:
    """What the SDK makes of a property on its way to the service and back."""
    if isinstance(value, tuple) and value[1] == "Edm.Binary":
        return value[0]
    if isinstance(value, datetime):
        return SdkDatetime.fromisoformat(value.isoformat())
    return json.loads(json.dumps(value)) if isinstance(value, str | float) else value


@given(st.dictionaries(st.sampled_from(["a", "b", "etag", "_x"]), VALUES))
@example({"a": "a\0b", "b": "\ufffe"})
@example({"a": 1.0, "b": 1, "etag": True})
def test_a_row_comes_back_as_it_went(values: dict[str, Value]) -> None:
    sent = entity("p", "k", values, **{MARK: "1", ORIGIN: "2"})
    found = {name: sent_and_found(value) for name, value in sent.items()}

    came = row(found, "etag")

    assert (came.partition, came.key, came.etag, came.values) == ("p", "k", "etag", values)
    assert {name: type(value) for name, value in came.values.items()} == {
        name: type(value) for name, value in values.items()
    }


def test_a_fraction_that_lost_its_point_is_a_fraction() -> None:
    value = row({"PartitionKey": "p", "RowKey": "k", "n": 5}, "etag").values["n"]

    assert (value, type(value)) == (5.0, float)


def test_what_the_service_adds_is_no_value() -> None:
    found = {"PartitionKey": "p", "RowKey": "k", "Timestamp": "t", MARK: "1", ORIGIN: "2", "a": "b"}

    assert row(found, "etag").values == {"a": "b"}


@pytest.mark.parametrize(
    "value", [None, b"odd", UUID(int=1), float("nan"), (b"", "Edm.Guid"), ("x", "Edm.Int64")], ids=str
)
def test_a_row_with_a_value_of_somebody_elses_comes_without_values(value: object) -> None:
    found = {"PartitionKey": "p", "RowKey": "k", "a": "b", "spoilt": value}

    assert row(found, "etag").values == {}


@given(st.text(st.characters(codec="utf-8")))
@example("\0")
def test_only_texts_that_may_not_survive_are_kept_as_bytes(text: str) -> None:
    kept = kept_text(text)

    assert kept == (text.encode("utf-16-le") if set(text) & ODD else text)


ODD = {chr(code) for code in range(32)} - set("\t\n\r") | {"\ufffe", "\uffff"}


@pytest.mark.parametrize("text", ["\0" * LONGEST_TEXT, "\0\0" + "🎼" * (LONGEST_TEXT // 2 - 1)], ids=ascii)
def test_the_longest_text_has_room_as_bytes(text: str) -> None:
    assert len(kept_text(text)) <= MOST_BYTES


@pytest.mark.parametrize("text", ["W/\"datetime'2031-05-06T12%3A30%3A15.1234567Z'\"", 'W/"1"'])
def test_knows_an_etag(text: str) -> None:
    assert is_etag(text)


@pytest.mark.parametrize(
    "text", ["", "*", "of nobody", '"1"', 'W/""', 'W/"a"b"', 'W/"é"', 'W/"a\r\n"', 'W/"1"\n']
)
def test_knows_what_is_no_etag(text: str) -> None:
    assert not is_etag(text)
