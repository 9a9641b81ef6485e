"""What a run leaves in the histories of its instances."""

import json
from dataclasses import dataclass

from benchmarks.runs import RunningApp
from devhost.engine.history import EventType
from devhost.engine.messages import Event
from dirigent.domain.lineage import descendants
from dirigent.domain.runs import StartRun

#: Events that mark episodes; Azure writes and bills them all the same, but they are no work.
MARKS = (EventType.ORCHESTRATOR_STARTED, EventType.ORCHESTRATOR_COMPLETED)
FRAME = (EventType.EXECUTION_STARTED, EventType.EXECUTION_COMPLETED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """So many events, marks of episodes apart, and bytes of both."""

    events: int = 0
    marks: int = 0
    bytes: int = 0

    def over(self, other: "Left", times: int = 1) -> "Left":
        """What it has more than so many times the other."""
        return Left(
            events=self.events - times * other.events,
            marks=self.marks - times * other.marks,
            bytes=self.bytes - times * other.bytes,
        )


async def left(app: RunningApp, run: str) -> Left:
    """By the run's own instance, without the beginning and end that every instance has."""
    return _counted([event for event in await app.history(run) if event["EventType"] not in FRAME])


async def left_below(app: RunningApp, start: StartRun) -> Left:
    """By the instances that it began and that those began, as a whole."""
    histories = [await app.history(instance) for instance in descendants(start)]
    return _counted([event for history in histories for event in history])


def _counted(events: list[Event]) -> Left:
    marks = sum(event["EventType"] in MARKS for event in events)
    size = sum(len(json.dumps(event)) for event in events)
    return Left(events=len(events) - marks, marks=marks, bytes=size)
