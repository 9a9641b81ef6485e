"""Plays whole runs without a host, in a time of its own: activities last, and instances can be ended."""

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from dirigent import codec
from dirigent.domain.outcomes import Category, Done, Failed, Failure
from dirigent.ports.orchestration import Steps

START = datetime(2030, 1, 1, tzinfo=UTC)
#: How long an activity lasts, and what it returns; a ConnectionError is its death.
World = Callable[[str, Any], tuple[float, Any]]


@dataclass(eq=False)
class Task:
    """Something yielded; of several, the first or all."""

    kind: str
    name: str = ""
    order: Any = None
    #: Of a child, its id.
    instance: str = ""
    until: datetime | None = None
    parts: list["Task"] = field(default_factory=list)
    around: list["Task"] = field(default_factory=list)
    is_scheduled: bool = False
    is_completed: bool = False
    is_cancelled: bool = False
    result: Any = None

    def cancel(self) -> None:
        assert not self.is_completed
        self.is_cancelled = True

    def complete(self, result: Any) -> None:
        if self.is_completed:
            return
        self.is_completed, self.result = True, result
        for task in self.around:
            task.look(self)

    def look(self, part: "Task") -> None:
        """One of its parts has ended."""
        if self.kind == "any":
            self.complete(part)
        elif isinstance(part.result, Exception):
            self.complete(part.result)
        elif all(one.is_completed for one in self.parts):
            self.complete([one.result for one in self.parts])


class Instance:
    """The context of one instance, and how far it has come."""

    def __init__(self, house: "Playhouse", name: str, given: Any, instance_id: str) -> None:
        self.house, self.name, self.given, self.instance_id = house, name, given, instance_id
        self.current_utc_datetime = house.now
        self.steps: Steps = house.functions[name](self)
        self.awaited: Task | None = None
        self.tasks: list[Task] = []
        self.is_returned = self.is_over = self.is_suspended = False
        self.result: Any = None
        #: What it raised.
        self.error: Exception | None = None
        self.ended_at: datetime | None = None
        #: What its parent waits for.
        self.task: Task | None = None
        self.parent: Instance | None = None

    def get_input(self) -> Any:
        return self.given

    def set_custom_status(self, status: Any) -> None:
        self.house.told.append((self.instance_id, status))

    def call_activity(self, name: str, input_: Any = None) -> Task:
        return Task("activity", name=name, order=input_)

    def create_timer(self, fire_at: datetime) -> Task:
        return Task("timer", until=fire_at)

    def call_entity(self, entityId: Any, operationName: str, operationInput: Any = None) -> Task:  # noqa: N803
        return Task("entity", name=operationName, order=(entityId, operationInput))

    def signal_entity(self, entityId: Any, operationName: str, operationInput: Any = None) -> None:  # noqa: N803
        self.house.operate(entityId, operationName, operationInput)

    def call_sub_orchestrator(self, name: str, input_: Any = None, instance_id: str | None = None) -> Task:
        return Task("child", name=name, order=input_, instance=instance_id or "")

    def task_all(self, activities: list[Any]) -> Task:
        return self._together("all", activities)

    def task_any(self, activities: list[Any]) -> Task:
        return self._together("any", activities)

    def _together(self, kind: str, parts: list[Task]) -> Task:
        assert parts, "The SDK makes of no tasks one that ends at once, and with nothing."
        together = Task(kind, parts=parts)
        for part in parts:
            part.around.append(together)
        for part in parts:
            if part.is_completed:
                together.look(part)
        return together


class Playhouse:
    """Instances, their world and their time."""

    def __init__(
        self,
        functions: dict[str, Any],
        world: World,
        operate: Callable[[Any, str, Any], Any] | None = None,
    ) -> None:
        self.functions, self.world, self._operate = functions, world, operate
        self.now = START
        self.instances: dict[str, Instance] = {}
        #: When, by which instance, which activity and what it was told.
        self.calls: list[tuple[datetime, str, str, Any]] = []
        self.told: list[tuple[str, Any]] = []
        #: How long it takes to end instances.
        self.stop_seconds = 0.0
        self._order = count()
        self._due: list[tuple[datetime, int, Callable[[], None]]] = []

    def operate(self, gate: Any, operation: str, message: Any) -> Any:
        if self._operate is None:
            raise LookupError(f"There is no gate {gate} here.")
        return self._operate(gate, operation, message)

    def play(self, name: str, given: Any, instance_id: str) -> Instance:
        """Begin the instance, and go on until nothing is left to happen."""
        root = self.begin(name, given, instance_id)
        while self._due:
            when, _, happen = heapq.heappop(self._due)
            self.now = max(self.now, when)
            happen()
        return root

    def begin(
        self,
        name: str,
        given: Any,
        instance_id: str,
        task: Task | None = None,
        parent: Instance | None = None,
    ) -> Instance:
        assert instance_id not in self.instances
        one = self.instances[instance_id] = Instance(self, name, given, instance_id)
        one.task, one.parent = task, parent
        self._go_on(one)
        return one

    def named(self, activity: str) -> list[Any]:
        """What that activity was told, time after time."""
        return [order for _, _, name, order in self.calls if name == activity]

    def at(self, seconds: float, happen: Callable[[], None]) -> None:
        heapq.heappush(self._due, (self.now + timedelta(seconds=seconds), next(self._order), happen))

    def _go_on(self, one: Instance) -> None:
        """Resume it as often as what it waits for is there."""
        one.current_utc_datetime = self.now
        while not one.is_returned:
            if one.is_suspended:
                return
            if one.awaited is not None and not one.awaited.is_completed:
                return
            sent = None if one.awaited is None else one.awaited.result
            try:
                if isinstance(sent, Exception):
                    one.awaited = one.steps.throw(sent)
                else:
                    one.awaited = one.steps.send(sent)
            except StopIteration as stop:
                one.is_returned, one.result = True, stop.value
            except Exception as error:  # noqa: BLE001 - as the host, which tells the parent
                text = f"Orchestrator function '{one.name}' failed: {error} \n  at some line"
                one.is_returned, one.result, one.error = True, Exception(text), error
            else:
                self._schedule(one, one.awaited)
        self._close(one)

    def _schedule(self, one: Instance, task: Task) -> None:
        for part in task.parts:
            self._schedule(one, part)
        if task.is_scheduled or task.parts:
            return
        task.is_scheduled = True
        one.tasks.append(task)
        if task.kind == "timer":
            assert task.until is not None
            self.at(max((task.until - self.now).total_seconds(), 0.0), lambda: self._end(one, task, None))
        elif task.kind == "child":
            self.begin(task.name, task.order, task.instance, task, one)
        elif task.kind == "entity":
            self.at(0.0, lambda: self._end(one, task, self.operate(task.order[0], task.name, task.order[1])))
        else:
            self.calls.append((self.now, one.instance_id, task.name, task.order))
            seconds, result = self._performed(task)
            self.at(seconds, lambda: self._end(one, task, result))

    def _performed(self, task: Task) -> tuple[float, Any]:
        if task.name != "stop_runs":
            return self.world(task.name, task.order)
        unknown = [name for name in task.order["instances"] if name not in self.instances]
        for name in [*task.order["instances"], *task.order.get("others", [])]:
            self.terminate(name, task.order["reason"])
        if unknown:
            failure = Failure(category=Category.TRANSIENT, message="not there yet")
            return self.stop_seconds, codec.encode(Failed(failure=failure))
        return self.stop_seconds, codec.encode(Done())

    def terminate(self, name: str, reason: str) -> None:
        """End it for good, whatever is open of it; one that has ended stays as it is."""
        one = self.instances.get(name)
        if one is not None and not one.is_over:
            one.is_returned, one.result, one.tasks = True, Exception(reason), []
            self._close(one)

    def suspend(self, name: str) -> None:
        """Let it do nothing more; it can only be ended."""
        self.instances[name].is_suspended = True

    def _end(self, one: Instance, task: Task, result: Any) -> None:
        if one.is_over or task.is_cancelled:
            return
        task.complete(result)
        if one.is_returned:
            self._close(one)
        else:
            self._go_on(one)

    def _close(self, one: Instance) -> None:
        """It is over when nothing of it is open any more, whatever it returned."""
        open_ = [
            task
            for task in one.tasks
            if not task.is_completed and not task.is_cancelled and task.kind != "entity"
        ]
        timers = [task for task in open_ if task.kind == "timer"]
        assert not timers, f"{one.instance_id} leaves timers behind"
        if open_ or one.is_over:
            return
        one.is_over, one.ended_at = True, self.now
        if one.task is not None and one.parent is not None:
            parent, task, result = one.parent, one.task, one.result
            self.at(0.0, lambda: self._end(parent, task, result))
