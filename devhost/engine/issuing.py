"""Carries out what an orchestrator asked for: an event for its history, a row, and then the effect."""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from uuid import uuid4

from devhost.engine import history
from devhost.engine.errors import InvalidRequest, UnknownFunction
from devhost.engine.instances import Instance, Letter, Parent, terminate_path
from devhost.engine.messages import (
    ActivityCall,
    ActivityResult,
    ActivitySucceeded,
    Command,
    CreateTimer,
    Event,
    Failed,
    ScheduleActivity,
    SendToEntity,
    StartChild,
)
from devhost.engine.resources import Resources
from devhost.storage.tables import CHILDREN, TASKS, TIMERS

log = logging.getLogger("devhost.engine")


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbours:
    """Where the effects of commands go."""

    set_timer: Callable[[str, int, datetime], None]
    start_child: Callable[[StartChild, Parent, str], None]
    deliver: Callable[[str, dict[str, object]], None]
    #: Hands an instance the outcome of an activity, if it still waits for it.
    answer: Callable[[str, str, int, Event], None]
    is_waiting: Callable[[str, str, int], bool]


class Issuer:
    """Issues commands; activities start only when their scheduling is on disk."""

    def __init__(self, resources: Resources, neighbours: Neighbours) -> None:
        self._resources = resources
        self._to = neighbours
        self.deliver = neighbours.deliver

    def issue(self, instance: Instance, commands: Iterable[Command]) -> tuple[list[Event], Failed | None]:
        """The events the commands leave behind, up to the first that cannot be carried out."""
        events: list[Event] = []
        for command in commands:
            try:
                events.append(self._issue(instance, command))
            except InvalidRequest as error:
                return events, Failed(error=str(error))
            instance.commands += 1
        return events, None

    def _issue(self, instance: Instance, command: Command) -> Event:
        match command:
            case ScheduleActivity():
                return self._schedule(instance, command)
            case CreateTimer():
                return self._create_timer(instance, command)
            case StartChild():
                return self._start_child(instance, command)
            case SendToEntity():
                return self._send(instance, command)

    def _schedule(self, instance: Instance, command: ScheduleActivity) -> Event:
        worker = self._resources.worker
        name = self._known(instance, "activity", command.name, worker.activity_named(command.name))
        instance.open_tasks[command.id] = f"activity '{name}'"
        self._resources.put(TASKS, (instance.id, command.id, name, command.input_json))
        call = ActivityCall(name=name, instance_id=instance.id, input_json=command.input_json)
        self._resources.commits.then(partial(self.dispatch, instance.execution, command.id, call))
        return history.task_scheduled(instance.updated, command.id, name=name, input_json=command.input_json)

    def dispatch(self, execution: str, task: int, call: ActivityCall) -> None:
        """Deliver an activity whose scheduling is on disk."""
        if not self._resources.winding_down and self._to.is_waiting(call.instance_id, execution, task):
            if self._resources.worker.activity_named(call.name) is None:
                log.error(
                    "Instance '%s' waits for the activity '%s', which the app has no more: put it back and "
                    "restart the host, or terminate the instance: POST %s.",
                    call.instance_id,
                    call.name,
                    terminate_path(call.instance_id),
                )
                return
            self._resources.worker.act(
                call, self._resources.commits.sealed(partial(self._acted, execution, task, call))
            )

    def _acted(self, execution: str, task: int, call: ActivityCall, result: ActivityResult) -> None:
        when = self._resources.stamp()
        if isinstance(result, ActivitySucceeded):
            event = history.task_completed(when, task, result.result_json)
        else:
            # Two blanks, as Azure writes it.
            reason = f"Activity function '{call.name}' failed:  {result.error}"
            event = history.task_failed(when, task, reason=reason, details=result.details)
        self._to.answer(call.instance_id, execution, task, event)

    def _create_timer(self, instance: Instance, command: CreateTimer) -> Event:
        fire_at = history.stamp(command.fire_at)
        instance.open_tasks[command.id] = f"timer for {fire_at}"
        self._resources.put(TIMERS, (instance.id, command.id, fire_at))
        self._to.set_timer(instance.id, command.id, command.fire_at)
        return history.timer_created(instance.updated, command.id, fire_at)

    def _start_child(self, instance: Instance, command: StartChild) -> Event:
        worker = self._resources.worker
        name = self._known(instance, "orchestrator", command.name, worker.orchestrator_named(command.name))
        child_id = command.instance_id or f"{instance.execution}:{command.id}"
        version = self._resources.versions.own if command.version is None else command.version
        _check_text("the version", version)
        instance.open_tasks[command.id] = f"sub-orchestration '{child_id}'"
        self._resources.put(CHILDREN, (instance.id, command.id, child_id))
        parent = Parent(
            instance_id=instance.id,
            execution_id=instance.execution,
            name=instance.name,
            task=command.id,
        )
        self._to.start_child(
            StartChild(
                id=command.id,
                name=name,
                input_json=command.input_json,
                instance_id=child_id,
                version=version,
            ),
            parent,
            child_id,
        )
        return history.child_created(
            instance.updated,
            command.id,
            name=name,
            instance_id=child_id,
            version=version,
            input_json=command.input_json,
        )

    def _send(self, instance: Instance, command: SendToEntity) -> Event:
        _check_text("the entity's id", command.target)
        name = command.target[1:].partition("@")[0]
        self._known(instance, "entity", name, self._resources.worker.entity_named(name))
        request: dict[str, object] = {
            "op": command.operation,
            "signal": command.is_signal,
            "input": command.input_json,
            "id": str(uuid4()),
            "parent": instance.id,
            "parentExecution": instance.execution,
        }
        event = history.event_sent(instance.updated, command.id, target=command.target, request=request)
        if not command.is_signal:
            instance.echo.append(event)
        self._resources.journal.sent(instance, event)
        self._to.deliver(command.target, request)
        return event

    def _known(self, instance: Instance, kind: str, name: str, registered: str | None) -> str:
        if registered is None:
            worker = self._resources.worker
            unknown = UnknownFunction(
                kind, name, worker.names(kind), registered_as=worker.python_named(kind, name)
            )
            log.error(
                "The orchestrator '%s' (instance '%s') called the %s '%s', which is not there: call it by "
                "its registered name (function_name, or activity=/orchestration= of its trigger), not by its "
                "Python name. %s",
                instance.name,
                instance.id,
                kind,
                name,
                unknown,
            )
            raise unknown
        return registered


def _check_text(what: str, text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        # Half a surrogate pair: no file and no wire can hold it, and one row of it would stop every commit.
        raise InvalidRequest(f"{text!r} cannot be {what}: it is not valid Unicode.") from error


def kept_letter(resources: Resources, instance: Instance, task: int, event: Event) -> Letter:
    """An activity's outcome that must wait, kept so that the activity need not run again."""
    resources.drop(TASKS, (instance.id, task))
    return resources.letter(instance.id, event, execution=instance.execution)
