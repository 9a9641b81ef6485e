"""Texts of filters become trees in which brackets are gone and capitals do not matter."""

import pytest

from devhost.bus.filter_texts import LONGEST, BadFilter, tree_of


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a = 1 or b = 2 and not c = 3", "(a = 1) OR ((b = 2) AND (NOT (c = 3)))"),
        ("a is not null", "(a IS\tNOT\r\nNULL)"),
        ("a in (1,2)", "a IN ( 1 , 2 )"),
    ],
)
def test_reads_both_as_the_same(one: str, other: str) -> None:
    assert tree_of(one) == tree_of(other)


def test_keeps_what_binds_closer_together() -> None:
    tree = tree_of("a = 1 OR b = 2 AND c = 3")

    assert [tree.data, *(inner.data for inner in tree.children)] == ["either", "compared", "both"]


def test_takes_as_much_as_service_bus_and_no_more() -> None:
    text = f"a = '{'x' * (LONGEST - 6)}'"

    assert tree_of(text).data == "compared"
    with pytest.raises(BadFilter, match="shorten it to 1,024"):
        tree_of(f"{text} ")
