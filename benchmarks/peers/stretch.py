"""One stretch of work by one contender, in a process of its own that is told what to do by a file."""

import asyncio
import importlib
import json
import os
import sys
import time
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from itertools import count
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.peers.work import WORKS, Contender, Model, Work

#: Runs before the clock is started: what is made once is made in them.
WARM_UP = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is to be measured."""

    #: Of the contender, in this package.
    module: str
    options: dict[str, Any] = field(default_factory=dict)
    packages: tuple[str, ...] = ()
    work: str
    latency_ms: int
    in_flight: int
    #: Until then another run is begun whenever one has ended.
    seconds: float
    #: And as many as this are begun whatever time it takes.
    least: int
    folder: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """What was measured, from the first run's beginning to the last one's end."""

    runs: int
    seconds: float
    #: The median of the runs' times.
    run_seconds: float
    #: Of the processor: this process's, and what all others of the machine took meanwhile.
    cpu_seconds: float
    others_seconds: float
    settings: dict[str, str]
    versions: dict[str, str]

    @property
    def per_second(self) -> float:
        return self.runs / self.seconds

    @property
    def cpu_ms(self) -> float:
        """Of the processor, for each run."""
        return self.cpu_seconds / self.runs * 1000

    @property
    def others_cores(self) -> float:
        return self.others_seconds / self.seconds


async def measured(order: Order) -> Stretch:
    """Work until the order's time is over, and see that every answer is right."""
    contender_module = importlib.import_module(f"benchmarks.peers.{order.module}")
    work, names = WORKS[order.work], (f"{number:06}" for number in count())
    model = Model(seconds=order.latency_ms / 1000)
    async with contender_module.opened(Path(order.folder), model, **order.options) as contender:
        for _ in range(WARM_UP):
            await _done(contender, work, next(names))
        cpu, machine, began = time.process_time(), _machine_seconds(), time.perf_counter()
        times = await _drive(contender, order, names, began)
        seconds, own = time.perf_counter() - began, time.process_time() - cpu
        return Stretch(
            runs=len(times),
            seconds=seconds,
            run_seconds=median(times),
            cpu_seconds=own,
            others_seconds=max(_machine_seconds() - machine - own, 0.0),
            settings=await contender.settings(),
            versions={name: version(name) for name in order.packages},
        )


async def _drive(contender: Contender, order: Order, names: Any, began: float) -> list[float]:
    work, times = WORKS[order.work], []
    begun = 0

    async def lane() -> None:
        nonlocal begun
        while begun < order.least or time.perf_counter() - began < order.seconds:
            begun += 1
            times.append(await _done(contender, work, next(names)))

    async with asyncio.TaskGroup() as lanes:
        for _ in range(order.in_flight):
            lanes.create_task(lane())
    return times


async def _done(contender: Contender, work: Work, run: str) -> float:
    began = time.perf_counter()
    answer = await work.do(contender, run)
    seconds = time.perf_counter() - began
    work.check(run, answer)
    return seconds


def _machine_seconds() -> float:
    """What all processes of the machine have taken of its processors; nan where the system has no /proc."""
    stat = Path("/proc/stat")
    if not stat.exists():
        return float("nan")
    user, nice, system, _idle, _waiting, *interrupts = stat.read_text().split("\n", 1)[0].split()[1:8]
    return sum(map(int, (user, nice, system, *interrupts))) / os.sysconf("SC_CLK_TCK")


def main(file: Path) -> None:
    """Read an order, and write down beside it what was measured."""
    order = Order(**json.loads(file.read_text(encoding="utf-8")))
    stretch = asyncio.run(measured(order))
    file.with_suffix(".measured").write_text(json.dumps(asdict(stretch)), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
