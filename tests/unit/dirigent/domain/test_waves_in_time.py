"""How long the calls of a wave may take, all attempts and waits together."""

import pytest
from guarded_wave import AGENT, MODEL, NOW, VALUE, failure, full, later, planned, shut, told, waved

from dirigent.domain.gates import Grant
from dirigent.domain.outcomes import Category, Done, Failed, Failure
from dirigent.domain.passages import micros
from dirigent.domain.runs import Substitute
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
    assert told(short(), ALL).orders(NOW)[0].not_after == later(SHORT)


def test_an_order_is_over_when_the_run_is_however_long_its_step_may_take() -> None:
    assert told(short(timeout=30), ALL).orders(NOW)[0].not_after == later(30)


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
    assert told(again, ALL, at=due).orders(due)[0].not_after == later(SHORT)


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
    [order] = left.orders(later(SHORT)).values()

    assert order.instead_of == OVER
    assert order.not_after > later(SHORT)
    assert left.hear({0: Done(is_degraded=True)}, later(SHORT)).outcomes == (Done(is_degraded=True),)


def test_a_fixed_value_has_the_runs_time_and_no_more() -> None:
    refused = told(short(VALUE), Grant(granted=0, refusal=shut()), closed=shut())

    assert refused.expire(later(SHORT)) == refused
    [order] = refused.orders(later(3_599)).values()
    assert order.not_after == later(3_600)
    assert outcome_of(refused.expire(later(3_600))).failure.category is Category.TIMEOUT
