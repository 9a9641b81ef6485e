"""The SDK's orchestration context, made to tell which commands an orchestrator gives, and their numbers.

The numbers of tasks never travel in what the SDK answers: host and SDK each count them. Here they are read
off where the SDK assigns them, so that both counts are one.
"""

import json
import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from azure.durable_functions.models.actions.CallActivityAction import CallActivityAction
from azure.durable_functions.models.actions.CallActivityWithRetryAction import CallActivityWithRetryAction
from azure.durable_functions.models.actions.CallEntityAction import CallEntityAction
from azure.durable_functions.models.actions.CallHttpAction import CallHttpAction
from azure.durable_functions.models.actions.CallSubOrchestratorAction import CallSubOrchestratorAction
from azure.durable_functions.models.actions.CallSubOrchestratorWithRetryAction import (
    CallSubOrchestratorWithRetryAction,
)
from azure.durable_functions.models.actions.ContinueAsNewAction import ContinueAsNewAction
from azure.durable_functions.models.actions.CreateTimerAction import CreateTimerAction
from azure.durable_functions.models.actions.NoOpAction import NoOpAction
from azure.durable_functions.models.actions.SignalEntityAction import SignalEntityAction
from azure.durable_functions.models.DurableOrchestrationContext import DurableOrchestrationContext
from azure.durable_functions.models.history.HistoryEvent import HistoryEvent
from azure.durable_functions.models.Task import AtomicTask, TaskBase, TimerTask

from devhost.engine.messages import Command, CreateTimer, ScheduleActivity, SendToEntity, StartChild
from devhost.functions.outgoing import HTTP_ACTIVITY

logger = logging.getLogger(__name__)

#: What Azure Storage sends: timers beyond six days become chains of three-day timers that nobody can cancel.
MAXIMUM_SHORT_TIMER = timedelta(days=6)
LONG_TIMER_INTERVAL = timedelta(days=3)


class HostContext(DurableOrchestrationContext):  # type: ignore[misc]  # the SDK ships no types
    """Logs each command as the SDK numbers it."""

    def __init__(self, *, instance_id: str, parent_instance_id: str | None, input_json: str | None) -> None:
        self.told: list[HistoryEvent] = []
        self.commands: list[Command] = []
        self.new_input_json: str | None = None
        #: Names of events that were waited for, in that order.
        self.awaited: dict[str, None] = {}
        self.timers: dict[int, TimerTask] = {}
        # The SDK looks for the first event while it is made; any instant does until the replay begins.
        self.told.append(_FIRST)
        super().__init__(
            [],
            instance_id,
            False,  # noqa: FBT003 - the SDK's order of arguments
            parent_instance_id,
            None if input_json is None else json.loads(input_json),
            upperSchemaVersion=1,
            upperSchemaVersionNew=2,
            defaultHttpAsyncRequestSleepTimeMillseconds=30000,
        )
        self._maximum_short_timer_duration = MAXIMUM_SHORT_TIMER
        self._long_timer_interval_duration = LONG_TIMER_INTERVAL
        self.told.clear()

    @property
    def histories(self) -> list[HistoryEvent]:
        return self.told

    def begin(self, told: list[HistoryEvent]) -> None:
        """Take the events the orchestrator starts with."""
        self.told.extend(told)
        self._current_utc_datetime = told[0].timestamp
        self._version = self._extract_version_from_history(told)

    def open_waits(self) -> dict[str, int]:
        """The events the orchestrator waits for now, and how many times each."""
        waits: dict[str, int] = {}
        for name in tuple(self.awaited):
            tasks = self.open_tasks.get(name)
            if tasks:
                waits[name] = len(tasks)
            else:
                del self.awaited[name]
        return waits

    def cancelled_timers(self) -> frozenset[int]:
        """Timers the orchestrator cancelled since it was last asked."""
        cancelled = frozenset(number for number, timer in self.timers.items() if timer.is_cancelled)
        self.timers = {
            number: timer
            for number, timer in self.timers.items()
            if not timer.is_cancelled and not timer.is_completed
        }
        return cancelled

    def _add_to_open_tasks(self, task: TaskBase) -> None:
        if isinstance(task, AtomicTask) and not task._is_scheduled:  # noqa: SLF001
            if task.id is None:
                self._log(self._sequence_number, task._get_action(), task)  # noqa: SLF001
            elif isinstance(task.id, str):
                self.awaited[task.id] = None
        super()._add_to_open_tasks(task)

    def _record_fire_and_forget_action(self, action: Any) -> None:
        self._log(self._sequence_number, action, None)
        super()._record_fire_and_forget_action(action)

    def _log(self, number: int, action: Any, task: TaskBase | None) -> None:
        if self.will_continue_as_new:
            return
        if isinstance(action, ContinueAsNewAction):
            self.new_input_json = json.dumps(action.input_)
            return
        if isinstance(action, NoOpAction) and task is not None:
            command = _retried(number, action, task, self.current_utc_datetime)
        else:
            command = _COMMANDS[type(action)](number, action)
        if isinstance(task, TimerTask):
            self.timers[number] = task
            if not self.is_replaying:
                _warn_of_offset(self.instance_id, action.fire_at)
        self.commands.append(command)


def _retried(number: int, action: NoOpAction, task: TaskBase, now: datetime) -> Command:
    retry = task.parent
    if action.metadata == "rescheduled task":
        return _COMMANDS[type(retry.actions)](number, retry.actions)
    # The SDK counts its attempts only after a timer, also after the last: that one must not delay anyone.
    is_last = retry.num_attempts >= retry.retry_options.max_number_of_attempts
    pause = 0 if is_last else retry.retry_options.first_retry_interval_in_milliseconds
    return CreateTimer(id=number, fire_at=_utc(now) + timedelta(milliseconds=pause))


def _text(value: Any) -> str:
    """What the wire makes of a name that is no string: JSON writes a number as text and refuses an object."""
    if isinstance(value, str):
        # An enum's member may be a string too, and is then more than one.
        return str.__str__(value)
    if isinstance(value, int | float):
        return json.dumps(value)
    raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")


def _text_or_none(value: Any) -> str | None:
    return None if value is None else _text(value)


def _activity(number: int, action: Any) -> Command:
    return ScheduleActivity(id=number, name=_text(action.function_name), input_json=action.input_)


def _timer(number: int, action: Any) -> Command:
    return CreateTimer(id=number, fire_at=_utc(action.fire_at))


def _child(number: int, action: Any) -> Command:
    return StartChild(
        id=number,
        name=_text(action.function_name),
        # The child's input is a JSON text of a JSON text, as every input a Python client sends.
        input_json=json.dumps(action._input),  # noqa: SLF001
        instance_id=_text_or_none(action.instance_id),
        version=_text_or_none(getattr(action, "version", None)),
    )


def _entity_message(number: int, action: Any) -> Command:
    return SendToEntity(
        id=number,
        target=action.instance_id,
        operation=_text(action.operation),
        input_json=json.dumps(action.input_),
        is_signal=isinstance(action, SignalEntityAction),
    )


def _http(number: int, action: Any) -> Command:
    return ScheduleActivity(
        id=number, name=HTTP_ACTIVITY, input_json=json.dumps(action.http_request.to_json())
    )


_COMMANDS: dict[type, Callable[[int, Any], Command]] = {
    CallActivityAction: _activity,
    CallActivityWithRetryAction: _activity,
    CallSubOrchestratorAction: _child,
    CallSubOrchestratorWithRetryAction: _child,
    CreateTimerAction: _timer,
    CallEntityAction: _entity_message,
    SignalEntityAction: _entity_message,
    CallHttpAction: _http,
}


def _warn_of_offset(instance_id: str, fire_at: datetime) -> None:
    offset = fire_at.utcoffset()
    if offset:
        logger.warning(
            "Instance '%s' created a timer for %s: the SDK sends the clock face and calls it UTC, so it "
            "fires %s off. Pass fire_at.astimezone(timezone.utc), or count from current_utc_datetime.",
            instance_id,
            fire_at.isoformat(),
            offset,
        )


def _utc(instant: datetime) -> datetime:
    # As on Azure the offset is not converted: the SDK writes the clock face and a Z.
    return instant.replace(tzinfo=UTC)


class HostEvent(HistoryEvent):  # type: ignore[misc]  # the SDK ships no types
    """An event whose timestamp is parsed by the standard library: the SDK's parser is 80 % of a replay."""

    def __init__(self, event: dict[str, Any]) -> None:
        self._event_type = event["EventType"]
        self._event_id = event["EventId"]
        self._is_played = False
        self._is_processed = False
        self._timestamp = datetime.fromisoformat(event["Timestamp"])
        self.Name = self.InstanceId = self.TaskScheduledId = None
        self.Reason = self.Details = self.Input = None
        self.__dict__.update(event)


_FIRST = HostEvent(
    {"EventType": 12, "EventId": -1, "IsPlayed": False, "Timestamp": "2000-01-01T00:00:00.000000Z"}
)
