"""Calls that instances of their own make, and calls that nobody waits for any more."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from guarded_wave import NOW, VALUE, failure, full, later, planned, started, told
from msgspec.structs import replace
from played_runs import nested

from dirigent.domain.elections import Poll
from dirigent.domain.gates import Grant
from dirigent.domain.outcomes import Category, Done, Failed, Failure, Turnout
from dirigent.domain.pendings import Call
from dirigent.domain.run_ids import child_id, path_of
from dirigent.domain.runs import AskAlone, Held, Parent, Perform, StartRun
from dirigent.domain.waves import GRACE, Wave

FAR = nested("far", (planned("inner"),), timeout=500.0)


def waved(*calls: Call, timeout: float = 3600.0, **more: Any) -> Wave:
    return Wave.of(started(timeout=timeout, **more), calls, later(timeout), now=NOW)


def alone(name: str = "v", **more: Any) -> Call:
    return Call(step=planned(name), is_alone=True, **more)


def ordered(wave: Wave, at: datetime = NOW) -> Any:
    [order] = wave.orders(at).values()
    return order


def ended(wave: Wave, place: int = 0) -> Failed:
    outcome = wave.pending[place].outcome
    assert isinstance(outcome, Failed)
    return outcome


def test_pass_no_gate_here() -> None:
    assert waved(alone(), Call(step=FAR)).inquiries(NOW) == ()


def test_are_not_tried_again_whatever_comes_back() -> None:
    wave = waved(alone(), Call(step=FAR))
    over = wave.ordered(wave.orders(NOW)).hear({0: failure(), 1: failure(Category.RATE_LIMIT)}, NOW)

    assert over.is_over
    assert over.wakes(NOW) is None


def test_a_call_made_alone_is_told_all_it_needs_and_no_plan() -> None:
    poll, turnout = Poll(voters=(), needed=1), Turnout(completed_agents=2)
    wave = waved(alone(poll=poll, turnout=turnout, until=later(30), whose="the 30 s of the vote"))
    order = ordered(wave)

    assert order == AskAlone(
        start=replace(started(), plan=(planned("v"),), input=Held()),
        deadline=later(30),
        whose="the 30 s of the vote",
        instance=child_id("r", "v"),
        turnout=turnout,
        poll=poll,
    )


def test_a_call_made_alone_counts_its_steps_own_time_itself() -> None:
    step = planned("v", total_timeout=10.0, fallback=VALUE)
    order = ordered(waved(Call(step=step, is_alone=True, until=later(30), whose="the vote's")))

    assert (order.deadline, order.whose) == (later(30), "the vote's")


def test_asked_again_it_is_another_instance() -> None:
    first, second = waved(alone()), waved(alone(again=1))

    assert first.instance(0) == child_id("r", path_of("v", 0)) == child_id("r", "v")
    assert second.instance(0) == ordered(second).instance == child_id("r", path_of("v", 1))
    assert first.instance(0) != second.instance(0)


def test_a_nested_run_is_frozen_with_its_parent() -> None:
    order = ordered(waved(Call(step=FAR, branch="way")))
    assert FAR.nested is not None

    assert order == StartRun(
        run=child_id("r", "far"),
        account="a",
        workflow="far-w",
        type="t",
        definition="inner",
        plan=FAR.nested.plan,
        input=Held(),
        created_at=NOW,
        timeout=500.0,
        max_wait=120.0,
        parent=Parent(
            run="r", definition="d", step="far", branch="way", until=later(3600), whose="the run's 3600 s"
        ),
    )


def test_a_run_from_before_there_were_gates_begins_none_that_passes_them() -> None:
    assert ordered(waved(Call(step=FAR), max_wait=None)).max_wait is None


def test_a_nested_run_has_as_long_as_anybody_waits_for_it() -> None:
    brief = replace(FAR, total_timeout=10.0)

    assert ordered(waved(Call(step=brief))).parent.until == later(10)
    assert ordered(waved(Call(step=brief))).parent.whose == "the step's 10 s"
    assert ordered(waved(Call(step=brief, until=later(5), whose="the team's"))).parent.until == later(5)
    assert ordered(waved(Call(step=FAR), timeout=7.0)).parent.until == later(7)


def test_a_call_ends_with_whoever_waits_for_it() -> None:
    wave = waved(Call(step=planned(), until=later(5), whose="the 5 s of 'top'"), max_wait=None)
    over = wave.expire(later(5))

    assert ordered(wave).not_after == later(5)
    assert wave.expire(later(4.9)) == wave
    assert ended(over).failure.message == "the 5 s of 'top' were over"


def test_the_steps_own_time_may_be_over_before() -> None:
    step = planned(total_timeout=3.0)
    wave = waved(Call(step=step, until=later(5), whose="the 5 s of 'top'"), max_wait=None)

    assert ended(wave.expire(later(3))).failure.message == "the step's 3 s were over"


def test_no_attempt_is_made_after_whoever_waits_has_gone() -> None:
    wave = waved(Call(step=planned(), until=later(2), whose="the 2 s of 'top'"), max_wait=None)
    over = wave.ordered([0]).hear({0: failure(Category.RATE_LIMIT, retry_after=60.0)}, later(1))

    assert ended(over).failure.message == "oh; the 2 s of 'top' leave no time for another try"


def test_a_gate_is_waited_at_no_longer_than_anybody_waits_for_the_call() -> None:
    [inquiry] = waved(Call(step=planned(), until=later(5), whose="the 5 s of 'top'")).inquiries(NOW)

    assert inquiry.ask.patience == int(later(5).timestamp() * 1_000_000)


def test_what_nobody_waits_for_is_dropped_and_never_reported() -> None:
    wave = waved(Call(step=planned("one")), Call(step=planned("two")), max_wait=None).ordered([0, 1])
    gone = wave.awaited(frozenset({"one", "three"}))
    left, outcomes = wave.drop(gone, NOW).hear({1: Done()}, NOW).reported()

    assert gone == (0,)
    assert outcomes == {"two": Done()}
    assert left.awaited(frozenset({"one", "two"})) == ()
    assert left.wakes(later(1)) is None


def test_what_is_dropped_while_it_waits_is_not_tried_again() -> None:
    wave = told(waved(Call(step=planned())), Grant(granted=0, refusal=full(50)))
    left = wave.drop([0], NOW)

    assert wave.wakes(NOW) is not None
    assert (left.wakes(NOW), left.waits(), left.inquiries(later(60))) == (None, (), ())


@pytest.mark.parametrize("call", [alone(), Call(step=FAR)])
def test_what_is_made_apart_is_overdue_a_moment_after_its_time(call: Call) -> None:
    wave = waved(replace(call, until=later(5), whose="the 5 s of 'top'"))
    out = wave.ordered(wave.orders(NOW))
    over = later(5) + GRACE

    assert wave.overdue(over) == ()
    assert (out.overdue(over - timedelta(microseconds=1)), out.overdue(over)) == ((), (0,))
    assert (out.wakes(NOW), out.wakes(over), out.wakes(over + GRACE)) == (over, over, over + GRACE)
    assert out.too_late(0) == Failed(
        failure=Failure(category=Category.TIMEOUT, message="it did not end within the 5 s of 'top'")
    )


@pytest.mark.parametrize(
    ("call", "until", "whose"),
    [
        (Call(step=FAR), 3600, "the run's 3600 s"),
        (Call(step=replace(FAR, total_timeout=20.0)), 20, "the step's 20 s"),
        (Call(step=FAR, until=later(9), whose="the team's"), 9, "the team's"),
    ],
)
def test_is_overdue_by_whoevers_time_ends_first(call: Call, until: float, whose: str) -> None:
    out = waved(call).ordered([0])

    assert out.wakes(NOW) == later(until) + GRACE
    assert out.too_late(0).failure.message == f"it did not end within {whose}"


def test_what_an_activity_makes_or_has_ended_is_never_overdue() -> None:
    out = waved(Call(step=planned()), alone(), alone("w"), max_wait=None).ordered([0, 1, 2])
    wave = out.hear({1: Done()}, NOW).drop([2], NOW)

    assert (wave.overdue(later(9999)), wave.wakes(NOW)) == ((), None)


def test_an_outcome_is_reported_once() -> None:
    wave = waved(Call(step=planned("one")), Call(step=planned("two")), max_wait=None).ordered([0, 1])
    heard = wave.hear({0: Done()}, NOW)
    after, first = heard.reported()

    assert (wave.is_heard, heard.is_heard, after.is_heard) == (False, True, False)
    assert (first, after.reported()) == ({"one": Done()}, (after, {}))
    assert after.hear({1: Done()}, NOW).reported()[1] == {"two": Done()}


def test_whoever_joins_comes_behind_and_has_its_own_time_from_then_on() -> None:
    wave = waved(Call(step=planned("one")), max_wait=None)
    more = wave.join((Call(step=planned("two", total_timeout=10.0)),), later(100))
    orders = more.orders(later(100))

    assert [order.step for order in orders.values() if isinstance(order, Perform)] == ["one", "two"]
    assert [one.deadline for one in more.pending] == [None, later(110)]


def test_wakes_at_once_for_what_became_due_meanwhile() -> None:
    waiting = told(waved(Call(step=planned())), Grant(granted=0, refusal=full(10)))
    due = waiting.wakes(NOW)

    assert due is not None
    assert later(10) <= due <= later(12)
    assert waiting.wakes(later(60)) == later(60)
    assert waved(Call(step=planned())).wakes(NOW) == NOW
