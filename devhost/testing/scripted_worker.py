"""A worker whose functions a test writes down, and whose answers it can hold back."""

import asyncio
import json
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from devhost.engine.messages import (
    ActivityCall,
    ActivityFailed,
    ActivityResult,
    ActivitySucceeded,
    EntityCall,
    EntityResult,
    Episode,
    Failed,
    Turn,
)
from devhost.engine.ports import Done
from devhost.functions.durable_replay import Run, close, play

Answer = TypeVar("Answer")

#: An orchestrator as the SDK's users write it: a generator function of the SDK's context.
Orchestrator = Callable[[Any], Any]
#: Gets the decoded input and returns what JSON can hold.
Activity = Callable[[Any], Any]
#: Gets state, operation and decoded input; returns the new state (None: the entity is gone) and a result.
Entity = Callable[[Any, str, Any], tuple[Any, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One call that reached the worker; `value` is an activity's input or an entity's operation."""

    kind: str
    name: str
    instance_id: str
    value: Any


class ScriptedWorker:
    """Runs functions on the engine's own loop, one step after they were called, in the order of the calls."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        #: Functions by name; a test that edits the app while its instances sleep changes these.
        self.orchestrators: dict[str, Orchestrator] = {}
        self.activities: dict[str, Activity] = {}
        self.entities: dict[str, Entity] = {}
        #: Every call so far, in order.
        self.deliveries: list[Delivery] = []
        #: Calls that have not been answered and are not held back.
        self.running = 0
        self._held: dict[str, deque[Callable[[], None]]] = {}
        self._generation = 0

    def serve(
        self,
        *,
        orchestrators: Iterable[Orchestrator] = (),
        activities: Iterable[Activity] = (),
        entities: Iterable[Entity] = (),
    ) -> None:
        """Offer these functions, each under its Python name, beside or instead of those offered before."""
        self.orchestrators.update((function.__name__, function) for function in orchestrators)
        self.activities.update((function.__name__, function) for function in activities)
        self.entities.update((function.__name__, function) for function in entities)

    def orchestrator_named(self, name: str) -> str | None:
        return _registered(self.orchestrators, name)

    def activity_named(self, name: str) -> str | None:
        return _registered(self.activities, name)

    def entity_named(self, name: str) -> str | None:
        return _registered(self.entities, name)

    def names(self, kind: str) -> tuple[str, ...]:
        functions: Mapping[str, Mapping[str, object]] = {
            "orchestrator": self.orchestrators,
            "activity": self.activities,
            "entity": self.entities,
        }
        return tuple(functions[kind])

    def python_named(self, kind: str, name: str) -> str | None:
        # What is served bears its Python name.
        return None

    def play(self, episode: Episode, done: Done[Turn]) -> None:
        self._deliver("orchestrator", episode.name, episode.instance_id, len(episode.news))
        self._run(episode.name, partial(_play, self.orchestrators, episode), done)

    def let_go(self, held: object) -> None:
        if isinstance(held, Run):
            close(held)

    def act(self, call: ActivityCall, done: Done[ActivityResult]) -> None:
        value = None if call.input_json is None else json.loads(call.input_json)
        self._deliver("activity", call.name, call.instance_id, value)
        self._run(call.name, partial(_act, self.activities, call.name, value), done)

    def operate(self, call: EntityCall, done: Done[EntityResult]) -> None:
        self._deliver("entity", call.name, f"@{call.name}@{call.key}", call.operation)
        self._run(call.name, partial(_operate, self.entities, call), done)

    def delivered(self, name: str) -> list[Any]:
        """The values that function was called with, in order."""
        return [delivery.value for delivery in self.deliveries if delivery.name == name]

    def hold(self, name: str) -> None:
        """From now on run that function but keep its answers back."""
        self._held.setdefault(name, deque())

    def held(self, name: str) -> int:
        """How many answers of that function are kept back."""
        return len(self._held.get(name, ()))

    def release(self, name: str, most: int | None = None) -> None:
        """Let out that many answers, the oldest first; without a number all of them, and hold no more."""
        waiting = self._held.get(name, deque())
        for _ in range(len(waiting) if most is None else min(most, len(waiting))):
            self.running += 1
            self._loop.call_soon(waiting.popleft())
        if most is None:
            self._held.pop(name, None)

    def die(self) -> None:
        """Forget every call, as a killed process does: none of them will be answered."""
        self._generation += 1
        self.running = 0
        for waiting in self._held.values():
            waiting.clear()

    def _deliver(self, kind: str, name: str, instance_id: str, value: Any) -> None:
        self.deliveries.append(Delivery(kind=kind, name=name, instance_id=instance_id, value=value))

    def _run(self, name: str, compute: Callable[[], Answer], done: Done[Answer]) -> None:
        self.running += 1
        self._loop.call_soon(self._step, self._generation, name, compute, done)

    def _step(self, generation: int, name: str, compute: Callable[[], Answer], done: Done[Answer]) -> None:
        if generation != self._generation:
            return
        answer = compute()
        if name in self._held:
            self.running -= 1
            self._held[name].append(partial(self._answer, generation, answer, done))
        else:
            self._answer(generation, answer, done)

    def _answer(self, generation: int, answer: Answer, done: Done[Answer]) -> None:
        if generation == self._generation:
            self.running -= 1
            done(answer)


def _registered(functions: Iterable[str], name: str) -> str | None:
    return next((known for known in functions if known.casefold() == name.casefold()), None)


def _play(orchestrators: Mapping[str, Orchestrator], episode: Episode) -> Turn:
    if episode.name not in orchestrators:
        return Turn(waits={}, outcome=Failed(error=f"LookupError: '{episode.name}' is no longer in the app"))
    return play(orchestrators[episode.name], None, episode)


def _act(activities: Mapping[str, Activity], name: str, value: Any) -> ActivityResult:
    try:
        result = activities[name](value)
        return ActivitySucceeded(result_json=None if result is None else json.dumps(result))
    # The worker's boundary: whatever a function raises is its answer.
    except Exception as error:  # noqa: BLE001
        return ActivityFailed(error=f"{type(error).__name__}: {error}", details=traceback.format_exc())


def _operate(entities: Mapping[str, Entity], call: EntityCall) -> EntityResult:
    state = None if call.state_json is None else json.loads(call.state_json)
    try:
        value = None if call.input_json is None else json.loads(json.loads(call.input_json))
        state, result = entities[call.name](state, call.operation, value)
        result_json, is_error = json.dumps(result), False
    # As above; the state the operation began with stays.
    except Exception as error:  # noqa: BLE001
        result_json, is_error = json.dumps(str(error)), True
    return EntityResult(
        exists=state is not None,
        state_json=None if state is None else json.dumps(state),
        result_json=result_json,
        is_error=is_error,
    )
