"""Work side by side: teams within teams; each merges what its members bring once no more is to come."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Self

from msgspec.structs import replace

from dirigent.domain.messages import Message
from dirigent.domain.outcomes import (
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
from dirigent.domain.teams import Team


class Phase(StrEnum):
    """How far a team has come."""

    WAITING = "waiting"  #: the team it belongs to has not begun
    BRIEFING = "briefing"  #: its work is being divided
    GATHERING = "gathering"  #: its members are at work
    MERGING = "merging"  #: what they brought is being merged
    OVER = "over"  #: its result is there, or never will be


class Standing(Message, frozen=True, kw_only=True):
    """Where one team stands."""

    team: Team
    #: The place of the team it belongs to; None for the run's own.
    outer: int | None = None
    phase: Phase = Phase.WAITING
    #: Members that have not ended.
    open: frozenset[str] = frozenset()
    #: Members that brought something.
    came: int = 0
    #: Teams that nobody has merged, but in which somebody brought something.
    unmerged: int = 0
    #: When its members are not waited for any longer.
    due: datetime | None = None
    #: Whose seconds are over then.
    whose: str = ""
    turnout: Turnout = Turnout()

    @property
    def is_gathering(self) -> bool:
        """Whether its members are at work."""
        return self.phase is Phase.GATHERING

    def ordered(self) -> Self:
        """The same, with the missing in the team's order."""
        return replace(self, turnout=self.turnout.ordered(self.team.names))

    def lose(self, missing: Missing) -> Self:
        """A member is missing."""
        turnout = replace(self.turnout, missing=(*self.turnout.missing, missing))
        return replace(self, open=self.open - {missing.branch}, turnout=turnout)

    def win(self, names: frozenset[str]) -> Self:
        """Members brought something."""
        turnout = replace(self.turnout, completed_agents=self.turnout.completed_agents + len(names))
        return replace(self, open=self.open - names, came=self.came + len(names), turnout=turnout)


class Gathering(Message, frozen=True, kw_only=True):
    """How far a run of teams has come."""

    start: StartRun
    #: The outermost first.
    standings: tuple[Standing, ...]
    steps: dict[str, PlannedStep]
    #: Step → place of the team that begins it.
    owners: dict[str, int]
    ready: tuple[Call, ...] = ()
    out: frozenset[str] = frozenset()
    unwanted: frozenset[str] = frozenset()
    lost: tuple[Missing, ...] = ()
    usage: Usage = Usage()
    is_degraded: bool = False
    settled: Settled | None = None

    @classmethod
    def of(cls, start: StartRun, now: datetime) -> "Gathering":
        """The outermost team begins now."""
        if start.team is None:
            raise ValueError(f"The run {start.run!r} has no team.")
        standings = _standings(start.team)
        state = cls(
            start=start,
            standings=tuple(standings),
            steps={step.name: step for step in start.plan},
            owners=_owners(standings),
        )
        course = _Course(state, now)
        course.begin(0)
        return course.taken(state)

    @property
    def due(self) -> datetime | None:
        """When the next team's time is over."""
        dues = [one.due for one in self.standings if one.is_gathering and one.due is not None]
        return min(dues, default=None)

    @property
    def is_patient(self) -> bool:
        """Whether all that is under way belongs to the members of one team."""
        busy = [one for one in self.standings if one.phase not in (Phase.WAITING, Phase.OVER)]
        return len(busy) == 1 and busy[0].is_gathering

    def begun(self) -> "Gathering":
        """What was ready is under way."""
        return replace(self, ready=(), out=self.out | {call.step.name for call in self.ready})

    def hear(self, heard: Mapping[str, Outcome], now: datetime) -> "Gathering":
        """How steps ended, by their names."""
        course = _Course(self, now)
        course.hear(heard)
        course.advance()
        return course.taken(self)

    def expire(self, now: datetime) -> "Gathering":
        """Give up the members whose time is over; what the others brought is merged."""
        course = _Course(self, now)
        if not course.expire():
            return self
        course.advance()
        return course.taken(self)


class _Course:
    """The state while one event is worked into it."""

    def __init__(self, state: Gathering, now: datetime) -> None:
        self._now = now
        self._steps, self._owners = state.steps, state.owners
        self._standings = list(state.standings)
        self._ready, self._out, self._unwanted = list(state.ready), set(state.out), set(state.unwanted)
        self._usage, self._is_degraded, self._settled = state.usage, state.is_degraded, state.settled
        self._lost = list(state.lost)

    def taken(self, state: Gathering) -> Gathering:
        """The state that came of it."""
        return replace(
            state,
            standings=tuple(self._standings),
            ready=tuple(self._ready),
            out=frozenset(self._out),
            unwanted=frozenset(self._unwanted),
            lost=tuple(self._lost),
            usage=self._usage,
            is_degraded=self._is_degraded,
            settled=self._settled,
        )

    def hear(self, heard: Mapping[str, Outcome]) -> None:
        """How steps ended."""
        self._out -= heard.keys()
        came: dict[int, set[str]] = {}
        for step, outcome in heard.items():
            place = self._owners[step]
            is_member = step in self._standings[place].open
            if isinstance(outcome, Failed):
                self._fail(place, step, outcome, is_member=is_member)
                continue
            self._usage = self._usage.plus(outcome.usage)
            self._is_degraded = self._is_degraded or outcome.is_degraded
            if is_member:
                self._join(place, step, outcome.turnout)
                came.setdefault(place, set()).add(step)
            elif step == self._standings[place].team.brief:
                self._gather(place)
            else:
                self._merged(place, outcome.told)
        for place, names in came.items():
            self._standings[place] = self._standings[place].win(frozenset(names))

    def _join(self, place: int, branch: str, inner: Turnout | None) -> None:
        one = self._standings[place]
        self._standings[place] = replace(one, turnout=one.turnout.joined(branch, inner))

    def _fail(self, place: int, step: str, failed: Failed, *, is_member: bool) -> None:
        one, failure = self._standings[place], failed.failure
        around = place if is_member else one.outer
        if around is not None and failure.is_of(self._standings[around].due, self._now):
            self._time_out(around)
        if is_member:
            self._lose(place, (step,), failure)
            return
        if step == one.team.brief:
            why = f"its work was not divided: {failure.message}"
            self._give_up(place, replace(failure, message=why).brief())
        else:
            self._end(place, failure)
        if place == 0:
            self._settled = Settled(failed=failed, step=step, turnout=self._standings[0].turnout)

    def _lose(self, place: int, names: Iterable[str], failure: Failure) -> None:
        one = self._standings[place]
        for name in names:
            found = self._steps.get(name)
            missing = Missing.of(name, None if found is None else found.agent, failure, self._now)
            self._lost.append(missing)
            one = one.lose(missing)
        self._standings[place] = one

    def expire(self) -> bool:
        """Give up the members whose time is over; whether there were any."""
        found = False
        # The inner first: what they have is given up with the outer, if that is over, too.
        for place in reversed(range(len(self._standings))):
            one = self._standings[place]
            if one.is_gathering and one.due is not None and one.due <= self._now and one.open:
                self._cut(place)
                found = True
        return found

    def _cut(self, place: int) -> None:
        whose = self._standings[place].whose
        failure = Failure(category=Category.TIMEOUT, message=f"no result within {whose}")
        for inner in self._inside(place):
            self._give_up(inner, failure)
        one = self._standings[place]
        self._lose(place, [name for name in one.team.names if name in one.open], failure)
        self._time_out(place)
        self._unwant(self._standings[place].team.names)

    def _time_out(self, place: int) -> None:
        one = self._standings[place]
        self._standings[place] = replace(one, turnout=replace(one.turnout, timed_out=True))

    def _unwant(self, names: Iterable[str]) -> None:
        names = frozenset(names)
        gone = self._out & names
        # Heard late, what the last one brought may have made more ready in the very moment of its end.
        self._ready = [call for call in self._ready if call.step.name not in names]
        self._out -= gone
        self._unwanted |= gone

    def _inside(self, place: int) -> list[int]:
        """Teams directly inside that are not over."""
        return [
            inner
            for inner, one in enumerate(self._standings)
            if one.outer == place and one.phase is not Phase.OVER
        ]

    def _give_up(self, place: int, failure: Failure) -> None:
        """The team is lost with all its members that have not ended, and the team around it knows."""
        for inner in self._inside(place):
            self._give_up(inner, failure)
        one = self._standings[place]
        lost = [name for name in one.team.names if name in one.open]
        if one.phase in (Phase.WAITING, Phase.BRIEFING):
            lost = [member for member in one.team.members if isinstance(member, str)]
        self._lose(place, lost, failure)
        # Its merging step is called as the team is, and may be under way.
        self._unwant([*one.team.names, one.team.merge, one.team.brief or one.team.merge])
        self._end(place, failure)

    def begin(self, place: int) -> None:
        """The team begins."""
        one = self._standings[place]
        if one.team.brief is None:
            self._gather(place)
            return
        self._standings[place] = replace(one, phase=Phase.BRIEFING)
        self._ask(one.team.brief, one.outer)

    def _gather(self, place: int) -> None:
        one = self._standings[place]
        team, outer = one.team, None if one.outer is None else self._standings[one.outer]
        due, whose = (None, "") if outer is None else (outer.due, outer.whose)
        if team.deadline is not None:
            own = self._now + timedelta(seconds=team.deadline)
            if due is None or own < due:
                due, whose = own, _seconds(team, is_outermost=outer is None)
        self._standings[place] = replace(
            one, phase=Phase.GATHERING, open=frozenset(team.names), due=due, whose=whose
        )
        for member in team.members:
            if isinstance(member, str):
                self._ask(member, place)
        for inner in self._inside(place):
            self.begin(inner)

    def _ask(self, step: str, place: int | None) -> None:
        """Have the step done in the time of the team there."""
        one = None if place is None else self._standings[place]
        until, whose = (None, "") if one is None else (one.due, one.whose)
        self._ready.append(Call(step=self._steps[step], until=until, whose=whose))

    def advance(self) -> None:
        """Teams that have heard of all their members go on, the inner first."""
        for place in reversed(range(len(self._standings))):
            one = self._standings[place]
            if not one.is_gathering or one.open:
                continue
            if one.came + one.unmerged >= one.team.needed:
                self._merge(place)
            else:
                self._end(place, _too_few(one))

    def _merge(self, place: int) -> None:
        one = self._standings[place].ordered()
        self._standings[place] = replace(one, phase=Phase.MERGING)
        outer = None if one.outer is None else self._standings[one.outer]
        self._ready.append(
            Call(
                step=self._steps[one.team.merge],
                closes=outer is None,
                is_degraded=self._is_degraded,
                turnout=one.turnout,
                usage=self._usage,
                until=None if outer is None else outer.due,
                whose="" if outer is None else outer.whose,
            )
        )

    def _merged(self, place: int, told: str | None) -> None:
        one = self._standings[place]
        self._standings[place] = replace(one, phase=Phase.OVER)
        if one.outer is None:
            done = Done(usage=self._usage, is_degraded=self._is_degraded, turnout=one.turnout, told=told)
            self._settled = Settled(done=done, turnout=one.turnout)
            return
        self._report(place, one.outer)
        self._standings[one.outer] = self._standings[one.outer].win(frozenset({one.team.name}))

    def _end(self, place: int, failure: Failure) -> None:
        """The team brings nothing of its own; what its members brought is the outer team's."""
        one = self._standings[place].ordered()
        self._standings[place] = replace(one, phase=Phase.OVER, open=frozenset())
        if one.outer is None:
            failed = Failed(failure=failure, attempts=0)
            self._settled = Settled(failed=failed, turnout=one.turnout)
            return
        self._report(place, one.outer)
        self._lose(one.outer, (one.team.name,), failure)
        if one.turnout.completed_agents > 0:
            outer = self._standings[one.outer]
            self._standings[one.outer] = replace(outer, unmerged=outer.unmerged + 1)

    def _report(self, place: int, outer: int) -> None:
        """The team around it knows who of its members came, and who did not."""
        one = self._standings[place]
        self._join(outer, one.team.name, one.turnout)
        around = self._standings[outer]
        completed = around.turnout.completed_agents + one.turnout.completed_agents
        self._standings[outer] = replace(around, turnout=replace(around.turnout, completed_agents=completed))


def _seconds(team: Team, *, is_outermost: bool) -> str:
    return f"the {team.deadline:g} s for {'the branches' if is_outermost else f'the team {team.name!r}'}"


def _standings(team: Team, outer: int | None = None, before: int = 0) -> list[Standing]:
    found = [Standing(team=team, outer=outer)]
    for member in team.members:
        if isinstance(member, Team):
            found += _standings(member, before, before + len(found))
    return found


def _owners(standings: list[Standing]) -> dict[str, int]:
    owners: dict[str, int] = {}
    for place, one in enumerate(standings):
        for member in one.team.members:
            if isinstance(member, str):
                owners[member] = place
        owners[one.team.merge] = place
        if one.team.brief is not None:
            owners[one.team.brief] = place
    return owners


def _too_few(one: Standing) -> Failure:
    """Why the team has nothing to merge."""
    own = tuple(each for each in one.turnout.missing if "/" not in each.branch)
    message = f"{one.came} of {len(one.team.members)} brought a result, of {one.team.needed} needed; "
    return Failure(category=own[0].category, message=f"{message}missing: {named(own)}")
