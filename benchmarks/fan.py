"""What one orchestration with 400 parallel activities takes."""

import asyncio
import time
from pathlib import Path
from statistics import median
from typing import get_args

from benchmarks import floor
from benchmarks.opened_host import opened
from benchmarks.plan import Plan
from benchmarks.table import Cell, Table
from devhost.options import Replay

WIDTH = 400
COLUMNS = ("replay", "activities", "seconds", "history events", "episodes", "commits", "÷ 400 bare hops")


def measure(plan: Plan) -> Table:
    rows = []
    for replay in get_args(Replay):
        with plan.folder() as folder:
            rows.append(asyncio.run(_measure_host(plan, folder, replay)))
    return Table(
        title="fan: one orchestration fans out to 400 activities that do nothing, and in again",
        columns=COLUMNS,
        rows=tuple(rows),
        notes=(
            f"Median of {plan.rounds} rounds; durability FULL; in process, no HTTP.",
            "Floor: the same 400 functions through a bare pool of threads, just before.",
        ),
    )


async def _measure_host(plan: Plan, folder: Path, replay: Replay) -> tuple[Cell, ...]:
    rounds = []
    async with opened(folder, replay=replay) as host:
        await host.drive("fan", 1, 1, 10)
        for _ in range(plan.rounds):
            bare = WIDTH * await floor.hop_seconds(WIDTH, WIDTH)
            commits, began = host.commits, time.perf_counter()
            [identity] = await host.drive("fan", 1, 1, WIDTH)
            seconds = time.perf_counter() - began
            made = host.commits - commits
            rounds.append((seconds, *await host.episodes(identity), made, seconds / bare))
    return (replay, WIDTH, *(median(column) for column in zip(*rounds, strict=True)))
