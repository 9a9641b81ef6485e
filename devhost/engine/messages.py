"""What the engine and the worker tell each other; every text named `…_json` is JSON text."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

#: One history event, in the shape and with the member names the SDK reads.
Event = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleActivity:
    """Run an activity; `id` is the number the SDK gave the task."""

    id: int
    name: str
    input_json: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateTimer:
    """Wake the instance at `fire_at` (aware, UTC)."""

    id: int
    fire_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StartChild:
    """Start a sub-orchestration; without `instance_id` the engine derives one."""

    id: int
    name: str
    input_json: str | None
    instance_id: str | None = None
    version: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SendToEntity:
    """Call an entity, or signal it when `is_signal`; `target` is `@name@key`."""

    id: int
    target: str
    operation: str
    input_json: str | None
    is_signal: bool


Command = ScheduleActivity | CreateTimer | StartChild | SendToEntity


@dataclass(frozen=True, slots=True, kw_only=True)
class Completed:
    """The orchestrator returned."""

    output_json: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """The orchestrator raised, or broke a rule that fails it."""

    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ContinuedAsNew:
    """The orchestrator asked to begin again with another input."""

    input_json: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Diverged:
    """Replayed, the orchestrator took other steps than its history tells; it ends at once."""

    error: str


Outcome = Completed | Failed | ContinuedAsNew | Diverged


@dataclass(frozen=True, slots=True, kw_only=True)
class Episode:
    """One stretch of an orchestrator: what it has heard before and what is new."""

    instance_id: str
    name: str
    parent_instance_id: str | None
    input_json: str | None
    past: Sequence[Event]
    news: Sequence[Event]
    #: How many commands the history already holds; `past` must bring them about again.
    commands_so_far: int
    #: The still running orchestrator a former turn left behind, None to replay from the start.
    held: object | None = None
    #: Whether the turn is to leave the orchestrator behind where it waits.
    keep: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What an orchestrator asked for until it had to wait, or ended."""

    commands: tuple[Command, ...] = ()
    outcome: Outcome | None = None
    #: Open waits for external events: name → how many.
    waits: Mapping[str, int]
    cancelled_timers: frozenset[int] = frozenset()
    custom_status_json: str | None = None
    held: object | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivityCall:
    """One delivery of an activity."""

    name: str
    instance_id: str
    input_json: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivitySucceeded:
    """The activity's return value; None stands for a function that returned None."""

    result_json: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivityFailed:
    """`error` reads `Type: message`; `details` holds the stack."""

    error: str
    details: str


ActivityResult = ActivitySucceeded | ActivityFailed


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityCall:
    """One operation on one entity; `input_json` is doubly encoded as the SDK expects."""

    name: str
    key: str
    exists: bool
    state_json: str | None
    operation: str
    input_json: str | None
    is_signal: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityResult:
    """What the operation left behind; `result_json` is the error's text as JSON when `is_error`."""

    exists: bool
    state_json: str | None
    result_json: str | None
    is_error: bool
