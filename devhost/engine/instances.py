"""One orchestration instance as the engine holds it, and as the state file does."""

import json
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from devhost.engine.history import instant
from devhost.engine.hub import ENDED, InstanceStatus
from devhost.engine.messages import Completed, ContinuedAsNew, Diverged, Event, Failed, Outcome
from devhost.storage.tables import Key, Row, Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Parent:
    """Whom an instance answers to when it ends."""

    instance_id: str
    execution_id: str
    name: str
    task: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A message for an instance, with the row that keeps it until an episode has taken it in."""

    event: Event
    table: Table
    key: Key
    #: The one execution it is meant for, None for whichever runs when it arrives.
    execution: str | None = None


@dataclass(slots=True, kw_only=True)
class Instance:
    """A live instance; everything that must outlive the process is also in its rows."""

    id: str
    name: str
    version: str
    execution: str
    status: str
    input_json: str | None
    created: str
    updated: str
    parent: Parent | None = None
    output: str | None = None
    custom_status: str | None = None
    parts: int = 0
    commands: int = 0
    #: The orchestrator has ended, but tasks it left open keep the instance running.
    closing: Outcome | None = None
    #: Open numbered tasks: id → what it is.
    open_tasks: dict[int, str] = field(default_factory=dict)
    #: Open waits for events; None until the orchestrator has been heard since the host started.
    waits: dict[str, int] | None = None
    mailbox: deque[Letter] = field(default_factory=deque)
    controls: deque[Letter] = field(default_factory=deque)
    busy: bool = False
    #: When a scheduled instance is to start; None when it has started, or was not scheduled.
    start_at: str | None = None
    #: Whether it was said that no version of this host runs it.
    is_refused: bool = False
    #: Event names that were warned of.
    misspelt: set[str] = field(default_factory=set)
    #: The orchestrator, still running where it last waited.
    held: object | None = None
    #: The events so far, kept while every episode replays them.
    past: list[Event] | None = None
    #: What the orchestrator has to hear before the next news: its own entity messages, with their ids.
    echo: list[Event] = field(default_factory=list)

    @property
    def has_ended(self) -> bool:
        return self.status in ENDED

    def rows(self) -> tuple[Row, Row]:
        """What INSTANCES and PROGRESS hold of it."""
        parent = None if self.parent is None else json.dumps(_parent_json(self.parent))
        return (
            (self.id, self.name, self.version, self.created, parent, self.input_json),
            self.progress_row(),
        )

    def progress_row(self) -> Row:
        return (
            self.id,
            self.execution,
            self.status,
            self.updated,
            self.parts,
            self.commands,
            None if self.closing is None else json.dumps(_outcome_json(self.closing)),
            self.output,
            self.custom_status,
        )

    def seen(self) -> InstanceStatus:
        """The instance as outsiders may see it."""
        return InstanceStatus(
            instance_id=self.id,
            name=self.name,
            version=self.version,
            runtime_status=self.status,
            input_json=self.input_json,
            output_text=self.output,
            custom_status_json=self.custom_status,
            created=instant(self.created),
            updated=instant(self.updated),
            parent_instance_id=None if self.parent is None else self.parent.instance_id,
        )


def from_row(row: tuple[Any, ...]) -> Instance:
    """The instance that its two rows side by side describe."""
    identity, name, version, created, parent, input_json = row[:6]
    execution, status, updated, parts, commands, closing, output, custom_status = row[6:]
    return Instance(
        id=identity,
        name=name,
        version=version,
        created=created,
        parent=None if parent is None else _parent(json.loads(parent)),
        input_json=input_json,
        execution=execution,
        status=status,
        updated=updated,
        parts=parts,
        commands=commands,
        closing=None if closing is None else _outcome(json.loads(closing)),
        output=output,
        custom_status=custom_status,
    )


def _parent_json(parent: Parent) -> dict[str, object]:
    return {
        "instance": parent.instance_id,
        "execution": parent.execution_id,
        "name": parent.name,
        "task": parent.task,
    }


def _parent(stored: Mapping[str, Any]) -> Parent:
    return Parent(
        instance_id=stored["instance"],
        execution_id=stored["execution"],
        name=stored["name"],
        task=stored["task"],
    )


_OUTCOMES: dict[str, Callable[..., Outcome]] = {
    kind.__name__: kind for kind in (Completed, Failed, ContinuedAsNew, Diverged)
}


def _outcome_json(outcome: Outcome) -> dict[str, object]:
    [member] = type(outcome).__slots__
    return {"kind": type(outcome).__name__, member: getattr(outcome, member)}


def _outcome(stored: dict[str, Any]) -> Outcome:
    members = {key: value for key, value in stored.items() if key != "kind"}
    return _OUTCOMES[stored["kind"]](**members)


def terminate_path(instance_id: str) -> str:
    """What ends an instance when it is posted to the host; for sentences that advise it."""
    return f"/runtime/webhooks/durabletask/instances/{quote(instance_id, safe='')}/terminate"
