"""What chains leave on disk and what they write there, and what a purge gives back."""

import asyncio
from pathlib import Path
from typing import get_args

from benchmarks import floor, machine
from benchmarks.opened_host import OpenedHost, opened
from benchmarks.plan import Plan
from benchmarks.state_size import folder_bytes
from benchmarks.table import Cell, Table
from devhost.storage.store import Synchronous

IN_FLIGHT = 200
COLUMNS = ("durability", "after", "chains", "commits/chain", "KB written/chain", "state MB", "KB/chain in it")


def measure(plan: Plan) -> Table:
    count = plan.size(10_000, 300)
    rows: list[tuple[Cell, ...]] = []
    floors = []
    for synchronous in get_args(Synchronous):
        with plan.folder() as folder:
            floors.append(f"{1 / floor.commit_seconds(folder, synchronous):,.0f} {synchronous}")
            rows += asyncio.run(_measure_host(folder / "state", synchronous, count))
    return Table(
        title=f"durability: {count:,} three-activity chains, a purge of all, and as many again",
        columns=COLUMNS,
        rows=tuple(rows),
        notes=(
            f"{IN_FLIGHT} chains or purges at a time; sticky; in process, no HTTP.",
            f"Floor: bare commits/s: {', '.join(floors)}.",
            "Written is what was handed to the system: write-ahead log and checkpoints together.",
            "The state is database and log as they lie on disk.",
            "A purged row's pages are used again; the file does not shrink.",
        ),
    )


async def _measure_host(state: Path, synchronous: Synchronous, count: int) -> list[tuple[Cell, ...]]:
    rows: list[tuple[Cell, ...]] = []
    async with opened(state, synchronous=synchronous) as host:
        ids: list[str] = []
        for after in ("chains", "purge", "chains again"):
            commits, written = host.commits, machine.written_bytes()
            if after == "purge":
                await _purge(host, ids)
            else:
                ids = await host.drive("chain", count, IN_FLIGHT, "text")
            written, size = machine.written_bytes() - written, folder_bytes(state)
            shares = ((host.commits - commits) / count, written / count / 1024)
            rows.append((synchronous, after, count, *shares, size / 1024 / 1024, size / count / 1024))
    return rows


async def _purge(host: OpenedHost, ids: list[str]) -> None:
    left = iter(ids)

    async def purge_some() -> None:
        for identity in left:
            assert await host.host.hub.purge(identity) == 1, identity

    async with asyncio.TaskGroup() as lanes:
        for _ in range(IN_FLIGHT):
            lanes.create_task(purge_some())
