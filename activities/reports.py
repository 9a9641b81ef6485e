"""What activities report of the orders they are given: to the log, and in spans."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime

from msgspec import UnsetType

from activities.scene import Scene, Undone
from dirigent.domain.outcomes import Done, Outcome
from dirigent.domain.run_ids import task_of
from dirigent.domain.runs import Perform, StartRun, Status
from dirigent.telemetry.lines import line
from dirigent.telemetry.tracing import Tracing

log = logging.getLogger(__name__)

OUTCOME = "dirigent.outcome"


class Report:
    """One delivery of an order, and what came of it; each thing is said once."""

    def __init__(self, order: Perform, began: datetime) -> None:
        self._order, self._began = order, began
        #: What is known of the run, once it is.
        self.scene: Scene | None = None
        #: What the log alone may know of a store that did not answer.
        self.because: str | None = None

    def step(self, outcome: Outcome, now: datetime) -> None:
        """The step is done, or the attempt at it has failed."""
        facts = self._facts() | {"seconds": seconds(self._began, now)}
        if not isinstance(outcome, Done):
            failure = outcome.failure
            facts |= {"category": failure.category, "reason": failure.reason or None}
            sentence = "A step was not begun" if outcome.attempts == 0 else "A step failed"
            if outcome.is_done or not self._order.step:
                sentence = "The end of a run could not be written down"
            line(log, logging.WARNING, sentence, **facts, because=self.because)
            return
        again = " before; this delivery repeats it" if outcome.is_repeated else ""
        line(log, logging.INFO, f"A step {'was' if again else 'is'} done{again}", **facts)
        if self._order.closes:
            self.run(is_repeated=outcome.is_repeated)

    def run(self, *, is_repeated: bool = False) -> None:
        """The run has done what it was for."""
        sentence = "A run had ended before; this delivery repeats it" if is_repeated else "A run has ended"
        order = self._order
        line(
            log,
            logging.INFO,
            sentence,
            task_id=task_of(order.run),
            run=order.run,
            workflow=None if self.scene is None else self.scene.workflow.name,
            status=Status.COMPLETED,
        )

    def _facts(self) -> dict[str, str | float | None]:
        order, scene = self._order, self.scene
        # What only closes a run is no step of it.
        agent = None if scene is None or not order.step else scene.agent
        return {
            "task_id": task_of(order.run),
            "run": order.run,
            "workflow": None if scene is None else scene.workflow.name,
            "step": order.step or None,
            "agent": None if agent is None else agent.name,
            "attempt": order.attempt,
        }


@contextmanager
def spanned(
    tracing: Tracing, name: str, scene: Scene, more: Mapping[str, str | int] | None = None
) -> Iterator[None]:
    """A span around one attempt at the step."""
    order = scene.order
    attributes = {
        "dirigent.task_id": task_of(order.run),
        "dirigent.run": order.run,
        "dirigent.workflow": scene.workflow.name,
        "dirigent.step": order.step,
        "dirigent.attempt": order.attempt,
        **(more or {}),
    }
    with tracing.span(name, attributes) as span:
        try:
            yield
        except BaseException as error:
            span.tell({OUTCOME: "failed"})
            if isinstance(error, Undone):
                span.fail_with(error.failure)
            raise
        span.tell({OUTCOME: "done"})


def facts_of(start: StartRun) -> dict[str, str | float | None]:
    """Which run it is, and of which it is a step."""
    parent = start.parent
    return {
        "task_id": task_of(start.run),
        "run": start.run,
        "workflow": start.workflow,
        "parent": None if parent is None else parent.run,
        "step": None if parent is None else parent.step,
        "correlation_id": None if isinstance(start.origin, UnsetType) else start.origin.correlation_id,
    }


def seconds(began: datetime, now: datetime) -> float:
    """How long it took, to the millisecond."""
    return round((now - began).total_seconds(), 3)
