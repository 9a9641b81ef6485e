"""What a branch costs, and whether one of many costs as much as one of few."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import get_args

from benchmarks import teams
from benchmarks.catalogues import ASKED, chain, declared
from benchmarks.left import Left, left, left_below
from benchmarks.plan import Plan
from benchmarks.runs import Prepared, RunningApp, dirigent_app
from benchmarks.table import Cell, Table
from devhost.options import Replay

#: Seconds between answers that come one by one, and before the first of them.
GAP, FIRST = 0.02, 0.5
SUB = "sub"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A way of having branches."""

    name: str
    widths: tuple[int, ...]
    declare: Callable[[int], teams.Declared]
    is_one_by_one: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What runs of that width left and took."""

    own: Left
    below: Left
    cpu: float


#: Kind, width, whether it is guarded, replay mode.
Case = tuple[str, int, bool, Replay]

KINDS = (
    Kind(name="fan-out", widths=(4, 50, 500), declare=teams.fan_out),
    Kind(name="fan-out, one by one", widths=(4, 50, 500), declare=teams.fan_out, is_one_by_one=True),
    Kind(name="nested runs", widths=(4, 50, 500), declare=lambda width: teams.nested(width, SUB)),
    Kind(name="hierarchy", widths=(4, 48, 480), declare=lambda width: teams.hierarchy(width // 4, 4)),
    Kind(
        name="voters",
        widths=(4, 50, 200),
        declare=lambda width: teams.quorum(*[teams.VOTER] * width, needed="unanimity"),
    ),
)


def measure(plan: Plan) -> Table:
    found: dict[Case, Found] = {}
    with plan.folder() as folder:
        for replay in get_args(Replay):
            for kind in KINDS:
                place = folder / replay / kind.name
                found |= asyncio.run(_measured(plan, place, kind, replay))
    return Table(
        title="branches: what a branch leaves in histories and takes of the processor",
        columns=(
            "what",
            "guards",
            "branches",
            "events",
            "marks",
            "marks, always",
            "bytes",
            "own events",
            "own bytes",
            "CPU ms",
            "CPU ms, always",
        ),
        rows=tuple(_row(case, found) for case in found if case[-1] == "sticky"),
        notes=(
            "A branch's share of all that its run left and took; sticky, where nothing else is said.",
            "Marks of episodes are OrchestratorStarted and -Completed. Events: neither these nor the run's",
            "ExecutionStarted and -Completed, which are 2 a run. Bytes: JSON of all but these 2.",
            "Own: what the instances left that the run began, these 2 and marks among it.",
            f"CPU is the process's, host, SDK and records with it; median of {plan.rounds}, one at a time.",
            "Answers are dictated: the scripted model only looks them up. Limits unlimited, durability FULL.",
            f"One by one: the first answer after {FIRST:g} s, each further one {1000 * GAP:.0f} ms later.",
            "Nested runs: chains of one call. Hierarchy: workers, 4 to a manager, with the calls by which",
            "managers and master merge. Voters: all must agree, so that all are heard.",
            *_growth(found),
        ),
    )


def _row(case: Case, found: Mapping[Case, Found]) -> tuple[Cell, ...]:
    kind, width, is_guarded, _ = case
    sticky, always = found[case], found[kind, width, is_guarded, "always"]
    counts = (sticky.own.events, sticky.own.marks, always.own.marks, sticky.own.bytes)
    below = (sticky.below.events + sticky.below.marks, sticky.below.bytes)
    times = (1000 * sticky.cpu, 1000 * always.cpu)
    shares = (number / width for number in (*counts, *below, *times))
    return (kind, "on" if is_guarded else "off", width, *shares)


def _growth(found: Mapping[Case, Found]) -> list[str]:
    """What each further branch adds to a guarded run's history, and what is there however many there are."""
    told = []
    for kind in KINDS:
        cases: list[Case] = [(kind.name, width, True, "sticky") for width in kind.widths]
        runs = [(case[1], found[case].own) for case in cases if case in found]
        spans = []
        for (few, before), (more, after) in pairwise(runs):
            added, branches = after.over(before), more - few
            spans.append(
                f"{added.events / branches:.4g} events, {added.bytes / branches:,.0f} bytes ({few} to {more})"
            )
        told.append(f"{kind.name}, each further branch, guarded: {'; '.join(spans)}.")
        (few, before), (more, after) = runs[0], runs[-1]
        added, branches = after.over(before), more - few
        events = before.events - few * added.events / branches
        size = before.bytes - few * added.bytes / branches
        told.append(f"... and whatever their number: {events:.3g} events, {size:,.0f} bytes.")
    return told


async def _measured(plan: Plan, folder: Path, kind: Kind, replay: Replay) -> dict[Case, Found]:
    widths = kind.widths[:2] if plan.quick else kind.widths
    workflows = {f"of-{width}": kind.declare(width) for width in widths} | {SUB: chain(1)}
    flows = declared(workflows, folder / "catalogue", agents=(ASKED, teams.VOTER))
    found: dict[Case, Found] = {}
    script = _script(max(widths) if kind.is_one_by_one else 0)
    async with dirigent_app(folder / "app", folder / "catalogue", replay=replay, script=script) as app:
        for is_guarded in (True,) if kind.is_one_by_one else (False, True):
            for width in widths:
                prepared = await app.prepared(flows[f"of-{width}"], is_guarded=is_guarded)
                # The first of a kind pays for imports and tables.
                if width == min(widths):
                    await app.run(prepared)
                taken = [await _taken(app, prepared) for _ in range(plan.rounds)]
                found[kind.name, width, is_guarded, replay] = _median(taken)
    return found


async def _taken(app: RunningApp, prepared: Prepared) -> Found:
    began = time.process_time()
    start = await app.run(prepared)
    cpu = time.process_time() - began
    return Found(own=await left(app, start.run), below=await left_below(app, start), cpu=cpu)


def _median(taken: Sequence[Found]) -> Found:
    """Marks and settlements depend on which answers come together: those of the run in the middle."""
    middle = sorted(taken, key=lambda one: one.own.bytes)[len(taken) // 2]
    return replace(middle, cpu=median(one.cpu for one in taken))


def _script(branches: int) -> dict[str, object]:
    """Everybody says the same; of so many branches each takes longer than the one before."""
    answers = [{"agent": teams.VOTER, "answer": {teams.VOTE: "allow"}}, {"answer": "A line."}]
    faults = [
        {"contains": teams.called(number), "fault": {"slow": FIRST + number * GAP}}
        for number in range(branches)
    ]
    return {"answers": answers, "faults": faults}
