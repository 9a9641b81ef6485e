"""The file under the records, and what is wrong with it."""

import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import closing
from pathlib import Path

import pytest

from dirigent.adapters.sqlite_file import RecordsFileUnusable, SqliteFile, brief_value


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "folder" / "records.db"


@pytest.fixture
def file(path: Path) -> Iterator[SqliteFile]:
    """A file with a table `runs` of one row."""
    file = SqliteFile(path)
    file.open()
    file.make("runs")
    file.run("INSERT INTO rows_runs VALUES ('p', 'k', 'e', '{}', NULL)")
    yield file
    file.close()


def keys(file: SqliteFile) -> list[str]:
    return [key for (key,) in file.rows("SELECT key FROM rows_runs ORDER BY key")]


def test_a_commit_outlasts_a_power_cut(file: SqliteFile) -> None:
    settings = [list(file.rows(f"PRAGMA {name}")) for name in ("journal_mode", "synchronous")]

    # 2 is FULL.
    assert settings == [[("wal",)], [(2,)]]


def test_tables_come_into_being_once(file: SqliteFile) -> None:
    file.make("runs")

    assert file.has("runs")
    assert not file.has("steps")
    assert keys(file) == ["k"]


def test_an_index_serves_its_query(file: SqliteFile) -> None:
    file.index("runs", ("status", "workflow"))
    question = (
        "EXPLAIN QUERY PLAN SELECT * FROM rows_runs WHERE partition = 'p' AND key > 'a' AND "
        "{status} = 's' AND {workflow} = 'w' ORDER BY key"
    )

    [plan] = [
        row[3]
        for row in file.rows(question.format(status=brief_value("status"), workflow=brief_value("workflow")))
    ]

    assert "runs_by_status_and_workflow" in plan
    assert file.is_indexed("runs", ("status", "workflow"))
    assert not file.is_indexed("runs", ("status",))


def test_another_connection_sees_what_was_written(file: SqliteFile, path: Path) -> None:
    other = SqliteFile(path)
    other.open()

    assert other.has("runs")
    assert keys(other) == ["k"]
    other.close()


def test_many_may_create_it_at_once(tmp_path: Path) -> None:
    together = threading.Barrier(6)

    def create(path: Path) -> None:
        file = SqliteFile(path)
        together.wait(30)
        file.open()
        file.run("BEGIN IMMEDIATE")
        file.make("runs")
        file.run("COMMIT")
        file.close()

    with ThreadPoolExecutor(6) as threads:
        for number in range(10):
            list(threads.map(create, [tmp_path / f"{number}.db"] * 6))

    assert len(list(tmp_path.glob("*.db"))) == 10


def test_waits_for_whoever_keeps_it_from_writing_ahead(tmp_path: Path) -> None:
    def create() -> list[tuple[str]]:
        file = SqliteFile(tmp_path / "records.db")
        file.open()
        mode = list(file.rows("PRAGMA journal_mode"))
        file.close()
        return mode

    with (
        closing(sqlite3.connect(tmp_path / "records.db", isolation_level=None)) as other,
        ThreadPoolExecutor(1) as threads,
    ):
        other.execute("BEGIN IMMEDIATE")
        creation = threads.submit(create)
        assert not wait([creation], timeout=0.1).done
        other.execute("ROLLBACK")

        assert creation.result(30) == [("wal",)]


def test_closing_undoes_what_was_not_committed(file: SqliteFile) -> None:
    file.run("BEGIN IMMEDIATE")
    file.run("INSERT INTO rows_runs VALUES ('p', 'l', 'e', '{}', NULL)")
    file.close()
    file.open()

    assert keys(file) == ["k"]


def test_refuses_what_is_no_database(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"Dear diary, " * 1000)

    with pytest.raises(RecordsFileUnusable, match="restore it from a copy") as refused:
        SqliteFile(path).open()
    assert refused.value.path == path
    assert str(path) in str(refused.value)


def test_refuses_a_database_of_another_kind_and_leaves_it_alone(path: Path) -> None:
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE cats (name)")
    before = path.read_bytes()

    with pytest.raises(RecordsFileUnusable, match="another kind"):
        SqliteFile(path).open()
    assert path.read_bytes() == before


def test_refuses_a_folder_that_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")

    with pytest.raises(RecordsFileUnusable, match="folder can be made"):
        SqliteFile(tmp_path / "file" / "records.db").open()


def test_says_that_a_page_is_damaged(file: SqliteFile, path: Path) -> None:
    file.close()
    content = path.read_bytes()
    path.write_bytes(content[:4096] + b"\xff" * (len(content) - 4096))
    file.open()

    with pytest.raises(RecordsFileUnusable, match="restore it from a copy"):
        keys(file)


def test_says_that_the_disk_is_full_and_works_again_with_room(file: SqliteFile) -> None:
    [(pages,)] = file.rows("PRAGMA page_count")
    # What SQLite then says is the same as on a disk without a free block.
    file.run(f"PRAGMA max_page_count={pages}")
    statement = "INSERT INTO rows_runs VALUES ('p', ?, 'e', '{}', ?)"

    with pytest.raises(RecordsFileUnusable, match="free some space"):
        file.run(statement, "l", "x" * 100_000)
    file.open()
    file.run(statement, "l", "x" * 100_000)

    assert keys(file) == ["k", "l"]


def test_says_that_it_may_not_write(file: SqliteFile) -> None:
    file.run("PRAGMA query_only=1")

    with pytest.raises(RecordsFileUnusable, match="the right to write"):
        file.run("DELETE FROM rows_runs")


def test_notices_a_file_that_was_taken_away_then_goes_on_with_what_is_there(
    file: SqliteFile, path: Path
) -> None:
    for each in path.parent.iterdir():
        each.unlink()

    with pytest.raises(RecordsFileUnusable, match="removed or replaced"):
        file.open()
    file.open()

    assert not file.has("runs")


def test_a_failure_lets_go_until_it_is_opened_again(file: SqliteFile) -> None:
    with pytest.raises(RecordsFileUnusable, match="SQLITE_ERROR"):
        file.run("SELECT * FROM nowhere")
    with pytest.raises(RecordsFileUnusable, match="try again"):
        keys(file)
    file.open()

    assert keys(file) == ["k"]
