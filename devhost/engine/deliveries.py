"""Brings instances what timers, activities and entities have for them."""

from datetime import datetime

from devhost.engine import history
from devhost.engine.endings import START
from devhost.engine.instances import Letter
from devhost.engine.issuing import kept_letter
from devhost.engine.messages import Event
from devhost.engine.orchestrations import Orchestrations
from devhost.engine.resources import Resources
from devhost.storage.tables import TASKS, TIMERS


class Deliveries:
    """What nobody waits for any more is not delivered."""

    def __init__(self, resources: Resources, orchestrations: Orchestrations) -> None:
        self._resources = resources
        self._orchestrations = orchestrations

    def timer(self, instance_id: str, task: int, fire_at: datetime) -> None:
        instance = self._orchestrations.live.get(instance_id)
        if instance is None:
            return
        if task == START:
            self._orchestrations.ready(instance)
        elif task in instance.open_tasks:
            event = history.timer_fired(self._resources.stamp(), task, history.stamp(fire_at))
            self._orchestrations.post(
                instance,
                Letter(event=event, table=TIMERS, key=(instance_id, task), execution=instance.execution),
            )

    def activity(self, instance_id: str, execution: str, task: int, event: Event) -> None:
        if not self._orchestrations.is_waiting(instance_id, execution, task):
            return
        instance = self._orchestrations.live[instance_id]
        if instance.status == "Suspended" or self._resources.winding_down:
            letter = kept_letter(self._resources, instance, task, event)
        else:
            letter = Letter(event=event, table=TASKS, key=(instance_id, task), execution=execution)
        self._orchestrations.post(instance, letter)

    def entity(self, instance_id: str, execution: str, event: Event) -> None:
        instance = self._orchestrations.live.get(instance_id)
        if instance is not None and instance.execution == execution:
            letter = self._resources.letter(instance_id, event, execution=execution)
            self._orchestrations.post(instance, letter)
