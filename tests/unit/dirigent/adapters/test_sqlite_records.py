"""Records in one SQLite file; what every store does is told in tests/contract."""

import asyncio
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from dirigent.adapters.sqlite_records import SqliteRecords
from dirigent.ports.records import RecordsUnavailable, Write


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "records.db"


@pytest.fixture
def records(path: Path) -> Iterator[SqliteRecords]:
    records = SqliteRecords(path)
    yield records
    records.close()


def test_opens_nothing_before_it_is_used(records: SqliteRecords, path: Path) -> None:
    assert not path.parent.exists()


def test_another_one_finds_what_was_kept(records: SqliteRecords, path: Path) -> None:
    asyncio.run(records.insert("things", "p", "k", {"n": 1}))
    records.close()
    other = SqliteRecords(path)

    row = asyncio.run(other.get("things", "p", "k"))
    other.close()

    assert row is not None
    assert row.values == {"n": 1}


def test_goes_on_after_closing(records: SqliteRecords) -> None:
    asyncio.run(records.insert("things", "p", "k", {}))
    records.close()

    assert asyncio.run(records.get("things", "p", "k")) is not None


def test_serves_loops_on_several_threads_at_once(records: SqliteRecords) -> None:
    async def work(name: str) -> None:
        await asyncio.gather(*(records.insert("things", name, f"k{number}", {}) for number in range(50)))

    threads = [threading.Thread(target=lambda n=n: asyncio.run(work(f"p{n}"))) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(asyncio.run(records.query("things", limit=1000)).rows) == 200


def test_whoever_reads_does_not_wait_for_a_writer(records: SqliteRecords, path: Path) -> None:
    asyncio.run(records.insert("things", "p", "k", {"n": 1}))

    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        other.execute("DELETE FROM rows_things")
        row = asyncio.run(records.get("things", "p", "k"))

    assert row is not None


def test_waits_for_another_process_that_writes(records: SqliteRecords, path: Path) -> None:
    asyncio.run(records.insert("things", "p", "k", {"n": 1}))

    async def work(other: sqlite3.Connection) -> bool:
        task = asyncio.create_task(records.insert("things", "p", "l", {}))
        await records.get("things", "p", "k")
        was_done = task.done()
        other.execute("ROLLBACK")
        await task
        return was_done

    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert not asyncio.run(work(other))


def test_tells_all_who_wait_what_is_wrong_and_works_once_it_is_mended(
    records: SqliteRecords, path: Path
) -> None:
    path.parent.mkdir()
    path.write_bytes(b"Dear diary, " * 1000)

    async def work() -> list[object]:
        tries = (records.insert("things", "p", f"k{number}", {}) for number in range(10))
        return [*await asyncio.gather(*tries, records.get("things", "p", "k"), return_exceptions=True)]

    outcomes = asyncio.run(work())
    path.unlink()
    asyncio.run(records.insert("things", "p", "k0", {}))

    assert all(isinstance(outcome, RecordsUnavailable) for outcome in outcomes)
    assert all(str(path) in str(outcome) for outcome in outcomes)
    assert asyncio.run(records.get("things", "p", "k0")) is not None


def test_filters_by_an_index_once_somebody_has_asked(records: SqliteRecords, path: Path) -> None:
    asyncio.run(records.insert("things", "p", "k", {"status": "failed"}))
    for _ in range(2):
        asyncio.run(records.query("things", partition="p", where={"status": "failed", "long": "x" * 300}))

    with closing(sqlite3.connect(path)) as other:
        names = other.execute("SELECT name FROM sqlite_master WHERE sql LIKE 'CREATE INDEX%'").fetchall()

    assert names == [("things_by_status",)]


@pytest.mark.parametrize("brief", ["{", "5", '{"status": "dx"}', '"'])
def test_a_spoilt_row_hides_no_others(records: SqliteRecords, path: Path, brief: str) -> None:
    for key in "ab":
        asyncio.run(records.insert("things", "p", key, {"status": "failed"}))
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("UPDATE rows_things SET brief = ? WHERE key = 'a'", (brief,))

    spoilt = asyncio.run(records.get("things", "p", "a"))
    every = asyncio.run(records.query("things", partition="p"))
    fitting = asyncio.run(records.query("things", partition="p", where={"status": "failed"}))

    assert spoilt is not None
    assert spoilt.values == {}
    assert [row.key for row in every.rows] == ["a", "b"]
    assert [row.key for row in fitting.rows] == ["b"]


def test_a_spoilt_row_can_be_removed(records: SqliteRecords, path: Path) -> None:
    asyncio.run(records.insert("things", "p", "a", {"status": "failed"}))
    asyncio.run(records.query("things", partition="p", where={"status": "failed"}))
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("UPDATE rows_things SET brief = '{'")

    asyncio.run(records.delete("things", "p", "a"))

    assert asyncio.run(records.get("things", "p", "a")) is None


def test_filters_without_an_index_where_none_can_be_made(records: SqliteRecords, path: Path) -> None:
    asyncio.run(records.insert("things", "p", "k", {"status": "failed"}))
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        # A table of the index's name is in its way, as a disk without room would be.
        other.execute("CREATE TABLE things_by_status (n)")

    found = [
        asyncio.run(records.query("things", partition="p", where={"status": "failed"})) for _ in range(2)
    ]

    assert [[row.key for row in page.rows] for page in found] == [["k"], ["k"]]


def test_of_two_writes_in_one_go_the_first_goes_when_the_second_fails(
    records: SqliteRecords, path: Path
) -> None:
    etag = asyncio.run(records.insert("runs", "p", "k", {"n": 1}))
    with closing(sqlite3.connect(path)) as file:
        file.execute("CREATE TRIGGER full BEFORE UPDATE ON rows_runs BEGIN SELECT RAISE(ABORT, 'full'); END")
        file.commit()
    first = Write(table="steps", partition="p", key="k", values={})
    second = Write(table="runs", partition="p", key="k", values={"n": 2})

    with pytest.raises(RecordsUnavailable):
        asyncio.run(records.insert_then_merge(first, second, etag=etag))
    assert asyncio.run(records.get("steps", "p", "k")) is None
