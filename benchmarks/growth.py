"""Whether a step of a long orchestration costs as much as a step of a short one."""

import asyncio
import math
import time
from pathlib import Path
from statistics import linear_regression, median
from typing import get_args

from benchmarks import floor
from benchmarks.opened_host import OpenedHost, opened
from benchmarks.plan import Plan
from benchmarks.table import Cell, Table
from devhost.options import Replay

LENGTHS = (50, 100, 200, 400)
LANES = 2


def measure(plan: Plan) -> Table:
    with plan.folder() as folder:
        # Without the disk's wait in every step, its growth would drown in it.
        floors = (floor.commit_seconds(folder, "NORMAL"), asyncio.run(floor.hop_seconds(1)))
        rows = [asyncio.run(_measure_host(plan, folder / mode, mode)) for mode in get_args(Replay)]
    return Table(
        title="growth: milliseconds a step, for orchestrations of so many activities one after another",
        columns=("replay", *(f"{length} steps" for length in LENGTHS), "exponent"),
        rows=tuple(rows),
        notes=(
            f"Floor of a step: 2 bare hops and a NORMAL commit, {1000 * (2 * floors[1] + floors[0]):.2f} ms.",
            "Exponent of the whole time over the number of steps: 1 is linear, 2 quadratic.",
            f"Median of {_rounds(plan, 'sticky')} rounds ({_rounds(plan, 'always')} with always).",
            f"{LANES} orchestrations at a time; durability NORMAL; in process, no HTTP.",
        ),
    )


async def _measure_host(plan: Plan, folder: Path, replay: Replay) -> tuple[Cell, ...]:
    async with opened(folder, replay=replay, synchronous="NORMAL") as host:
        await host.drive("steps", 5, 5, 20)
        # Every round asks every length, so that a slow second of the machine's looks like no growth.
        rounds = [[await _step(host, length) for length in LENGTHS] for _ in range(_rounds(plan, replay))]
        seconds = [median(column) for column in zip(*rounds, strict=True)]
    totals = [math.log(step * length) for step, length in zip(seconds, LENGTHS, strict=True)]
    exponent = linear_regression([math.log(length) for length in LENGTHS], totals).slope
    return (replay, *(1000 * step for step in seconds), exponent)


def _rounds(plan: Plan, replay: Replay) -> int:
    return plan.size(15 if replay == "sticky" else 3, 1)


async def _step(host: OpenedHost, length: int) -> float:
    began = time.perf_counter()
    await host.drive("steps", LANES, LANES, length)
    return (time.perf_counter() - began) / length / LANES
