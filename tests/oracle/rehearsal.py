"""Plays an orchestrator three ways: kept where it waits, replayed, and by the SDK's own handle."""

import json
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from azure.durable_functions import EntityId, Orchestrator
from azure.durable_functions.constants import HTTP_ACTION_NAME

from devhost.engine import history
from devhost.engine.history import COMPLETES, EventType
from devhost.engine.messages import (
    Command,
    Completed,
    ContinuedAsNew,
    CreateTimer,
    Episode,
    Event,
    Failed,
    Outcome,
    ScheduleActivity,
    SendToEntity,
    StartChild,
    Turn,
)
from devhost.functions.durable_replay import play

Steps = Generator[Any, Any, Any]
Function = Callable[[Any], Any]
Asked = tuple[Any, ...]

START = datetime(2030, 1, 1, tzinfo=UTC)
COUNTER = EntityId("Counter", "k")
LABEL = "\n\n$OutOfProcData$:"


WHEN = history.stamp(START)


def done(task: int, result: Any = None) -> Event:
    return history.task_completed(WHEN, task, None if result is None else json.dumps(result))


def failed(task: int, reason: str = "broken") -> Event:
    return history.task_failed(WHEN, task, reason=reason, details="")


def fired(task: int) -> Event:
    return history.timer_fired(WHEN, task, WHEN)


def raised(name: str, value: Any = None) -> Event:
    return history.event_raised(WHEN, name, json.dumps(value))


def answered(task: int, result: Any, **more: Any) -> Event:
    return raised(f"guid-{task}", {"result": json.dumps(result), **more})


def recorded(command: Command, when: str) -> Event:
    """The event the engine writes for a command."""
    number = command.id
    match command:
        case ScheduleActivity():
            return history.task_scheduled(when, number, name=command.name, input_json=command.input_json)
        case CreateTimer():
            return history.timer_created(when, number, history.stamp(command.fire_at))
        case StartChild():
            return history.child_created(
                when, number, name=command.name, instance_id=f"e:{number}", version="", input_json=None
            )
    request = {"op": command.operation, "signal": command.is_signal, "id": f"guid-{number}"}
    return history.event_sent(when, number, target=command.target, request=request)


def opening(input_json: str | None, version: str) -> list[Event]:
    return [
        history.execution_started(
            WHEN,
            name="f",
            version=version,
            input_json=input_json,
            instance_id="i",
            execution_id="e",
            parent=None,
        )
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What the SDK's own handle makes of a history."""

    asked: list[Asked]
    outcome: Outcome | None
    custom_status: Any
    open_tasks: set[int]
    waits: dict[str, int]


def told_by_sdk(
    function: Function, events: Sequence[Event], input_json: str | None, *, instance_id: str = "i"
) -> Told:
    contexts: list[Any] = []

    def seen(context: Any) -> Any:
        contexts.append(context)
        return function(context)

    body = {
        "history": events,
        "input": None if input_json is None else json.loads(input_json),
        "instanceId": instance_id,
        "isReplaying": False,
        "parentInstanceId": None,
        "upperSchemaVersion": 1,
        "upperSchemaVersionNew": 2,
        "longRunningTimerIntervalDuration": "3.00:00:00",
        "maximumShortTimerDuration": "6.00:00:00",
        "defaultHttpAsyncRequestSleepTimeMillseconds": 30000,
    }
    state = _state(Orchestrator.create(seen), json.dumps(body))
    actions = list(leaves(state["actions"][0]))
    tasks = contexts[0].open_tasks
    return Told(
        asked=[asked(action) for action in actions if action["actionType"] not in (4, 6)],
        outcome=outcome_of(state, actions),
        custom_status=state.get("customStatus"),
        open_tasks={name for name in tasks if isinstance(name, int)},
        waits={name: len(found) for name, found in tasks.items() if isinstance(found, list) and found},
    )


def _state(handle: Callable[[str], str], body: str) -> dict[str, Any]:
    try:
        return dict(json.loads(handle(body)))
    except Exception as error:  # noqa: BLE001 - whatever the orchestrator or the SDK raises is what is asked for
        _, label, state = str(error).rpartition(LABEL)
        if label:
            return dict(json.loads(state))
        return {"actions": [[]], "error": f"{type(error).__name__}: {error}"}


def leaves(actions: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for action in actions:
        if "compoundActions" in action:
            yield from leaves(action["compoundActions"])
        else:
            yield action


def outcome_of(state: dict[str, Any], actions: Sequence[dict[str, Any]]) -> Outcome | None:
    if "error" in state:
        return Failed(error=state["error"])
    if not state["isDone"]:
        return None
    if actions and actions[-1]["actionType"] == 4:
        return ContinuedAsNew(input_json=json.dumps(actions[-1]["input"]))
    return Completed(output_json=json.dumps(state["output"]) if "output" in state else None)


def asked(action: dict[str, Any]) -> Asked:
    kind = action["actionType"]
    match kind:
        case 0 | 1:
            return "activity", action["functionName"], action["input"]
        case 2 | 3:
            given = json.dumps(action["input"])
            return "child", action["functionName"], given, action.get("instanceId"), action.get("version")
        case 5:
            return "timer", action["fireAt"]
        case 8:
            return "activity", HTTP_ACTION_NAME, json.dumps(action["httpRequest"])
    return "entity", action["instanceId"], action["operation"], json.dumps(action["input"]), kind == 9


def asked_by(command: Command) -> Asked:
    match command:
        case ScheduleActivity():
            return "activity", command.name, command.input_json
        case StartChild():
            return "child", command.name, command.input_json, command.instance_id, command.version
        case CreateTimer():
            return "timer", history.stamp(command.fire_at)
    return "entity", command.target, command.operation, command.input_json, command.is_signal


class Rehearsal:
    """Tells an orchestrator its news in all three ways, and refuses any difference."""

    def __init__(
        self, function: Function, given: Any = None, *, version: str = "", retried: Sequence[int] = ()
    ) -> None:
        self._function = function
        self._input_json = None if given is None else json.dumps(json.dumps(given))
        #: Commands that the SDK's answer leaves out: the pauses and attempts of a retry.
        self._retried = frozenset(retried)
        self._past: list[Event] = []
        self._echo: list[Event] = []
        self._commands: list[Command] = []
        self._cancelled: frozenset[int] = frozenset()
        self._held: object | None = None
        self._now = START
        self.first = self.tell(*opening(self._input_json, version), later=timedelta())

    def tell(self, *events: Event, later: timedelta = timedelta(minutes=1)) -> Turn:
        """Play one episode, that much later than the last; the turn it led to."""
        self._now += later
        when = history.stamp(self._now)
        news = [history.orchestrator_started(when), *events]
        kept = self._play(() if self._held else self._past, [*self._echo, *news], self._held)
        self._compare(kept, self._play(self._past, news, None))
        told = told_by_sdk(self._function, [*self._past, *news], self._input_json)
        written = [recorded(command, when) for command in kept.commands]
        self._commands += kept.commands
        self._echo = [event for event in written if event["EventType"] == EventType.EVENT_SENT]
        self._past += [*news, *written, history.orchestrator_completed(when)]
        self._held = kept.held
        self._compare_with_sdk(kept, told)
        return kept

    def _play(self, past: Sequence[Event], news: Sequence[Event], held: object | None) -> Turn:
        episode = Episode(
            instance_id="i",
            name="f",
            parent_instance_id=None,
            input_json=self._input_json,
            past=tuple(past),
            news=news,
            commands_so_far=len(self._commands),
            held=held,
        )
        return play(self._function, None, episode)

    def _compare(self, kept: Turn, replayed: Turn) -> None:
        assert kept.commands == replayed.commands
        assert kept.outcome == replayed.outcome
        assert kept.waits == replayed.waits
        assert kept.custom_status_json == replayed.custom_status_json
        # A replay tells of every cancelled timer anew.
        assert kept.cancelled_timers == replayed.cancelled_timers - self._cancelled
        self._cancelled |= kept.cancelled_timers

    def _compare_with_sdk(self, turn: Turn, told: Told) -> None:
        assert turn.outcome == told.outcome
        if turn.held is None:
            return
        shown = [asked_by(command) for command in self._commands if command.id not in self._retried]
        assert shown == told.asked
        status = turn.custom_status_json
        assert (None if status is None else json.loads(status)) == told.custom_status
        if turn.outcome is None:
            assert turn.waits == told.waits
            assert self._open_tasks(turn) == told.open_tasks

    def _open_tasks(self, turn: Turn) -> set[int]:
        # An entity call goes by its number only until its message has been sent.
        ended = {event[COMPLETES[kind]] for event in self._past if (kind := event["EventType"]) in COMPLETES}
        calls = {item.id for item in turn.commands if isinstance(item, SendToEntity) and not item.is_signal}
        return {item.id for item in self._commands if not isinstance(item, SendToEntity)} - ended | calls


def result_of(turn: Turn) -> Any:
    assert isinstance(turn.outcome, Completed), turn.outcome
    return None if turn.outcome.output_json is None else json.loads(turn.outcome.output_json)
