"""How the calls of a wave pass gates."""

from datetime import timedelta
from typing import Any

import pytest
from guarded_wave import (
    AGENT,
    MODEL,
    NOW,
    PATIENCE,
    VALUE,
    answered,
    failure,
    full,
    later,
    performed,
    planned,
    shut,
    told,
    waved,
)
from msgspec.structs import replace

from dirigent.domain.breakers import State, Verdict
from dirigent.domain.gates import Ask, GiveBack, Grant, Group, Settlement
from dirigent.domain.outcomes import Category, Done, Failed, Failure, Outcome
from dirigent.domain.passages import Level, Passage, Refusal, Why, micros
from dirigent.domain.pendings import MOST_UNBEGUN, WRITINGS
from dirigent.domain.queues import SPREAD
from dirigent.domain.retries import wait_before_next
from dirigent.domain.runs import Substitute
from dirigent.domain.waves import MOST_TOLD, QUEUE_PATIENCE, Inquiry, Wave

SILENT = Failure(category=Category.TRANSIENT, message="a gate did not answer")
ALL = Grant(granted=1)


def fallen(fallback: Substitute, closed: Refusal | None = None) -> Wave:
    """A wave of one whose circuit was open."""
    closed = closed or shut()
    grant = Grant(granted=0, leaving=int(fallback is MODEL), refusal=closed)
    return told(waved(planned(fallback=fallback)), grant, closed=closed)


def outcome_of(wave: Wave) -> Failed:
    [outcome] = wave.outcomes
    assert isinstance(outcome, Failed)
    return outcome


def test_asks_each_gate_once_for_all_its_calls() -> None:
    steps = [planned("one"), planned("two", home="mini"), planned("three", timeout=50)]
    inquiries = waved(*steps, max_wait=60).inquiries(NOW)
    patience = micros(later(60))

    group = Group(calls=2, agent="writer")
    assert inquiries == (
        Inquiry(
            deployment="gpt",
            ask=Ask(deployment="gpt", groups=(group,), seconds=50, patience=patience),
            places=((0, 2),),
        ),
        Inquiry(
            deployment="mini",
            ask=Ask(
                deployment="mini", groups=(Group(calls=1, agent="writer"),), seconds=30, patience=patience
            ),
            places=((1,),),
        ),
    )


def test_calls_of_one_agent_are_one_group() -> None:
    steps = [planned(str(number), agent="ab"[number % 2]) for number in range(6)]
    [inquiry] = waved(*steps).inquiries(NOW)

    assert inquiry.ask.groups == (Group(calls=3, agent="a"), Group(calls=3, agent="b"))
    assert inquiry.places == ((0, 2, 4), (1, 3, 5))


def test_nobody_waits_before_gates_longer_than_the_run_may_take() -> None:
    [inquiry] = waved(planned(), max_wait=120, timeout=50).inquiries(NOW)

    assert inquiry.ask.patience == micros(later(50))


def test_orders_nothing_before_the_gate_has_answered() -> None:
    assert performed(waved(planned()), NOW) == {}


def test_orders_what_is_permitted_and_asks_no_more() -> None:
    [inquiry] = waved(planned("one"), planned("two"), planned("three")).inquiries(NOW)
    grant = Grant(granted=2, refusal=full(10))
    after = waved(planned("one"), planned("two"), planned("three")).told(inquiry, answered(grant), NOW)

    assert [order.step for order in performed(after, NOW).values()] == ["one", "two"]
    assert after.inquiries(NOW) == ()


def test_an_order_is_over_when_the_gate_said_and_its_time_has_passed() -> None:
    permitted = told(waved(planned(timeout=7)), ALL, at=later(3))

    assert performed(permitted, later(4))[0].not_after == later(3) + PATIENCE + timedelta(seconds=7)


def test_an_order_is_over_when_the_run_is() -> None:
    assert performed(told(waved(planned(), timeout=100), ALL), NOW)[0].not_after == later(100)


def test_an_order_tells_how_it_was_permitted() -> None:
    waiting = told(waved(planned()), Grant(granted=0, refusal=full(10)))
    [order] = performed(told(waiting, ALL, at=later(10)), later(10)).values()

    assert order.passage == Passage(
        level=Level.DEPLOYMENT, key="gpt", state=State.CLOSED, refused=1, waited=10, refusals=(full(10),)
    )


def test_the_refused_come_back_when_they_were_told() -> None:
    waiting = told(waved(planned("one"), planned("two")), Grant(granted=1, refusal=full(10)))

    assert waiting.next_due(NOW) is None
    heard = waiting.hear({0: Done()}, later(1))
    assert heard.next_due(later(1)) == later(10)
    assert heard.inquiries(later(9)) == ()
    [inquiry] = heard.inquiries(later(10))
    assert inquiry.places == ((1,),)


def test_a_call_that_has_waited_has_less_patience_left() -> None:
    waiting = told(waved(planned(), max_wait=60), Grant(granted=0, refusal=full(10)))
    [inquiry] = waiting.inquiries(later(10))

    assert inquiry.ask.patience == micros(later(60))


def test_calls_that_a_circuit_refused_come_back_spread() -> None:
    steps = [planned(str(number)) for number in range(30)]
    waiting = told(waved(*steps), Grant(granted=0, refusal=shut(60)), closed=shut(60))
    dues = {one.due for one in waiting.pending if one.due is not None}

    assert len(dues) == len(steps)
    assert all(later(60) <= due <= later(60 + SPREAD) for due in dues)


@pytest.mark.parametrize(
    ("refusal", "category"),
    [
        (full(300), Category.RATE_LIMIT),
        (shut(300), Category.TRANSIENT),
        (shut(300, why=Why.PAUSED), Category.RATE_LIMIT),
    ],
)
def test_a_call_is_given_up_that_would_have_to_wait_too_long(refusal: Refusal, category: Category) -> None:
    refused = told(waved(planned()), Grant(granted=0, refusal=refusal), closed=refusal)
    outcome = outcome_of(refused)

    assert outcome.failure == Failure(category=category, message=refusal.sentence, retry_after=300)
    assert (outcome.attempts, performed(refused, NOW), refused.inquiries(NOW)) == (0, {}, ())


def test_is_asked_so_often_and_no_more_however_patient_it_is() -> None:
    wave, now, asked = waved(planned(), max_wait=86_400, timeout=10**6), NOW, 0
    while not wave.is_over:
        now = wave.next_due(now) or now
        wave, asked = told(wave, Grant(granted=0, refusal=full(0, at=now)), at=now), asked + 1

    assert 40 < asked < 80
    assert now > later(80_000)
    assert outcome_of(wave).failure.category is Category.RATE_LIMIT


def test_a_patience_of_nothing_waits_for_nothing() -> None:
    assert told(waved(planned(), max_wait=0), Grant(granted=0, refusal=full(0.001))).is_over


def test_tells_what_it_waits_for() -> None:
    [told_] = told(waved(planned()), Grant(granted=0, refusal=full(10))).waits()

    assert (told_.step, told_.attempts, told_.next_try) == ("one", 0, later(10))
    assert (told_.category, told_.because) == (Category.RATE_LIMIT, full(10).sentence)


def test_tells_of_the_first_that_wait_however_many_are_done() -> None:
    steps = [planned(str(number)) for number in range(2 * MOST_TOLD + 1)]
    wave = told(waved(*steps), Grant(granted=MOST_TOLD, refusal=full(10)))
    wave = wave.hear({place: Done() for place in range(MOST_TOLD)}, NOW)

    assert [wait.step for wait in wave.waits()] == [str(number) for number in range(MOST_TOLD, 2 * MOST_TOLD)]


def test_what_has_waited_and_is_done_is_told_no_more() -> None:
    wave = told(waved(planned("one"), planned("two")), Grant(granted=0, refusal=full(10)))
    wave = told(wave, Grant(granted=1, refusal=full(10, at=later(10))), at=later(10))

    assert [wait.step for wait in wave.hear({0: Done()}, later(11)).waits()] == ["two"]


def test_an_open_circuit_sends_the_call_to_another_model_counted_at_home() -> None:
    leaving = fallen(MODEL)
    [second] = leaving.inquiries(NOW)

    assert (second.deployment, second.ask.groups, second.ask.seconds) == ("mini", (Group(calls=1),), 20)
    assert leaving.give_backs() == ()
    [order] = performed(told(leaving, ALL), NOW).values()
    assert order.passage is not None
    assert (order.passage.key, order.passage.refusals) == ("mini", (shut(),))
    assert order.instead_of == Failure(category=Category.TRANSIENT, message=shut().sentence, retry_after=60)
    assert (order.timeout, order.attempt) == (20, 1)


def test_what_the_second_gate_refuses_is_given_back_to_the_first() -> None:
    closed = shut(deployment="mini")
    waiting = told(fallen(MODEL), Grant(granted=0, refusal=closed), closed=closed)

    assert waiting.give_backs() == (("gpt", GiveBack(at=micros(NOW), agents={"writer": 1})),)
    assert waiting.given_back().give_backs() == ()
    due = waiting.next_due(NOW)
    assert due is not None
    [again] = waiting.inquiries(due)
    assert again.ask.groups == (Group(calls=1, agent="writer", through=False),)


def test_what_an_answer_counted_is_given_back_together() -> None:
    steps = [planned(str(number), fallback=MODEL) for number in range(3)]
    leaving = told(waved(*steps), Grant(granted=0, leaving=3, refusal=shut()), closed=shut())
    closed = shut(deployment="mini")
    waiting = told(leaving, Grant(granted=1, refusal=closed), at=later(1), closed=closed)

    assert waiting.give_backs() == (("gpt", GiveBack(at=micros(NOW), agents={"writer": 2})),)


def test_another_model_is_asked_after_its_agents_windows() -> None:
    wave = told(waved(planned(fallback=MODEL)), ALL).hear({0: failure(Category.PERMANENT)}, NOW)
    counted = told(wave, ALL)
    [second] = counted.inquiries(NOW)

    assert (wave.inquiries(NOW)[0].ask.groups[0].through, performed(wave, NOW)) == (False, {})
    assert (second.deployment, performed(counted, NOW)) == ("mini", {})


def test_an_open_circuit_sends_the_call_to_another_agent() -> None:
    [second] = fallen(AGENT).inquiries(NOW)

    assert (second.deployment, second.ask.groups) == ("mini", (Group(calls=1, agent="reserve"),))


def test_a_fixed_value_passes_no_gate() -> None:
    left = fallen(VALUE)
    [order] = performed(left, NOW).values()

    assert left.inquiries(NOW) == ()
    assert order.not_after == NOW + QUEUE_PATIENCE + timedelta(seconds=30)
    assert order.instead_of is not None
    assert order.passage is not None
    assert (order.passage.key, order.passage.state, order.passage.refusals) == ("gpt", None, (shut(),))
    assert left.settlements({0: Done(is_degraded=True)}) == ()


def test_another_model_is_no_second_quota() -> None:
    wave, now = waved(planned(fallback=MODEL), max_wait=60), NOW
    while not wave.is_over:
        now = wave.next_due(now) or now
        [inquiry] = wave.inquiries(now)
        assert inquiry.deployment == "gpt"
        wave = told(wave, Grant(granted=0, refusal=full(20, at=now)), at=now)

    outcome = outcome_of(wave)
    assert (outcome.failure.category, outcome.failure.retry_after) == (Category.RATE_LIMIT, 20)
    assert later(40) <= now <= later(60)


def test_the_fallback_answers_after_the_last_retry() -> None:
    wave, now, attempts = waved(planned(fallback=AGENT)), NOW, []
    while not wave.is_over:
        now = wave.next_due(now) or now
        wave = told(wave, ALL, at=now)
        [order] = performed(wave, now).values()
        attempts.append((order.attempt, order.instead_of is not None))
        wave = wave.hear({0: failure()}, now)

    assert attempts == [(1, False), (2, False), (3, False), (4, True), (5, True), (6, True)]
    outcome = outcome_of(wave)
    assert (outcome.attempts, outcome.failure.message) == (6, "oh; it stood in because of this: oh")


def test_nobody_goes_ahead_where_a_gate_does_not_answer() -> None:
    wave = waved(planned("one"), planned("two", home="mini"))
    first, second = wave.inquiries(NOW)
    after = wave.unanswered(first, SILENT, NOW).told(second, answered(ALL), NOW)

    assert [order.step for order in performed(after, NOW).values()] == ["two"]
    assert after.inquiries(NOW) == ()
    due = after.hear({1: Done()}, NOW).next_due(NOW)
    assert due is not None
    assert due >= later(1)


def test_a_gate_that_never_answers_is_given_up() -> None:
    wave, now, asked = waved(planned()), NOW, 0
    while not wave.is_over:
        now = wave.next_due(now) or now
        [inquiry] = wave.inquiries(now)
        wave, asked = wave.unanswered(inquiry, SILENT, now), asked + 1

    assert asked == MOST_UNBEGUN + 1
    assert (outcome_of(wave).failure, outcome_of(wave).attempts) == (SILENT, 0)


def test_what_a_gate_that_does_not_answer_would_have_let_through_is_given_back() -> None:
    leaving = fallen(MODEL)
    [second] = leaving.inquiries(NOW)
    after = leaving.unanswered(second, SILENT, NOW)

    assert after.give_backs() == (("gpt", GiveBack(at=micros(NOW), agents={"writer": 1})),)
    [again] = after.inquiries(later(60))
    assert again.deployment == "gpt"


def test_settles_each_answer_once_with_verdicts_in_the_order_of_the_calls() -> None:
    wave = waved(planned("one"), planned("two", home="mini"), planned("three"))
    first, second = wave.inquiries(NOW)
    wave = wave.told(first, answered(Grant(granted=2), number=7), NOW).told(
        second, answered(ALL, number=9), NOW
    )
    until = answered().until
    heard: dict[int, Outcome] = {0: failure(), 1: Done(), 2: Done()}

    assert wave.settlements(heard) == (
        ("gpt", Settlement(deployment="gpt", round=7, until=until, verdicts=(Verdict.ILL, Verdict.WELL))),
        ("mini", Settlement(deployment="mini", round=9, until=until, verdicts=(Verdict.WELL,))),
    )


def test_shares_the_longest_pause_that_a_provider_asked_for() -> None:
    wave = told(waved(*(planned(str(number)) for number in range(4))), Grant(granted=4))
    ours = Failed(failure=Failure(category=Category.RATE_LIMIT, message="ours", retry_after=500))
    [(_, settlement)] = wave.settlements(
        {
            0: failure(Category.RATE_LIMIT, retry_after=20),
            1: failure(Category.RATE_LIMIT, retry_after=40),
            2: failure(Category.TRANSIENT, retry_after=100),
            3: ours,
        }
    )

    assert settlement.pause == 40
    assert settlement.verdicts == (Verdict.SILENT, Verdict.SILENT, Verdict.ILL, Verdict.SILENT)


def test_an_order_that_was_never_begun_hands_its_permit_back_in_silence() -> None:
    wave = told(waved(planned()), ALL)
    unbegun = Failed(failure=Failure(category=Category.TIMEOUT, message="late"), attempts=0)
    [(_, settlement)] = wave.settlements({0: unbegun})

    assert settlement.verdicts == (Verdict.SILENT,)


def test_gives_up_those_who_wait_when_the_runs_time_is_over() -> None:
    waiting = told(waved(planned(), timeout=100), Grant(granted=0, refusal=full(50)))
    outcome = outcome_of(waiting.expire(later(100)))

    why = f"the run's 100 s were over; it was waiting because of this: {full(50).sentence}"
    assert outcome.failure == Failure(category=Category.TIMEOUT, message=why)
    assert outcome.passage is not None
    assert (outcome.passage.refused, outcome.passage.waited) == (1, 100)


def test_a_wave_from_before_the_gates_asks_none() -> None:
    before = waved(planned("one"), planned("two", home=None), max_wait=None)
    orders = performed(before, NOW)

    assert before.inquiries(NOW) == ()
    assert [order.step for order in orders.values()] == ["one", "two"]
    assert {order.passage for order in orders.values()} == {None}
    assert {order.not_after for order in orders.values()} == {NOW + QUEUE_PATIENCE + timedelta(seconds=30)}
    assert before.settlements({0: failure(), 1: Done()}) == ()
    retry = before.pending[0].lane.retry
    wait = wait_before_next(retry, failure().failure, attempts=1, orders=1, seed="r/one")
    assert wait is not None
    assert before.hear({0: failure(), 1: Done()}, NOW).next_due(NOW) == NOW + wait


def test_what_was_permitted_begins_when_the_gate_said_or_not_at_all() -> None:
    wave = told(waved(planned()), Grant(granted=1))
    [order] = performed(wave, NOW).values()

    assert wave.pending[0].permit is not None
    assert order.begin_by == wave.pending[0].permit.begin_by


UNWRITTEN = Failed(failure=Failure(category=Category.TRANSIENT, message="store"), is_done=True)


def done_but_unwritten(**step: Any) -> Wave:
    """A wave whose call did what it was for, and the end of the run could not be written down."""
    return told(waved(planned(**step)), Grant(granted=1)).hear({0: UNWRITTEN}, NOW)


def test_a_step_that_is_done_needs_no_gate_to_have_its_end_written_down() -> None:
    wave = done_but_unwritten(fallback=MODEL)
    due = wave.next_due(NOW)

    assert due == later(WRITINGS[0])
    assert wave.inquiries(due) == ()
    [order] = performed(wave, due).values()
    assert (order.attempt, order.instead_of) == (1, None)
    assert wave.hear({0: Done(is_repeated=True)}, due).outcomes == (Done(is_repeated=True),)


def test_writing_an_end_down_is_no_attempt_of_the_agents_and_takes_none_of_the_steps_time() -> None:
    wave, now = done_but_unwritten(attempts=1, total_timeout=1.0), NOW
    for _ in WRITINGS:
        now = wave.next_due(now) or now
        wave = wave.expire(now)
        assert len(performed(wave, now)) == 1
        wave = wave.hear({0: UNWRITTEN}, now)

    assert now == later(sum(WRITINGS))
    assert outcome_of(wave).failure.message == "store"


def test_an_answer_speaks_for_the_model_also_where_the_end_of_the_run_was_not_written_down() -> None:
    [(_, first)] = told(waved(planned()), Grant(granted=1)).settlements({0: UNWRITTEN})
    [(_, again)] = told(waved(planned()), Grant(granted=1)).settlements(
        {0: replace(UNWRITTEN, is_repeated=True)}
    )

    assert (first.verdicts, again.verdicts) == ((Verdict.WELL,), (Verdict.SILENT,))


def test_the_second_try_of_what_is_done_tells_no_gate_anything() -> None:
    assert done_but_unwritten().settlements({0: Done(is_repeated=True)}) == ()
