"""What an asked step costs over a bare activity, and whether it costs as much in a long workflow."""

import asyncio
import json
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.catalogues import chain_of
from benchmarks.left import MARKS
from benchmarks.opened_host import OpenedHost, opened
from benchmarks.plan import Plan
from benchmarks.runs import dirigent_app
from benchmarks.table import Cell, Table

LENGTHS = (10, 50, 200)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What one orchestration left in its history, and took of the processor."""

    events: int
    marks: int
    bytes: int
    cpu: float


def measure(plan: Plan) -> Table:
    lengths = LENGTHS[:2] if plan.quick else LENGTHS
    with plan.folder() as folder:
        bare = asyncio.run(_bare(folder / "bare", plan, lengths))
        asked = asyncio.run(_asked(folder / "asked", plan, lengths))
    rows = [
        *(_row("a bare activity", length, cost) for length, cost in bare.items()),
        *(_row("an asked agent", length, cost) for length, cost in asked.items()),
    ]
    return Table(
        title="asking: what a step leaves in the history and takes of the processor",
        columns=("a step is", "steps", "events/step", "episode marks/step", "bytes/step", "CPU ms/step"),
        rows=tuple(rows),
        notes=(
            f"Median of {_rounds(plan)} of each length, one at a time; sticky, durability FULL.",
            "Episode marks are OrchestratorStarted and -Completed. Bytes: JSON of all events, marks too.",
            "CPU is the whole process's, host, SDK, records and scripted model together.",
            *_slopes(bare, asked),
        ),
    )


async def _bare(folder: Path, plan: Plan, lengths: tuple[int, ...]) -> dict[int, Cost]:
    costs = {}
    async with opened(folder) as host:
        await host.drive("steps", 2, 1, 10)
        for length in lengths:
            taken = []
            for _ in range(_rounds(plan)):
                began = time.process_time()
                [run] = await host.drive("steps", 1, 1, length)
                taken.append(await _cost(host, run, time.process_time() - began))
            costs[length] = _median(taken)
    return costs


async def _asked(folder: Path, plan: Plan, lengths: tuple[int, ...]) -> dict[int, Cost]:
    costs = {}
    chains = {length: chain_of(length, folder / f"catalogue-{length}") for length in lengths}
    # Gates read one of them; what they look up there is the same in all.
    async with dirigent_app(folder, chains[lengths[0]].folder) as app:
        for length, flow in chains.items():
            prepared = await app.prepared(flow)
            await app.run(prepared)
            taken = []
            for _ in range(_rounds(plan)):
                began = time.process_time()
                start = await app.run(prepared)
                taken.append(await _cost(app.host, start.run, time.process_time() - began))
            costs[length] = _median(taken)
    return costs


async def _cost(host: OpenedHost, run: str, cpu: float) -> Cost:
    events = await host.host.hub.history(run)
    marks = sum(event["EventType"] in MARKS for event in events)
    size = sum(len(json.dumps(event)) for event in events)
    return Cost(events=len(events) - marks, marks=marks, bytes=size, cpu=cpu)


def _median(costs: list[Cost]) -> Cost:
    first = costs[0]
    cpu = median(cost.cpu for cost in costs)
    return Cost(events=first.events, marks=first.marks, bytes=first.bytes, cpu=cpu)


def _rounds(plan: Plan) -> int:
    return plan.size(7, 1)


def _row(what: str, length: int, cost: Cost) -> tuple[Cell, ...]:
    shares = (cost.events / length, cost.marks / length, cost.bytes / length, 1000 * cost.cpu / length)
    return (what, length, *shares)


def _slopes(bare: dict[int, Cost], asked: dict[int, Cost]) -> list[str]:
    """Each further step, start and end of the run left out."""
    short, long = min(bare), max(bare)
    steps = long - short

    def slope(costs: dict[int, Cost]) -> tuple[float, float, float]:
        one, other = costs[short], costs[long]
        return (
            (other.events - one.events) / steps,
            (other.bytes - one.bytes) / steps,
            1000 * (other.cpu - one.cpu) / steps,
        )

    mine, theirs = slope(asked), slope(bare)
    return [
        f"A step more, asked: {mine[0]:.3g} events, {mine[1]:,.0f} bytes, {mine[2]:.3g} ms CPU.",
        f"A step more, bare: {theirs[0]:.3g} events, {theirs[1]:,.0f} bytes, {theirs[2]:.3g} ms CPU.",
    ]
