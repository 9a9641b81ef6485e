"""Brings failed instances back to life."""

import json
from collections.abc import Callable
from datetime import datetime
from functools import partial

from devhost.engine.births import Births
from devhost.engine.history import EventType, child_completed, instant
from devhost.engine.instances import Instance, Parent
from devhost.engine.issuing import Issuer
from devhost.engine.listing import instance_named
from devhost.engine.messages import ActivityCall, Event, StartChild
from devhost.engine.orchestrations import Orchestrations
from devhost.engine.resources import Resources
from devhost.engine.rewinding import Rewound, rewound
from devhost.storage import queries
from devhost.storage.tables import CHILDREN, HISTORY, PROGRESS, TASKS, TIMERS


class Revivals:
    """Rewinds an instance that the file shows as failed, and its failed children with it."""

    def __init__(
        self,
        resources: Resources,
        orchestrations: Orchestrations,
        births: Births,
        issuer: Issuer,
        *,
        set_timer: Callable[[str, int, datetime], None],
    ) -> None:
        self._resources = resources
        self._orchestrations = orchestrations
        self._births = births
        self._issuer = issuer
        self._set_timer = set_timer

    def revive(self, instance: Instance) -> None:
        """Let the instance go on from before its failure; the file must be up to date."""
        parts = [json.loads(part) for part in queries.history(self._resources.store, instance.id)]
        back = rewound(parts)
        for part in range(back.parts, instance.parts):
            self._resources.drop(HISTORY, (instance.id, part))
        instance.parts, instance.commands = back.parts, back.commands
        instance.status, instance.output = "Running", None
        instance.updated = max(instance.updated, self._resources.stamp())
        self._resources.put(PROGRESS, instance.progress_row())
        self._orchestrations.live[instance.id] = instance
        for event in back.undone:
            self._redo(instance, event)
        self._lay(instance, back)

    def _lay(self, instance: Instance, back: Rewound) -> None:
        for event in back.heard:
            kind = event["EventType"]
            from_outside = kind == EventType.EVENT_RAISED and event["Name"] not in back.calls
            execution = None if from_outside else instance.execution
            if kind in {EventType.TASK_COMPLETED, EventType.CHILD_COMPLETED}:
                instance.open_tasks[event["TaskScheduledId"]] = "an answer that has arrived"
            elif kind == EventType.TIMER_FIRED:
                instance.open_tasks[event["TimerId"]] = "a timer that has fired"
            letter = self._resources.letter(instance.id, event, execution=execution)
            self._orchestrations.post(instance, letter)

    def _redo(self, instance: Instance, event: Event) -> None:
        task = event["EventId"]
        match event["EventType"]:
            case EventType.TASK_SCHEDULED:
                self._act(instance, task, event)
            case EventType.TIMER_CREATED:
                instance.open_tasks[task] = f"timer for {event['FireAt']}"
                self._resources.put(TIMERS, (instance.id, task, event["FireAt"]))
                self._set_timer(instance.id, task, instant(event["FireAt"]))
            case EventType.EVENT_SENT:
                self._issuer.deliver(event["InstanceId"], json.loads(event["Input"]))
            case EventType.CHILD_CREATED:
                self._start(instance, task, event)

    def _act(self, instance: Instance, task: int, event: Event) -> None:
        name, input_json = event["Name"], event["Input"]
        instance.open_tasks[task] = f"activity '{name}'"
        self._resources.put(TASKS, (instance.id, task, name, input_json))
        call = ActivityCall(name=name, instance_id=instance.id, input_json=input_json)
        self._resources.commits.then(partial(self._issuer.dispatch, instance.execution, task, call))

    def _start(self, instance: Instance, task: int, event: Event) -> None:
        child_id = event["InstanceId"]
        instance.open_tasks[task] = f"sub-orchestration '{child_id}'"
        self._resources.put(CHILDREN, (instance.id, task, child_id))
        if child_id in self._orchestrations.live:
            return
        child = instance_named(self._resources.store, child_id)
        if child is not None and child.status == "Failed":
            self.revive(child)
            return
        if child is not None and child.status == "Completed" and _is_of(child, instance):
            # Rewound by itself, or done after its parent had failed: not to be done twice.
            done = child_completed(self._resources.stamp(), task, child.output)
            self._resources.drop(CHILDREN, (instance.id, task))
            letter = self._resources.letter(instance.id, done, execution=instance.execution)
            self._orchestrations.post(instance, letter)
            return
        self._births.open_child(
            StartChild(
                id=task,
                name=event["Name"],
                input_json=event["Input"],
                instance_id=child_id,
                version=event["Version"],
            ),
            Parent(
                instance_id=instance.id,
                execution_id=instance.execution,
                name=instance.name,
                task=task,
            ),
            child_id,
        )


def _is_of(child: Instance, parent: Instance) -> bool:
    return child.parent is not None and child.parent.execution_id == parent.execution
