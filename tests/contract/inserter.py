"""Inserts rows for ever and says which ones were acknowledged: `python inserter.py FILE NAME`."""

import asyncio
import sys
from itertools import count
from pathlib import Path

from dirigent.adapters.sqlite_records import SqliteRecords

CALLERS = 20


async def insert_for_ever(records: SqliteRecords, caller: str) -> None:
    """One caller: a row, and another one as soon as it is kept."""
    for number in count():
        key = f"{caller}-{number:06}"
        await records.insert("things", "p", key, {"text": key, "long": "x" * 2000})
        await records.merge("things", "p", key, {"merged": True})
        sys.stdout.write(f"{key}\n")
        sys.stdout.flush()


async def main(file: Path, name: str) -> None:
    """Many callers at once."""
    records = SqliteRecords(file)
    await asyncio.gather(*(insert_for_ever(records, f"{name}-{caller}") for caller in range(CALLERS)))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))
