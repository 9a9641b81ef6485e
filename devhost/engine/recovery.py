"""Takes up the work a former host left in the state file."""

import heapq
import json
import logging
from itertools import count

from devhost.engine.alarms import Alarms
from devhost.engine.endings import START
from devhost.engine.entities import Entities
from devhost.engine.history import COMPLETES, EventType, instant, timer_fired
from devhost.engine.instances import Instance, Letter, from_row
from devhost.engine.messages import ActivityCall
from devhost.engine.orchestrations import Orchestrations
from devhost.engine.resources import Resources
from devhost.storage import queries
from devhost.storage.tables import LETTERS, TIMERS

log = logging.getLogger("devhost.engine")

#: By instance: the instants its timers are due at, and their tasks, as a heap.
Timers = dict[str, list[tuple[str, int]]]

_CONTROLS = frozenset(
    {
        EventType.EXECUTION_TERMINATED,
        EventType.EXECUTION_SUSPENDED,
        EventType.EXECUTION_RESUMED,
    }
)


def recover(resources: Resources, orchestrations: Orchestrations, entities: Entities, alarms: Alarms) -> None:
    """Bring live instances back to the last commit; what was not answered by then is delivered again."""
    live = orchestrations.live
    for row in queries.live_instances(resources.store):
        instance = from_row(row)
        live[instance.id] = instance
    resources.numbers = count(queries.highest_number(resources.store) + 1)
    _recover_children(resources, orchestrations)
    overdue = _recover_timers(resources, orchestrations, alarms)
    _recover_letters(resources, orchestrations, overdue, alarms)
    _recover_activities(resources, orchestrations)
    _recover_operations(resources, entities)


def _recover_children(resources: Resources, orchestrations: Orchestrations) -> None:
    for instance_id, task, child in queries.open_children(resources.store):
        if (instance := _owner(orchestrations, instance_id, f"sub-orchestration {child!r}")) is not None:
            instance.open_tasks[task] = f"sub-orchestration '{child}'"


def _recover_timers(resources: Resources, orchestrations: Orchestrations, alarms: Alarms) -> Timers:
    timers: Timers = {}
    for instance_id, task, fire_at in queries.open_timers(resources.store):
        if (instance := _owner(orchestrations, instance_id, f"timer {task}")) is not None:
            if task == START:
                instance.start_at = fire_at
            else:
                instance.open_tasks[task] = f"timer for {fire_at}"
                heapq.heappush(timers.setdefault(instance_id, []), (fire_at, task))
            alarms.set(instance_id, task, instant(fire_at))
    return timers


def _recover_letters(
    resources: Resources, orchestrations: Orchestrations, timers: Timers, alarms: Alarms
) -> None:
    for number, instance_id, execution, text in queries.letters(resources.store):
        instance = _owner(orchestrations, instance_id, f"message {number}")
        if instance is None:
            continue
        event = json.loads(text)
        kind = event["EventType"]
        # A timer that fired before this was written was heard of before it, or was to be.
        due = timers.get(instance_id, [])
        while due and due[0][0] <= event["Timestamp"]:
            fire_at, task = heapq.heappop(due)
            alarms.cancel(instance_id, task)
            fired = timer_fired(event["Timestamp"], task, fire_at)
            orchestrations.post(instance, Letter(event=fired, table=TIMERS, key=(instance_id, task)))
        letter = Letter(event=event, table=LETTERS, key=(number,), execution=execution)
        if kind in _CONTROLS:
            orchestrations.command(instance, letter)
            continue
        if kind in COMPLETES and execution == instance.execution:
            instance.open_tasks.setdefault(event[COMPLETES[kind]], "an answer that has arrived")
        orchestrations.post(instance, letter)


def _recover_activities(resources: Resources, orchestrations: Orchestrations) -> None:
    for instance_id, task, name, input_json in queries.open_activities(resources.store):
        instance = _owner(orchestrations, instance_id, f"activity {name!r}")
        if instance is None:
            continue
        instance.open_tasks[task] = f"activity '{name}'"
        call = ActivityCall(name=name, instance_id=instance_id, input_json=input_json)
        orchestrations.issuer.dispatch(instance.execution, task, call)


def _recover_operations(resources: Resources, entities: Entities) -> None:
    for number, target, request in queries.operations(resources.store):
        entities.enqueue(target, number, json.loads(request))


def _owner(orchestrations: Orchestrations, instance_id: str, what: str) -> Instance | None:
    instance = orchestrations.live.get(instance_id)
    if instance is None:
        # An end drops all of an instance's rows with it, so this is a fault of the host, or of a hand that
        # edited the file. It must not keep the other instances from going on.
        log.error("The state file holds a %s of '%s', which is not live: passed over.", what, instance_id)
    return instance
