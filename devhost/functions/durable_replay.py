"""Runs orchestrators through the SDK's own executor, from the start or from where they wait.

How it works. The SDK replays: given a history it runs the generator from its beginning and answers what the
orchestrator asked for in all. A `Run` keeps context, executor and generator after the first time and feeds
later events to the same executor, event by event, which is what the executor does with a history anyway; the
outcome is the same and nothing is run twice. When there is no run to go on with (the host was restarted, or
replays are asked for), the past is replayed first, its commands are held against the history, and only then
the news are told. So a difference between code and history is found before anything new is done.
"""

import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import zip_longest
from typing import Any

from azure.durable_functions.models.Task import TaskBase
from azure.durable_functions.models.TaskOrchestrationExecutor import TaskOrchestrationExecutor
from azure.durable_functions.models.utils.df_serialization import df_dumps

from devhost.engine.history import COMMANDS, EventType
from devhost.engine.messages import (
    Command,
    Completed,
    ContinuedAsNew,
    CreateTimer,
    Diverged,
    Episode,
    Event,
    Failed,
    Outcome,
    ScheduleActivity,
    StartChild,
    Turn,
)
from devhost.functions.advice import advice_on
from devhost.functions.durable_context import HostContext, HostEvent
from devhost.functions.places import failed_at

logger = logging.getLogger(__name__)

#: What Azure takes of a custom status, in KB of UTF-16.
LARGEST_STATUS = 16


class HostExecutor(TaskOrchestrationExecutor):  # type: ignore[misc]  # the SDK ships no types
    """The SDK's executor; where it would write its state as JSON, the state is read off it instead."""

    def __init__(self) -> None:
        # The SDK builds these, a class among them, for every run: 100 µs of a run of 200.
        self.event_to_SetTaskValuePayload: Any = _TABLES.event_to_SetTaskValuePayload
        self.task_completion_events: Any = _TABLES.task_completion_events
        self.past_events = 0
        self._answered: list[TaskBase] = []
        self.failure: BaseException | None = None
        self.initialize()

    def _find_new_events_start_index(self, history: list[Any]) -> int:
        # A past that is replayed on its own is old to its last event.
        return self.past_events

    def get_orchestrator_state_str(self) -> str:
        return ""

    def set_task_value(self, event: HostEvent, is_success: bool, id_key: str) -> None:  # noqa: FBT001 - the SDK's
        waiting = self.context.open_tasks.get(getattr(event, id_key))
        # The last of several waits for one event is the one that is answered.
        task = waiting[-1] if isinstance(waiting, list) and waiting else waiting
        super().set_task_value(event, is_success, id_key)
        while isinstance(task, TaskBase):
            self._answered.append(task)
            task = task.parent

    def go_on(self) -> None:
        """Begin another episode: what was answered before it is old, as it would be in a replay."""
        self._is_processing_new_events = True
        for task in self._answered:
            task.set_is_played(True)
        self._answered.clear()

    def outcome(self) -> Outcome | None:
        """How the orchestrator ended, None while it waits."""
        if self.exception is not None:
            self.failure = self.exception
            return Failed(error=_text(self.exception))
        if self.context.will_continue_as_new:
            return ContinuedAsNew(input_json=self.context.new_input_json)
        if not self.orchestrator_returned:
            return None
        if self.output is None:
            return Completed(output_json=None)
        try:
            return Completed(output_json=json.dumps(self.output))
        # json raises TypeError, ValueError or RecursionError, and objects may raise what they like: the SDK
        # turns all of it into the orchestrator's failure.
        except Exception as error:  # noqa: BLE001
            self.failure = error
            return Failed(error=_text(error))


_TABLES: Any = TaskOrchestrationExecutor()


class Run:
    """One execution of an orchestrator, kept where it waits."""

    def __init__(self, function: Callable[[Any], Any], input_type: type | None, episode: Episode) -> None:
        self._function = function
        self._name = episode.name
        self._context = HostContext(
            instance_id=episode.instance_id,
            parent_instance_id=episode.parent_instance_id,
            input_json=episode.input_json,
        )
        self._context._input_expected_type = input_type  # noqa: SLF001
        self._executor = HostExecutor()
        self._told = 0

    def begin(self, events: Sequence[Event], *, is_past: bool) -> None:
        """Run from the start."""
        told = [HostEvent(event) for event in events]
        self._executor.past_events = len(told) if is_past else 0
        self._context.begin(told)
        self._executor.execute(self._context, self._context.told, self._function)
        if is_past:
            self._told = len(self._context.commands)

    def hear(self, events: Sequence[Event]) -> None:
        """Go on from where it waits."""
        self._executor.go_on()
        for event in events:
            if self._executor.has_execution_completed:
                return
            told = HostEvent(event)
            self._context.told.append(told)
            self._executor.process_event(told)

    @property
    def is_waiting(self) -> bool:
        """Whether the orchestrator stands at a `yield`, and has a way out still to go."""
        generator = getattr(self._executor, "generator", None)
        return generator is not None and generator.gi_frame is not None

    def close(self) -> None:
        """Run the orchestrator's way out, here and not wherever the last reference happens to go."""
        if self.is_waiting:
            self._executor.generator.close()

    def turn(self) -> Turn:
        """What the orchestrator asked for since the last turn."""
        commands = tuple(self._context.commands[self._told :])
        self._told = len(self._context.commands)
        status = self._context.custom_status
        status_json = df_dumps(status) if status else None
        excess = _excess(status_json)
        if excess is not None:
            _tell(self._context.instance_id, self._name, excess, None)
            return Turn(waits={}, outcome=Failed(error=excess))
        outcome = self._executor.outcome()
        if isinstance(outcome, Failed):
            _tell(self._context.instance_id, self._name, outcome.error, self._executor.failure)
        return Turn(
            commands=commands,
            outcome=outcome,
            waits=self._context.open_waits(),
            cancelled_timers=self._context.cancelled_timers(),
            custom_status_json=status_json,
            held=self,
        )

    def divergence(self, past: Sequence[Event]) -> str | None:
        """The first step that differs between the replayed orchestrator and its history."""
        recorded = [event for event in past if event["EventType"] in COMMANDS]
        given = self._context.commands
        for step, (event, command) in enumerate(zip_longest(recorded, given), start=1):
            then = "nothing" if event is None else _recorded(event)
            now = "nothing" if command is None else _given(command)
            if then.casefold() != now.casefold():
                return _difference(step, then, now)
        outcome = self._executor.outcome()
        if outcome is not None:
            return _difference(len(recorded) + 1, "a wait", f"its end ({type(outcome).__name__})")
        return None


def close(run: Run) -> None:
    """End a run that nobody will go on with; what its `finally` blocks do is done here."""
    try:
        run.close()
    # As on Azure, where the generator is thrown away after every episode and nobody hears what it raises.
    except BaseException as error:  # noqa: BLE001
        logger.debug("An orchestrator that was let go raised %s: %s", type(error).__name__, error)


def play(function: Callable[[Any], Any], input_type: type | None, episode: Episode) -> Turn:
    """Play an episode; what goes wrong in the app's code is part of the turn."""
    try:
        return _play(function, input_type, episode)
    # The executor lets through what a plain function raises, what `yield` of a thing that is no task leads
    # to, and what a custom status that is no JSON raises: Azure fails the orchestration with that text.
    except Exception as error:  # noqa: BLE001
        text = f"{type(error).__name__}: {error}"
        _tell(episode.instance_id, episode.name, text, error)
        return Turn(waits={}, outcome=Failed(error=text))


def _play(function: Callable[[Any], Any], input_type: type | None, episode: Episode) -> Turn:
    if isinstance(episode.held, Run):
        episode.held.hear(episode.news)
        return _turn(episode.held, episode)
    run = Run(function, input_type, episode)
    if not episode.past:
        run.begin(episode.news, is_past=False)
        return _turn(run, episode)
    stumble: Exception | None = None
    try:
        run.begin(episode.past, is_past=True)
    # Told the answer to another task than it asked for, the SDK raises what it will: the step tells more.
    except Exception as error:  # noqa: BLE001
        stumble = error
    divergence = run.divergence(episode.past)
    if divergence is not None:
        _tell(episode.instance_id, episode.name, divergence, None)
        return Turn(waits={}, outcome=Diverged(error=divergence))
    if stumble is not None:
        raise stumble
    run.hear(episode.news)
    return _turn(run, episode)


def _turn(run: Run, episode: Episode) -> Turn:
    turn = run.turn()
    if episode.keep:
        return turn
    close(run)
    return replace(turn, held=None)


def _tell(instance_id: str, name: str, text: str, error: BaseException | None) -> None:
    place = "" if error is None else failed_at(error)
    logger.error(
        "The orchestrator '%s' (instance '%s') failed%s: %s%s",
        name,
        instance_id,
        place,
        text,
        advice_on(text),
    )


def _excess(status_json: str | None) -> str | None:
    """How Azure refuses a custom status that is too long."""
    # The text is in ASCII and has blanks: what Azure measures is never longer, and mostly much shorter.
    if status_json is None or len(status_json) * 2 // 1024 <= LARGEST_STATUS:
        return None
    dense = json.dumps(json.loads(status_json), ensure_ascii=False, separators=(",", ":"))
    size = len(dense.encode("utf-16-le", errors="surrogatepass")) // 1024
    if size <= LARGEST_STATUS:
        return None
    return (
        f"The UTF-16 size of the JSON-serialized payload must not exceed {LARGEST_STATUS} KB. "
        f"The current payload size is {size:,} KB."
    )


def _text(error: BaseException) -> str:
    return str(error) or str(type(error))


def _difference(step: int, then: str, now: str) -> str:
    return (
        f"Non-Deterministic workflow detected: step {step} was {then} when the orchestrator first ran, "
        f"replayed it is {now}. Orchestrators must take the same steps on every replay: no clock, random "
        "number, environment or I/O decides in them, and running instances keep the code they began with "
        "(end them, or give the changed orchestrator a new name or version)."
    )


def _recorded(event: Event) -> str:
    match event["EventType"]:
        case EventType.TASK_SCHEDULED:
            return f"activity '{event['Name']}'"
        case EventType.CHILD_CREATED:
            return f"sub-orchestration '{event['Name']}'"
        case EventType.TIMER_CREATED:
            return "a timer"
    request = json.loads(event["Input"])
    return f"entity operation '{request['op']}' on {event['InstanceId']}"


def _given(command: Command) -> str:
    match command:
        case ScheduleActivity():
            return f"activity '{command.name}'"
        case StartChild():
            return f"sub-orchestration '{command.name}'"
        case CreateTimer():
            return "a timer"
    return f"entity operation '{command.operation}' on {command.target}"
