"""History events, one maker an event, with the numbers and member names Azure gives them."""

import json
from datetime import UTC, datetime
from enum import IntEnum

from devhost.engine.messages import Event


class EventType(IntEnum):
    """The kinds of event this host writes."""

    EXECUTION_STARTED = 0
    EXECUTION_COMPLETED = 1
    EXECUTION_TERMINATED = 3
    TASK_SCHEDULED = 4
    TASK_COMPLETED = 5
    TASK_FAILED = 6
    CHILD_CREATED = 7
    CHILD_COMPLETED = 8
    CHILD_FAILED = 9
    TIMER_CREATED = 10
    TIMER_FIRED = 11
    ORCHESTRATOR_STARTED = 12
    ORCHESTRATOR_COMPLETED = 13
    EVENT_SENT = 14
    EVENT_RAISED = 15
    EXECUTION_SUSPENDED = 19
    EXECUTION_RESUMED = 20


#: Events that record a command, in the order the orchestrator gave them.
COMMANDS = frozenset(
    {
        EventType.TASK_SCHEDULED,
        EventType.CHILD_CREATED,
        EventType.TIMER_CREATED,
        EventType.EVENT_SENT,
    }
)

#: Which member of a completion names the task it completes.
COMPLETES = {
    EventType.TASK_COMPLETED: "TaskScheduledId",
    EventType.TASK_FAILED: "TaskScheduledId",
    EventType.CHILD_COMPLETED: "TaskScheduledId",
    EventType.CHILD_FAILED: "TaskScheduledId",
    EventType.TIMER_FIRED: "TimerId",
}


def stamp(instant: datetime) -> str:
    """The instant as the protocol writes it."""
    # Every event has one, and this is ten times as fast as strftime.
    return instant.astimezone(UTC).isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"


def instant(text: str) -> datetime:
    """The aware instant a stamp stands for."""
    return datetime.fromisoformat(text)


def _event(kind: EventType, when: str, event_id: int = -1) -> Event:
    return {"EventType": int(kind), "EventId": event_id, "IsPlayed": False, "Timestamp": when}


def orchestrator_started(when: str) -> Event:
    return _event(EventType.ORCHESTRATOR_STARTED, when)


def orchestrator_completed(when: str) -> Event:
    return _event(EventType.ORCHESTRATOR_COMPLETED, when)


def execution_started(
    when: str,
    *,
    name: str,
    version: str,
    input_json: str | None,
    instance_id: str,
    execution_id: str,
    parent: Event | None,
) -> Event:
    return _event(EventType.EXECUTION_STARTED, when) | {
        "Name": name,
        "Version": version,
        "Input": input_json,
        "OrchestrationInstance": {"InstanceId": instance_id, "ExecutionId": execution_id},
        "ParentInstance": parent,
        "Tags": None,
    }


def execution_completed(when: str, *, status: str, result: str | None) -> Event:
    return _event(EventType.EXECUTION_COMPLETED, when) | {"OrchestrationStatus": status, "Result": result}


def execution_terminated(when: str, reason: str | None) -> Event:
    return _event(EventType.EXECUTION_TERMINATED, when) | {"Input": reason}


def execution_suspended(when: str, reason: str | None) -> Event:
    return _event(EventType.EXECUTION_SUSPENDED, when) | {"Reason": reason}


def execution_resumed(when: str, reason: str | None) -> Event:
    return _event(EventType.EXECUTION_RESUMED, when) | {"Reason": reason}


def task_scheduled(when: str, task: int, *, name: str, input_json: str | None) -> Event:
    # Azure leaves the input out of this event; it is kept here so that showInput can show it.
    return _event(EventType.TASK_SCHEDULED, when, task) | {"Name": name, "Version": "", "Input": input_json}


def task_completed(when: str, task: int, result_json: str | None) -> Event:
    return _event(EventType.TASK_COMPLETED, when) | {"TaskScheduledId": task, "Result": result_json}


def task_failed(when: str, task: int, *, reason: str, details: str) -> Event:
    return _event(EventType.TASK_FAILED, when) | {
        "TaskScheduledId": task,
        "Reason": reason,
        "Details": details,
    }


def child_created(
    when: str, task: int, *, name: str, instance_id: str, version: str, input_json: str | None
) -> Event:
    return _event(EventType.CHILD_CREATED, when, task) | {
        "Name": name,
        "InstanceId": instance_id,
        "Version": version,
        "Input": input_json,
    }


def child_completed(when: str, task: int, result_json: str | None) -> Event:
    return _event(EventType.CHILD_COMPLETED, when) | {"TaskScheduledId": task, "Result": result_json}


def child_failed(when: str, task: int, reason: str) -> Event:
    return _event(EventType.CHILD_FAILED, when) | {
        "TaskScheduledId": task,
        "Reason": reason,
        "Details": None,
    }


def timer_created(when: str, task: int, fire_at: str) -> Event:
    return _event(EventType.TIMER_CREATED, when, task) | {"FireAt": fire_at}


def timer_fired(when: str, task: int, fire_at: str) -> Event:
    return _event(EventType.TIMER_FIRED, when) | {"TimerId": task, "FireAt": fire_at}


def event_raised(when: str, name: str, input_json: str | None) -> Event:
    return _event(EventType.EVENT_RAISED, when) | {"Name": name, "Input": input_json}


def event_sent(when: str, task: int, *, target: str, request: dict[str, object]) -> Event:
    return _event(EventType.EVENT_SENT, when, task) | {
        "InstanceId": target,
        "Name": "op",
        "Input": json.dumps(request),
    }
