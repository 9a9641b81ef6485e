"""Whatever a run is made of, and whatever becomes of its calls: it ends, and so does all that it began."""

from datetime import timedelta
from itertools import count
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from played_runs import Cast, Fate, asked, nested, started
from playhouse import START

from dirigent import codec
from dirigent.domain.elections import Election, Voter
from dirigent.domain.lineage import descendants
from dirigent.domain.outcomes import Category, Done, Failed, Failure, Turnout
from dirigent.domain.retries import RetryPolicy
from dirigent.domain.runs import Perform, PlannedStep, StartRun, Substitute
from dirigent.domain.teams import Team
from orchestrators.closing import PAUSES as CLOSINGS
from orchestrators.stopping import PAUSES as STOPS

SECONDS = st.sampled_from([0.0, 0.5, 3.0, 11.0, 70.0, 5_000.0])
TIMEOUT = 600.0
#: After its time a run may still have to write down its end, and to end others.
MARGIN = timedelta(seconds=sum(CLOSINGS) + sum(STOPS) + 400)
WAYS = ("ham", "eggs")


class Fortune(Cast):
    """Whoever performs does as the dice fall."""

    def __init__(self, data: st.DataObject) -> None:
        super().__init__({})
        self._data = data

    def fate(self, name: str) -> Fate:
        draw = self._data.draw
        if name in ("open_run", "close_run"):
            return 0.0, draw(st.sampled_from([Done(), Done(), Done(), None]))
        seconds, kind = draw(SECONDS), draw(st.integers(0, 9))
        if kind == 0:
            return seconds, None
        if kind <= 3:
            failure = Failure(category=draw(st.sampled_from(Category)), message="oh")
            return seconds, Failed(failure=failure, is_theirs=draw(st.booleans()))
        return seconds, Done(told=draw(st.sampled_from([*WAYS, *WAYS, "abstain"])))


class Plans:
    """Draws plans; no two steps of them have the same name."""

    def __init__(self, draw: st.DrawFn, *, is_guarded: bool) -> None:
        self._draw, self._is_guarded, self._names = draw, is_guarded, count()

    def ask(self, *, is_plain: bool = False) -> PlannedStep:
        [step] = asked(f"s{next(self._names)}", is_guarded=self._is_guarded)
        if is_plain:
            return step
        fallback = st.sampled_from([None, None, Substitute(timeout=5.0)])
        return replace(
            step,
            timeout=60.0,
            retry=RetryPolicy(max_attempts=self._draw(st.integers(1, 3))),
            total_timeout=self._draw(st.sampled_from([None, None, 20.0])),
            fallback=self._draw(fallback),
        )

    def step(self, depth: int) -> PlannedStep:
        if depth == 0 or self._draw(st.integers(0, 2)):
            return self.ask()
        pattern, more = self.pattern(depth - 1)
        plan = more.pop("plan")
        return nested(f"s{next(self._names)}", plan, pattern, **more, timeout=self._draw(SECONDS) + 1)

    def pattern(self, depth: int) -> tuple[str, dict[str, Any]]:
        kind = self._draw(st.sampled_from(["sequential", "fan_out", "hierarchy", "quorum"]))
        made = {"sequential": self.chain, "quorum": self.vote}.get(kind, self.teams)
        return kind, made(depth)

    def chain(self, depth: int) -> dict[str, Any]:
        steps = [self.step(depth) for _ in range(self._draw(st.integers(1, 3)))]
        if steps[0].nested is None and self._draw(st.booleans()):
            steps.append(self.choice(steps[0].name, depth))
        return {"plan": tuple(steps)}

    def choice(self, by: str, depth: int) -> PlannedStep:
        name = f"s{next(self._names)}"
        ways = [replace(self.step(depth), name=name) for _ in range(3)]
        return PlannedStep(
            name=name,
            activity="",
            timeout=30.0,
            choose=by,
            branches=dict(zip(WAYS, ways, strict=False)),
            otherwise=ways[2],
        )

    def teams(self, depth: int) -> dict[str, Any]:
        steps: list[PlannedStep] = []
        team = self._team(depth, steps)
        return {"plan": tuple(steps), "team": team}

    def _team(self, depth: int, steps: list[PlannedStep]) -> Team:
        members: list[str | Team] = []
        for _ in range(self._draw(st.integers(1, 3))):
            if depth and self._draw(st.integers(0, 3)) == 0:
                members.append(self._team(depth - 1, steps))
            else:
                steps.append(self.step(depth))
                members.append(steps[-1].name)
        merge = self.ask()
        steps.append(merge)
        return Team(
            name=merge.name,
            members=tuple(members),
            merge=merge.name,
            deadline=self._draw(st.sampled_from([None, 5.0, 30.0])),
            needed=self._draw(st.integers(1, len(members))),
        )

    def vote(self, depth: int) -> dict[str, Any]:
        steps = [self.ask() for _ in range(self._draw(st.integers(1, 4)))]
        voters = tuple(Voter(name=step.name) for step in steps)
        same, judge, tally = (self.ask() for _ in range(3))
        is_compared, is_judged = self._draw(st.booleans()), self._draw(st.booleans())
        election = Election(
            voters=voters,
            needed=self._draw(st.integers(1, len(voters))),
            tally=tally.name,
            deadline=self._draw(st.sampled_from([None, 5.0, 30.0])),
            same=same.name if is_compared else None,
            resolution=judge.name if is_judged else None,
        )
        others = [same] * is_compared + [judge] * is_judged + [tally]
        return {"plan": (*steps, *others), "election": election}


@st.composite
def runs(draw: st.DrawFn) -> tuple[str, StartRun]:
    """A run of any pattern, up to three runs deep."""
    is_guarded = draw(st.booleans())
    pattern, more = Plans(draw, is_guarded=is_guarded).pattern(2)
    plan = more.pop("plan")
    return pattern, started(plan, **more, timeout=TIMEOUT, max_wait=60.0 if is_guarded else None)


@settings(max_examples=150, deadline=None)
@given(st.data(), runs())
def test_ends_with_all_that_it_began(data: st.DataObject, made: tuple[str, StartRun]) -> None:
    pattern, start = made
    cast = Fortune(data)
    run = cast.play(pattern, start)
    instances = cast.house.instances

    assert run.is_over
    assert run.ended_at is not None
    assert run.ended_at <= START + timedelta(seconds=TIMEOUT) + MARGIN
    assert instances.keys() <= {start.run, *descendants(start)}
    assert all(one.is_over for one in instances.values())
    assert all(one.ended_at <= run.ended_at for one in instances.values() if one.ended_at is not None)
    closed = [at for at, instance, name, _ in cast.house.calls if (instance, name) == ("run", "close_run")]
    assert bool(closed) == (run.error is not None)
    for at, _, name, order in cast.house.calls:
        if name in ("ask_agent", "finish_run"):
            one = codec.decode(Perform, order)
            # Nothing is begun after its time, but what was kept and could not be written down.
            assert one.turnout is None or counted_once(one.turnout)
            assert at <= START + timedelta(seconds=TIMEOUT) + MARGIN


def counted_once(turnout: Turnout) -> bool:
    branches = [one.branch for one in turnout.missing]
    return len(branches) == len(set(branches))
