"""The state file: what was committed is there, what was not is not, and nobody else may write it."""

import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from devhost.storage.errors import (
    StateDamaged,
    StateGone,
    StateInUse,
    StateOfAnotherKind,
    StateOutOfReach,
    StateRefused,
)
from devhost.storage.store import FILE_NAME, LOCK_NAME, Store
from devhost.storage.tables import ENTITIES, HISTORY, LETTERS, TABLES, Key, Row, Table


def opened(folder: Path) -> Store:
    return Store(folder, synchronous="NORMAL")


def rows_of(store: Store, table: Table) -> dict[Key, Row]:
    return {table.key_of(row): row for row in store.rows(f"SELECT * FROM {table.name}")}  # noqa: S608 - one of our tables


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with closing(opened(tmp_path)) as store:
        yield store


def test_shows_a_row_once_it_is_committed(store: Store) -> None:
    store.put(ENTITIES, ("@a@b", "1", None))
    before = rows_of(store, ENTITIES)
    store.commit()

    assert before == {}
    assert rows_of(store, ENTITIES) == {("@a@b",): ("@a@b", "1", None)}


def test_knows_whether_there_is_something_to_commit(store: Store) -> None:
    seen = [store.dirty]
    store.put(ENTITIES, ("@a@b", "1", None))
    seen.append(store.dirty)
    store.commit()
    seen.append(store.dirty)

    assert seen == [False, True, False]


def test_counts_commits_and_rows_but_no_empty_commit(store: Store) -> None:
    store.commit()
    store.put(ENTITIES, ("@a@b", "1", None))
    store.drop(ENTITIES, ("@a@c",))
    store.commit()
    store.commit()

    assert (store.commits, store.rows_written) == (1, 2)


def test_tells_the_number_of_each_commit(store: Store) -> None:
    told: list[int] = []
    store.after_commit = told.append
    for number in range(3):
        store.put(LETTERS, (number, "i", None, "{}"))
        store.commit()

    assert told == [1, 2, 3]


def test_a_forgotten_row_that_was_never_written_costs_nothing(store: Store) -> None:
    store.put(LETTERS, (1, "i", None, "{}"))
    store.forget(LETTERS, (1,))
    store.commit()

    assert (store.rows_written, rows_of(store, LETTERS)) == (0, {})


def test_a_row_put_and_dropped_between_commits_is_gone_from_the_file_too(store: Store) -> None:
    store.put(ENTITIES, ("@a@b", "old", None))
    store.commit()
    store.put(ENTITIES, ("@a@b", "new", None))
    store.drop(ENTITIES, ("@a@b",))
    store.commit()

    assert rows_of(store, ENTITIES) == {}


def test_loses_what_was_not_committed(tmp_path: Path) -> None:
    with closing(opened(tmp_path)) as store:
        store.put(ENTITIES, ("@a@b", "1", None))
    with closing(opened(tmp_path)) as store:
        assert rows_of(store, ENTITIES) == {}


def test_makes_the_folder_it_is_given(tmp_path: Path) -> None:
    with closing(opened(tmp_path / "a" / "b")) as store:
        assert store.file == tmp_path / "a" / "b" / FILE_NAME
        assert store.file.exists()


@pytest.mark.parametrize("synchronous", [("FULL", 2), ("NORMAL", 1)])
def test_writes_as_durably_as_asked(tmp_path: Path, synchronous: tuple[str, int]) -> None:
    level, number = synchronous
    with closing(Store(tmp_path, synchronous="FULL" if level == "FULL" else "NORMAL")) as store:
        assert next(store.rows("PRAGMA synchronous")) == (number,)


def test_a_disk_that_is_full_leaves_the_last_commit_and_keeps_the_changes(store: Store) -> None:
    store.put(ENTITIES, ("@small@1", "1", None))
    store.commit()
    [[pages]] = store.rows("PRAGMA page_count")
    next(store.rows(f"PRAGMA max_page_count = {pages}"))
    store.put(ENTITIES, ("@small@1", "2", None))
    store.put(ENTITIES, ("@large@1", "x" * 100_000, None))

    with pytest.raises(
        StateOutOfReach, match=r"disk is full.*see to the folder's rights and the disk's free space"
    ):
        store.commit()

    assert rows_of(store, ENTITIES) == {("@small@1",): ("@small@1", "1", None)}
    assert store.dirty
    next(store.rows(f"PRAGMA max_page_count = {pages + 1000}"))
    store.commit()
    assert sorted(rows_of(store, ENTITIES)) == [("@large@1",), ("@small@1",)]


def test_writes_nothing_into_a_file_that_was_taken_away(tmp_path: Path) -> None:
    with closing(Store(tmp_path / "state")) as store:
        store.put(ENTITIES, ("@a@1", "1", None))
        (tmp_path / "state").rename(tmp_path / "away")

        with pytest.raises(StateGone, match="No such file or directory"):
            store.commit()
        assert store.dirty


def test_writes_nothing_where_another_file_has_taken_the_place(store: Store) -> None:
    store.put(ENTITIES, ("@a@1", "1", None))
    store.file.rename(store.file.with_name("away"))
    store.file.write_bytes(b"")

    with pytest.raises(StateGone, match="another file has taken its place"):
        store.commit()


def test_tells_of_pages_that_went_bad_while_it_was_open(tmp_path: Path) -> None:
    with closing(Store(tmp_path)) as store:
        for number in range(100):
            store.put(ENTITIES, (f"@a@{number}", "x" * 50_000, None))
        store.commit()
    with closing(Store(tmp_path)) as store:
        told: list[StateRefused] = []
        store.on_damage = told.append
        with store.file.open("r+b") as pages:
            pages.seek(4096)
            pages.write(b"\xa5" * (store.file.stat().st_size - 4096))

        with pytest.raises(StateDamaged, match="restore it from a copy") as refusal:
            list(store.rows("SELECT * FROM entities"))

    assert told == [refusal.value]


def test_a_value_the_file_cannot_hold_undoes_the_whole_commit(store: Store) -> None:
    store.put(ENTITIES, ("@a@1", "1", None))
    store.put(LETTERS, (1, "\ud800", None, "{}"))

    with pytest.raises(UnicodeEncodeError):
        store.commit()

    assert rows_of(store, ENTITIES) == {}


def test_refuses_a_second_host_and_names_the_first(tmp_path: Path) -> None:
    with closing(opened(tmp_path)), pytest.raises(StateInUse, match="in use by another host") as refusal:
        opened(tmp_path)

    assert refusal.value.holder == (tmp_path / LOCK_NAME).read_text().strip()
    assert "--state" in str(refusal.value)


def test_lets_go_of_the_folder_when_closed(tmp_path: Path) -> None:
    opened(tmp_path).close()
    opened(tmp_path).close()


def test_refuses_a_file_of_another_version_and_leaves_it_alone(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / FILE_NAME)) as other:
        other.execute("PRAGMA user_version = 99")

    with pytest.raises(StateOfAnotherKind, match="schema version 99, this host reads version"):
        opened(tmp_path)

    with closing(sqlite3.connect(tmp_path / FILE_NAME)) as other:
        assert other.execute("PRAGMA user_version").fetchone() == (99,)
        assert other.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,)


def test_refuses_a_database_of_another_program(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / FILE_NAME)) as other:
        other.execute("CREATE TABLE theirs (id)")

    with pytest.raises(StateOfAnotherKind, match="move the file away"):
        opened(tmp_path)


def test_refuses_a_damaged_file_and_leaves_it_alone(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_bytes(b"no database at all, but long enough for a header" * 100)
    before = (tmp_path / FILE_NAME).read_bytes()

    with pytest.raises(StateDamaged, match="restore it from a copy"):
        opened(tmp_path)

    assert (tmp_path / FILE_NAME).read_bytes() == before


@pytest.mark.parametrize("damage", ["version", "garbage"])
def test_lets_go_of_a_folder_it_refused(tmp_path: Path, damage: str) -> None:
    if damage == "garbage":
        (tmp_path / FILE_NAME).write_bytes(b"garbage" * 1000)
    else:
        with closing(sqlite3.connect(tmp_path / FILE_NAME)) as other:
            other.execute("PRAGMA user_version = 99")
    with pytest.raises((StateDamaged, StateOfAnotherKind)):
        opened(tmp_path)
    (tmp_path / FILE_NAME).unlink()

    opened(tmp_path).close()


@settings(max_examples=20, deadline=None)
@given(count=st.integers(0, 300), gone=st.integers(0, 300))
def test_writes_any_number_of_rows_at_once(count: int, gone: int) -> None:
    with tempfile.TemporaryDirectory() as folder, closing(opened(Path(folder))) as store:
        for number in range(count):
            store.put(HISTORY, ("i", number, f"[{number}]"))
        store.commit()
        for number in range(gone):
            store.drop(HISTORY, ("i", number))
        store.commit()

        assert rows_of(store, HISTORY) == {
            ("i", number): ("i", number, f"[{number}]") for number in range(gone, count)
        }


class StoreAgainstDictionary(RuleBasedStateMachine):
    """Whatever is done to it, the file holds what a dictionary that is copied at each commit would."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.store = opened(Path(self.folder.name))
        self.now: dict[Table, dict[Key, Row]] = {table: {} for table in TABLES}
        self.committed: dict[Table, dict[Key, Row]] = {table: {} for table in TABLES}
        self.numbers = 0

    @rule(
        table=st.sampled_from([ENTITIES, HISTORY]),
        key=st.integers(0, 3),
        value=st.text("ab\x00é", max_size=3),
    )
    def put(self, table: Table, key: int, value: str) -> None:
        row: Row = ("i", key, value) if table is HISTORY else (str(key), value, None)
        self.store.put(table, row)
        self.now[table][table.key_of(row)] = row

    @rule(table=st.sampled_from([ENTITIES, HISTORY]), key=st.integers(0, 3))
    def drop(self, table: Table, key: int) -> None:
        full: Key = ("i", key) if table is HISTORY else (str(key),)
        self.store.drop(table, full)
        self.now[table].pop(full, None)

    @rule()
    def put_with_a_number_of_its_own(self) -> None:
        self.numbers += 1
        row: Row = (self.numbers, "i", None, "{}")
        self.store.put(LETTERS, row)
        self.now[LETTERS][self.numbers,] = row

    @rule(number=st.integers(1, 6))
    def forget(self, number: int) -> None:
        if (number,) in self.now[LETTERS]:
            self.store.forget(LETTERS, (number,))
            del self.now[LETTERS][number,]

    @rule()
    def commit(self) -> None:
        self.store.commit()
        self.committed = {table: dict(rows) for table, rows in self.now.items()}

    @rule()
    def reopen(self) -> None:
        self.store.close()
        self.store = opened(Path(self.folder.name))
        self.now = {table: dict(rows) for table, rows in self.committed.items()}

    @invariant()
    def file_and_dictionary_agree(self) -> None:
        for table in (ENTITIES, HISTORY, LETTERS):
            assert rows_of(self.store, table) == self.committed[table]

    def teardown(self) -> None:
        self.store.close()
        self.folder.cleanup()


TestStoreAgainstDictionary = StoreAgainstDictionary.TestCase
TestStoreAgainstDictionary.settings = settings(max_examples=25, stateful_step_count=25, deadline=None)


def test_says_what_is_in_the_way_of_a_folder_it_cannot_use(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")

    with pytest.raises(StateOutOfReach, match=r"Not a directory.* give the host another folder with --state"):
        opened(tmp_path / "file" / "state")


def test_does_not_call_a_file_damaged_that_cannot_be_opened(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).mkdir()

    with pytest.raises(StateOutOfReach, match="unable to open database file"):
        opened(tmp_path)
