"""Tables and the statements that write their rows."""

import sqlite3
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devhost.storage.tables import (
    HISTORY,
    INDEXES,
    INSTANCES,
    MOST_ROWS,
    TABLES,
    Table,
    chunks,
    drop_statement,
    put_statement,
)


@given(st.integers(0, 100_000))
def test_chunks_hold_every_row_once_in_few_sizes(count: int) -> None:
    sizes = chunks(count)

    assert sum(sizes) == count
    assert all(0 < size <= MOST_ROWS and size & (size - 1) == 0 for size in sizes)
    assert sizes == sorted(sizes, reverse=True)


def test_the_largest_statement_stays_within_the_database_s_bounds() -> None:
    assert max(len(table.columns) for table in TABLES) * MOST_ROWS <= 32_766


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
@pytest.mark.parametrize("rows", [1, 2, MOST_ROWS])
def test_statements_put_and_drop_as_many_rows_as_they_say(table: Table, rows: int) -> None:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute(table.creation())
        # Of two columns in a key the first is the same for all: the second must tell the rows apart.
        lead = table.key_size - 1
        written = [[0] * lead + [row] * (len(table.columns) - lead) for row in range(rows)]
        connection.execute(put_statement(table, rows), [value for row in written for value in row])
        count = f"SELECT count(*) FROM {table.name}"  # noqa: S608 - one of our tables
        [there] = connection.execute(count).fetchone()
        keys = [value for row in written for value in row[: table.key_size]]
        connection.execute(drop_statement(table, rows), keys)
        [left] = connection.execute(count).fetchone()

    assert (there, left) == (rows, 0)


def test_a_row_put_again_replaces_the_former() -> None:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute(HISTORY.creation())
        for events in ("[1]", "[2]"):
            connection.execute(put_statement(HISTORY, 1), ("i", 0, events))

        assert connection.execute("SELECT * FROM history").fetchall() == [("i", 0, "[2]")]


def test_a_key_is_the_first_columns() -> None:
    assert (HISTORY.key_columns, HISTORY.key_of(("i", 3, "[]"))) == (("instance", "part"), ("i", 3))
    assert (INSTANCES.key_columns, INSTANCES.key_of(("i", "name"))) == (("id",), ("i",))


def test_every_column_has_a_type_and_names_are_unique() -> None:
    assert all(len(table.columns) == len(table.types) for table in TABLES)
    assert len({table.name for table in TABLES}) == len(TABLES)


def test_indexes_fit_the_tables() -> None:
    with closing(sqlite3.connect(":memory:")) as connection:
        for statement in (*(table.creation() for table in TABLES), *INDEXES):
            connection.execute(statement)
