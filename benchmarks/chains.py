"""How many three-activity chains a second, and what one costs in commits and in trips through a thread."""

import asyncio
import time
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from statistics import median
from typing import get_args

from benchmarks import floor
from benchmarks.opened_host import OpenedHost, opened
from benchmarks.plan import Plan
from benchmarks.table import Cell, Table
from devhost.options import Replay
from devhost.storage.store import Synchronous

IN_FLIGHT = (1, 200)
KINDS = {"chain": "sync", "chain_async": "async"}

COLUMNS = (
    "durability",
    "replay",
    "activities",
    "in flight",
    "chains/s",
    "commits/chain",
    "chain ÷ bare commit",
    "chain ÷ bare hop",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One stretch of chains, with the floors of the same minute."""

    chain_seconds: float
    commits: float
    commit_seconds: float
    hop_seconds: float


Samples = dict[tuple[Cell, ...], list[Sample]]


def measure(plan: Plan) -> Table:
    samples: Samples = {}
    for _ in range(plan.rounds):
        for synchronous, replay in product(get_args(Synchronous), get_args(Replay)):
            with plan.folder() as folder:
                asyncio.run(_measure_host(plan, folder, synchronous, replay, samples))
    counts = " and ".join(f"{_count(plan, lanes):,}" for lanes in IN_FLIGHT)
    return Table(
        title="chains: three activities one after another, each doing nothing",
        columns=COLUMNS,
        rows=tuple(_row(case, taken) for case, taken in samples.items()),
        notes=(
            *_floors(samples),
            f"Median of {plan.rounds} rounds of {counts} chains (1 and 200 in flight); in process, no HTTP.",
            "A chain is 4 episodes and 3 activities, 7 hops; alone it commits at its start and each episode.",
        ),
    )


async def _measure_host(
    plan: Plan, folder: Path, synchronous: Synchronous, replay: Replay, samples: Samples
) -> None:
    async with opened(folder, replay=replay, synchronous=synchronous) as host:
        await host.drive("chain", 50, 50, "text")
        for kind, in_flight in product(KINDS, IN_FLIGHT):
            hop = await floor.hop_seconds(in_flight)
            # A disk's speed may change from second to second: asked before and after.
            before = floor.commit_seconds(folder, synchronous)
            chain, commits = await _chain(host, kind, _count(plan, in_flight), in_flight)
            after = floor.commit_seconds(folder, synchronous)
            sample = Sample(
                chain_seconds=chain,
                commits=commits,
                commit_seconds=(before + after) / 2,
                hop_seconds=hop,
            )
            samples.setdefault((synchronous, replay, KINDS[kind], in_flight), []).append(sample)


async def _chain(host: OpenedHost, kind: str, count: int, in_flight: int) -> tuple[float, float]:
    commits, began = host.commits, time.perf_counter()
    await host.drive(kind, count, in_flight, "text")
    return (time.perf_counter() - began) / count, (host.commits - commits) / count


def _count(plan: Plan, in_flight: int) -> int:
    return plan.size(100, 10) if in_flight == 1 else plan.size(2_000, 200)


def _row(case: tuple[Cell, ...], samples: list[Sample]) -> tuple[Cell, ...]:
    return (
        *case,
        1 / median(sample.chain_seconds for sample in samples),
        median(sample.commits for sample in samples),
        median(sample.chain_seconds / sample.commit_seconds for sample in samples),
        median(sample.chain_seconds / sample.hop_seconds for sample in samples),
    )


def _floors(samples: Samples) -> list[str]:
    commits = {
        mode: [s.commit_seconds for case, taken in samples.items() for s in taken if case[0] == mode]
        for mode in get_args(Synchronous)
    }
    hops = {
        lanes: [s.hop_seconds for case, taken in samples.items() for s in taken if case[3] == lanes]
        for lanes in IN_FLIGHT
    }
    return [
        *(f"Floor: {1 / median(taken):,.0f} bare {mode} commits/s." for mode, taken in commits.items()),
        *(
            f"Floor: {1 / median(taken):,.0f} bare hops/s (through a pool of threads) with {lanes} in flight."
            for lanes, taken in hops.items()
        ),
    ]
