"""What guards leave in a run's history, for calls that go out alone and for many at once."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from msgspec.structs import replace

from benchmarks.catalogues import ROOT, shipped, wave_of
from benchmarks.plan import Plan
from benchmarks.runs import RunningApp, dirigent_app
from benchmarks.table import Cell, Table
from devhost.engine.history import EventType

GUARDED_APP = Path(__file__).parent / "guarded_app"
#: The first is a run that calls nobody: what is left is how it begins.
WAVES = (0, 1, 4, 50)
#: What is to be kept to: events a call in a wave of so many, episode marks not counted.
AIMS = {1: 8, 50: 3}
MARKS = (EventType.ORCHESTRATOR_STARTED, EventType.ORCHESTRATOR_COMPLETED)
FRAME = (EventType.EXECUTION_STARTED, EventType.EXECUTION_COMPLETED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """What a run left in its history, without the beginning and end that every run has."""

    events: int
    marks: int
    bytes: int

    def over(self, other: "Left") -> "Left":
        return Left(
            events=self.events - other.events,
            marks=self.marks - other.marks,
            bytes=self.bytes - other.bytes,
        )


def measure(plan: Plan) -> Table:
    with plan.folder() as folder:
        waves = {
            is_guarded: asyncio.run(_waves(folder, is_guarded=is_guarded)) for is_guarded in (False, True)
        }
        content = asyncio.run(_content(folder))
    rows = [
        _row("a run that calls nobody: its admission", 1, waves[False][0], waves[True][0]),
        *(_row(f"a call in a wave of {calls}", calls, *_calls(waves, calls)) for calls in WAVES if calls > 0),
        _row("a content run, whole: 3 calls, 1 file", 1, content[False], content[True]),
    ]
    return Table(
        title="guards: what a guarded call leaves in a run's history beside an unguarded one",
        columns=("what", "events", "events guarded", "marks", "marks guarded", "bytes", "bytes guarded"),
        rows=tuple(rows),
        notes=(
            "Marks of episodes are OrchestratorStarted and -Completed. Events: neither these nor the run's",
            "ExecutionStarted and -Completed, which are 2 a run. Bytes: JSON of all but these 2.",
            "A wave's share of a run is what it has more than a run that calls nobody.",
            "Nobody is refused; one agent, one deployment, no retries. Limits unlimited, durability FULL.",
            *_aims(waves),
        ),
    )


def _calls(waves: Mapping[bool, Mapping[int, Left]], calls: int) -> tuple[Left, Left]:
    """What the calls alone left, unguarded and guarded."""
    unguarded, guarded = (found[calls].over(found[0]) for found in (waves[False], waves[True]))
    return unguarded, guarded


def _aims(waves: Mapping[bool, Mapping[int, Left]]) -> list[str]:
    told = []
    for calls, aim in AIMS.items():
        found = _calls(waves, calls)[1].events / calls
        told.append(
            f"Aim for a wave of {calls}: at most {aim} events a call; {'kept' if found <= aim else 'MISSED'}."
        )
    return told


def _row(what: str, calls: int, unguarded: Left, guarded: Left) -> tuple[Cell, ...]:
    pairs = (
        (unguarded.events, guarded.events),
        (unguarded.marks, guarded.marks),
        (unguarded.bytes, guarded.bytes),
    )
    return (what, *(number / calls for pair in pairs for number in pair))


async def _waves(folder: Path, *, is_guarded: bool) -> dict[int, Left]:
    place = folder / f"waves-{is_guarded}"
    catalogue, definition = wave_of(max(WAVES), place / "catalogue")
    async with dirigent_app(place, catalogue, app=GUARDED_APP) as app:
        whole = await app.prepared(definition, is_guarded=is_guarded)
        found = {}
        for calls in WAVES:
            run = await app.run(replace(whole, plan=whole.plan[:calls]), "wave")
            found[calls] = await left(app, run)
    return found


async def _content(folder: Path) -> dict[bool, Left]:
    found = {}
    catalogue, definition = shipped("content-creation", folder / "catalogue")
    async with dirigent_app(folder / "content", catalogue, app=ROOT) as app:
        for is_guarded in (False, True):
            run = await app.run(await app.prepared(definition, is_guarded=is_guarded))
            found[is_guarded] = await left(app, run)
    return found


async def left(app: RunningApp, run: str) -> Left:
    """What the run left in its history."""
    events = [e for e in await app.host.host.hub.history(run) if e["EventType"] not in FRAME]
    marks = sum(event["EventType"] in MARKS for event in events)
    size = sum(len(json.dumps(event)) for event in events)
    return Left(events=len(events) - marks, marks=marks, bytes=size)
