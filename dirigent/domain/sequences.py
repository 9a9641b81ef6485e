"""The chain of responsibility: one step after another, each seeing what earlier ones produced."""

from collections.abc import Mapping
from datetime import datetime
from typing import Self

import msgspec
from msgspec.structs import replace

from dirigent.domain.messages import Message
from dirigent.domain.outcomes import Done, Failed, Missing, Outcome, Turnout, Usage
from dirigent.domain.patterns import Settled
from dirigent.domain.pendings import Call
from dirigent.domain.runs import PlannedStep, StartRun

#: The activity that closes a run whose last step is a run of its own.
FINISH = PlannedStep(name="", activity="finish_run", timeout=30.0)


class Sequence(Message, frozen=True, kw_only=True):
    """How far a chain has come."""

    start: StartRun
    done: int = 0
    is_out: bool = False
    is_degraded: bool = False
    #: What steps said in the field that later ones choose by.
    told: dict[str, str] = msgspec.field(default_factory=dict)
    #: What is missing in those of its steps that are made of branches.
    turnout: Turnout = Turnout()
    usage: Usage = Usage()
    failed: Failed | None = None
    due: datetime | None = None
    unwanted: frozenset[str] = frozenset()
    lost: tuple[Missing, ...] = ()
    is_patient: bool = False

    @classmethod
    def of(cls, start: StartRun, now: datetime) -> Self:  # noqa: ARG003 - others count from it
        """Nothing of it has been begun."""
        return cls(start=start)

    @property
    def _steps(self) -> tuple[PlannedStep, ...]:
        """The plan, and whatever closes the run where its last step cannot."""
        plan = self.start.plan
        last = self._taken(len(plan) - 1) if self.done >= len(plan) - 1 else plan[-1]
        return (*plan, FINISH) if last.nested is not None else plan

    def _taken(self, place: int) -> PlannedStep:
        step = self.start.plan[place]
        if step.choose is None:
            return step
        found = step.branches.get(self.told.get(step.choose, ""), step.otherwise)
        if found is None:
            raise LookupError(f"The step {step.name!r} goes no way for what {step.choose!r} said.")
        return found

    @property
    def settled(self) -> Settled | None:
        """The end, once there is one."""
        if self.failed is not None:
            name = self._steps[self.done].name or self.start.plan[-1].name
            return Settled(failed=self.failed, step=name, turnout=self._partial)
        if self.done < len(self._steps):
            return None
        # What closes the run tells what the run around it goes on by.
        told = self.told.get(self._steps[-1].name)
        done = Done(usage=self.usage, is_degraded=self.is_degraded, turnout=self._partial, told=told)
        return Settled(done=done, turnout=self._partial)

    @property
    def _partial(self) -> Turnout | None:
        return self.turnout if self.turnout != Turnout() else None

    @property
    def ready(self) -> tuple[Call, ...]:
        """The next step, unless one is under way."""
        if self.is_out or self.settled is not None:
            return ()
        steps, place = self._steps, self.done
        planned = steps[place]
        branch = None
        if planned.choose is not None:
            branch = told if (told := self.told.get(planned.choose, "")) in planned.branches else ""
            planned = self._taken(place)
        is_last = place == len(steps) - 1
        call = Call(
            step=planned,
            opens=place == 0 and self.start.opens_with_step,
            closes=is_last,
            is_degraded=self.is_degraded,
            branch=branch,
            turnout=self._partial if is_last else None,
            usage=self.usage,
        )
        return (call,)

    def begun(self) -> Self:
        """What was ready is under way."""
        return replace(self, is_out=True)

    def hear(self, heard: Mapping[str, Outcome], now: datetime) -> Self:
        """The step under way ended."""
        [(step, outcome)] = heard.items()
        if isinstance(outcome, Failed):
            return replace(self, is_out=False, failed=outcome)
        return replace(
            self,
            is_out=False,
            done=self.done + 1,
            is_degraded=self.is_degraded or outcome.is_degraded,
            told=self.told if outcome.told is None else self.told | {step: outcome.told},
            turnout=self.turnout.joined(step, outcome.turnout),
            usage=self.usage.plus(outcome.usage),
        )

    def expire(self, now: datetime) -> Self:
        """Nothing of a chain is given up before the run is."""
        return self
