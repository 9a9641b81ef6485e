"""How many content runs a second, as a share of bare chains of three activities on the same host."""

import asyncio
import time
from pathlib import Path
from statistics import median

from benchmarks import floor
from benchmarks.opened_host import opened
from benchmarks.plan import Plan
from benchmarks.runs import dirigent_app, shipped
from benchmarks.table import Cell, Table

IN_FLIGHT = (1, 200)
Sample = tuple[float, float, float]


def measure(plan: Plan) -> Table:
    samples: dict[int, list[Sample]] = {}
    for _ in range(plan.rounds):
        with plan.folder() as folder:
            for in_flight in IN_FLIGHT:
                place = folder / str(in_flight)
                place.mkdir()
                sample = asyncio.run(_sample(plan, place, in_flight))
                samples.setdefault(in_flight, []).append(sample)
    counts = " and ".join(f"{_count(plan, lanes):,}" for lanes in IN_FLIGHT)
    return Table(
        title="content: research, write, edit, publish; one run of the app against one bare chain",
        columns=("in flight", "runs/s", "bare chains/s", "runs ÷ chains", "bare FULL commits/s"),
        rows=tuple(_row(in_flight, taken) for in_flight, taken in samples.items()),
        notes=(
            f"Median of {plan.rounds} rounds of {counts} runs.",
            "Started in process; records and artifacts written, durability FULL; the scripted model answers.",
            "A run: 4 activities, 6 rows written, a file. A chain: 3 activities that do nothing.",
        ),
    )


async def _sample(plan: Plan, folder: Path, in_flight: int) -> Sample:
    count = _count(plan, in_flight)
    commit = floor.commit_seconds(folder, "FULL")
    async with opened(folder / "bare") as host:
        await host.drive("chain_async", min(count, 50), in_flight, "text")
        began = time.perf_counter()
        await host.drive("chain_async", count, in_flight, "text")
        chains = count / (time.perf_counter() - began)
    async with dirigent_app(folder) as app:
        content = shipped("content-creation")
        await app.drive(content, min(count, 50), in_flight)
        began = time.perf_counter()
        await app.drive(content, count, in_flight)
        runs = count / (time.perf_counter() - began)
    return runs, chains, 1 / commit


def _count(plan: Plan, in_flight: int) -> int:
    return plan.size(60, 5) if in_flight == 1 else plan.size(1_000, 50)


def _row(in_flight: int, samples: list[Sample]) -> tuple[Cell, ...]:
    return (
        in_flight,
        median(runs for runs, _, _ in samples),
        median(chains for _, chains, _ in samples),
        median(runs / chains for runs, chains, _ in samples),
        median(commits for _, _, commits in samples),
    )
