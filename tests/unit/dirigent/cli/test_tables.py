"""Rows and columns."""

from dirigent.cli.tables import beside, table


def test_values_stand_in_one_column() -> None:
    assert beside([("a", 1), ("long", "two")]) == ["a     1", "long  two"]


def test_columns_are_as_wide_as_their_widest_cell() -> None:
    rows = [("what", "n"), ("a", "1"), ("b", "200")]

    assert table(rows) == ["what  n", "a     1", "b     200"]
    assert table(rows, right=(1,)) == ["what    n", "a       1", "b     200"]
