"""A stage for orchestrators without a host: activities answer at once, timers fire when they are yielded."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from dirigent import codec
from dirigent.domain.outcomes import Outcome
from dirigent.domain.runs import Held, PlannedStep, StartRun
from dirigent.ports.orchestration import Steps

NOW = datetime(2030, 1, 1, tzinfo=UTC)


@dataclass
class Task:
    """Something yielded: an activity's call, a timer or several calls."""

    activity: str = ""
    order: Any = None
    until: datetime | None = None
    parts: list["Task"] = field(default_factory=list)


@dataclass
class Rehearsal:
    """The context, and what was asked of it."""

    answer: Callable[[str, Any], Outcome]
    given: Any = None
    instance_id: str = "run"
    current_utc_datetime: datetime = NOW
    calls: list[tuple[str, Any]] = field(default_factory=list)
    timers: list[datetime] = field(default_factory=list)
    told: list[Any] = field(default_factory=list)
    _results: dict[int, Any] = field(default_factory=dict)
    _keep: list[Task] = field(default_factory=list)

    def get_input(self) -> Any:
        return self.given

    def call_activity(self, name: str, input_: Any = None) -> Task:
        return Task(activity=name, order=input_)

    def set_custom_status(self, status: Any) -> None:
        self.told.append(status)

    def create_timer(self, fire_at: datetime) -> Task:
        return Task(until=fire_at)

    def task_all(self, activities: list[Any]) -> Task:
        return Task(parts=activities)

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
            except ConnectionError as died:
                error = died

    def _perform(self, task: Task) -> Any:
        if task.until is not None:
            self.timers.append(task.until)
            self.current_utc_datetime = max(self.current_utc_datetime, task.until)
            return None
        if task.parts:
            return [self._perform(part) for part in task.parts]
        if id(task) not in self._results:
            self._keep.append(task)
            self.calls.append((task.activity, task.order))
            try:
                self._results[id(task)] = codec.encode(self.answer(task.activity, task.order))
            except ConnectionError as died:
                self._results[id(task)] = died
        result = self._results[id(task)]
        if isinstance(result, ConnectionError):
            raise result
        return result


@pytest.fixture
def start() -> StartRun:
    """A run of two steps."""
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
def rehearse() -> Callable[[Callable[[str, Any], Outcome]], Rehearsal]:
    """Makes a context whose activities answer as told; a ConnectionError is the death of the activity."""
    return lambda answer: Rehearsal(answer=answer)
