"""What guards leave in a run's history, for calls that go out alone and for many at once."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

from benchmarks import teams
from benchmarks.catalogues import chain, declared, shipped
from benchmarks.left import Left, left
from benchmarks.plan import Plan
from benchmarks.runs import dirigent_app
from benchmarks.table import Cell, Table

#: Steps of two chains; what they differ by is calls that neither open nor close the run.
SHORT, LONG = 2, 12
WIDTHS = (4, 50)
#: What is to be kept to: events a call, episode marks not counted.
MOST_ALONE, MOST_ABREAST = 8, 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What runs left, all of them guarded or none."""

    #: By the number of their steps.
    chains: dict[int, Left]
    fan_outs: dict[int, Left]
    content: Left

    @property
    def calls(self) -> Left:
        """Those by which the long chain is longer."""
        return self.chains[LONG].over(self.chains[SHORT])


def measure(plan: Plan) -> Table:
    with plan.folder() as folder:
        bare, guarded = (
            asyncio.run(_found(folder / str(is_guarded), is_guarded=is_guarded))
            for is_guarded in (False, True)
        )
    more = LONG - SHORT
    begun = [_begun(found) for found in (bare, guarded)]
    rows = [
        _row("a chain's beginning and end, without its calls", more, *begun),
        _row("a call that goes out alone", more, bare.calls, guarded.calls),
        *(
            _row(f"a branch of a fan-out of {width}", width, bare.fan_outs[width], guarded.fan_outs[width])
            for width in WIDTHS
        ),
        _row("a content run, whole: 3 calls, 1 file", 1, bare.content, guarded.content),
    ]
    return Table(
        title="guards: what a guarded call leaves in a run's history beside an unguarded one",
        columns=("what", "events", "events guarded", "marks", "marks guarded", "bytes", "bytes guarded"),
        rows=tuple(rows),
        notes=(
            "Marks of episodes are OrchestratorStarted and -Completed. Events: neither these nor the run's",
            "ExecutionStarted and -Completed, which are 2 a run. Bytes: JSON of all but these 2.",
            f"Alone: what a chain of {LONG} has more than one of {SHORT}, a call. A branch: its share of all",
            "that its run has: admission, opening, deadline, permits, and the step that joins what came.",
            "Nobody is refused; one agent, one deployment, no retries. Limits unlimited, durability FULL.",
            _aim("a call that goes out alone", guarded.calls.events / more, MOST_ALONE),
            _aim("a branch of 50", guarded.fan_outs[50].events / 50, MOST_ABREAST),
        ),
    )


def _begun(found: Found) -> Left:
    """Of `LONG - SHORT` chains, so that it can be divided like the calls it is found by."""
    short, more = found.chains[SHORT], LONG - SHORT
    return Left().over(short, -more).over(found.calls, SHORT)


def _aim(what: str, found: float, most: float) -> str:
    return f"Aim for {what}: at most {most} events; {'kept' if found <= most else 'MISSED'}."


def _row(what: str, calls: int, unguarded: Left, guarded: Left) -> tuple[Cell, ...]:
    pairs = (
        (unguarded.events, guarded.events),
        (unguarded.marks, guarded.marks),
        (unguarded.bytes, guarded.bytes),
    )
    return (what, *(number / calls for pair in pairs for number in pair))


async def _found(folder: Path, *, is_guarded: bool) -> Found:
    workflows = {f"chain-{steps}": chain(steps) for steps in (SHORT, LONG)}
    workflows |= {f"fan-out-{width}": teams.fan_out(width) for width in WIDTHS}
    flows = declared(workflows, folder / "catalogue")
    whole = {}
    async with dirigent_app(folder / "app", folder / "catalogue") as app:
        for name, flow in flows.items():
            start = await app.run(await app.prepared(flow, is_guarded=is_guarded))
            whole[name] = await left(app, start.run)
    content = shipped("content-creation", folder / "shipped")
    async with dirigent_app(folder / "content", content.folder) as app:
        start = await app.run(await app.prepared(content, is_guarded=is_guarded))
        written = await left(app, start.run)
    return Found(
        chains={steps: whole[f"chain-{steps}"] for steps in (SHORT, LONG)},
        fan_outs={width: whole[f"fan-out-{width}"] for width in WIDTHS},
        content=written,
    )
