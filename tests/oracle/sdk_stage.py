"""Has the engine itself go through what one of the SDK's cases tells."""

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from sdk_suite import Case

from devhost.engine.engine import Engine
from devhost.engine.history import EventType, instant
from devhost.engine.hub import InstanceStatus
from devhost.engine.messages import (
    ActivityCall,
    ActivityFailed,
    ActivityResult,
    ActivitySucceeded,
    Completed,
    EntityCall,
    EntityResult,
    Episode,
    Event,
    Failed,
    Turn,
)
from devhost.engine.ports import Done
from devhost.functions.durable_replay import Run, close, play
from devhost.storage.store import Store
from devhost.testing.virtual_clock import VirtualClock

MAIN = "orchestrator_of_the_case"
HOUR = timedelta(hours=1)
#: The timers of the tests that ask whether an orchestrator replays.
TIMERS_OF_THE_SUITE = datetime(2020, 7, 23, 21, 56, 54, tzinfo=UTC)
MOST_TURNS = 1000
ANSWERS_TO = {
    EventType.TASK_COMPLETED: EventType.TASK_SCHEDULED,
    EventType.TASK_FAILED: EventType.TASK_SCHEDULED,
    EventType.CHILD_COMPLETED: EventType.CHILD_CREATED,
    EventType.CHILD_FAILED: EventType.CHILD_CREATED,
}
Reply = Callable[[Event], None]


class Unplayable(AssertionError):
    """The case tells of something that did not come about."""


class Extras:
    """The worker: plays the case's orchestrator, and keeps every other call until the case answers it."""

    def __init__(self, case: Case, loop: asyncio.AbstractEventLoop) -> None:
        self._case = case
        self._loop = loop
        self.running = 0
        #: Calls in the order in which they came, by the kind of event that ordered them.
        self.calls: dict[int, list[Reply]] = {
            EventType.TASK_SCHEDULED: [],
            EventType.CHILD_CREATED: [],
            EventType.EVENT_SENT: [],
        }

    def orchestrator_named(self, name: str) -> str | None:
        return name

    def activity_named(self, name: str) -> str | None:
        return name

    def entity_named(self, name: str) -> str | None:
        return name

    def names(self, kind: str) -> tuple[str, ...]:
        return ()

    def python_named(self, kind: str, name: str) -> str | None:
        return None

    def play(self, episode: Episode, done: Done[Turn]) -> None:
        if episode.name != MAIN:
            self.calls[EventType.CHILD_CREATED].append(partial(_end_child, done))
            return
        self.running += 1
        self._loop.call_soon(self._play, episode, done)

    def let_go(self, held: object) -> None:
        if isinstance(held, Run):
            close(held)

    def act(self, call: ActivityCall, done: Done[ActivityResult]) -> None:
        self.calls[EventType.TASK_SCHEDULED].append(partial(_end_activity, done))

    def operate(self, call: EntityCall, done: Done[EntityResult]) -> None:
        if call.is_signal:
            # Nobody hears what a signal led to; the calls that stand behind it are waiting.
            done(EntityResult(exists=True, state_json="0", result_json="null", is_error=False))
        self.calls[EventType.EVENT_SENT].append(partial(_end_operation, done))

    def _play(self, episode: Episode, done: Done[Turn]) -> None:
        turn = play(self._case.function, None, episode)
        self.running -= 1
        done(turn)


class Stage:
    """An engine whose activities, children, entities, timers and events do as the case says."""

    def __init__(self, case: Case, folder: Path, *, always_replay: bool = False) -> None:
        self._case = case
        self._instance = str(case.body["instanceId"])
        self._loop = asyncio.new_event_loop()
        first, timers = _when(case.body["history"][0]), _timers(case)
        # Some of the timers are of 2020 and the other events of today: where there are timers, the case
        # begins before them all and the time goes from timer to timer; else it goes from episode to episode.
        self._is_timed = bool(timers)
        self._clock = VirtualClock(
            self._loop, min([first, *(timer - HOUR for timer in timers if timer < first)])
        )
        self._extras = Extras(case, self._loop)
        self._store = Store(folder, synchronous="NORMAL")
        self._engine = Engine(self._store, self._extras, self._clock, self._loop, always_replay=always_replay)

    def perform(self) -> None:
        """Everything the case tells, in its order."""
        self._engine.recover()
        start = self._engine.start(MAIN, instance_id=self._instance, input_json=None)
        self._loop.run_until_complete(start)
        for event in self._case.body["history"]:
            if event["EventType"] == EventType.ORCHESTRATOR_STARTED:
                self._settle()
                if not self._is_timed:
                    self._clock.jump_to(_when(event))
            else:
                self._tell(event)
        self._settle()

    def let_end(self) -> None:
        """What the case left open ends too, and the time goes on to the last timer."""
        for replies in self._extras.calls.values():
            for reply in replies:
                reply({"EventType": -1, "Result": None, "Input": '{"result": "null"}'})
            replies.clear()
        self._settle()
        while (due := self._clock.next_due()) is not None:
            self._clock.jump_to(due)
            self._settle()

    def status(self) -> InstanceStatus:
        return self._loop.run_until_complete(self._engine.status(self._instance))

    def history(self) -> list[Event]:
        return self._loop.run_until_complete(self._engine.history(self._instance))

    def close(self) -> None:
        self._engine.stop()
        self._store.close()
        self._loop.close()

    def _tell(self, event: Event) -> None:
        kind = event["EventType"]
        if kind in ANSWERS_TO:
            self._answer(ANSWERS_TO[kind], event["TaskScheduledId"], event)
        elif kind == EventType.TIMER_FIRED:
            [timer] = [e for e in self._made(EventType.TIMER_CREATED) if e["EventId"] == event["TimerId"]]
            self._clock.jump_to(instant(timer["FireAt"]))
        elif kind == EventType.EVENT_RAISED and self._extras.calls[EventType.EVENT_SENT]:
            self._answer(EventType.EVENT_SENT, self._made(EventType.EVENT_SENT)[-1]["EventId"], event)
        elif kind == EventType.EVENT_RAISED:
            raised = self._engine.raise_event(self._instance, event["Name"], event["Input"])
            self._loop.run_until_complete(raised)

    def _answer(self, kind: int, number: int, event: Event) -> None:
        made = [ordered["EventId"] for ordered in self._made(kind)]
        calls = self._extras.calls[kind]
        if number not in made or len(calls) < len(made):
            raise Unplayable(f"{self._case.name}: task {number} was not ordered, only {made}")
        calls[made.index(number)](event)
        calls[made.index(number)] = _deaf

    def _made(self, kind: int) -> list[Event]:
        return [event for event in self.history() if event["EventType"] == kind]

    def _settle(self) -> None:
        self._loop.run_until_complete(self._turn())

    async def _turn(self) -> None:
        for _ in range(MOST_TURNS):
            await asyncio.sleep(0)
            # A call that waits for the case's answer is no business of the engine's.
            if self._extras.running == 0 and self._engine.is_quiet:
                return
        raise Unplayable(f"{self._case.name}: the engine goes in circles")


def _when(event: Event) -> datetime:
    return instant(event["Timestamp"])


def _timers(case: Case) -> list[datetime]:
    created = [event for event in case.body["history"] if event["EventType"] == EventType.TIMER_CREATED]
    # The suite writes times without a zone, and means UTC.
    timers = [datetime.fromisoformat(event["FireAt"]).replace(tzinfo=UTC) for event in created]
    return timers if case.is_replaying is None else [*timers, TIMERS_OF_THE_SUITE]


def _deaf(event: Event) -> None:
    """The call has been answered."""


def _end_activity(done: Done[ActivityResult], event: Event) -> None:
    if event["EventType"] == EventType.TASK_FAILED:
        done(ActivityFailed(error=event["Reason"], details=event["Details"]))
    else:
        done(ActivitySucceeded(result_json=event.get("Result")))


def _end_child(done: Done[Turn], event: Event) -> None:
    if event["EventType"] == EventType.CHILD_FAILED:
        done(Turn(waits={}, outcome=Failed(error=event["Reason"])))
    else:
        done(Turn(waits={}, outcome=Completed(output_json=event.get("Result"))))


def _end_operation(done: Done[EntityResult], event: Event) -> None:
    answer: dict[str, Any] = json.loads(event["Input"])
    done(
        EntityResult(
            exists=True, state_json="0", result_json=answer["result"], is_error="exceptionType" in answer
        )
    )
