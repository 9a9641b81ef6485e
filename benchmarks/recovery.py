"""What 3,000 orchestrations that wait for an event cost: in memory, on disk, and at the next start."""

import asyncio
import time
from pathlib import Path
from statistics import median

from benchmarks import floor
from benchmarks.opened_host import opened
from benchmarks.plan import Plan
from benchmarks.posting import post
from benchmarks.served_host import devhost_arguments, served
from benchmarks.state_size import folder_bytes
from benchmarks.table import Cell, Table

API = "/runtime/webhooks/durabletask/orchestrators/waiter"


def measure(plan: Plan) -> Table:
    count = plan.size(3_000, 100)
    with plan.folder() as folder:
        commit = floor.commit_seconds(folder, "FULL")
        rows = [*_processes(plan, folder, count), *asyncio.run(_in_process(plan, folder, count))]
    return Table(
        title=f"recovery: {count:,} orchestrations that wait for an event",
        columns=("what", "value", "unit"),
        rows=tuple(rows),
        notes=(
            f"Median of {plan.rounds} starts; durability FULL, sticky.",
            "Recovery replays nothing: its first message replays an orchestrator, as in the last row.",
            f"Floor: {1 / commit:,.0f} bare FULL commits/s.",
        ),
    )


def _processes(plan: Plan, folder: Path, count: int) -> list[tuple[Cell, ...]]:
    full, empty = folder / "full", folder / "empty"
    with served("devhost", *devhost_arguments(full)) as host:
        before = folder_bytes(full), host.resident_mb
        asyncio.run(post(host.url + API, count))
        waiting = host.resident_mb
    stored = (folder_bytes(full) - before[0]) / count
    starts: dict[Path, list[tuple[float, float]]] = {empty: [], full: []}
    for _ in range(plan.rounds):
        for state, taken in starts.items():
            with served("devhost", *devhost_arguments(state)) as host:
                taken.append((host.seconds, host.resident_mb))
                assert (f"Took up {count} instances" in host.said) is (state is full), host.said
    nothing, everything = (tuple(map(median, zip(*taken, strict=True))) for taken in starts.values())
    return [
        ("state file", stored, "bytes an instance"),
        ("process listens, empty state", nothing[0], "s"),
        ("process listens, all taken up", everything[0], "s"),
        ("recovery, as the difference", everything[0] - nothing[0], "s"),
        ("memory, empty", before[1], "MB"),
        ("memory, all started here and waiting", waiting, "MB"),
        ("  of it each", 1024 * (waiting - before[1]) / count, "KB an instance"),
        ("memory, all taken up", everything[1], "MB"),
        ("  of it each", 1024 * (everything[1] - nothing[1]) / count, "KB an instance"),
    ]


async def _in_process(plan: Plan, folder: Path, count: int) -> list[tuple[Cell, ...]]:
    state = folder / "opened"
    async with opened(state) as host:
        ids = await asyncio.gather(*(host.start("waiter") for _ in range(count)))
    nothing, everything = [], []
    for number in range(plan.rounds):
        async with opened(folder / f"nothing-{number}") as host:
            nothing.append(host.seconds)
        async with opened(state) as host:
            everything.append(host.seconds)
            assert host.host.hub.live_instances == count, host.host.hub.live_instances
    async with opened(state) as host:
        hub, began = host.host.hub, time.perf_counter()
        await asyncio.gather(*(hub.raise_event(identity, "go", None) for identity in ids))
        await asyncio.gather(*map(host.result, ids))
        waking = time.perf_counter() - began
    return [
        ("host opens in process, empty state", median(nothing), "s"),
        ("host opens in process, all taken up", median(everything), "s"),
        ("recovery in process, as the difference", median(everything) - median(nothing), "s"),
        ("event to each after recovery, until all have ended", waking, "s"),
    ]
