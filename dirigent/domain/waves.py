"""Calls that go out together, and each again until it has its answer or is given up."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Self

from msgspec.structs import replace

from dirigent.domain.messages import Message
from dirigent.domain.outcomes import Category, Done, Failed, Failure, Outcome
from dirigent.domain.retries import wait_before_next
from dirigent.domain.runs import Perform, PlannedStep, StartRun

#: An order that came too late to be begun is no attempt: it cost nothing, unless the process died over it.
#: So it is not given for ever, nor without a breath, however little patience is declared.
MOST_UNBEGUN = 5
UNBEGUN_PAUSE = timedelta(seconds=1)
#: An order may wait for a free place this long before it is too late: its attempt's time counts from its
#: beginning, or a burst of runs would fail by waiting for each other.
QUEUE_PATIENCE = timedelta(minutes=5)
#: Durable keeps 16 KB of what a run says of itself.
MOST_TOLD, LONGEST_REASON = 10, 300


class Call(Message, frozen=True, kw_only=True):
    """A step that is to be performed."""

    step: PlannedStep
    #: It is the run's first: its activity opens the record.
    opens: bool = False
    #: It is the run's last: its activity closes the record.
    closes: bool = False


class Pending(Message, frozen=True, kw_only=True):
    """Where one call stands."""

    call: Call
    #: Attempts that were really begun.
    attempts: int = 0
    #: Orders given, begun or not.
    orders: int = 0
    #: Not before then; None is at once.
    due: datetime | None = None
    #: Of the last order.
    failure: Failure | None = None
    outcome: Outcome | None = None


class Wait(Message, frozen=True, kw_only=True):
    """A step that failed and will be tried again."""

    step: str
    attempts: int
    next_try: datetime
    category: Category
    because: str


class Wave(Message, frozen=True, kw_only=True):
    """Some calls of a run; when all have an outcome, it is over."""

    start: StartRun
    #: When the run's time is over.
    deadline: datetime
    pending: tuple[Pending, ...]

    @classmethod
    def of(cls, start: StartRun, calls: tuple[Call, ...], deadline: datetime) -> Self:
        """Nothing of it has been ordered yet."""
        return cls(start=start, deadline=deadline, pending=tuple(Pending(call=call) for call in calls))

    @property
    def is_over(self) -> bool:
        """Whether nothing is left to be ordered."""
        return all(one.outcome is not None for one in self.pending)

    @property
    def outcomes(self) -> tuple[Outcome, ...]:
        """How each call ended, in the order of the calls."""
        return tuple(one.outcome for one in self.pending if one.outcome is not None)

    def next_due(self, now: datetime) -> datetime | None:
        """When to give the next orders; None is now."""
        dues = [one.due for one in self.pending if one.outcome is None]
        if not dues or any(due is None or due <= now for due in dues):
            return None
        return min(due for due in dues if due is not None)

    def expire(self, now: datetime) -> Self:
        """Give up what is left when the run's time is over."""
        if now < self.deadline:
            return self
        failure = Failure(category=Category.TIMEOUT, message=f"the run's {self.start.timeout:g} s were over")
        return replace(
            self,
            pending=tuple(
                one
                if one.outcome is not None
                else replace(one, outcome=Failed(failure=failure, attempts=one.attempts))
                for one in self.pending
            ),
        )

    def orders(self, now: datetime) -> Mapping[int, Perform]:
        """What is to be performed now, by the call's place."""
        return {
            place: self._order(one, now)
            for place, one in enumerate(self.pending)
            if one.outcome is None and (one.due is None or one.due <= now)
        }

    def _order(self, one: Pending, now: datetime) -> Perform:
        start, call = self.start, one.call
        return Perform(
            run=start.run,
            account=start.account,
            definition=start.definition,
            step=call.step.name,
            attempt=one.attempts + 1,
            not_after=min(now + timedelta(seconds=call.step.timeout) + QUEUE_PATIENCE, self.deadline),
            timeout=call.step.timeout,
            # The plan is the orchestrator's alone, and long.
            opening=replace(start, plan=()) if call.opens else None,
            closes=call.closes,
        )

    def hear(self, heard: Mapping[int, Outcome], now: datetime) -> Self:
        """What became of the orders."""
        return replace(
            self,
            pending=tuple(
                self._heard(one, heard[place], now) if place in heard else one
                for place, one in enumerate(self.pending)
            ),
        )

    def _heard(self, one: Pending, outcome: Outcome, now: datetime) -> Pending:
        if isinstance(outcome, Done):
            return replace(one, outcome=outcome)
        attempts, orders = one.attempts + outcome.attempts, one.orders + 1
        tried = replace(one, attempts=attempts, orders=orders)
        wait = wait_before_next(
            one.call.step.retry,
            outcome.failure,
            attempts=attempts,
            orders=orders,
            seed=f"{self.start.run}/{one.call.step.name}",
        )
        if wait is None or orders - attempts > MOST_UNBEGUN:
            return replace(tried, outcome=Failed(failure=outcome.failure, attempts=attempts))
        if outcome.attempts == 0:
            wait = max(wait, UNBEGUN_PAUSE)
        if now + wait >= self.deadline:
            why = f"; the run's {self.start.timeout:g} s leave no time for another try"
            failure = replace(outcome.failure, message=outcome.failure.message + why)
            return replace(tried, outcome=Failed(failure=failure, attempts=attempts))
        return replace(tried, due=now + wait, failure=outcome.failure)

    def waits(self) -> tuple[Wait, ...]:
        """What is waited for, and why: for whoever looks at the run meanwhile."""
        return tuple(
            Wait(
                step=one.call.step.name,
                attempts=one.attempts,
                next_try=one.due,
                category=one.failure.category,
                because=one.failure.message[:LONGEST_REASON],
            )
            for one in self.pending[:MOST_TOLD]
            if one.outcome is None and one.due is not None and one.failure is not None
        )
