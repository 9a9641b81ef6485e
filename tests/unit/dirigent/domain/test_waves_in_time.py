"""How long the calls of a wave may take, all attempts and waits together."""

from datetime import timedelta

import pytest
from guarded_wave import (
    AGENT,
    MODEL,
    NOW,
    VALUE,
    failure,
    full,
    later,
    performed,
    planned,
    shut,
    started,
    told,
    waved,
)
from msgspec.structs import replace

from dirigent.domain.gates import Grant
from dirigent.domain.outcomes import Category, Done, Failed, Failure
from dirigent.domain.passages import micros
from dirigent.domain.pendings import WRITINGS, Call
from dirigent.domain.runs import Substitute
from dirigent.domain.sequences import FINISH
from dirigent.domain.waves import Wave

ALL = Grant(granted=1)
SHORT = 60.0
WHY = f"the step's 60 s were over; it was waiting because of this: {full(50).sentence}"
OVER = Failure(category=Category.TIMEOUT, message=WHY)


def short(fallback: Substitute | None = None, timeout: float = 3600) -> Wave:
    """A wave of one, whose step has a minute in all."""
    return waved(planned(total_timeout=SHORT, fallback=fallback), timeout=timeout)


def outcome_of(wave: Wave) -> Failed:
    [outcome] = wave.outcomes
    assert isinstance(outcome, Failed)
    return outcome


def test_an_order_is_over_when_its_step_is() -> None:
    assert performed(told(short(), ALL), NOW)[0].not_after == later(SHORT)


def test_an_order_is_over_when_the_run_is_however_long_its_step_may_take() -> None:
    assert performed(told(short(timeout=30), ALL), NOW)[0].not_after == later(30)


def test_nobody_waits_before_gates_longer_than_the_step_may_take() -> None:
    [inquiry] = short().inquiries(NOW)

    assert inquiry.ask.patience == micros(later(SHORT))


def test_gates_are_told_of_the_least_patience() -> None:
    [inquiry] = waved(planned("one", total_timeout=SHORT), planned("two")).inquiries(NOW)

    assert inquiry.ask.patience == micros(later(SHORT))


def test_a_steps_time_is_not_stretched_by_retries() -> None:
    again = told(short(), ALL).hear({0: failure()}, later(50))
    due = again.next_due(later(50))

    assert due is not None
    assert performed(told(again, ALL, at=due), due)[0].not_after == later(SHORT)


def test_says_that_the_steps_time_leaves_none_for_another_try() -> None:
    late = told(short(), ALL).hear({0: failure(Category.RATE_LIMIT, retry_after=20)}, later(50))

    assert outcome_of(late).failure.message == "oh; the step's 60 s leave no time for another try"


def test_each_step_has_its_own_time() -> None:
    wave = waved(planned("one", total_timeout=SHORT), planned("two"))
    waiting = told(wave, Grant(granted=0, refusal=full(50)))
    after = waiting.expire(later(SHORT))

    assert [one.outcome is None for one in after.pending] == [False, True]


@pytest.mark.parametrize("fallback", [None, MODEL, AGENT])
def test_a_step_whose_time_is_over_is_given_up(fallback: Substitute | None) -> None:
    waiting = told(short(fallback), Grant(granted=0, refusal=full(50)))

    assert waiting.expire(later(SHORT - 1)) == waiting
    assert outcome_of(waiting.expire(later(SHORT))).failure == OVER


def test_a_fixed_value_answers_for_a_step_whose_time_is_over() -> None:
    left = told(short(VALUE), Grant(granted=0, refusal=full(50))).expire(later(SHORT))
    [order] = performed(left, later(SHORT)).values()

    assert order.instead_of == OVER
    assert order.not_after > later(SHORT)
    assert left.hear({0: Done(is_degraded=True)}, later(SHORT)).outcomes == (Done(is_degraded=True),)


def test_a_fixed_value_has_the_runs_time_and_no_more() -> None:
    refused = told(short(VALUE), Grant(granted=0, refusal=shut()), closed=shut())

    assert refused.expire(later(SHORT)) == refused
    [order] = performed(refused, later(3_599)).values()
    assert order.not_after == later(3_600)
    assert outcome_of(refused.expire(later(3_600))).failure.category is Category.TIMEOUT


@pytest.mark.parametrize("total", [None, 5.0], ids=["the team's", "the step's, too"])
@pytest.mark.parametrize("fallback", [MODEL, AGENT, VALUE], ids=["model", "agent", "value"])
def test_nothing_answers_past_the_time_of_whoever_waits(fallback: Substitute, total: float | None) -> None:
    step = planned(fallback=fallback, total_timeout=total)
    call = Call(step=step, until=later(5), whose="the 5 s of the team")
    wave = Wave.of(started(), (call,), later(3600), now=NOW)

    assert wave.expire(later(4.9)) == wave
    assert outcome_of(wave.expire(later(5))).failure == Failure(
        category=Category.TIMEOUT, message="the 5 s of the team were over"
    )


LAST = Call(step=FINISH, closes=True)


def test_what_only_writes_an_end_down_is_not_cut_short_by_the_runs_time() -> None:
    wave = Wave.of(started(timeout=60), (LAST,), later(60), now=later(59))

    assert wave.expire(later(61)) == wave
    assert [order.step for order in performed(wave, later(61)).values()] == [FINISH.name]


@pytest.mark.parametrize("is_done", [True, False], ids=["the store", "the worker"])
def test_an_end_that_was_not_written_down_is_written_again_after_the_runs_time(is_done: bool) -> None:
    lost = replace(failure(), is_done=is_done)
    wave, now = Wave.of(started(timeout=60), (LAST,), later(60), now=later(59)), later(59)
    for wait in WRITINGS:
        wave = wave.hear({0: lost}, now)
        assert wave.next_due(now) == now + timedelta(seconds=wait)
        now += timedelta(seconds=wait)
        wave = wave.expire(now)
        assert len(performed(wave, now)) == 1

    assert wave.hear({0: Done()}, now).outcomes == (Done(),)
    assert outcome_of(wave.hear({0: lost}, now)).failure == lost.failure


def test_an_end_that_cannot_be_drawn_is_not_tried_again() -> None:
    lost = failure(Category.PERMANENT)
    wave = Wave.of(started(timeout=60), (LAST,), later(60), now=NOW)

    assert outcome_of(wave.hear({0: lost}, NOW)).failure == lost.failure
