"""A stage for orchestrators without a host: activities answer at once, timers fire when they are yielded.

Gates are the app's own entities, over what they remember.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec.structs import replace

from dirigent import codec
from dirigent.domain.account_gate import AccountRules
from dirigent.domain.breakers import BreakerRules
from dirigent.domain.catalogue import Agent, Catalogue, Model
from dirigent.domain.outcomes import Done, Outcome
from dirigent.domain.runs import Held, PlannedStep, StartRun
from dirigent.domain.windows import Limits
from dirigent.ports.orchestration import Steps
from entities import entities

NOW = datetime(2030, 1, 1, tzinfo=UTC)


@dataclass
class Task:
    """Something yielded: an activity's or a gate's call, a timer or several calls."""

    activity: str = ""
    order: Any = None
    until: datetime | None = None
    gate: Any = None
    parts: list["Task"] = field(default_factory=list)


@dataclass
class Operation:
    """What an entity sees of one operation."""

    entity_key: str
    operation_name: str
    given: Any
    state: Any
    result: Any = None

    def get_input(self) -> Any:
        return self.given

    def get_state(self, initializer: Callable[[], Any]) -> Any:
        return initializer() if self.state is None else self.state

    def set_state(self, state: Any) -> None:
        self.state = state

    def set_result(self, result: Any) -> None:
        self.result = result


@dataclass
class Rehearsal:
    """The context, and what was asked of it; it is the gates' clock, too."""

    answer: Callable[[str, Any], Outcome]
    catalogue: Catalogue
    given: Any = None
    instance_id: str = "run"
    current_utc_datetime: datetime = NOW
    calls: list[tuple[str, Any]] = field(default_factory=list)
    timers: list[datetime] = field(default_factory=list)
    told: list[Any] = field(default_factory=list)
    #: Runs that a record was opened for before their first step began.
    listed: list[str] = field(default_factory=list)
    #: What others do while it waits, wait by wait.
    meanwhile: list[Callable[[], Any]] = field(default_factory=list)
    #: So many times the record cannot be opened.
    broken_listings: int = 0
    #: Gate, operation and message.
    asked: list[tuple[str, str, Any]] = field(default_factory=list)
    signals: list[tuple[str, str, Any]] = field(default_factory=list)
    #: What gates remember; what none can read makes its operations fail.
    remembered: dict[str, Any] = field(default_factory=dict)
    _results: dict[int, Any] = field(default_factory=dict)
    _keep: list[Task] = field(default_factory=list)

    def now(self) -> datetime:
        return self.current_utc_datetime

    async def sleep(self, seconds: float) -> None:
        raise NotImplementedError("An orchestrator yields timers.")

    def get_input(self) -> Any:
        return self.given

    def call_activity(self, name: str, input_: Any = None) -> Task:
        return Task(activity=name, order=input_)

    def set_custom_status(self, status: Any) -> None:
        self.told.append(status)

    def create_timer(self, fire_at: datetime) -> Task:
        return Task(until=fire_at)

    def call_entity(self, entityId: Any, operationName: str, operationInput: Any = None) -> Task:  # noqa: N803
        return Task(gate=entityId, activity=operationName, order=operationInput)

    def signal_entity(self, entityId: Any, operationName: str, operationInput: Any = None) -> None:  # noqa: N803
        self.signals.append((f"{entityId.name}@{entityId.key}", operationName, operationInput))
        self.operate(entityId, operationName, operationInput)

    def task_all(self, activities: list[Any]) -> Task:
        return Task(parts=activities)

    def operate(self, gate: Any, operation: str, message: Any) -> Any:
        """Let the app's entity perform the operation, whoever asks for it."""
        address = f"{gate.name}@{gate.key}"
        entity = {entity.__name__: entity for entity in entities(self, self.catalogue)}[gate.name]
        state = self.remembered.get(address)
        performed = Operation(entity_key=gate.key, operation_name=operation, given=message, state=state)
        entity(performed)
        self.remembered[address] = performed.state
        return performed.result

    def play(self, steps: Steps) -> Any:
        """Drive the generator to its end; what it returns or raises."""
        sent: Any = None
        error: Exception | None = None
        while True:
            try:
                task = steps.throw(error) if error is not None else steps.send(sent)
            except StopIteration as stop:
                return stop.value
            sent, error = None, None
            try:
                sent = self._perform(task)
            except (ConnectionError, codec.Undecodable) as died:
                error = died

    def _perform(self, task: Task) -> Any:
        if task.until is not None:
            self.timers.append(task.until)
            self.current_utc_datetime = max(self.current_utc_datetime, task.until)
            if self.meanwhile:
                self.meanwhile.pop(0)()
            return None
        if task.parts:
            return [self._perform(part) for part in task.parts]
        if id(task) not in self._results:
            self._keep.append(task)
            try:
                self._results[id(task)] = self._answer(task)
            except (ConnectionError, codec.Undecodable) as died:
                self._results[id(task)] = died
        result = self._results[id(task)]
        if isinstance(result, Exception):
            raise result
        return result

    def _answer(self, task: Task) -> Any:
        if task.gate is not None:
            self.asked.append((f"{task.gate.name}@{task.gate.key}", task.activity, task.order))
            return self.operate(task.gate, task.activity, task.order)
        if task.activity == "open_run" and self.broken_listings:
            self.broken_listings -= 1
            raise ConnectionError("no store")
        if task.activity == "open_run":
            self.listed.append(task.order["opening"]["run"])
            return codec.encode(Done())
        self.calls.append((task.activity, task.order))
        return codec.encode(self.answer(task.activity, task.order))


def catalogue(
    *,
    starts: Limits | None = None,
    calls: Limits | None = None,
    breakers: Mapping[str, BreakerRules] | None = None,
) -> Catalogue:
    """Agents `writer` and `reserve`, who speak with `gpt` and `mini`."""
    rules = breakers or {}
    models = {
        name: Model(name=name, deployment=name, breaker=rules.get(name, BreakerRules()))
        for name in ("gpt", "mini")
    }
    agents = {
        name: Agent(name=name, description="", instructions="", model=model, limits=calls or Limits())
        for name, model in (("writer", "gpt"), ("reserve", "mini"))
    }
    accounts = {"a": AccountRules(limits=starts or Limits())}
    return Catalogue(models=models, agents=agents, workflows={}, accounts=accounts)


@pytest.fixture
def start() -> StartRun:
    """A run of two steps, from before there were gates."""
    return StartRun(
        run="run",
        account="a",
        workflow="w",
        type="t",
        definition="d",
        plan=tuple(PlannedStep(name=name, activity="ask_agent", timeout=30) for name in ("one", "two")),
        input=Held(text="{}"),
        created_at=NOW,
        timeout=3600,
    )


@pytest.fixture
def rehearse() -> Callable[..., Rehearsal]:
    """Makes a context whose activities answer as told; a ConnectionError is the death of the activity."""

    def rehearse(answer: Callable[[str, Any], Outcome], **rules: Any) -> Rehearsal:
        return Rehearsal(answer=answer, catalogue=catalogue(**rules))

    return rehearse


@pytest.fixture
def guarded(start: StartRun) -> StartRun:
    """The same run, whose steps go to `gpt` in the writer's name through the gates."""
    plan = tuple(replace(step, agent="writer", deployments=("gpt",)) for step in start.plan)
    return replace(start, plan=plan, max_wait=120.0)
