"""How a chain goes on."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from played_runs import asked, nested

from dirigent.domain.outcomes import Category, Done, Failed, Failure, Missing, Outcome, Turnout, Usage
from dirigent.domain.patterns import Settled
from dirigent.domain.pendings import Call
from dirigent.domain.runs import Held, PlannedStep, StartRun
from dirigent.domain.sequences import FINISH, Sequence

NOW = datetime(2030, 1, 1, tzinfo=UTC)
FAILED = Failed(failure=Failure(category=Category.PERMANENT, message="no"))


def started(*steps: str) -> StartRun:
    return StartRun(
        run="r",
        account="a",
        workflow="w",
        type="t",
        definition="d",
        plan=tuple(PlannedStep(name=name, activity="ask_agent", timeout=30) for name in steps),
        input=Held(text="{}"),
        created_at=NOW,
        timeout=3600,
    )


def heard(state: Sequence, outcome: Outcome) -> Sequence:
    """The state after the step that was ready ended."""
    [call] = state.ready
    return state.begun().hear({call.step.name: outcome}, NOW)


def played(state: Sequence) -> tuple[list[Call], Settled]:
    """The calls of a chain whose steps all end well, and how it is settled."""
    calls: list[Call] = []
    while (settled := state.settled) is None:
        calls += state.ready
        state = heard(state, Done())
    return calls, settled


def test_performs_the_steps_in_their_order() -> None:
    calls, settled = played(Sequence.of(started("one", "two", "three"), NOW))

    assert [call.step.name for call in calls] == ["one", "two", "three"]
    assert settled == Settled()


def test_the_first_opens_and_the_last_closes() -> None:
    calls, _ = played(Sequence.of(started("one", "two", "three"), NOW))

    assert [(call.opens, call.closes) for call in calls] == [(True, False), (False, False), (False, True)]


def test_a_single_step_opens_and_closes() -> None:
    [call] = Sequence.of(started("only"), NOW).ready

    assert (call.opens, call.closes) == (True, True)


def test_nothing_is_ready_while_a_step_is_under_way() -> None:
    state = Sequence.of(started("one", "two"), NOW).begun()

    assert (state.ready, state.settled) == ((), None)


@given(st.integers(0, 4))
def test_ends_with_the_step_that_was_given_up(done: int) -> None:
    state = Sequence.of(started("0", "1", "2", "3", "4"), NOW)
    for _ in range(done):
        state = heard(state, Done())

    assert heard(state, FAILED).settled == Settled(failed=FAILED, step=str(done))


GAP = Missing(branch="y", category=Category.TIMEOUT, because="late", since=NOW)


def planned(*plan: PlannedStep) -> Sequence:
    return Sequence.of(replace(started("none"), plan=plan), NOW)


def choosing(*, otherwise: bool = True) -> PlannedStep:
    """A step that goes one of two ways, or a third."""
    return PlannedStep(
        name="go",
        activity="",
        timeout=30,
        choose="triage",
        branches={"ask": asked("go")[0], "far": nested("go", asked("x"))},
        otherwise=asked("go")[0] if otherwise else None,
    )


def test_what_runs_consume_is_summed_and_told_to_whatever_closes() -> None:
    state = heard(Sequence.of(started("one", "two"), NOW), Done(usage=Usage(input_tokens=2)))
    [last] = state.ready
    settled = heard(state, Done(usage=Usage(input_tokens=3))).settled

    assert last.usage == Usage(input_tokens=2)
    assert settled is not None
    assert settled.done.usage == Usage(input_tokens=5)


def test_a_fallback_anywhere_marks_the_whole() -> None:
    state = heard(Sequence.of(started("one", "two"), NOW), Done(is_degraded=True))
    settled = heard(state, Done()).settled

    assert [call.is_degraded for call in state.ready] == [True]
    assert settled is not None
    assert settled.done.is_degraded


def test_what_is_missing_in_nested_runs_is_told_with_their_steps() -> None:
    state = planned(nested("far", asked("x")), *asked("last"))
    state = heard(state, Done(turnout=Turnout(completed_agents=1, timed_out=True, missing=(GAP,))))
    [last] = state.ready
    settled = heard(state, Done()).settled
    turnout = Turnout(timed_out=True, missing=(replace(GAP, branch="far/y"),))

    assert last.turnout == turnout
    assert settled == Settled(done=Done(turnout=turnout), turnout=turnout)


@pytest.mark.parametrize("last", [asked("last")[0], nested("last", asked("x"))])
def test_what_is_told_to_whoever_closes_it_is_told_on(last: PlannedStep) -> None:
    state = heard(planned(*asked("one"), last), Done(told="early"))
    while state.settled is None:
        [call] = state.ready
        state = heard(state, Done(told="yes" if call.closes else "inside"))

    assert state.settled.done.told == "yes"


def test_a_run_whose_last_step_is_another_is_closed_by_a_step_of_its_own() -> None:
    calls, _ = played(planned(*asked("one"), nested("far", asked("x"))))

    assert [call.step.name for call in calls] == ["one", "far", FINISH.name]
    assert [call.closes for call in calls] == [False, False, True]
    assert calls[-1].step == FINISH


def test_a_run_that_begins_with_another_is_not_opened_by_it() -> None:
    calls, _ = played(planned(nested("far", asked("x")), *asked("one")))

    assert [call.opens for call in calls] == [False, False]


def test_a_run_that_could_not_be_closed_failed_in_its_last_step() -> None:
    state = heard(planned(nested("far", asked("x"))), Done())
    settled = heard(state, FAILED).settled

    assert settled is not None
    assert (settled.failed, settled.step) == (FAILED, "far")


@pytest.mark.parametrize(
    ("told", "branch", "is_nested"), [("ask", "ask", False), ("far", "far", True), ("else", "", False)]
)
def test_goes_the_way_that_was_told(told: str, branch: str, is_nested: bool) -> None:
    state = heard(planned(*asked("triage"), choosing(), *asked("last")), Done(told=told))
    [call] = state.ready

    assert (call.step.name, call.branch, call.step.nested is not None) == ("go", branch, is_nested)
    assert [call.branch for call in heard(state, Done()).ready] == [None]


@pytest.mark.parametrize(("told", "names"), [("ask", ["go"]), ("far", ["go", FINISH.name])])
def test_the_way_that_was_taken_last_decides_who_closes(told: str, names: list[str]) -> None:
    state = heard(planned(*asked("triage"), choosing()), Done(told=told))
    calls, _ = played(state)

    assert [call.step.name for call in calls] == names
    assert [call.closes for call in calls] == [False] * (len(names) - 1) + [True]


def test_what_goes_no_declared_way_is_told_by_name() -> None:
    state = heard(planned(*asked("triage"), choosing(otherwise=False), *asked("last")), Done(told="else"))

    with pytest.raises(LookupError, match="The step 'go' goes no way for what 'triage' said"):
        _ = state.ready


@given(st.lists(st.sampled_from(["ask", "nest"]), min_size=1, max_size=5))
def test_each_step_is_begun_once_and_one_closes(kinds: list[str]) -> None:
    plan = [
        nested(f"s{place}", asked("x")) if kind == "nest" else asked(f"s{place}")[0]
        for place, kind in enumerate(kinds)
    ]
    calls, settled = played(planned(*plan))
    names = [call.step.name for call in calls if call.step != FINISH]

    assert names == [step.name for step in plan]
    assert [call.closes for call in calls] == [False] * (len(calls) - 1) + [True]
    assert (len(calls) - len(names)) == (kinds[-1] == "nest")
    assert settled.failed is None
