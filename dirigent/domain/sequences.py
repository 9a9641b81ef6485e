"""The chain of responsibility: one step after another, each seeing what earlier ones produced."""

from typing import Self

from msgspec.structs import replace

from dirigent.domain.messages import Message
from dirigent.domain.outcomes import Done, Failed, Outcome
from dirigent.domain.pendings import Call
from dirigent.domain.runs import StartRun


class Settled(Message, frozen=True, kw_only=True):
    """The run is over; without a failure it did what it was for."""

    failed: Failed | None = None
    #: The step that could not be done.
    step: str | None = None


class Sequence(Message, frozen=True, kw_only=True):
    """How far a chain has come."""

    start: StartRun
    done: int = 0
    is_degraded: bool = False
    failed: Failed | None = None

    def next_move(self) -> Call | Settled:
        """The next step, or the end."""
        plan = self.start.plan
        if self.failed is not None:
            return Settled(failed=self.failed, step=plan[self.done].name)
        if self.done == len(plan):
            return Settled()
        return Call(
            step=plan[self.done],
            opens=self.done == 0,
            closes=self.done == len(plan) - 1,
            is_degraded=self.is_degraded,
        )

    def hear(self, outcome: Outcome) -> Self:
        """The step under way ended."""
        if isinstance(outcome, Done):
            is_degraded = self.is_degraded or outcome.is_degraded
            return replace(self, done=self.done + 1, is_degraded=is_degraded)
        return replace(self, failed=outcome)
