"""Filters as the service reads them, and tokens that nobody else can make use of."""

import operator
import re
from typing import Any

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from dirigent.adapters.tables.entities import kept_text
from dirigent.adapters.tables.queries import LONGEST_COMPARED, Place, Query, literal
from dirigent.ports.records import TokenRefused

_WORD = re.compile(r" *(?:(?P<text>'(?:[^']|'')*')|X'(?P<bytes>[0-9a-f]*)'|(?P<name>\w+))", re.DOTALL)
RELATIONS = {"eq": operator.eq, "ge": operator.ge, "le": operator.le}

TEXTS = st.one_of(
    st.sampled_from(["", "it's", "' or ''='", "' and PartitionKey ne '", "x" * 500, "\0"]),
    st.text(st.characters(codec="utf-8")),
)
PLACES = st.builds(Place, partition=st.none() | TEXTS, key=st.none() | TEXTS)


def words(condition: str) -> list[str | bytes]:
    """The condition in its parts; names and literals are told apart by a sign before names."""
    found: list[str | bytes] = []
    position = 0
    while position < len(condition):
        match = _WORD.match(condition, position)
        assert match is not None, condition[position:]
        position = match.end()
        if match["text"] is not None:
            found.append(match["text"][1:-1].replace("''", "'"))
        elif match["bytes"] is not None:
            found.append(bytes.fromhex(match["bytes"]))
        else:
            found.append("#" + match["name"])
    return found


def passes(condition: str, entity: dict[str, Any]) -> bool:
    """As the service decides: names, relations and literals, joined by `and`."""
    parts = words(condition)
    outcomes = []
    for start in range(0, len(parts), 4):
        name, relation, wanted, *link = parts[start : start + 4]
        assert link in ([], ["#and"])
        value = entity.get(str(name)[1:])
        compare = RELATIONS[str(relation)[1:]]
        outcomes.append(isinstance(value, type(wanted)) and compare(value, wanted))
    return all(outcomes)


def query(**asked: Any) -> Query:
    return Query(**{"table": "things", "partition": None, "first": None, "last": None, "where": {}, **asked})


@given(TEXTS)
@example("'")
def test_a_literal_is_one_and_ends_where_it_should(text: str) -> None:
    assert words(literal(text)) == [text]
    assert words(literal(text.encode())) == [text.encode()]


@given(asked=TEXTS, kept=TEXTS)
@example(asked="x" * 500, kept="x" * 501)
@example(asked="x" * 201, kept="x" * 200)
def test_the_service_rules_out_nothing_that_fits(asked: str, kept: str) -> None:
    wish = query(where={"a": asked})
    entity = {"a": kept_text(kept)}

    assert passes(wish.filter(), {"a": kept_text(asked)})
    if not passes(wish.filter(), entity):
        assert not wish.fits({"a": kept})
    if len(kept_text(asked)) <= LONGEST_COMPARED:
        assert passes(wish.filter(), entity) == (asked == kept)


@given(partition=TEXTS, first=TEXTS, last=TEXTS, key=TEXTS)
def test_asks_for_one_partition_and_both_ends(partition: str, first: str, last: str, key: str) -> None:
    wish = query(partition=partition, first=first, last=last)

    assert passes(wish.filter(), {"PartitionKey": partition, "RowKey": key}) == (first <= key <= last)
    assert not passes(wish.filter(), {"PartitionKey": partition + "x", "RowKey": key})


def test_asks_for_everything_by_asking_for_nothing() -> None:
    assert query().filter() == ""


def test_a_long_text_of_odd_characters_is_looked_for_here() -> None:
    wish = query(where={"a": "\0" * 500})

    assert wish.filter() == ""
    assert wish.fits({"a": "\0" * 500})
    assert not wish.fits({"a": "\0" * 501})


@pytest.mark.parametrize("value", [1, True, None, 1.0])
def test_only_a_text_is_equal_to_a_text(value: Any) -> None:
    assert not query(where={"a": "1"}).fits({"a": value})


@given(where=st.dictionaries(st.sampled_from(["a", "b"]), TEXTS))
def test_an_address_has_room_for_the_filter(where: dict[str, str]) -> None:
    longest = query(partition="p" * 500, first="a" * 500, last="z" * 500, where=where).filter()

    assert len(longest) < 4_000


@given(PLACES)
def test_a_token_leads_back_to_its_place(place: Place) -> None:
    wish = query(partition="p", where={"a": "b"})
    token = wish.token(place)

    assert wish.place(token) == place
    assert re.fullmatch(r"[A-Za-z0-9_=-]+", token)


@pytest.mark.parametrize(
    "other",
    [
        {"table": "others"},
        {"partition": "q"},
        {"first": "a"},
        {"last": "a"},
        {"where": {"a": "c"}},
        {"where": {}},
    ],
    ids=str,
)
def test_refuses_a_token_of_another_query(other: dict[str, Any]) -> None:
    token = query(partition="p", where={"a": "b"}).token(Place(partition="p", key="k"))

    with pytest.raises(TokenRefused):
        query(**{"partition": "p", "where": {"a": "b"}, **other}).place(token)


@given(PLACES, st.data())
def test_refuses_a_token_that_was_changed(place: Place, data: st.DataObject) -> None:
    token = query().token(place)
    position = data.draw(st.integers(0, len(token.rstrip("=")) - 2))
    sign = data.draw(st.sampled_from("AZaz09-_"))
    assume(token[position] != sign)

    with pytest.raises(TokenRefused):
        query().place(token[:position] + sign + token[position + 1 :])


def test_begins_at_the_beginning_without_a_token() -> None:
    assert query().place(None) is None
