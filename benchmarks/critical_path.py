"""How much longer a run takes than the calls that must follow one another in it."""

import asyncio
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks import teams
from benchmarks.catalogues import ASKED, chain, declared
from benchmarks.plan import Plan
from benchmarks.runs import dirigent_app
from benchmarks.table import Cell, Table

#: Seconds that a call takes, and that a voter takes who holds up everybody who waits for it.
CALL, LATE = 1.0, 10.0
LATER, NEVER = "later", "never"
#: Seconds after which a call is given up: what nobody waits for any more is over before the next round.
PATIENCE = 12
SUB = "sub"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A run, and how many calls must follow one another in it."""

    what: str
    workflow: teams.Declared
    path: int = 1
    #: How many times its path it may take.
    aim: float | None = None
    is_large: bool = False


def cases() -> dict[str, Case]:
    """What is measured, by the names of workflows."""
    voter = teams.VOTER
    return {
        "late": Case(
            what=f"2 of 3 voters, the third takes {CALL + LATE:.0f} s",
            workflow=teams.quorum(voter, voter, LATER, needed=2),
        ),
        "silent": Case(
            what="2 of 3 voters, the third never answers",
            workflow=teams.quorum(voter, voter, NEVER, needed=2),
        ),
        "one": Case(what="a chain of 1 call", workflow=chain(1)),
        "five": Case(what="a chain of 5 calls", workflow=chain(5), path=5),
        "of-4": Case(what="fan-out of 4", workflow=teams.fan_out(4), aim=1.1),
        "of-50": Case(what="fan-out of 50", workflow=teams.fan_out(50), aim=1.2),
        "of-500": Case(what="fan-out of 500", workflow=teams.fan_out(500), is_large=True),
        "teams": Case(
            what="hierarchy: 3 managers of 4 workers, master", workflow=teams.hierarchy(3, 4), path=3
        ),
        "nested": Case(what="fan-out of 4 chains of 2 calls", workflow=teams.nested(4, SUB), path=2),
    }


def measure(plan: Plan) -> Table:
    wanted = {name: case for name, case in cases().items() if not (plan.quick and case.is_large)}
    with plan.folder() as folder:
        taken = asyncio.run(_measured(plan, folder, wanted))
    return Table(
        title=f"critical-path: a run of calls of {CALL:g} s each, by those that must follow one another",
        columns=("what", "calls in a row", "seconds", "÷ its calls", "least", "most", "aim"),
        rows=tuple(_row(case, taken[name]) for name, case in wanted.items()),
        notes=(
            f"Median, least and most of {_rounds(plan)} runs, one at a time, after one that is thrown away.",
            "Guards on, limits unlimited; one deployment for all; real clock; sticky, durability FULL.",
            "From the start, in process, until the orchestration has ended: records are written, and voters",
            f"that nobody waits for are ended. A call takes {CALL:g} s of waiting; its answer is dictated.",
        ),
    )


async def _measured(plan: Plan, folder: Path, wanted: dict[str, Case]) -> dict[str, list[float]]:
    workflows = {name: case.workflow for name, case in wanted.items()} | {SUB: chain(2)}
    agents = (ASKED, teams.VOTER, LATER, NEVER)
    flows = declared(workflows, folder / "catalogue", agents=agents, timeout=PATIENCE)
    taken: dict[str, list[float]] = {name: [] for name in wanted}
    async with dirigent_app(folder / "app", folder / "catalogue", script=_script()) as app:
        starts = {name: await app.prepared(flows[name]) for name in wanted}
        # Every round asks every case: a slow minute of the machine's hits all.
        for number in range(_rounds(plan) + 1):
            for name, prepared in starts.items():
                began = time.perf_counter()
                await app.run(prepared)
                if number:
                    taken[name].append(time.perf_counter() - began)
    return taken


def _rounds(plan: Plan) -> int:
    return plan.size(7, 1)


def _script() -> dict[str, object]:
    return {
        "pace": CALL,
        "answers": [
            *({"agent": agent, "answer": {teams.VOTE: "allow"}} for agent in (teams.VOTER, LATER, NEVER)),
            {"answer": "A line."},
        ],
        "faults": [{"agent": LATER, "fault": {"slow": LATE}}, {"agent": NEVER, "fault": "timeout"}],
    }


def _row(case: Case, taken: list[float]) -> tuple[Cell, ...]:
    path = case.path * CALL
    ratio = median(taken) / path
    aim = "-" if case.aim is None else f"{case.aim:g}, {'kept' if ratio <= case.aim else 'MISSED'}"
    return (case.what, case.path, median(taken), ratio, min(taken) / path, max(taken) / path, aim)
