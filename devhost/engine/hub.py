"""The task hub as its clients see it: start, ask, signal, steer."""

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from devhost.engine.messages import Event

ENDED = frozenset({"Completed", "Failed", "Terminated", "Canceled"})


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceStatus:
    """One instance as outsiders may see it; texts are JSON or, for failures, plain."""

    instance_id: str
    name: str
    version: str
    runtime_status: str
    input_json: str | None
    output_text: str | None
    custom_status_json: str | None
    created: datetime
    updated: datetime
    parent_instance_id: str | None

    @property
    def has_ended(self) -> bool:
        return self.runtime_status in ENDED

    @property
    def input(self) -> Any:
        """What `get_input()` gives the orchestrator."""
        given = _parsed(self.input_json)
        if isinstance(given, str):
            # Python's clients and orchestrators send JSON text, others may send the value itself.
            try:
                return json.loads(given)
            except json.JSONDecodeError:
                return given
        return given

    @property
    def output(self) -> Any:
        """What the orchestrator returned, or the text that says why it ended otherwise."""
        return _parsed(self.output_text) if self.runtime_status == "Completed" else self.output_text

    @property
    def custom_status(self) -> Any:
        """What `set_custom_status` was last given."""
        return _parsed(self.custom_status_json)


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceFilter:
    """Which instances a listing wants; empty members do not narrow it."""

    runtime_statuses: frozenset[str] = frozenset()
    created_from: datetime | None = None
    created_to: datetime | None = None
    id_prefix: str = ""
    top: int | None = None
    continuation: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InstancePage:
    """One page of a listing; `continuation` is None on the last."""

    instances: tuple[InstanceStatus, ...]
    continuation: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityState:
    """An entity that exists."""

    name: str
    key: str
    state_json: str | None
    last_operation: datetime | None = field(default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityFilter:
    """Which entities a listing wants; empty members do not narrow it."""

    name: str = ""
    last_operation_from: datetime | None = None
    last_operation_to: datetime | None = None
    top: int | None = None
    continuation: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityPage:
    """One page of a listing; `continuation` is None on the last."""

    entities: tuple[EntityState, ...]
    continuation: str | None = None


class TaskHub(Protocol):
    """Every method answers only when what it promises is on disk; refusals are `HubError`s."""

    async def start(
        self,
        name: str,
        *,
        instance_id: str | None = None,
        input_json: str | None = None,
        version: str | None = None,
        at: datetime | None = None,
    ) -> str:
        """Start an orchestration, now or `at` an instant; its id. An ended one of that id is replaced."""

    async def ended(self, instance_id: str) -> InstanceStatus:
        """The instance once it has ended."""

    async def rewind(self, instance_id: str, reason: str | None) -> None:
        """Let a failed instance go on from before its failure."""

    async def restart(self, instance_id: str, *, with_new_id: bool = True) -> str:
        """Start an ended instance again with its input, and return the id of the new run."""

    async def status(self, instance_id: str) -> InstanceStatus:
        """The instance as it stands."""

    async def history(self, instance_id: str) -> list[Event]:
        """Every event of the instance's present execution, as stored."""

    async def instances(self, wanted: InstanceFilter) -> InstancePage:
        """The instances a filter lets through, oldest first."""

    async def raise_event(self, instance_id: str, name: str, input_json: str | None) -> None:
        """Deliver an external event."""

    async def terminate(self, instance_id: str, reason: str | None) -> None:
        """End the instance at once; children go on."""

    async def suspend(self, instance_id: str, reason: str | None) -> None:
        """Keep everything that arrives until the instance is resumed."""

    async def resume(self, instance_id: str, reason: str | None) -> None:
        """Let a suspended instance go on."""

    async def purge(self, instance_id: str) -> int:
        """Forget an ended instance; the number of instances forgotten."""

    async def purge_matching(self, wanted: InstanceFilter) -> int:
        """Forget the ended instances a filter lets through; the number forgotten."""

    async def entities(self, wanted: EntityFilter) -> EntityPage:
        """The entities that exist and that a filter lets through, by id."""

    async def signal_entity(self, name: str, key: str, operation: str, input_json: str | None) -> None:
        """Hand an entity an operation and do not wait for it."""

    async def entity(self, name: str, key: str) -> EntityState | None:
        """The entity's state, None when it does not exist."""


def _parsed(text: str | None) -> Any:
    return None if text is None else json.loads(text)
