"""The file of the records outlives those who write it, and is shared by them."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from dirigent.adapters.sqlite_records import SqliteRecords
from dirigent.ports.records import Row

ROOT = Path(__file__).resolve().parents[2]


@contextmanager
def writer(file: Path, name: str) -> Iterator["subprocess.Popen[str]"]:
    """A process that inserts until it is killed, at the latest here."""
    script = Path(__file__).with_name("inserter.py")
    with subprocess.Popen(
        [sys.executable, str(script), str(file), name],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def some_lines(process: "subprocess.Popen[str]", number: int) -> list[str]:
    assert process.stdout is not None
    return [process.stdout.readline().strip() for _ in range(number)]


def the_rest(process: "subprocess.Popen[str]") -> list[str]:
    """What it still said before it was killed; a line it did not end was not said."""
    assert process.stdout is not None
    process.kill()
    text = process.stdout.read()
    return text[: text.rfind("\n") + 1].splitlines()


async def all_rows(records: SqliteRecords) -> dict[str, Row]:
    rows: dict[str, Row] = {}
    token: str | None = None
    while True:
        page = await records.query("things", limit=1000, token=token)
        rows |= {row.key: row for row in page.rows}
        if (token := page.token) is None:
            return rows


@pytest.mark.slow
def test_nothing_acknowledged_is_missing_after_kills(tmp_path: Path) -> None:
    file = tmp_path / "records.db"
    acknowledged: set[str] = set()

    for number in range(6):
        with writer(file, f"life{number}") as process:
            # From a first word to many: some die early, some in the midst of a checkpoint.
            acknowledged |= {*some_lines(process, 1 + 700 * number)}
            acknowledged |= {*the_rest(process)}
    records = SqliteRecords(file)
    rows = asyncio.run(all_rows(records))
    records.close()

    assert len(acknowledged) > 6
    assert acknowledged - rows.keys() == set()
    assert all(rows[key].values == {"text": key, "long": "x" * 2000, "merged": True} for key in acknowledged)


@pytest.mark.slow
def test_processes_that_begin_together_share_the_file(tmp_path: Path) -> None:
    file = tmp_path / "records.db"

    with writer(file, "a") as one, writer(file, "b") as two, writer(file, "c") as three:
        said = [line for process in (one, two, three) for line in some_lines(process, 200)]
        records = SqliteRecords(file)
        asyncio.run(records.insert("things", "p", "mine", {}))
    rows = asyncio.run(all_rows(records))
    records.close()

    assert {line.partition("-")[0] for line in said} == {"a", "b", "c"}
    assert {*said, "mine"} - rows.keys() == set()
