"""The least that a machine lets things cost: what every table is measured against, in the same run."""

import asyncio
import os
import sqlite3
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

from devhost.functions.running import pool_size
from devhost.host import SWITCH_INTERVAL
from devhost.storage.store import Synchronous

#: One commit's row: about the size of an episode's events.
ROW = "x" * 500


def commit_seconds(folder: Path, synchronous: Synchronous, count: int = 150) -> float:
    """One row inserted and committed, in a bare SQLite file in WAL mode."""
    connection = sqlite3.connect(folder / f"floor-{uuid4().hex}.db", isolation_level=None)
    try:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute(f"PRAGMA synchronous={synchronous}")
        connection.execute("CREATE TABLE rows (id INTEGER PRIMARY KEY, text TEXT)")
        began = time.perf_counter()
        for number in range(count):
            connection.execute("INSERT INTO rows VALUES (?, ?)", (number, ROW))
        return (time.perf_counter() - began) / count
    finally:
        connection.close()


async def hop_seconds(in_flight: int, count: int = 2_000) -> float:
    """A function that does nothing, run in a pool of threads like the host's and awaited on a loop."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH_INTERVAL)
    try:
        return await _hop_seconds(in_flight, count)
    finally:
        sys.setswitchinterval(before)


async def _hop_seconds(in_flight: int, count: int) -> float:
    loop = asyncio.get_running_loop()
    left = iter(range(count))
    with ThreadPoolExecutor(pool_size(os.environ)) as pool:

        async def hop() -> None:
            for _ in left:
                await loop.run_in_executor(pool, _nothing)

        await loop.run_in_executor(pool, _nothing)
        began = time.perf_counter()
        await asyncio.gather(*(hop() for _ in range(min(in_flight, count))))
        return (time.perf_counter() - began) / count


def _nothing() -> None:
    pass
