"""Calls that go out together, and each again until it has its answer or is given up."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from itertools import islice
from typing import Self

import msgspec
from msgspec.structs import replace

from dirigent.domain.deployment_gate import PATIENCE
from dirigent.domain.gates import Answer, Ask, GiveBack, Group, Settlement, verdict_on
from dirigent.domain.messages import Message
from dirigent.domain.outcomes import Category, Failed, Failure, Outcome
from dirigent.domain.passages import Passage, Refusal, micros
from dirigent.domain.pendings import Call, Pending, Permit, Time
from dirigent.domain.run_ids import child_id, path_of
from dirigent.domain.runs import AskAlone, Held, Parent, Perform, StartRun

#: What passes no gate may wait for a free place as long as what was permitted.
QUEUE_PATIENCE = timedelta(microseconds=PATIENCE)
#: An instance that makes a call ends by itself in its time, and needs a moment to say so.
GRACE = timedelta(seconds=10)
#: Durable keeps 16 KB of what a run says of itself.
MOST_TOLD, LONGEST_REASON = 5, 200


class Wait(Message, frozen=True, kw_only=True):
    """A step that failed or was refused and will be tried again; without a step, the run's beginning."""

    step: str | None
    attempts: int
    next_try: datetime
    category: Category
    because: str


class Inquiry(Message, frozen=True, kw_only=True):
    """What one gate is asked, and for which calls: their places, group by group."""

    deployment: str
    ask: Ask
    places: tuple[tuple[int, ...], ...]


class Wave(Message, frozen=True, kw_only=True):
    """Some calls of a run; when all have an outcome, it is over."""

    start: StartRun
    #: When the run's time is over.
    deadline: datetime
    pending: tuple[Pending, ...]
    #: How the run was admitted.
    admission: Passage | None = None
    #: Calls that gates have counted and that are not made: deployment, the gate's stamp, agent.
    unused: tuple[tuple[str, int, str], ...] = ()
    #: The run waited before, and so there is a record of it.
    is_listed: bool = False

    @classmethod
    def of(
        cls,
        start: StartRun,
        calls: tuple[Call, ...],
        deadline: datetime,
        *,
        now: datetime,
        admission: Passage | None = None,
    ) -> Self:
        """Nothing of it has been ordered yet."""
        is_listed = admission is not None and admission.refused > 0
        wave = cls(start=start, deadline=deadline, pending=(), admission=admission, is_listed=is_listed)
        return wave.join(calls, now)

    def join(self, calls: tuple[Call, ...], now: datetime) -> Self:
        """Further calls, behind those that are there."""
        # What only writes the end down has nobody to ask, and is not cut short by the run's time.
        more = tuple(
            Pending(call=call, deadline=_deadline(call, now), is_done=not call.step.name) for call in calls
        )
        return replace(self, pending=self.pending + more)

    def awaited(self, steps: frozenset[str]) -> tuple[int, ...]:
        """Which places are those of these steps, and have no outcome."""
        if not steps:
            return ()
        return tuple(
            place
            for place, one in enumerate(self.pending)
            if one.outcome is None and one.call.step.name in steps
        )

    def drop(self, places: Iterable[int], now: datetime) -> Self:
        """Nobody waits for these any more."""
        pending = list(self.pending)
        failure = Failure(category=Category.TIMEOUT, message="nobody waited for it any longer")
        for place in places:
            pending[place] = replace(pending[place].end(failure, now), is_told=True)
        return replace(self, pending=tuple(pending))

    @property
    def is_heard(self) -> bool:
        """Whether there are outcomes that nobody was told of."""
        return any(one.outcome is not None and not one.is_told for one in self.pending)

    def reported(self) -> tuple[Self, Mapping[str, Outcome]]:
        """The outcomes that nobody was told of, by their steps; somebody is now."""
        fresh = {
            place: one.outcome
            for place, one in enumerate(self.pending)
            if one.outcome is not None and not one.is_told
        }
        if not fresh:
            return self, {}
        pending = list(self.pending)
        for place in fresh:
            pending[place] = replace(pending[place], is_told=True)
        told = {self.pending[place].call.step.name: outcome for place, outcome in fresh.items()}
        return replace(self, pending=tuple(pending)), told

    def is_due(self, now: datetime) -> bool:
        """Whether something is to be done now."""
        return any(one.is_due(now) for one in self.pending)

    @property
    def is_unlisted(self) -> bool:
        """Whether the run waits before the first of its steps has written down that there is a run."""
        return not self.is_listed and any(one.call.opens and one.is_kept_out for one in self.pending)

    def listed(self) -> Self:
        """There is a record of the run now."""
        return replace(self, is_listed=True)

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
        dues = [one.due for one in self.pending if one.is_idle]
        if not dues or any(due is None or due <= now for due in dues):
            return None
        return min(due for due in dues if due is not None)

    def wakes(self, now: datetime) -> datetime | None:
        """When something is to be done next, now at the earliest; None where the rest is under way."""
        dues = [one.due or now for one in self.pending if one.is_idle]
        dues += [self._apart_time(one).deadline + GRACE for one in self.pending if one.is_apart_out]
        return max(min(dues), now) if dues else None

    def overdue(self, now: datetime) -> tuple[int, ...]:
        """Places of calls made apart that should have ended by themselves."""
        return tuple(
            place
            for place, one in enumerate(self.pending)
            if one.is_apart_out and now >= self._apart_time(one).deadline + GRACE
        )

    def too_late(self, place: int) -> Failed:
        """What is said of a call that did not end in its time."""
        whose = self._apart_time(self.pending[place]).whose
        return Failed(failure=Failure(category=Category.TIMEOUT, message=f"it did not end within {whose}"))

    def expire(self, now: datetime) -> Self:
        """Give up what is left when its time is over."""
        pending = tuple(
            one.run_out(time, now)
            if one.is_idle and not one.is_done and now >= (time := self._time(one)).deadline
            else one
            for one in self.pending
        )
        return replace(self, pending=pending)

    def _time(self, one: Pending) -> Time:
        whole = self._whole(one)
        # What takes none, and answers because the step's was over, has the run's.
        if one.deadline is None or one.deadline >= whole.deadline or one.is_value:
            return whole
        whose = f"the step's {one.call.step.total_timeout:g} s"
        return Time(deadline=one.deadline, whose=whose, is_runs=False)

    def _apart_time(self, one: Pending) -> Time:
        # A step's own time is counted by the instance that asks alone, where a fallback answers after it.
        return self._whole(one) if one.call.step.nested is None else self._time(one)

    def _whole(self, one: Pending) -> Time:
        """As long as anybody waits for it."""
        start, call = self.start, one.call
        if call.until is not None and call.until <= self.deadline:
            return Time(deadline=call.until, whose=call.whose)
        if start.parent is not None and start.parent.until <= self.deadline:
            return Time(deadline=self.deadline, whose=start.parent.whose)
        return Time(deadline=self.deadline, whose=f"the run's {start.timeout:g} s")

    def inquiries(self, now: datetime) -> tuple[Inquiry, ...]:
        """What the gates are to be asked before anything is ordered: one question a gate."""
        groups: dict[str, dict[Group, list[int]]] = {}
        for place, one in enumerate(self.pending):
            if self.start.max_wait is not None and one.is_due(now) and (wish := one.wish()) is not None:
                gate, group = wish
                groups.setdefault(gate, {}).setdefault(group, []).append(place)
        return tuple(self._inquiry(gate, found, now) for gate, found in groups.items())

    def _inquiry(self, gate: str, groups: dict[Group, list[int]], now: datetime) -> Inquiry:
        places = tuple(tuple(found) for found in groups.values())
        asking = [self.pending[place] for found in places for place in found]
        ask = Ask(
            deployment=gate,
            groups=tuple(
                replace(group, calls=len(found)) for group, found in zip(groups, places, strict=True)
            ),
            seconds=max(one.lane.timeout for one in asking),
            patience=micros(min(self._patience(one, now) for one in asking)),
        )
        return Inquiry(deployment=gate, ask=ask, places=places)

    def _patience(self, one: Pending, now: datetime) -> datetime:
        """Until when the call waits before gates."""
        longest = timedelta(seconds=self.start.max_wait or 0)
        return min((one.queue.since or now) + longest, self._time(one).deadline)

    def told(self, inquiry: Inquiry, answer: Answer, now: datetime) -> Self:
        """What a gate answered."""
        pending, unused = list(self.pending), list(self.unused)
        permit = Permit.of(inquiry.deployment, answer)
        for group, grant, places in zip(inquiry.ask.groups, answer.grants, inquiry.places, strict=True):
            leaving = grant.granted + grant.leaving
            for number, place in enumerate(places):
                one = pending[place]
                if number < grant.granted:
                    counted = replace(one.count(), counted_at=answer.at)
                    pending[place] = one.let_through(permit, now) if group.through else counted
                elif number < leaving and answer.closed is not None:
                    pending[place] = replace(one.leave(answer.closed, now), counted_at=answer.at)
                elif grant.refusal is not None:
                    unused += one.counted
                    pending[place] = self._refused(one, grant.refusal, now)
        return replace(self, pending=tuple(pending), unused=tuple(unused))

    def _refused(self, one: Pending, refusal: Refusal, now: datetime) -> Pending:
        return one.refuse(refusal, now, patience=self._patience(one, now), seed=self._seed(one))

    def unanswered(self, inquiry: Inquiry, failure: Failure, now: datetime) -> Self:
        """A gate did not answer: nobody goes ahead."""
        pending, unused, heard = list(self.pending), self.unused, Failed(failure=failure, attempts=0)
        asked = [place for places in inquiry.places for place in places]
        for place in asked:
            unused += pending[place].counted
            pending[place] = replace(pending[place], is_counted=False)
        return replace(self, pending=tuple(pending), unused=unused).hear(dict.fromkeys(asked, heard), now)

    def give_backs(self) -> tuple[tuple[str, GiveBack], ...]:
        """What is to be given back to gates: once for each answer of theirs that counted it."""
        agents: dict[tuple[str, int], dict[str, int]] = {}
        for gate, at, agent in self.unused:
            counts = agents.setdefault((gate, at), {})
            counts[agent] = counts.get(agent, 0) + 1
        return tuple((gate, GiveBack(at=at, agents=counts)) for (gate, at), counts in agents.items())

    def given_back(self) -> Self:
        """All of it was."""
        return replace(self, unused=())

    def orders(self, now: datetime) -> Mapping[int, Perform | AskAlone | StartRun]:
        """What is to be begun now, by the call's place: by an activity, or by an instance of its own."""
        return {
            place: self._apart(one, now) if one.call.is_apart else self._order(one, now)
            for place, one in enumerate(self.pending)
            if one.is_due(now) and (self.start.max_wait is None or one.may_go)
        }

    def ordered(self, places: Iterable[int]) -> Self:
        """These were begun."""
        pending = list(self.pending)
        for place in places:
            pending[place] = replace(pending[place], is_out=True)
        return replace(self, pending=tuple(pending))

    def instance(self, place: int) -> str:
        """The id of the instance that makes the call."""
        return self._instance(self.pending[place].call)

    def _instance(self, call: Call) -> str:
        return child_id(self.start.run, path_of(call.step.name, call.again))

    def _apart(self, one: Pending, now: datetime) -> AskAlone | StartRun:
        start, call, time = self.start, one.call, self._apart_time(one)
        instance = self._instance(call)
        if (nested := call.step.nested) is None:
            alone = replace(start, plan=(call.step,), team=None, election=None, claim=None, input=Held())
            return AskAlone(
                start=alone,
                deadline=time.deadline,
                whose=time.whose,
                instance=instance,
                turnout=call.turnout,
                poll=call.poll,
            )
        parent = Parent(
            run=start.run,
            definition=start.definition,
            step=call.step.name,
            branch=call.branch,
            until=time.deadline,
            whose=time.whose,
        )
        return start.begun(nested, instance, parent, now)

    def _order(self, one: Pending, now: datetime) -> Perform:
        start, call = self.start, one.call
        begin_by = now + QUEUE_PATIENCE if one.permit is None else one.permit.begin_by
        return Perform(
            run=start.run,
            account=start.account,
            definition=start.definition,
            step=call.step.name,
            attempt=one.spent + one.attempts + 1,
            not_after=min(begin_by + timedelta(seconds=one.lane.timeout), self._time(one).deadline),
            timeout=one.lane.timeout,
            begin_by=None if one.permit is None else begin_by,
            # The plan is the orchestrator's alone, and long.
            opening=start.brief() if call.opens else None,
            closes=call.closes,
            is_degraded=call.closes and call.is_degraded,
            admission=self.admission if call.opens else None,
            passage=None if start.max_wait is None else one.passage(now),
            instead_of=one.instead_of,
            branch=call.branch,
            turnout=call.turnout,
            poll=call.poll,
            usage=call.usage if call.closes and start.parent is not None else None,
            parent=start.parent if call.closes else None,
            traceparent=msgspec.UNSET if call.opens else start.traceparent,
        )

    def settlements(self, heard: Mapping[int, Outcome]) -> tuple[tuple[str, Settlement], ...]:
        """What the gates are told of how the calls they permitted ended: once for each answer of theirs."""
        ended: dict[Permit, list[Outcome]] = {}
        for place, outcome in heard.items():
            if (permit := self.pending[place].permit) is not None:
                ended.setdefault(permit, []).append(outcome)
        return tuple((permit.deployment, _settlement(permit, found)) for permit, found in ended.items())

    def hear(self, heard: Mapping[int, Outcome], now: datetime) -> Self:
        """What became of the orders."""
        pending = list(self.pending)
        for place, outcome in heard.items():
            one = replace(pending[place], is_out=False)
            pending[place] = one.hear(outcome, now, time=self._time(one), seed=self._seed(one))
        return replace(self, pending=tuple(pending))

    def _seed(self, one: Pending) -> str:
        return f"{self.start.run}/{one.call.step.name}"

    def waits(self) -> tuple[Wait, ...]:
        """What is waited for, and why: for whoever looks at the run meanwhile."""
        waits = (
            Wait(
                step=one.call.step.name,
                attempts=one.spent + one.attempts,
                next_try=one.due,
                category=one.failure.category,
                because=one.failure.in_full[:LONGEST_REASON],
            )
            for one in self.pending
            if one.is_idle and one.due is not None and one.failure is not None
        )
        return tuple(islice(waits, MOST_TOLD))


def _deadline(call: Call, now: datetime) -> datetime | None:
    total = call.step.total_timeout
    return None if total is None else now + timedelta(seconds=total)


def _settlement(permit: Permit, outcomes: list[Outcome]) -> Settlement:
    pauses = [
        outcome.failure.retry_after or 0.0
        for outcome in outcomes
        if isinstance(outcome, Failed)
        and outcome.is_theirs
        and outcome.failure.category is Category.RATE_LIMIT
    ]
    return Settlement(
        deployment=permit.deployment,
        round=permit.round,
        until=permit.until,
        verdicts=tuple(verdict_on(outcome) for outcome in outcomes),
        pause=max(pauses, default=0.0),
    )
