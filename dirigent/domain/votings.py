"""A vote: all are asked at once, and it is over as soon as nobody still to answer can change its end."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum

import msgspec
from msgspec.structs import replace

from dirigent.domain.elections import Ballot, Election, End, Poll, Said, written
from dirigent.domain.messages import Message
from dirigent.domain.outcomes import (
    LONGEST_REASON,
    Category,
    Done,
    Failed,
    Failure,
    Missing,
    Outcome,
    Turnout,
    Usage,
    named,
)
from dirigent.domain.patterns import Settled
from dirigent.domain.pendings import Call
from dirigent.domain.runs import PlannedStep, StartRun


class Stage(StrEnum):
    """How far a vote has come."""

    VOTING = "voting"  #: voters are being heard
    RESOLVING = "resolving"  #: they did not decide, and somebody does in their place
    TELLING = "telling"  #: the decision is being told
    OVER = "over"  #: it was


class Voting(Message, frozen=True, kw_only=True):
    """How far a run that is a vote has come."""

    start: StartRun
    election: Election
    steps: dict[str, PlannedStep]
    poll: Poll
    #: When voters are not waited for any longer.
    due: datetime | None
    whose: str
    stage: Stage = Stage.VOTING
    #: What voters said, as it is written; the poll may hold what somebody found it to mean.
    answers: dict[str, str] = msgspec.field(default_factory=dict)
    comparisons: int = 0
    #: Whose answers are being compared, and whose were.
    comparing: frozenset[str] = frozenset()
    compared: frozenset[str] = frozenset()
    #: Nobody could compare them: what is not written the same counts as different.
    is_literal: bool = False
    ready: tuple[Call, ...] = ()
    out: frozenset[str] = frozenset()
    unwanted: frozenset[str] = frozenset()
    turnout: Turnout = Turnout()
    usage: Usage = Usage()
    is_degraded: bool = False
    settled: Settled | None = None
    is_patient: bool = False

    @classmethod
    def of(cls, start: StartRun, now: datetime) -> "Voting":
        """All voters are asked now."""
        election = start.election
        if election is None:
            raise ValueError(f"Nobody votes in the run {start.run!r}.")
        due = None if election.deadline is None else now + timedelta(seconds=election.deadline)
        whose = "" if election.deadline is None else f"the {election.deadline:g} s of the vote"
        steps = {step.name: step for step in start.plan}
        calls = tuple(
            Call(step=steps[voter.name], is_alone=True, until=due, whose=whose) for voter in election.voters
        )
        return cls(
            start=start,
            election=election,
            steps=steps,
            poll=Poll(voters=election.voters, needed=election.needed),
            due=due,
            whose=whose,
            # What is literal from the beginning needs nobody to compare it.
            is_literal=election.same is None,
            ready=calls,
        )

    @property
    def lost(self) -> tuple[Missing, ...]:
        """Voters, and others, that were given up so far."""
        return self.turnout.missing

    def begun(self) -> "Voting":
        """What was ready is under way."""
        return replace(self, ready=(), out=self.out | {call.step.name for call in self.ready})

    def hear(self, heard: Mapping[str, Outcome], now: datetime) -> "Voting":
        """How steps ended, by their names."""
        count = _Count(self, now)
        for step, outcome in heard.items():
            count.hear(step, outcome)
        count.decide()
        return count.taken()

    def expire(self, now: datetime) -> "Voting":
        """Voters whose time is over are not waited for any longer."""
        if self.stage is not Stage.VOTING or self.due is None or now < self.due:
            return self
        count = _Count(self, now)
        count.expire()
        count.decide()
        return count.taken()

    @property
    def shown(self) -> Poll:
        """The poll with all answers that are there, compared or not."""
        missing = {
            voter: Ballot(voter=voter, said=Said.CHOICE, choice=answer)
            for voter, answer in self.answers.items()
            if voter not in self.poll.ballots
        }
        return replace(self.poll, ballots=self.poll.ballots | missing)

    @property
    def is_waiting(self) -> bool:
        """Whether a voter is still to be heard."""
        return any(voter.name in self.out for voter in self.election.voters)

    @property
    def is_uncompared(self) -> bool:
        """Whether there are answers that somebody should compare, and nobody does."""
        if self.is_literal or self.comparing:
            return False
        weight = sum(voter.weight for voter in self.election.voters if voter.name in self.answers)
        is_news = self.answers.keys() != self.compared
        return is_news and (weight >= self.election.needed or not self.is_waiting)


class _Count:
    """The state while one event is worked into it."""

    def __init__(self, state: Voting, now: datetime) -> None:
        self._state, self._now = state, now

    def taken(self) -> Voting:
        """The state that came of it."""
        return self._state

    def _set(self, **changes: object) -> None:
        self._state = replace(self._state, **changes)

    def hear(self, step: str, outcome: Outcome) -> None:
        """How one step ended."""
        state = self._state
        self._set(out=state.out - {step})
        if isinstance(outcome, Done):
            usage, is_degraded = state.usage.plus(outcome.usage), state.is_degraded or outcome.is_degraded
            self._set(usage=usage, is_degraded=is_degraded)
        if step == state.election.tally:
            self._told(step, outcome)
        elif step == state.election.resolution:
            if isinstance(outcome, Failed):
                self._lose(step, outcome.failure)
            self._tell()
        elif step == state.election.same:
            self._compared(step, outcome)
        elif isinstance(outcome, Failed):
            self._silent(step, outcome.failure)
        else:
            self._answered(step, outcome.told or "")

    def _answered(self, voter: str, answer: str) -> None:
        state = self._state
        completed = state.turnout.completed_agents + 1
        self._set(turnout=replace(state.turnout, completed_agents=completed))
        if not answer or answer == written(state.election.abstain):
            self._cast(Ballot(voter=voter, said=Said.ABSTAINED))
            return
        self._set(answers=state.answers | {voter: answer})
        if state.is_literal:
            self._cast(Ballot(voter=voter, said=Said.CHOICE, choice=answer))

    def _cast(self, ballot: Ballot) -> None:
        self._set(poll=self._state.poll.hear(ballot))

    def _lose(self, step: str, failure: Failure) -> None:
        state = self._state
        missing = Missing.of(step, state.steps[step].agent, failure, self._now)
        turnout = replace(state.turnout, missing=(*state.turnout.missing, missing))
        self._set(turnout=turnout.ordered(state.steps))

    def _silent(self, voter: str, failure: Failure) -> None:
        because, state = failure.in_full[:LONGEST_REASON], self._state
        if failure.is_of(state.due, self._now):
            self._set(turnout=replace(state.turnout, timed_out=True))
        self._lose(voter, failure)
        self._cast(Ballot(voter=voter, said=Said.FAILED, category=failure.category, because=because))

    def _compared(self, step: str, outcome: Outcome) -> None:
        """Somebody has said which answers mean the same, or could not."""
        self._set(compared=self._state.comparing, comparing=frozenset())
        if isinstance(outcome, Failed):
            self._lose(step, outcome.failure)
            self._set(is_literal=True)
            self._choose(self._state.answers)
            return
        labels = _labels(outcome.told)
        # Whom nobody put with others stands alone.
        self._choose({voter: labels.get(voter) or f"•{voter}" for voter in self._state.compared})

    def _choose(self, choices: Mapping[str, str]) -> None:
        """The poll anew: labels of an earlier comparison mean nothing in a later one."""
        poll = self._state.poll
        kept = {name: one for name, one in poll.ballots.items() if one.said is not Said.CHOICE}
        cast = {
            voter: Ballot(voter=voter, said=Said.CHOICE, choice=choice) for voter, choice in choices.items()
        }
        self._set(poll=replace(poll, ballots=kept | cast))

    def decide(self) -> None:
        """Go on as soon as the end is certain."""
        if self._state.stage is not Stage.VOTING:
            return
        decision, has_answers = self._state.poll.decision, self._state.turnout.completed_agents > 0
        if decision is None or not (has_answers or not self._state.is_waiting):
            # Whether there is anything at all to be told is not certain before somebody has answered.
            self._compare()
            return
        self._set(due=None, out=frozenset(), unwanted=self._state.unwanted | self._state.out)
        state, resolution = self._state, self._state.election.resolution
        if not has_answers:
            self._undone()
        elif decision.end is End.WON or resolution is None:
            self._tell()
        else:
            call = Call(step=state.steps[resolution], poll=state.shown, turnout=state.turnout)
            self._set(stage=Stage.RESOLVING, ready=(call,))

    def _compare(self) -> None:
        """Have the answers compared, where those that are there could already decide."""
        state = self._state
        if state.election.same is None or not state.is_uncompared:
            return
        # It may be overtaken, and is not to hold the run up then.
        call = Call(
            step=state.steps[state.election.same],
            poll=state.shown,
            is_alone=True,
            again=state.comparisons,
        )
        self._set(
            comparing=frozenset(state.answers),
            comparisons=state.comparisons + 1,
            ready=(*state.ready, call),
        )

    def _tell(self) -> None:
        state = self._state
        call = Call(
            step=state.steps[state.election.tally],
            closes=True,
            is_degraded=state.is_degraded,
            turnout=state.turnout,
            poll=state.shown,
            usage=state.usage,
        )
        self._set(stage=Stage.TELLING, ready=(call,))

    def _told(self, step: str, outcome: Outcome) -> None:
        state = self._state
        if isinstance(outcome, Failed):
            settled = Settled(failed=outcome, step=step, turnout=state.turnout)
        else:
            done = Done(
                usage=state.usage, is_degraded=state.is_degraded, turnout=state.turnout, told=outcome.told
            )
            settled = Settled(done=done, turnout=state.turnout)
        self._set(stage=Stage.OVER, settled=settled)

    def _undone(self) -> None:
        """Nobody answered: there is nothing that could be told or judged."""
        state, missing = self._state, self._state.turnout.missing
        failure = Failure(category=missing[0].category, message=f"no voter answered: {named(missing)}")
        settled = Settled(failed=Failed(failure=failure, attempts=0), turnout=state.turnout)
        self._set(stage=Stage.OVER, settled=settled)

    def expire(self) -> None:
        """Voters that have not been heard are not waited for any longer."""
        state = self._state
        failure = Failure(category=Category.TIMEOUT, message=f"no vote within {state.whose}")
        late = [voter.name for voter in state.election.voters if voter.name in state.out]
        self._set(
            due=None,
            # The last answers may be being compared by now: then nobody was cut short.
            turnout=replace(state.turnout, timed_out=state.turnout.timed_out or bool(late)),
            out=state.out.difference(late),
            unwanted=state.unwanted.union(late),
        )
        for voter in late:
            self._silent(voter, failure)


def _labels(told: str | None) -> dict[str, str]:
    try:
        return msgspec.json.decode(told or "{}", type=dict[str, str])
    except msgspec.DecodeError:
        return {}
