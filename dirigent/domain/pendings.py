"""One call of a wave: where it stands, whom it goes to, and who answers when that one cannot."""

from datetime import datetime, timedelta
from typing import Self

from msgspec.structs import replace

from dirigent.domain.breakers import State
from dirigent.domain.elections import Poll
from dirigent.domain.gates import Answer, Group, failure_of
from dirigent.domain.messages import Message
from dirigent.domain.outcomes import Category, Done, Failed, Failure, Outcome, Turnout, Usage
from dirigent.domain.passages import Level, Passage, Refusal, instant
from dirigent.domain.queues import Queue
from dirigent.domain.retries import RetryPolicy, wait_before_next
from dirigent.domain.runs import PlannedStep

#: Seconds before each further order where a store of the app's did not answer. These are no attempts of the
#: agent's; where the run has done what it was for, and only its end is unwritten, none of its time either.
WRITINGS = (5.0, 20.0, 60.0, 300.0)
#: An order that came too late to be begun is no attempt: it cost nothing, unless the process died over it.
#: So it is not given for ever, nor without a breath, however little patience is declared.
MOST_UNBEGUN = 5
UNBEGUN_PAUSE = timedelta(seconds=1)


class Call(Message, frozen=True, kw_only=True):
    """A step that is to be performed."""

    step: PlannedStep
    #: It is the run's first: its activity opens the record.
    opens: bool = False
    #: It is the run's last: its activity closes the record.
    closes: bool = False
    #: For an earlier step a fallback answered: what closes the record must look which.
    is_degraded: bool = False
    #: Whoever waits for it gives it up then; None is with the run.
    until: datetime | None = None
    #: Whose seconds that are, and how many.
    whose: str = ""
    #: It may be given up before its time, and so is made in an instance of its own.
    is_alone: bool = False
    #: How often the step was asked before in this run: each time it is another instance's.
    again: int = 0
    #: Which way the step goes, where it chooses.
    branch: str | None = None
    turnout: Turnout | None = None
    poll: Poll | None = None
    #: What the run has consumed so far.
    usage: Usage | None = None

    @property
    def is_apart(self) -> bool:
        """Whether an instance of its own makes it: what that could try again, it has tried."""
        return self.is_alone or self.step.nested is not None


class Permit(Message, frozen=True, kw_only=True):
    """A deployment's gate lets the call through."""

    deployment: str
    state: State
    #: It begins by then or not at all.
    begin_by: datetime
    #: Both are handed back when it has ended.
    round: int
    until: int

    @classmethod
    def of(cls, deployment: str, answer: Answer) -> Self:
        """What the gate's answer permits."""
        return cls(
            deployment=deployment,
            state=answer.state,
            begin_by=instant(answer.begin_by),
            round=answer.round,
            until=answer.until,
        )


class Time(Message, frozen=True, kw_only=True):
    """Until when a call may take, all attempts and waits included."""

    deadline: datetime
    #: Whose seconds they are, and how many.
    whose: str
    is_runs: bool = True


class Lane(Message, frozen=True, kw_only=True):
    """Whom a call goes to."""

    agent: str | None
    #: The deployment whose gate counts the agent's calls.
    home: str | None
    #: The deployment that is called; None for whatever passes no gate.
    deployment: str | None
    timeout: float
    retry: RetryPolicy


class Pending(Message, frozen=True, kw_only=True):
    """Where one call stands."""

    call: Call
    #: Attempts that were really begun.
    attempts: int = 0
    #: Orders given, begun or not.
    orders: int = 0
    #: Not before then; None is at once.
    due: datetime | None = None
    #: An order is under way.
    is_out: bool = False
    #: Whoever waits for its outcome knows it.
    is_told: bool = False
    #: Why it is to wait.
    failure: Failure | None = None
    outcome: Outcome | None = None
    #: Because of this the fallback is to answer.
    instead_of: Failure | None = None
    #: Attempts of whom the fallback stands in for.
    spent: int = 0
    #: The agent's windows have counted the call, but it may not go ahead yet.
    is_counted: bool = False
    #: Its work is kept, and nobody is to be called any more.
    is_done: bool = False
    #: How often its end could not be written down.
    unwritten: int = 0
    #: How often a store did not answer before that.
    stalls: int = 0
    #: That gate's stamp of it.
    counted_at: int = 0
    #: When the step's own time is over; None is with the run.
    deadline: datetime | None = None
    queue: Queue = Queue()
    permit: Permit | None = None

    @property
    def lane(self) -> Lane:
        """Whom the call goes to."""
        step, other = self.call.step, self.call.step.fallback
        if self.instead_of is None or other is None:
            home = step.deployments[0] if step.deployments else None
            return Lane(agent=step.agent, home=home, deployment=home, timeout=step.timeout, retry=step.retry)
        return Lane(
            agent=other.agent,
            home=other.home,
            deployment=other.deployment,
            timeout=other.timeout,
            retry=other.retry,
        )

    @property
    def can_leave(self) -> bool:
        """Whether another deployment may still answer in the agent's name."""
        own, other = self.lane, self.call.step.fallback
        if self.instead_of is not None or other is None or other.deployment is None:
            return False
        return (other.agent, other.home) == (own.agent, own.home)

    def is_due(self, now: datetime) -> bool:
        """Whether something is to be done about it now."""
        return self.is_idle and (self.due is None or self.due <= now)

    @property
    def is_apart_out(self) -> bool:
        """Whether an instance of its own is at it."""
        return self.is_out and self.outcome is None and self.call.is_apart

    @property
    def is_idle(self) -> bool:
        """Whether something is still to be done about it, and nothing is under way."""
        return self.outcome is None and not self.is_out

    @property
    def is_trial(self) -> bool:
        """Whether a circuit that was open is to learn of it whether its deployment is well."""
        return self.permit is not None and self.permit.state is not State.CLOSED

    @property
    def is_value(self) -> bool:
        """Whether a fixed value is to answer."""
        other = self.call.step.fallback
        return self.instead_of is not None and other is not None and other.deployment is None

    @property
    def may_go(self) -> bool:
        """Whether it has its permit, or needs none."""
        return self.is_done or self.permit is not None or self.lane.deployment is None or self.call.is_apart

    @property
    def counted(self) -> tuple[tuple[str, int, str], ...]:
        """Which gate has counted it without its having gone ahead, when, and on which agent."""
        lane = self.lane
        if not self.is_counted or lane.home is None or lane.agent is None:
            return ()
        return ((lane.home, self.counted_at, lane.agent),)

    @property
    def is_kept_out(self) -> bool:
        """Whether gates have refused it, and nothing was tried yet."""
        return self.queue.refused > 0 and self.attempts + self.spent == 0

    def wish(self) -> tuple[str, Group] | None:
        """Which gate it wants to go through next, and as what; None when it needs none."""
        lane = self.lane
        if lane.home is None or lane.deployment is None or self.may_go:
            return None
        if self.is_counted:
            return lane.deployment, Group(calls=1)
        if lane.home == lane.deployment:
            return lane.home, Group(calls=1, agent=lane.agent, leaves=self.can_leave)
        return lane.home, Group(calls=1, agent=lane.agent, through=False)

    def count(self) -> Self:
        """Its agent's windows have counted it; another gate is to permit it."""
        return replace(self, is_counted=True)

    def leave(self, closed: Refusal, now: datetime) -> Self:
        """Counted, but the circuit lets it through only elsewhere: the fallback answers at once."""
        queue = self.queue.refuse(closed, now, patience=now, seed="")
        return replace(self, queue=queue).fall_back(failure_of(closed, now), now, is_counted=True)

    def passage(self, now: datetime) -> Passage | None:
        """How it came through its gate, or how far it came; None for what passes none."""
        where = self.permit.deployment if self.permit else self.lane.deployment
        if where is None and self.queue.refused:
            # A value answers, and passes no gate: what is told is why.
            where = self.call.step.deployments[0]
        if where is None:
            return None
        return self.queue.passage(Level.DEPLOYMENT, where, now, self.permit.state if self.permit else None)

    def let_through(self, permit: Permit, now: datetime) -> Self:
        """A gate permits it."""
        return replace(self, permit=permit, is_counted=False, queue=self.queue.leave(now))

    def can_fall_back(self, *, is_quota: bool) -> bool:
        """Whether somebody else may answer; not in the agent's name where its own windows are full."""
        is_there = self.instead_of is None and self.call.step.fallback is not None and not self.is_done
        return is_there and not (is_quota and self.can_leave)

    def refuse(self, refusal: Refusal, now: datetime, *, patience: datetime, seed: str) -> Self:
        """A gate refuses it: it waits, or its fallback answers, or it is given up."""
        failure = failure_of(refusal, now)
        queue = self.queue.refuse(refusal, now, patience=patience, seed=seed)
        one = replace(self, queue=queue, is_counted=False, failure=failure)
        is_quota = refusal.level is Level.AGENT
        # A dependency that needs rest is not waited for where somebody else can answer.
        if queue.due is None or (refusal.is_of_circuit and one.can_fall_back(is_quota=is_quota)):
            return one.give_up(failure, now, is_quota=is_quota)
        return replace(one, due=queue.due)

    def give_up(self, failure: Failure, now: datetime, *, is_quota: bool = False) -> Self:
        """Nothing more is tried with whom it goes to."""
        can = self.can_fall_back(is_quota=is_quota)
        return self.fall_back(failure, now) if can else self.end(failure, now)

    def fall_back(self, failure: Failure, now: datetime, *, is_counted: bool = False) -> Self:
        """From now on the fallback is to answer."""
        return replace(
            self,
            instead_of=failure,
            spent=self.spent + self.attempts,
            attempts=0,
            orders=0,
            due=None,
            failure=None,
            is_counted=is_counted,
            permit=None,
            queue=self.queue.leave(now),
        )

    def end(self, failure: Failure, now: datetime) -> Self:
        """Nothing more is tried at all."""
        if self.instead_of is not None:
            why = f"{failure.message}; it stood in because of this: {self.instead_of.message}"
            failure = replace(failure, message=why).brief()
        ended = Failed(failure=failure, attempts=self.spent + self.attempts, passage=self.passage(now))
        return replace(self, due=None, permit=None, outcome=ended)

    def run_out(self, time: Time, now: datetime) -> Self:
        """Its time is over: only what takes none may still answer."""
        why = "" if self.failure is None else f"; it was waiting because of this: {self.failure.message}"
        failure = Failure(category=Category.TIMEOUT, message=f"{time.whose} were over{why}").brief()
        other = self.call.step.fallback
        has_value = other is not None and other.deployment is None and self.instead_of is None
        return self.fall_back(failure, now) if has_value and not time.is_runs else self.end(failure, now)

    def hear(self, outcome: Outcome, now: datetime, *, time: Time, seed: str) -> Self:
        """How the order it was given ended."""
        if isinstance(outcome, Done) or self.call.is_apart:
            return replace(self, outcome=outcome, permit=None)
        if self.is_done or outcome.is_done:
            return self._write_again(outcome, now)
        if outcome.is_stores:
            return self._stall(outcome, now, time)
        attempts, orders = self.attempts + outcome.attempts, self.orders + 1
        tried = replace(self, attempts=attempts, orders=orders)
        wait = wait_before_next(self.lane.retry, outcome.failure, attempts=attempts, orders=orders, seed=seed)
        if wait is None or orders - attempts > MOST_UNBEGUN:
            return tried.give_up(outcome.failure, now)
        if outcome.attempts == 0:
            wait = max(wait, UNBEGUN_PAUSE)
        if now + wait >= time.deadline:
            why = f"{outcome.failure.message}; {time.whose} leave no time for another try"
            failure = replace(outcome.failure, message=why)
            # What time is left, and an answer that takes none, is the fallback's.
            is_over = time.is_runs and now >= time.deadline
            return tried.end(failure, now) if is_over else tried.give_up(failure, now)
        return replace(tried, due=now + wait, failure=outcome.failure, permit=None)

    def _stall(self, outcome: Failed, now: datetime, time: Time) -> Self:
        stalled = replace(self, stalls=self.stalls + 1, permit=None, failure=outcome.failure)
        is_last = stalled.stalls > len(WRITINGS)
        due = now if is_last else now + timedelta(seconds=WRITINGS[self.stalls])
        if not is_last and due < time.deadline:
            return replace(stalled, due=due)
        why = outcome.failure.message + ("" if is_last else f"; {time.whose} leave no time for another try")
        # Whoever would stand in for the agent needs the same stores.
        tried = replace(stalled, attempts=stalled.attempts + stalled.stalls)
        return tried.end(replace(outcome.failure, message=why), now)

    def _write_again(self, outcome: Failed, now: datetime) -> Self:
        tried = replace(
            self, is_done=True, unwritten=self.unwritten + 1, permit=None, failure=outcome.failure
        )
        # What cannot be drawn from what was kept cannot be later either.
        if tried.unwritten > len(WRITINGS) or not outcome.failure.is_passing:
            return tried.end(outcome.failure, now)
        return replace(tried, due=now + timedelta(seconds=WRITINGS[self.unwritten]))
