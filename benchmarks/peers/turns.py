"""Contenders take turns: whatever the machine does meanwhile, it does to all of them."""

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.peers.contenders import CONTENDERS, ROOT
from benchmarks.peers.stretch import Order, Stretch
from benchmarks.peers.work import WORKS
from benchmarks.plan import Plan

LATENCIES_MS = (0, 50)
#: For one stretch, however long its runs are.
PATIENCE = 300.0


class ContenderFailed(Exception):
    """A stretch brought no figures."""

    def __init__(self, contender: str, why: str) -> None:
        self.contender, self.why = contender, why
        super().__init__(f"{contender} was not measured: {why}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What is done, by a model of which pace, and how many at a time."""

    work: str
    latency_ms: int
    in_flight: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """Who did what, and how it went."""

    contender: str
    case: Case
    round: int
    stretch: Stretch


def cases(names: Sequence[str]) -> list[Case]:
    """Each kind of work, for each pace of the model, alone and many at a time."""
    return [
        Case(work=name, latency_ms=latency_ms, in_flight=in_flight)
        for name, latency_ms in product(names, LATENCIES_MS)
        for in_flight in (1, WORKS[name].many)
    ]


def taken(plan: Plan, contenders: Sequence[str], names: Sequence[str]) -> Iterator[Taken]:
    """Every stretch as soon as it is measured."""
    for number, case in product(range(plan.rounds), cases(names)):
        first = number % len(contenders)
        # Each round begins with another: who comes first has no advantage of it.
        for contender in (*contenders[first:], *contenders[:first]):
            stretch = _measured(plan, contender, case)
            yield Taken(contender=contender, case=case, round=number, stretch=stretch)


def _measured(plan: Plan, name: str, case: Case) -> Stretch:
    contender = CONTENDERS[name]
    with TemporaryDirectory(prefix="peers-") as folder:
        order = Order(
            module=contender.module,
            options=contender.options,
            packages=contender.packages,
            **asdict(case),
            seconds=plan.size(20, 2) / 10,
            least=case.in_flight,
            folder=folder,
        )
        file = Path(folder, "order.json")
        file.write_text(json.dumps(asdict(order)), encoding="utf-8")
        command = (str(contender.python), "-m", "benchmarks.peers.stretch", str(file))
        try:
            done = subprocess.run(
                command, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE, check=False
            )
        except subprocess.TimeoutExpired as error:
            raise ContenderFailed(name, f"it took longer than {PATIENCE:g} s for {case}") from error
        if done.returncode != 0:
            print(done.stderr[-4000:], file=sys.stderr)
            raise ContenderFailed(name, f"see above what became of {case}")
        return Stretch(**json.loads(file.with_suffix(".measured").read_text(encoding="utf-8")))
