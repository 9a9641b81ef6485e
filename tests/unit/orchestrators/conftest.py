"""A stage for orchestrators without a host: activities answer at once, timers fire when they are yielded.

Gates are the app's own entities, over what they remember.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from gatekeeper import Gatekeeper
from msgspec.structs import replace

from dirigent import codec
from dirigent.domain.account_gate import AccountRules
from dirigent.domain.breakers import BreakerRules
from dirigent.domain.catalogue import Agent, Catalogue, Model
from dirigent.domain.messages import Message
from dirigent.domain.outcomes import Done
from dirigent.domain.runs import Held, PlannedStep, StartRun
from dirigent.domain.windows import Limits
from dirigent.ports.orchestration import Steps

NOW = datetime(2030, 1, 1, tzinfo=UTC)


@dataclass(eq=False)
class Task:
    """Something yielded: an activity's or a gate's call, a timer or several calls."""

    activity: str = ""
    order: Any = None
    until: datetime | None = None
    gate: Any = None
    parts: list["Task"] = field(default_factory=list)
    #: The first of the parts is waited for, and not all of them.
    is_race: bool = False
    is_completed: bool = False
    is_cancelled: bool = False
    result: Any = None

    def cancel(self) -> None:
        self.is_cancelled = True


@dataclass
class Rehearsal:
    """The context, and what was asked of it; it is the gates' clock, too."""

    answer: Callable[[str, Any], Message]
    catalogue: Catalogue
    given: Any = None
    instance_id: str = "run"
    current_utc_datetime: datetime = NOW
    calls: list[tuple[str, Any]] = field(default_factory=list)
    timers: list[datetime] = field(default_factory=list)
    told: list[Any] = field(default_factory=list)
    #: What it was to begin anew with.
    continued: list[Any] = field(default_factory=list)
    #: Runs that a record was opened for before their first step began.
    listed: list[str] = field(default_factory=list)
    #: What others do while it waits, wait by wait.
    meanwhile: list[Callable[[], Any]] = field(default_factory=list)
    #: So many times the record cannot be opened.
    broken_listings: int = 0
    #: How long a gate takes to answer, and the opening of a record.
    gate_seconds: float = 0.0
    listing_seconds: float = 0.0
    #: Gate, operation and message.
    asked: list[tuple[str, str, Any]] = field(default_factory=list)
    signals: list[tuple[str, str, Any]] = field(default_factory=list)
    #: What gates remember; what none can read makes its operations fail.
    remembered: dict[str, Any] = field(default_factory=dict)

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

    def task_any(self, activities: list[Any]) -> Task:
        return Task(parts=activities, is_race=True)

    def continue_as_new(self, input_: Any) -> None:
        self.continued.append(input_)

    def call_sub_orchestrator(self, name: str, input_: Any = None, instance_id: str | None = None) -> Task:
        raise NotImplementedError(f"Nobody here plays {name!r} as {instance_id!r}.")

    def operate(self, gate: Any, operation: str, message: Any) -> Any:
        """Let the app's entity perform the operation, whoever asks for it."""
        return Gatekeeper(self, self.catalogue, self.remembered).operate(gate, operation, message)

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
        if task.parts and task.is_race:
            return self._first(task)
        if task.parts:
            return [self._perform(part) for part in task.parts]
        if not task.is_completed:
            self._end(task)
        if isinstance(task.result, Exception):
            raise task.result
        return task.result

    def _end(self, task: Task) -> None:
        task.is_completed = True
        if task.until is None:
            try:
                task.result = self._answer(task)
            except (ConnectionError, codec.Undecodable) as died:
                task.result = died
            return
        self.timers.append(task.until)
        self.current_utc_datetime = max(self.current_utc_datetime, task.until)
        if self.meanwhile:
            self.meanwhile.pop(0)()

    def _first(self, race: Task) -> Task:
        """Whatever is answered at once comes before timers, and of those the earliest."""
        if not any(part.is_completed for part in race.parts):
            calls = [part for part in race.parts if part.until is None]
            timers = sorted((part for part in race.parts if part.until), key=lambda part: str(part.until))
            first = (calls or timers)[0]
            self._first(first) if first.is_race else self._end(first)
            first.is_completed = True
        race.result = next(part for part in race.parts if part.is_completed)
        return next(part for part in race.parts if part.is_completed)

    def _answer(self, task: Task) -> Any:
        if task.gate is not None:
            self.asked.append((f"{task.gate.name}@{task.gate.key}", task.activity, task.order))
            self.current_utc_datetime += timedelta(seconds=self.gate_seconds)
            return self.operate(task.gate, task.activity, task.order)
        if task.activity == "open_run" and self.broken_listings:
            self.broken_listings -= 1
            raise ConnectionError("no store")
        if task.activity == "open_run":
            self.listed.append(task.order["opening"]["run"])
            self.current_utc_datetime += timedelta(seconds=self.listing_seconds)
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

    def rehearse(answer: Callable[[str, Any], Message], **rules: Any) -> Rehearsal:
        return Rehearsal(answer=answer, catalogue=catalogue(**rules))

    return rehearse


@pytest.fixture
def guarded(start: StartRun) -> StartRun:
    """The same run, whose steps go to `gpt` in the writer's name through the gates."""
    plan = tuple(replace(step, agent="writer", deployments=("gpt",)) for step in start.plan)
    return replace(start, plan=plan, max_wait=120.0)
