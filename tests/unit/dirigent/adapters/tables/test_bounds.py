"""When a merge may go without a look at the row."""

from dirigent.adapters.row_limits import LARGEST_ROW, MOST_VALUES
from dirigent.adapters.tables.bounds import RowBounds
from dirigent.ports.records import LONGEST_TEXT, Value

TEXT = "x" * LONGEST_TEXT


def test_small_rows_are_within_them() -> None:
    bounds = RowBounds()

    assert all(bounds.hold("things", {"a": TEXT, f"n{number % 10}": number}) for number in range(1000))


def test_sees_when_all_the_names_together_are_too_many() -> None:
    bounds = RowBounds()
    held = [bounds.hold("things", {f"n{number}": number}) for number in range(MOST_VALUES + 2)]

    assert held == [True] * MOST_VALUES + [False] * 2
    assert not bounds.hold("things", {"n0": 0})


def test_sees_when_the_longest_of_each_name_are_too_much_together() -> None:
    bounds = RowBounds()
    most = LARGEST_ROW // (2 * LONGEST_TEXT)
    held = [bounds.hold("things", {f"n{number}": TEXT}) for number in range(most + 1)]
    shorter: dict[str, Value] = {f"n{number}": "" for number in range(most + 1)}

    assert held == [True] * most + [False]
    assert not bounds.hold("things", shorter)


def test_each_table_has_its_own() -> None:
    bounds = RowBounds()
    bounds.hold("things", {f"n{number}": number for number in range(MOST_VALUES + 1)})

    assert bounds.hold("others", {"a": 1})
