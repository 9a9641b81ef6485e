"""Ending instances that nobody wants any more, while the run goes on."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from dirigent import codec
from dirigent.domain.lineage import below
from dirigent.domain.outcomes import Failed
from dirigent.domain.runs import PlannedStep, StartRun, StopRuns
from dirigent.ports.orchestration import Context, Steps
from orchestrators.flights import Flight
from orchestrators.hearing import now, outcome_at, outcome_of

#: Seconds before each further attempt: an instance that was just begun may not be there yet.
PAUSES = (1, 4, 16)
#: For the records of nested runs.
REASON = "the run it belongs to did not wait for it any longer"


class Stops:
    """Orders to end instances, each given again where it could not be carried out."""

    def __init__(self, context: Context, start: StartRun) -> None:
        self._context, self._start = context, start
        #: By their keys in the flight.
        self._orders: dict[int, Any] = {}
        self._failed: list[Any] = []

    def begin(self, steps: Mapping[str, PlannedStep], flight: Flight, *, is_there: bool = True) -> None:
        """End the instances that make these steps, unless they have ended, and whatever they have begun."""
        others = tuple(inner for instance, step in steps.items() for inner in below(instance, step))
        instances = tuple(steps) if is_there else ()
        if not instances and not others:
            return
        stop = StopRuns(account=self._start.account, reason=REASON, instances=instances, others=others)
        order = codec.encode(stop)
        # Calls have the keys from 0 on.
        key = -1 - len(self._orders)
        self._orders[key] = order
        flight.add(key, self._context.call_activity("stop_runs", order))

    def heard(self, key: int, task: Any) -> bool:
        """Whether what ended is one of these orders."""
        if key not in self._orders:
            return False
        if isinstance(outcome_at(task, "stop_runs"), Failed):
            self._failed.append(self._orders[key])
        return True

    def are_all_of(self, flight: Flight) -> bool:
        """Whether nothing else is under way."""
        return len(flight) == sum(key in flight for key in self._orders)

    def end(self, flight: Flight) -> Steps:
        """Return when all orders were carried out, or not however often they were given."""
        while any(key in flight for key in self._orders):
            key = yield from flight.next(None)
            self.heard(key, flight.take(key))
        for pause in PAUSES:
            if not self._failed:
                return
            yield self._context.create_timer(now(self._context) + timedelta(seconds=pause))
            orders, self._failed = self._failed, []
            for order in orders:
                outcome = yield from outcome_of(self._context.call_activity("stop_runs", order), "stop_runs")
                if isinstance(outcome, Failed):
                    self._failed.append(order)
