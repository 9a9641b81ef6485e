"""How instances end, and what becomes of those who waited for them."""

import json
import logging
from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from devhost.engine import history
from devhost.engine.history import EventType
from devhost.engine.instances import Instance, Letter
from devhost.engine.messages import Completed, ContinuedAsNew, Diverged, Event, Failed
from devhost.engine.resources import Resources
from devhost.storage.tables import CHILDREN, HISTORY, INSTANCES, PROGRESS, TASKS, TIMERS

log = logging.getLogger("devhost.engine")


#: The number under which a scheduled start keeps its timer; tasks count from 0.
START = -1


class Survivors(Protocol):
    """The live instances, and the way to them."""

    live: dict[str, Instance]

    def post(self, instance: Instance, letter: Letter) -> None:
        """Lay a message before an instance."""

    def ready(self, instance: Instance) -> None:
        """Look at an instance's messages soon."""

    def release(self, instance: Instance) -> None:
        """Forget what is kept in memory of its execution."""


class Endings:
    """Ends instances: completed, failed, terminated, or begun anew."""

    def __init__(
        self,
        resources: Resources,
        survivors: Survivors,
        *,
        set_timer: Callable[[str, int, datetime], None],
        cancel_timer: Callable[[str, int], None],
        ended: Callable[[Instance], None],
    ) -> None:
        self._resources = resources
        self._survivors = survivors
        self._set_timer = set_timer
        self._cancel_timer = cancel_timer
        self._ended = ended

    def end(self, instance: Instance, events: list[Event]) -> None:
        """Carry out how the orchestrator ended; `events` is its last episode so far."""
        outcome, instance.closing = instance.closing, None
        match outcome:
            case Completed(output_json=output):
                self._finish(instance, events, "Completed", output)
            case Failed(error=error) | Diverged(error=error):
                text = f"Orchestrator function '{instance.name}' failed: {error}"
                self._finish(instance, events, "Failed", text)
            case ContinuedAsNew(input_json=input_json):
                self._begin_anew(instance, input_json)

    def terminate(self, instance: Instance, when: str, reason: str | None) -> None:
        """End the instance whatever it waits for; its children go on."""
        events = [history.orchestrator_started(when), history.execution_terminated(when, reason)]
        self._finish(instance, events, "Terminated", reason)

    def _finish(self, instance: Instance, events: list[Event], status: str, output: str | None) -> None:
        when = instance.updated
        if status == "Failed":
            # Unheard, but a rewind lays them before the instance again.
            events += _unheard(instance)
        events.append(history.execution_completed(when, status=status, result=output))
        events.append(history.orchestrator_completed(when))
        self._resources.put(HISTORY, (instance.id, instance.parts, json.dumps(events)))
        instance.parts += 1
        # Half a surrogate pair, which an error's text may hold, cannot be written to the file.
        output = output and output.encode(errors="backslashreplace").decode()
        instance.status, instance.output = status, output
        self._drop_open(instance)
        self._resources.put(PROGRESS, instance.progress_row())
        self._survivors.release(instance)
        del self._survivors.live[instance.id]
        self._resources.journal.ended(instance)
        self._tell_parent(instance)
        self._ended(instance)

    def _drop_open(self, instance: Instance) -> None:
        if instance.start_at is not None:
            self._cancel_timer(instance.id, START)
            self._resources.drop(TIMERS, (instance.id, START))
        for task in instance.open_tasks:
            self._cancel_timer(instance.id, task)
            for table in (TASKS, TIMERS, CHILDREN):
                self._resources.drop(table, (instance.id, task))
        instance.open_tasks.clear()
        for letter in (*instance.mailbox, *instance.controls):
            self._resources.drop(letter.table, letter.key)
        instance.mailbox.clear()
        instance.controls.clear()

    def _tell_parent(self, instance: Instance) -> None:
        if instance.parent is None:
            return
        task = instance.parent.task
        if instance.status == "Completed":
            event = history.child_completed(instance.updated, task, instance.output)
        else:
            event = history.child_failed(instance.updated, task, instance.output or "")
        self.report(instance.parent.instance_id, instance.parent.execution_id, event)

    def report(self, instance_id: str, execution: str, event: Event) -> None:
        """Tell a waiting instance what became of its child, if that execution still lives."""
        waiting = self._survivors.live.get(instance_id)
        if waiting is None or waiting.execution != execution:
            return
        task = event["TaskScheduledId"]
        self._resources.drop(CHILDREN, (instance_id, task))
        self._survivors.post(waiting, self._resources.letter(instance_id, event, execution=execution))

    def _begin_anew(self, instance: Instance, input_json: str | None) -> None:
        for part in range(instance.parts):
            self._resources.drop(HISTORY, (instance.id, part))
        self._survivors.release(instance)
        unheard = sum(letter.execution is None for letter in instance.mailbox)
        if unheard:
            log.warning(
                "Instance '%s' continues as new with %d events nobody waited for: they are kept here, "
                "Azure would lose them.",
                instance.id,
                unheard,
            )
        instance.execution = self._resources.identities.next()
        instance.input_json = input_json
        instance.parts = instance.commands = 0
        instance.status = "Running"
        self._resources.journal.anew(instance)
        self.open(instance)

    def open(self, instance: Instance, *, at: datetime | None = None) -> None:
        """Write the rows of an execution that starts, and lay its start before it."""
        identity, progress = instance.rows()
        self._resources.put(INSTANCES, identity)
        self._resources.put(PROGRESS, progress)
        parent = instance.parent
        started = history.execution_started(
            self._resources.stamp(),
            name=instance.name,
            version=instance.version,
            input_json=instance.input_json,
            instance_id=instance.id,
            execution_id=instance.execution,
            parent=None
            if parent is None
            else {
                "TaskScheduledId": parent.task,
                "Name": parent.name,
                "OrchestrationInstance": {
                    "InstanceId": parent.instance_id,
                    "ExecutionId": parent.execution_id,
                },
            },
        )
        if at is not None:
            instance.start_at = started["ScheduledStartTime"] = history.stamp(at)
            self._resources.put(TIMERS, (instance.id, START, instance.start_at))
            self._set_timer(instance.id, START, at)
        letter = self._resources.letter(instance.id, started, execution=instance.execution)
        # The start is heard before any event that was kept from the execution before.
        instance.mailbox.appendleft(letter)
        self._survivors.ready(instance)


def _unheard(instance: Instance) -> list[Event]:
    kinds = {EventType.EXECUTION_STARTED, EventType.EVENT_RAISED}
    return [
        letter.event
        for letter in instance.mailbox
        if letter.execution in {None, instance.execution} and letter.event["EventType"] in kinds
    ]
