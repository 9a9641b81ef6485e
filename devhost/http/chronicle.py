"""An instance's history as clients get to see it: fewer events, names for numbers."""

from collections.abc import Iterable, Mapping
from typing import Any

from devhost.engine.messages import Event
from devhost.http.json_text import shown

_EVENTS = (
    "ExecutionStarted",
    "ExecutionCompleted",
    "ExecutionFailed",
    "ExecutionTerminated",
    "TaskScheduled",
    "TaskCompleted",
    "TaskFailed",
    "SubOrchestrationInstanceCreated",
    "SubOrchestrationInstanceCompleted",
    "SubOrchestrationInstanceFailed",
    "TimerCreated",
    "TimerFired",
    "OrchestratorStarted",
    "OrchestratorCompleted",
    "EventSent",
    "EventRaised",
    "ContinueAsNew",
    "GenericEvent",
    "HistoryState",
    "ExecutionSuspended",
    "ExecutionResumed",
    "ExecutionRewound",
)
_STATUSES = (
    "Running",
    "Completed",
    "ContinuedAsNew",
    "Failed",
    "Canceled",
    "Terminated",
    "Pending",
    "Suspended",
)
_UNSEEN = frozenset({"OrchestratorStarted", "OrchestratorCompleted"})
#: Which event begins what another one ends.
_BEGINNINGS = {
    "TaskCompleted": "TaskScheduled",
    "TaskFailed": "TaskScheduled",
    "SubOrchestrationInstanceCompleted": "SubOrchestrationInstanceCreated",
    "SubOrchestrationInstanceFailed": "SubOrchestrationInstanceCreated",
}
#: Members that are the engine's business, by event; the empty name stands for all events.
_HIDDEN: Mapping[str, frozenset[str]] = {
    "": frozenset({"EventId", "IsPlayed"}),
    "ExecutionStarted": frozenset({"Name", "OrchestrationInstance", "ParentInstance", "Version", "Tags"}),
    "TaskScheduled": frozenset({"Version"}),
    "SubOrchestrationInstanceCreated": frozenset({"Version"}),
    "TimerFired": frozenset({"TimerId"}),
    **dict.fromkeys(_BEGINNINGS, frozenset({"TaskScheduledId"})),
}
_WITH_RESULT = frozenset({"TaskCompleted", "SubOrchestrationInstanceCompleted", "ExecutionCompleted"})


def chronicle(
    events: Iterable[Event], *, show_input: bool = True, show_output: bool = False
) -> list[dict[str, Any]]:
    """The events in order; what has been completed is one event with its beginning folded into it."""
    told: list[dict[str, Any]] = []
    begun: dict[tuple[str, Any], tuple[Event, dict[str, Any]]] = {}
    folded: set[int] = set()
    for event in events:
        kind = _named(event["EventType"], _EVENTS)
        if kind in _UNSEEN:
            continue
        line = _line(event, kind)
        if kind in _BEGINNINGS.values():
            begun[kind, event["EventId"]] = (event, line)
        beginning = begun.get((_BEGINNINGS.get(kind, ""), event.get("TaskScheduledId")))
        if beginning is not None:
            line |= _folded(beginning[0])
            folded.add(id(beginning[1]))
        _trim(line, kind, show_input, show_output)
        told.append(line)
    return [line for line in told if id(line) not in folded]


def _line(event: Event, kind: str) -> dict[str, Any]:
    hidden = _HIDDEN[""] | _HIDDEN.get(kind, frozenset())
    line = {name: value for name, value in event.items() if name not in hidden}
    line["EventType"] = kind
    if kind == "ExecutionStarted":
        line["FunctionName"] = event.get("Name")
    if "OrchestrationStatus" in line:
        line["OrchestrationStatus"] = _named(line["OrchestrationStatus"], _STATUSES)
    return line


def _folded(beginning: Event) -> dict[str, Any]:
    return {
        "ScheduledTime": beginning["Timestamp"],
        "FunctionName": beginning.get("Name"),
        "Input": beginning.get("Input"),
    }


def _trim(line: dict[str, Any], kind: str, show_input: bool, show_output: bool) -> None:  # noqa: FBT001
    if not show_input:
        line.pop("Input", None)
    if kind not in _WITH_RESULT:
        return
    if show_output:
        line["Result"] = shown(line.get("Result"))
    else:
        line.pop("Result", None)


def _named(stored: object, names: tuple[str, ...]) -> str:
    return names[stored] if isinstance(stored, int) and 0 <= stored < len(names) else str(stored)
