"""How managers and workers run, against the plain meaning of their deadlines."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from played_runs import NO, Cast, Fate, asked, later, nested, started
from playhouse import START

from dirigent import codec
from dirigent.domain.outcomes import Done, Outcome, Turnout, Usage
from dirigent.domain.runs import Perform
from dirigent.domain.teams import Team

#: Longer than any run here.
NEVER = 90_000.0


@dataclass
class Told:
    """What must become of a team: when it ends, whether it brings something, and who came."""

    ends: datetime
    is_done: bool
    came: int = 0
    missing: Counter[str] = field(default_factory=Counter)
    begun: set[str] = field(default_factory=set)


class Foreseen:
    """The course of a hierarchy, worked out from what everybody takes."""

    def __init__(self, fates: dict[str, Fate]) -> None:
        self.fates = fates
        #: What each merge is to be told.
        self.turnouts: dict[str, tuple[int, Counter[str]]] = {}

    def ended(self, step: str, begin: datetime, due: datetime | None) -> tuple[datetime, bool]:
        seconds, outcome = self.fates[step]
        end = begin + timedelta(seconds=seconds)
        return (due, False) if due is not None and end >= due else (end, isinstance(outcome, Done))

    def team(self, team: Team, begin: datetime, around: datetime | None) -> Told:
        told = Told(ends=begin, is_done=False)
        if team.brief is not None:
            told.begun.add(team.brief)
            told.ends, is_done = self.ended(team.brief, begin, around)
            if not is_done:
                self._lose(team, told)
                return told
        own = None if team.deadline is None else told.ends + timedelta(seconds=team.deadline)
        due = min((one for one in (own, around) if one is not None), default=None)
        gathered, direct, unmerged = told.ends, 0, 0
        for member in team.members:
            if isinstance(member, Team):
                name, inner = member.name, self.team(member, told.ends, due)
                ends, is_done = inner.ends, inner.is_done
                # What its members brought is there, though nobody has merged it.
                unmerged += not inner.is_done and inner.came > 0
                told.came += inner.came
                told.begun |= inner.begun
                told.missing.update({f"{name}/{path}": number for path, number in inner.missing.items()})
            else:
                name = member
                told.begun.add(name)
                ends, is_done = self.ended(name, told.ends, due)
            direct += is_done
            told.missing.update([] if is_done else [name])
            gathered = max(gathered, ends)
        told.came += direct
        told.ends = gathered if due is None else min(gathered, due)
        if direct + unmerged < team.needed or (around is not None and told.ends >= around):
            return told
        told.begun.add(team.merge)
        self.turnouts[team.merge] = (told.came, Counter(told.missing))
        told.ends, told.is_done = self.ended(team.merge, told.ends, around)
        return told

    def _lose(self, team: Team, told: Told) -> None:
        for member in team.members:
            name = member if isinstance(member, str) else member.name
            told.missing[name] += 1
            if isinstance(member, Team):
                inner = Told(ends=told.ends, is_done=False)
                self._lose(member, inner)
                told.missing.update({f"{name}/{path}": number for path, number in inner.missing.items()})


@st.composite
def teams(draw: st.DrawFn, depth: int = 4, name: str = "t") -> Team:
    members: list[str | Team] = []
    for place in range(draw(st.integers(1, 3))):
        inner = f"{name}{place}"
        is_team = depth > 1 and draw(st.integers(0, 2)) == 0
        members.append(draw(teams(depth - 1, inner)) if is_team else inner)
    return Team(
        name=name,
        members=tuple(members),
        merge=name,
        brief=f"{name}-brief" if draw(st.integers(0, 3)) == 0 else None,
        deadline=draw(st.sampled_from([None, 3.0, 10.0, 20.0])),
        needed=draw(st.integers(1, len(members))),
    )


@st.composite
def courses(draw: st.DrawFn) -> tuple[Team, dict[str, Fate]]:
    """A team, and what everybody takes, which is never what a deadline is."""
    team = draw(teams())
    fates: dict[str, Fate] = {}
    for place, step in enumerate(team.steps()):
        seconds = draw(st.sampled_from([0.0, 1.0, 4.0, 12.0, 500.0])) + (place + 1) / 100_000
        outcomes: list[Outcome] = [Done(usage=Usage(input_tokens=1))] * 3
        fates[step] = (seconds, draw(st.sampled_from([*outcomes, NO])))
    return team, fates


def turnout(given: Turnout | None) -> tuple[int, Counter[str]]:
    assert given is not None
    return given.completed_agents, Counter(one.branch for one in given.missing)


@settings(max_examples=150, deadline=None)
@given(courses(), st.booleans())
def test_runs_as_foreseen(course: tuple[Team, dict[str, Fate]], is_guarded: bool) -> None:
    team, fates = course
    plan = asked(*team.steps(), is_guarded=is_guarded)
    cast = Cast(fates)
    run = cast.play("hierarchy", started(plan, team=team, max_wait=120.0 if is_guarded else None))
    foreseen = Foreseen(fates)
    told = foreseen.team(team, START, None)
    orders = [codec.decode(Perform, order) for order in cast.house.named("ask_agent")]
    merges = {order.step: turnout(order.turnout) for order in orders if order.turnout is not None}

    assert Counter(order.step for order in orders) == Counter(told.begun)
    assert merges == foreseen.turnouts
    assert run.is_over
    assert run.ended_at is not None
    assert abs(run.ended_at - told.ends) < timedelta(milliseconds=1)
    assert (run.error is None) == told.is_done
    closed = cast.house.named("close_run")
    assert len(closed) == (0 if told.is_done else 1)
    assert [order.step for order in orders if order.closes] == ([team.merge] * (team.merge in told.begun))


def middle(second: Any) -> tuple[Team, Cast]:
    """Three levels; of the two managers in the middle, the second comes to this."""
    first = Team(name="m1", members=("w1", "w2"), merge="m1")
    team = Team(name="top", members=(first, Team(name="m2", members=("w3", "w4"), merge="m2")), merge="top")
    return team, Cast({"w1": (5.0, Done()), "w3": (1.0, Done()), "w4": (2.0, NO), "m2": second})


def test_a_failing_manager_is_named_at_the_top_and_holds_up_nobody() -> None:
    team, cast = middle((1.0, NO))
    run = cast.play("hierarchy", started(asked(*team.steps()), team=team))
    [top] = [order for order in cast.house.named("ask_agent") if order["step"] == "top"]

    assert run.result == {"task_id": "run", "status": "completed"}
    assert run.ended_at == later(5)
    assert turnout(codec.decode(Turnout, top["turnout"])) == (4, Counter(["m2/w4", "m2"]))


def test_merging_does_not_wait_until_others_are_ended() -> None:
    manager = Team(name="m", members=("far", "w1"), merge="m", deadline=5.0)
    team = Team(name="top", members=("w0", manager), merge="top")
    cast = Cast({"w0": (8.0, Done()), "one": (NEVER, Done())})
    cast.house.stop_seconds = 20.0
    plan = (*asked("w0", "w1", "m", "top"), nested("far", asked("one")))
    run = cast.play("hierarchy", started(plan, team=team))
    [began] = [at for at, _, _, order in cast.house.calls if order.get("step") == "top"]

    assert (began, run.ended_at) == (later(8), later(25))


def test_nobody_begins_before_the_work_is_divided() -> None:
    team = Team(name="top", members=("w1", "w2"), merge="top", brief="top-brief")
    cast = Cast({"top-brief": (3.0, Done())})
    cast.play("hierarchy", started(asked(*team.steps()), team=team))

    began = {order["step"]: at for at, _, name, order in cast.house.calls if name == "ask_agent"}
    assert began == {"top-brief": START, "w1": later(3), "w2": later(3), "top": later(3)}
