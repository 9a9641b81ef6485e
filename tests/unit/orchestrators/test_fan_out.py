"""How work side by side runs, and what is there at the deadline."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from played_runs import NO, Cast, Fate, asked, later, nested, started
from playhouse import START

from dirigent import codec
from dirigent.domain.breakers import SECOND, Breaker, State
from dirigent.domain.deployment_gate import DeploymentGate
from dirigent.domain.lineage import descendants
from dirigent.domain.outcomes import Done, Missing, Outcome, Turnout, Usage
from dirigent.domain.passages import micros
from dirigent.domain.run_ids import child_id
from dirigent.domain.runs import PlannedStep, StartRun
from dirigent.domain.teams import Team

NEVER = (90_000.0, Done())


def run_of(*branches: PlannedStep, deadline: float | None = 30.0, **more: Any) -> StartRun:
    team = Team(name="w", members=tuple(step.name for step in branches), merge="combine", deadline=deadline)
    return started((*branches, *asked("combine")), team=team, **more)


def told(cast: Cast) -> Turnout:
    """What the closing step is told of who came."""
    [order] = [order for order in cast.house.named("ask_agent") if order["step"] == "combine"]
    return codec.decode(Turnout, order["turnout"])


def gone(turnout: Turnout) -> list[str]:
    return [one.branch for one in turnout.missing]


def test_ends_at_the_deadline_with_what_is_there() -> None:
    cast = Cast({"a": (1.0, Done()), "b": (29.0, Done()), "c": (2.0, Done()), "d": NEVER})
    run = cast.play("fan_out", run_of(*asked("a", "b", "c", "d")))
    turnout = told(cast)

    assert run.ended_at == later(30)
    assert (turnout.completed_agents, turnout.timed_out, gone(turnout)) == (3, True, ["d"])


def test_ends_as_soon_as_all_have() -> None:
    cast = Cast({"a": (1.0, Done()), "b": (4.0, NO)})
    run = cast.play("fan_out", run_of(*asked("a", "b")))
    turnout = told(cast)

    assert run.ended_at == later(4)
    assert (turnout.completed_agents, turnout.timed_out, gone(turnout)) == (1, False, ["b"])


@pytest.mark.parametrize("is_guarded", [False, True])
@pytest.mark.parametrize("number", [1, 24, 25, 60])
def test_as_many_as_there_are_take_as_long_as_the_slowest(number: int, is_guarded: bool) -> None:
    names = [f"b{place}" for place in range(number)]
    cast = Cast({name: (1.0 + place * 0.01, Done()) for place, name in enumerate(names)})
    steps = asked(*names, is_guarded=is_guarded)
    run = cast.play("fan_out", run_of(*steps, max_wait=120.0 if is_guarded else None))

    assert run.ended_at == later(1.0 + (number - 1) * 0.01)
    assert told(cast).completed_agents == number


def test_a_branch_that_is_a_run_of_its_own_is_ended_with_all_below_it() -> None:
    inner = nested("deep", asked("one", "two"))
    branch = nested("far", (inner, *asked("three")))
    cast = Cast({"a": (1.0, Done()), "two": NEVER})
    start = run_of(*asked("a"), branch)
    run = cast.play("fan_out", start)
    [far, deep] = descendants(start)

    assert run.ended_at == later(30)
    assert gone(told(cast)) == ["far"]
    assert (far, deep) == (child_id("run", "far"), child_id(far, "deep"))
    assert cast.house.instances.keys() == {"run", far, deep}
    assert {cast.house.instances[name].ended_at for name in (far, deep)} == {later(30)}


def test_what_is_missing_inside_a_branch_is_missing_in_the_whole() -> None:
    team = Team(name="i", members=("x", "y"), merge="join", deadline=5.0)
    inner = nested("far", asked("x", "y", "join"), "fan_out", team=team)
    cast = Cast({"x": (1.0, Done(usage=Usage(input_tokens=3))), "y": NEVER, "a": (1.0, Done())})
    run = cast.play("fan_out", run_of(*asked("a"), inner))
    turnout = told(cast)

    assert run.ended_at == later(5)
    assert (turnout.completed_agents, turnout.timed_out, gone(turnout)) == (2, True, ["far/y"])


def test_a_branch_that_is_a_run_and_fails_says_why_in_its_parent() -> None:
    cast = Cast({"one": (1.0, NO), "a": (2.0, Done())})
    cast.play("fan_out", run_of(*asked("a"), nested("far", asked("one"))))
    [missing] = told(cast).missing

    expected = Missing(branch="far", category=NO.failure.category, because="no", since=later(1))
    assert missing == expected
    assert len(cast.house.named("close_run")) == 1


def half_open() -> Any:
    """What the gate of a deployment remembers whose circuit is about to let a trial through."""
    opened_at = micros(START) - 3_600 * SECOND
    return codec.encode(DeploymentGate(circuit=Breaker(state=State.OPEN, changed_at=opened_at, round=1)))


def test_a_trial_that_went_well_is_told_to_its_gate_before_slow_siblings_end() -> None:
    cast, stands = Cast({"a": (1.0, Done()), "b": (20.0, Done())}), []
    cast.remembered["deployment@gpt"] = half_open()
    for seconds in (0.5, 1.5):
        cast.house.at(
            seconds, lambda: stands.append(codec.decode(DeploymentGate, cast.remembered["deployment@gpt"]))
        )
    run = cast.play("fan_out", run_of(*asked("a", is_guarded=True), *asked("b"), max_wait=120.0))

    assert run.ended_at == later(20)
    assert [(gate.circuit.state, len(gate.circuit.trials)) for gate in stands] == [
        (State.HALF_OPEN, 1),
        (State.CLOSED, 0),
    ]


def test_a_branch_that_is_a_run_sends_out_those_who_are_named_when_it_opens() -> None:
    team = Team(name="i", members=("x", "y", "z"), merge="join")
    inner = nested("far", asked("x", "y", "z", "join"), "fan_out", team=team)
    # The outer opens without a choice, the inner with one.
    cast = Cast({"open_run": [(0.0, Done()), (0.0, Done(told='["z", "x"]'))]})
    run = cast.play("fan_out", run_of(*asked("a"), inner))

    assert run.error is None
    assert [order["step"] for order in cast.house.named("ask_agent")] == ["a", "x", "z", "join", "combine"]
    assert told(cast) == Turnout(completed_agents=2)


@settings(max_examples=100, deadline=None)
@given(st.data(), st.integers(1, 5), st.sampled_from([None, 8.0]), st.booleans())
def test_every_branch_is_counted_once_whatever_it_is_made_of(
    data: st.DataObject, number: int, deadline: float | None, is_guarded: bool
) -> None:
    steps: list[PlannedStep] = []
    fates: dict[str, Fate] = {}
    came, slowest = 0, 0.0
    for place in range(number):
        name, seconds = f"b{place}", data.draw(st.sampled_from([0.5, 3.25, 7.5, 20.0]))
        outcome: Outcome = NO if data.draw(st.integers(0, 2)) == 0 else Done()
        is_nested = data.draw(st.booleans())
        fates[f"{name}-inner" if is_nested else name] = (seconds, outcome)
        inner = asked(f"{name}-inner", is_guarded=is_guarded)
        steps.append(nested(name, inner) if is_nested else asked(name, is_guarded=is_guarded)[0])
        came += isinstance(outcome, Done) and (deadline is None or seconds < deadline)
        slowest = max(slowest, seconds)
    cast = Cast(fates)
    start = run_of(*steps, deadline=deadline, max_wait=120.0 if is_guarded else None)
    run = cast.play("fan_out", start)
    ended = slowest if deadline is None else min(slowest, deadline)

    assert run.ended_at == later(ended)
    assert cast.house.instances.keys() == {"run", *descendants(start)}
    assert all(one.is_over and one.ended_at is not None for one in cast.house.instances.values())
    if came:
        turnout = told(cast)
        assert turnout.completed_agents + len(turnout.missing) == number
        assert turnout.completed_agents == came
        assert turnout.timed_out == (ended < slowest)
    else:
        assert run.error is not None
