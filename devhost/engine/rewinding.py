"""Takes a failed instance back to before its failure.

How it works. A history is a row of episodes. The failure is undone by taking back the last of them: from the
first that heard of a failed task and gave no command that was followed up later, or else only the one the
orchestrator ended in. What these episodes had heard is laid before the instance again, failed tasks are done
again, and the orchestrator is played from the episodes that are left. What it asked for in the episodes taken
back it will ask for again.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from devhost.engine.history import COMMANDS, COMPLETES, EventType
from devhost.engine.messages import Event

_FAILURES = frozenset({EventType.TASK_FAILED, EventType.CHILD_FAILED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewound:
    """What becomes of a failed instance's history."""

    #: How many episodes stay.
    parts: int
    commands: int
    #: What is heard again: the start, successes, timers, external events and entities' answers.
    heard: tuple[Event, ...]
    #: The commands (as events) that have no good end in what stays or is heard again.
    undone: tuple[Event, ...]
    #: Ids of entity calls: answers to them are for this execution only.
    calls: frozenset[str]


def rewound(parts: Sequence[Sequence[Event]]) -> Rewound:
    """Cut a failed instance's episodes."""
    cut = _cut(parts)
    kept = [event for part in parts[:cut] for event in part]
    lost = [event for part in parts[cut:] for event in part]
    commands = [event for event in kept if event["EventType"] in COMMANDS]
    numbered = {event["EventId"]: event for event in commands if event["EventType"] != EventType.EVENT_SENT}
    calls = frozenset(_calls(kept))
    forgotten = frozenset(_calls(lost))
    heard = [event for event in lost if _is_heard_again(event, numbered.keys(), forgotten)]
    ended = set(_completed(kept)) | set(_completed(heard))
    undone = [event for number, event in numbered.items() if number not in ended]
    undone += _unanswered(commands, (*kept, *heard))
    return Rewound(parts=cut, commands=len(commands), heard=tuple(heard), undone=tuple(undone), calls=calls)


def _cut(parts: Sequence[Sequence[Event]]) -> int:
    last_command = max(
        (place for place, part in enumerate(parts) if any(e["EventType"] in COMMANDS for e in part)),
        default=0,
    )
    for place in range(last_command, len(parts)):
        if any(_is_the_end(event) for event in parts[place]):
            return place
    return max(len(parts) - 1, 0)


def _is_the_end(event: Event) -> bool:
    # An orchestrator that left tasks open is followed by episodes in which it took no part.
    return event["EventType"] in _FAILURES or "HasEnded" in event


def _calls(events: Iterable[Event]) -> Iterable[str]:
    for event in events:
        if event["EventType"] == EventType.EVENT_SENT:
            yield json.loads(event["Input"])["id"]


def _unanswered(commands: Iterable[Event], told: Iterable[Event]) -> Iterable[Event]:
    """Entity calls whose answer came too late, or never."""
    answered = {event["Name"] for event in told if event["EventType"] == EventType.EVENT_RAISED}
    for event in commands:
        if event["EventType"] == EventType.EVENT_SENT:
            request = json.loads(event["Input"])
            if not request["signal"] and request["id"] not in answered:
                yield event


def _completed(events: Iterable[Event]) -> Iterable[int]:
    return (event[COMPLETES[event["EventType"]]] for event in events if event["EventType"] in COMPLETES)


def _is_heard_again(event: Event, numbers: Iterable[int], forgotten: frozenset[str]) -> bool:
    kind = event["EventType"]
    if kind in COMPLETES:
        return kind not in _FAILURES and event[COMPLETES[kind]] in numbers
    if kind == EventType.EVENT_RAISED:
        return event["Name"] not in forgotten
    return bool(kind == EventType.EXECUTION_STARTED)
