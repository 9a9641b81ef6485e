"""How many content runs a second, as a share of bare chains of three activities on the same host."""

import asyncio
import time
from pathlib import Path
from statistics import median

from benchmarks import floor
from benchmarks.catalogues import shipped
from benchmarks.opened_host import opened
from benchmarks.plan import Plan
from benchmarks.runs import Prepared, RunningApp, dirigent_app
from benchmarks.table import Cell, Table

IN_FLIGHT = (1, 200)
#: Into so many parts the runs are divided, to go guarded and unguarded by turns.
TURNS = 5
#: Guarded and unguarded runs, bare chains and commits a second.
Sample = tuple[float, float, float, float]


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
        columns=(
            "in flight",
            "runs/s",
            "unguarded runs/s",
            "guarded ÷ unguarded",
            "bare chains/s",
            "runs ÷ chains",
            "bare FULL commits/s",
        ),
        rows=tuple(_row(in_flight, taken) for in_flight, taken in samples.items()),
        notes=(
            f"Median of {plan.rounds} rounds of {counts} runs, and as many unguarded ones by turns.",
            "Guards on, limits wide: nobody is refused. Unguarded runs pass no gate.",
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
    content = shipped("content-creation", folder / "catalogue")
    async with dirigent_app(folder, content.folder) as app:
        starts = [await app.prepared(content, is_guarded=is_guarded) for is_guarded in (True, False)]
        for start in starts:
            await app.drive(start, min(count, 50), in_flight)
        guarded, unguarded = await _rates(app, starts, count, in_flight)
    return guarded, unguarded, chains, 1 / commit


async def _rates(app: RunningApp, starts: list[Prepared], count: int, in_flight: int) -> list[float]:
    """Runs a second of each kind, in turns: a slow second of the machine's hits both."""
    seconds = [0.0] * len(starts)
    for _ in range(TURNS):
        for place, start in enumerate(starts):
            began = time.perf_counter()
            await app.drive(start, count // TURNS, in_flight)
            seconds[place] += time.perf_counter() - began
    return [count // TURNS * TURNS / taken for taken in seconds]


def _count(plan: Plan, in_flight: int) -> int:
    return plan.size(60, 5) if in_flight == 1 else plan.size(1_000, 50)


def _row(in_flight: int, samples: list[Sample]) -> tuple[Cell, ...]:
    return (
        in_flight,
        median(guarded for guarded, _, _, _ in samples),
        median(unguarded for _, unguarded, _, _ in samples),
        median(guarded / unguarded for guarded, unguarded, _, _ in samples),
        median(chains for _, _, chains, _ in samples),
        median(guarded / chains for guarded, _, chains, _ in samples),
        median(commits for _, _, _, commits in samples),
    )
