"""Whatever teams there are, and whatever becomes of their members, when and in which order."""

from collections import Counter
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from team_book import TeamBook

from dirigent import codec
from dirigent.domain.gatherings import Gathering
from dirigent.domain.outcomes import Category, Done, Failed, Failure, Missing, Outcome, Turnout, Usage
from dirigent.domain.pendings import Call
from dirigent.domain.runs import Held, PlannedStep, StartRun
from dirigent.domain.teams import Team

NOW = datetime(2030, 1, 1, tzinfo=UTC)
DEEPEST = 4
SECONDS = (0.0, 0.0, 1.0, 5.0, 20.0)


@st.composite
def teams(draw: st.DrawFn, depth: int = DEEPEST, name: str = "t") -> Team:
    """A tree of teams, each with one to three members."""
    members: list[str | Team] = []
    for place in range(draw(st.integers(1, 3))):
        inner = f"{name}{place}"
        if depth > 1 and draw(st.integers(0, 3)) == 0:
            members.append(draw(teams(depth - 1, inner)))
        else:
            members.append(inner)
    return Team(
        name=name,
        members=tuple(members),
        merge="combine" if name == "t" else name,
        brief=f"{name}-brief" if draw(st.integers(0, 3)) == 0 else None,
        deadline=draw(st.sampled_from([None, 1.0, 5.0, 10.0])),
        needed=draw(st.integers(1, len(members))),
    )


def started(team: Team) -> StartRun:
    return StartRun(
        run="r",
        account="a",
        workflow="w",
        type="t",
        definition="d",
        plan=tuple(PlannedStep(name=name, activity="ask_agent", timeout=30) for name in team.steps()),
        input=Held(text="{}"),
        created_at=NOW,
        timeout=3600,
        team=team,
    )


INNER = Missing(branch="inner", category=Category.TIMEOUT, because="late", since=NOW)
OUTCOMES: st.SearchStrategy[Outcome] = st.one_of(
    st.builds(
        Done,
        usage=st.builds(Usage, input_tokens=st.integers(0, 9), output_tokens=st.integers(0, 9)),
        is_degraded=st.booleans(),
        turnout=st.sampled_from([None, None, Turnout(timed_out=True, missing=(INNER,))]),
    ),
    st.builds(
        Failed,
        failure=st.builds(Failure, category=st.sampled_from(Category), message=st.just("oh")),
    ),
)


class Play:
    """A gathering and the book, told the same."""

    def __init__(self, team: Team) -> None:
        self.now, self.book = NOW, TeamBook(team, NOW)
        self.state = Gathering.of(started(team), NOW)
        self.usage, self.is_degraded = Usage(), False
        self.closing: Call | None = None
        self.check()

    def begin(self) -> None:
        for call in self.state.ready:
            self._look_at(call)
        self.book.begin({call.step.name for call in self.state.ready})
        self.state = self.state.begun()
        self.check()

    def _look_at(self, call: Call) -> None:
        kind, team = self.book.role[call.step.name]
        assert call.until == self.book.allowed(call.step.name)
        assert bool(call.whose) == (call.until is not None)
        if kind != "merge":
            return
        assert call.turnout is not None
        assert told(call.turnout) == self.book.turnout(team)
        assert in_order(call.turnout, next(one for one in self.book.team.teams() if one.name == team))
        assert (call.usage, call.is_degraded) == (self.usage, self.is_degraded)
        assert call.closes == (team == self.book.team.name)

    def hear(self, heard: dict[str, Outcome]) -> None:
        """And whatever is due by now is given up, as it is in a run."""
        for step, outcome in heard.items():
            self.book.hear(step, outcome, self.now)
            if isinstance(outcome, Done):
                self.usage = self.usage.plus(outcome.usage)
                self.is_degraded = self.is_degraded or outcome.is_degraded
        self.book.go_on()
        if heard:
            self.state = self.state.hear(heard, self.now)
            self.check()
        self.book.expire(self.now)
        self.book.go_on()
        self.state = self.state.expire(self.now)
        self.check()

    def check(self) -> None:
        """What is under way, or about to be, is what is to be; the rest was given up or has ended."""
        ready = [call.step.name for call in self.state.ready]
        assert Counter(ready) + Counter(self.state.out) == Counter(self.book.wanted)
        assert self.state.unwanted == self.book.unwanted
        assert self.state.due == self.book.due
        assert (self.state.settled is not None) == (self.book.team.name in self.book.fate)
        if self.state.is_patient and len(self.state.out) > 1 and not ready:
            # Nothing follows from one of those that are under way, as long as another is.
            one = self.state.hear({min(self.state.out): Done()}, self.now)
            assert (one.ready, one.settled) == ((), None)


def told(turnout: Turnout) -> tuple[int, bool, Counter[str]]:
    return turnout.completed_agents, turnout.timed_out, Counter(one.branch for one in turnout.missing)


def in_order(turnout: Turnout, team: Team) -> bool:
    """Whether its missing stand in the order in which their branches are declared."""
    places = [team.names.index(one.branch.partition("/")[0]) for one in turnout.missing]
    return places == sorted(places)


def step_on(play: Play, data: st.DataObject) -> None:
    """Some time passes, and some of what is under way ends, together."""
    out = sorted(play.state.out)
    batch = data.draw(st.lists(st.sampled_from(out), unique=True, max_size=3)) if out else []
    if batch:
        play.now += timedelta(seconds=data.draw(st.sampled_from(SECONDS)))
    elif play.state.due is not None:
        play.now = max(play.now, play.state.due)
    else:
        assert out, "Nothing is under way, and nothing is due."
        batch = out[:1]
    play.hear({step: data.draw(OUTCOMES) for step in batch})


@settings(max_examples=400)
@given(st.data(), teams())
def test_every_member_is_accounted_for_once_and_nothing_begins_in_vain(
    data: st.DataObject, team: Team
) -> None:
    play = Play(team)
    for _ in range(1000):
        if play.state.settled is not None:
            break
        play.begin()
        step_on(play, data)
    settled = play.state.settled

    assert settled is not None
    assert (play.state.ready, play.state.out) == ((), frozenset())
    assert settled.turnout is not None
    assert told(settled.turnout) == play.book.turnout(team.name)
    assert in_order(settled.turnout, team)
    members = sum(len(one.names) for one in team.teams())
    direct = [one for one in settled.turnout.missing if not one.branch.endswith("/inner")]
    assert settled.turnout.completed_agents + len(direct) == members
    assert (settled.failed is None) == play.book.fate[team.name]
    if settled.failed is None:
        assert settled.done == Done(usage=play.usage, is_degraded=play.is_degraded, turnout=settled.turnout)


@given(st.data(), teams())
def test_tells_the_same_in_whatever_order_it_hears_at_one_time(data: st.DataObject, team: Team) -> None:
    state = Gathering.of(started(team), NOW).begun()
    heard = {step: data.draw(OUTCOMES) for step in sorted(state.out)}
    other = {step: heard[step] for step in data.draw(st.permutations(list(heard)))}
    together, apart = state.hear(heard, NOW), state
    for step, outcome in other.items():
        # Whoever was given up with others is not heard any more.
        if step in apart.out:
            apart = apart.hear({step: outcome}, NOW)

    assert {call.step.name for call in together.ready} == {call.step.name for call in apart.ready}
    assert (together.settled is None) == (apart.settled is None)
    assert together.usage == apart.usage


@given(st.data(), teams())
def test_survives_being_written_down_at_any_moment(data: st.DataObject, team: Team) -> None:
    play = Play(team)
    play.begin()
    step_on(play, data)

    assert codec.decode(Gathering, codec.encode(play.state)) == play.state
