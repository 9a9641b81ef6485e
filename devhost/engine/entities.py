"""Entities: each works through its operations one after the other."""

import json
import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from devhost.engine import history
from devhost.engine.history import instant
from devhost.engine.hub import EntityState
from devhost.engine.messages import EntityCall, EntityResult, Event
from devhost.engine.resources import Resources
from devhost.storage import queries
from devhost.storage.tables import ENTITIES, OPERATIONS

log = logging.getLogger("devhost.engine")

#: Idle entities kept in memory; their state is in the file.
MOST_IDLE = 2_000


@dataclass(slots=True, kw_only=True)
class _Entity:
    id: str
    state_json: str | None
    exists: bool
    updated: str | None = None
    queue: deque[tuple[int, dict[str, object]]] = field(default_factory=deque)
    busy: bool = False


class Entities:
    """Delivers operations in the order they were sent, and the answers to whoever waits."""

    def __init__(
        self,
        resources: Resources,
        *,
        answer: Callable[[str, str, Event], None],
    ) -> None:
        self._resources = resources
        self._answer = answer
        self._known: dict[str, _Entity] = {}
        self._sweep_at = MOST_IDLE
        self._missed: set[str] = set()

    def deliver(self, target: str, request: dict[str, object]) -> None:
        """Hand an entity an operation that is to survive the process."""
        number = next(self._resources.numbers)
        self._resources.put(OPERATIONS, (number, target, json.dumps(request)))
        self.enqueue(target, number, request)

    def enqueue(self, target: str, number: int, request: dict[str, object]) -> None:
        """Queue an operation whose row exists."""
        entity = self._entity(target)
        entity.queue.append((number, request))
        self._go_on(entity)

    def state(self, target: str) -> EntityState | None:
        """The entity's state after every operation carried out so far."""
        entity = self._entity(target)
        if not entity.exists:
            return None
        name, _, key = target[1:].partition("@")
        updated = None if entity.updated is None else instant(entity.updated)
        return EntityState(name=name, key=key, state_json=entity.state_json, last_operation=updated)

    def _entity(self, target: str) -> _Entity:
        entity = self._known.get(target)
        if entity is None:
            if len(self._known) == self._sweep_at:
                # Again when twice as many have come as the sweep may leave behind.
                self._resources.commits.then(self._sweep)
            row = queries.entity(self._resources.store, target)
            state, updated = (None, None) if row is None else row
            entity = _Entity(id=target, state_json=state, exists=row is not None, updated=updated)
            self._known[target] = entity
        return entity

    def _is_missing(self, entity: _Entity) -> bool:
        name = entity.id[1:].partition("@")[0]
        if self._resources.worker.entity_named(name) is not None:
            return False
        if name not in self._missed:
            self._missed.add(name)
            log.error(
                "Operations for entities '%s' wait: the app has no such entity any more. Put it back "
                "and restart the host; until then they are kept.",
                name,
            )
        return True

    def _sweep(self) -> None:
        # Run right after a commit: only what the file already holds may be forgotten.
        if len(self._known) >= MOST_IDLE:
            self._known = {key: entity for key, entity in self._known.items() if entity.busy or entity.queue}
        self._sweep_at = max(MOST_IDLE, 2 * len(self._known))

    def _go_on(self, entity: _Entity) -> None:
        if entity.busy or not entity.queue or self._resources.winding_down or self._is_missing(entity):
            return
        number, request = entity.queue.popleft()
        entity.busy = True
        name, _, key = entity.id[1:].partition("@")
        call = EntityCall(
            name=name,
            key=key,
            exists=entity.exists,
            state_json=entity.state_json,
            operation=str(request["op"]),
            input_json=_text(request["input"]),
            is_signal=bool(request["signal"]),
        )
        self._resources.worker.operate(
            call, self._resources.commits.sealed(partial(self._operated, entity, number, request))
        )

    def _operated(
        self, entity: _Entity, number: int, request: dict[str, object], result: EntityResult
    ) -> None:
        entity.busy = False
        entity.exists, entity.state_json = result.exists, result.state_json
        entity.updated = self._resources.stamp()
        # Operations have numbers of their own that are never used again.
        self._resources.store.forget(OPERATIONS, (number,))
        if result.exists:
            self._resources.put(ENTITIES, (entity.id, result.state_json, entity.updated))
        else:
            self._resources.drop(ENTITIES, (entity.id,))
        if request["signal"]:
            if result.is_error:
                log.warning(
                    "Entity '%s' failed at the signalled operation '%s': %s",
                    entity.id,
                    request["op"],
                    result.result_json,
                )
        else:
            self._reply(request, result)
        self._go_on(entity)

    def _reply(self, request: dict[str, object], result: EntityResult) -> None:
        envelope: dict[str, object] = {"result": "null" if result.result_json is None else result.result_json}
        if result.is_error:
            # Its presence alone tells the SDK that the operation failed.
            envelope["exceptionType"] = "Error"
        event = history.event_raised(self._resources.stamp(), str(request["id"]), json.dumps(envelope))
        self._answer(str(request["parent"]), str(request["parentExecution"]), event)


def _text(value: object) -> str | None:
    return None if value is None else str(value)
