"""Where one call stands: whom it goes to, and who answers when that one cannot."""

from datetime import datetime

import pytest
from guarded_wave import AGENT, MODEL, NOW, VALUE, answered, failure, full, later, planned, shut

from dirigent.domain.breakers import State
from dirigent.domain.gates import Group, failure_of
from dirigent.domain.outcomes import RETRIED, Category, Done, Failed, Failure
from dirigent.domain.passages import Passage, Refusal, Why
from dirigent.domain.pendings import MOST_UNBEGUN, WRITINGS, Call, Pending, Permit, Time
from dirigent.domain.runs import PlannedStep, Substitute

BUSY = Failure(category=Category.TRANSIENT, message="busy")
RUN = Time(deadline=later(3600), whose="the run's 3600 s")
STEP = Time(deadline=later(60), whose="the step's 60 s", is_runs=False)
PERMIT = Permit.of("gpt", answered())


def pending(step: PlannedStep | None = None, *, fallback: Substitute | None = None) -> Pending:
    return Pending(call=Call(step=step or planned(fallback=fallback)))


def refused(one: Pending, refusal: Refusal, now: datetime = NOW, patience: float = 120) -> Pending:
    return one.refuse(refusal, now, patience=later(patience), seed="r/one")


def heard(one: Pending, outcome: Failed | Done, now: datetime = NOW, time: Time = RUN) -> Pending:
    return one.hear(outcome, now, time=time, seed="r/one")


def test_goes_to_its_agents_first_deployment() -> None:
    lane = pending(planned(timeout=7)).lane

    assert (lane.agent, lane.home, lane.deployment, lane.timeout) == ("writer", "gpt", "gpt", 7)


@pytest.mark.parametrize(
    ("fallback", "lane"),
    [
        (MODEL, ("writer", "gpt", "mini", 20)),
        (AGENT, ("reserve", "mini", "mini", 10)),
        (VALUE, (None, None, None, 30)),
    ],
)
def test_a_fallback_goes_elsewhere(fallback: Substitute, lane: tuple[object, ...]) -> None:
    found = pending(fallback=fallback).fall_back(BUSY, NOW).lane

    assert (found.agent, found.home, found.deployment, found.timeout) == lane


@pytest.mark.parametrize(
    ("one", "wish"),
    [
        (pending(), ("gpt", Group(calls=1, agent="writer"))),
        (pending(fallback=MODEL), ("gpt", Group(calls=1, agent="writer", leaves=True))),
        (pending(fallback=AGENT), ("gpt", Group(calls=1, agent="writer"))),
        (pending(fallback=VALUE), ("gpt", Group(calls=1, agent="writer"))),
        (
            pending(fallback=MODEL).fall_back(BUSY, NOW),
            ("gpt", Group(calls=1, agent="writer", through=False)),
        ),
        (pending(fallback=MODEL).fall_back(BUSY, NOW, is_counted=True), ("mini", Group(calls=1))),
        (pending(fallback=AGENT).fall_back(BUSY, NOW), ("mini", Group(calls=1, agent="reserve"))),
        (pending(fallback=VALUE).fall_back(BUSY, NOW), None),
        (pending(planned(home=None)), None),
        (pending().let_through(PERMIT, NOW), None),
    ],
)
def test_wants_to_be_counted_at_home_and_to_go_through_where_it_calls(
    one: Pending, wish: tuple[str, Group] | None
) -> None:
    assert one.wish() == wish


def test_goes_with_its_permit_alone() -> None:
    assert not pending().may_go
    assert not pending(fallback=MODEL).fall_back(BUSY, NOW, is_counted=True).may_go
    assert pending().let_through(PERMIT, NOW).may_go


def test_what_passes_no_gate_needs_no_permit() -> None:
    assert pending(planned(home=None)).may_go
    assert pending(fallback=VALUE).fall_back(BUSY, NOW).may_go


def test_tells_how_it_came_through() -> None:
    one = refused(pending(), full(10)).let_through(PERMIT, later(10))

    assert one.passage(later(50)) == Passage(
        level="deployment",  # type: ignore[arg-type]  # its text is the level
        key="gpt",
        state=State.CLOSED,
        refused=1,
        waited=10,
        refusals=(full(10),),
    )
    assert pending(planned(home=None)).passage(NOW) is None


@pytest.mark.parametrize("refusal", [full(10), shut(10), shut(10, why=Why.PAUSED)])
def test_waits_where_nobody_else_can_answer(refusal: Refusal) -> None:
    one = refused(pending(), refusal)

    assert one.due is not None
    assert one.due >= later(10)
    assert one.failure == failure_of(refusal, NOW)
    assert (one.outcome, one.is_due(NOW), one.is_due(one.due)) == (None, False, True)


@pytest.mark.parametrize(
    ("refusal", "category"),
    [
        (full(200), Category.RATE_LIMIT),
        (shut(200, why=Why.PAUSED), Category.RATE_LIMIT),
        (shut(200), Category.TRANSIENT),
        (shut(200, why=Why.HALF_OPEN), Category.TRANSIENT),
    ],
)
def test_is_given_up_where_waiting_is_in_vain(refusal: Refusal, category: Category) -> None:
    outcome = refused(pending(), refusal).outcome

    assert isinstance(outcome, Failed)
    assert outcome.failure == Failure(category=category, message=refusal.sentence, retry_after=200)
    assert (outcome.attempts, outcome.is_theirs) == (0, False)
    assert outcome.passage is not None
    assert outcome.passage.refusals == (refusal,)


def test_who_has_no_limit_left_ever_is_not_told_when_to_come_back() -> None:
    outcome = refused(pending(), full(None)).outcome

    assert isinstance(outcome, Failed)
    assert outcome.failure.retry_after is None


@pytest.mark.parametrize("fallback", [MODEL, AGENT, VALUE])
@pytest.mark.parametrize("why", [Why.OPEN, Why.HALF_OPEN])
def test_a_circuit_is_not_waited_for_where_somebody_else_can_answer(fallback: Substitute, why: Why) -> None:
    one = refused(pending(fallback=fallback), shut(10, why=why))

    assert (one.outcome, one.due) == (None, None)
    assert one.instead_of == failure_of(shut(10, why=why), NOW)


@pytest.mark.parametrize("fallback", [MODEL, AGENT, VALUE])
@pytest.mark.parametrize("refusal", [full(10), shut(10, why=Why.PAUSED)])
def test_a_full_window_and_a_pause_are_waited_for_first(fallback: Substitute, refusal: Refusal) -> None:
    one = refused(pending(fallback=fallback), refusal)

    assert one.instead_of is None
    assert one.due is not None


@pytest.mark.parametrize(
    ("fallback", "refusal", "falls"),
    [
        (MODEL, full(200), False),
        (AGENT, full(200), True),
        (VALUE, full(200), True),
        (MODEL, shut(200, why=Why.PAUSED), True),
    ],
)
def test_another_model_is_no_second_quota(fallback: Substitute, refusal: Refusal, *, falls: bool) -> None:
    one = refused(pending(fallback=fallback), refusal)

    assert (one.instead_of is not None, one.outcome is None) == (falls, falls)


def test_leaves_for_the_fallback_counted() -> None:
    one = refused(pending(fallback=MODEL), full(10)).leave(shut(60, at=later(10)), later(10))

    assert one.instead_of == failure_of(shut(60), NOW)
    assert (one.is_counted, one.counted) == (True, (("gpt", 0, "writer"),))
    assert (one.queue.refused, one.queue.waited, one.is_due(later(10))) == (2, 10, True)


def test_is_not_counted_any_more_once_it_goes_or_is_refused() -> None:
    left = pending(fallback=MODEL).leave(shut(), NOW)

    assert left.let_through(PERMIT, NOW).counted == ()
    assert refused(left, shut(deployment="mini")).counted == ()


def test_whoever_stands_in_has_no_stand_in() -> None:
    one = refused(pending(fallback=MODEL).leave(shut(), NOW), shut(200, deployment="mini"))

    assert isinstance(one.outcome, Failed)
    assert one.outcome.failure.message == (
        "the circuit of the deployment 'mini' is open: it failed too often in a row; "
        "it stood in because of this: "
        "the circuit of the deployment 'gpt' is open: it failed too often in a row"
    )


def test_whoever_stands_in_waits_as_others_do() -> None:
    one = refused(pending(fallback=MODEL).leave(shut(), NOW), shut(10, deployment="mini"))

    assert one.outcome is None
    assert one.due is not None


def test_a_story_of_both_failures_is_not_endless() -> None:
    long = Failure(category=Category.PERMANENT, message="x" * 1_000)
    one = pending(fallback=AGENT).fall_back(long, NOW).end(long, NOW)

    assert isinstance(one.outcome, Failed)
    assert len(one.outcome.failure.message) == 1_000


def test_each_attempt_needs_a_permit_of_its_own() -> None:
    one = heard(pending().let_through(PERMIT, NOW), failure())

    assert (one.attempts, one.permit, one.may_go) == (1, None, False)
    assert one.wish() == ("gpt", Group(calls=1, agent="writer"))


@pytest.mark.parametrize("fallback", [MODEL, AGENT, VALUE])
@pytest.mark.parametrize("category", Category)
def test_the_fallback_answers_when_nothing_more_is_tried(fallback: Substitute, category: Category) -> None:
    attempts, one = 0, pending(fallback=fallback)
    while one.instead_of is None:
        attempts, one = attempts + 1, heard(one, failure(category))

    assert attempts == (3 if category in RETRIED else 1)
    assert one.instead_of == failure(category).failure
    assert (one.spent, one.attempts, one.orders, one.due, one.outcome) == (attempts, 0, 0, None, None)


def test_attempts_of_both_are_told_together() -> None:
    one = pending(fallback=AGENT)
    while one.outcome is None:
        one = heard(one, failure())

    assert isinstance(one.outcome, Failed)
    assert one.outcome.attempts == 6
    assert one.outcome.failure.message == "oh; it stood in because of this: oh"


def test_orders_that_are_never_begun_are_given_up_on_both_sides() -> None:
    orders, one = 0, pending(fallback=AGENT)
    while one.outcome is None:
        orders, one = orders + 1, heard(one, failure(Category.TIMEOUT, attempts=0))

    assert orders == 2 * (MOST_UNBEGUN + 1)


@pytest.mark.parametrize("time", [RUN, STEP])
def test_the_fallback_has_what_time_is_left(time: Time) -> None:
    busy = failure(Category.RATE_LIMIT, retry_after=100)
    late = time.deadline.replace(microsecond=0) - (later(30) - NOW)
    one = heard(pending(fallback=AGENT), busy, late, time)

    assert one.instead_of is not None
    assert one.instead_of.message == f"oh; {time.whose} leave no time for another try"


def test_nobody_stands_in_when_the_runs_time_is_over() -> None:
    one = heard(pending(fallback=VALUE), failure(), later(3600))

    assert isinstance(one.outcome, Failed)
    assert one.outcome.failure.message == "oh; the run's 3600 s leave no time for another try"


@pytest.mark.parametrize(("fallback", "answers"), [(None, False), (MODEL, False), (VALUE, True)])
def test_when_the_steps_time_is_over_only_what_takes_none_answers(
    fallback: Substitute | None, *, answers: bool
) -> None:
    one = pending(fallback=fallback).run_out(STEP, later(60))

    assert (one.outcome is None) == answers


def test_nothing_answers_when_the_runs_time_has_run_out() -> None:
    outcome = pending(fallback=VALUE).run_out(RUN, later(3600)).outcome

    assert isinstance(outcome, Failed)
    assert outcome.failure == Failure(category=Category.TIMEOUT, message="the run's 3600 s were over")


def test_is_over_when_it_is_done() -> None:
    one = heard(pending().let_through(PERMIT, NOW), Done())

    assert (one.outcome, one.permit, one.is_due(later(1))) == (Done(), None, False)


AWAY = Failed(failure=Failure(category=Category.TRANSIENT, message="no records"), is_stores=True)


def test_a_store_that_does_not_answer_costs_none_of_the_agents_attempts() -> None:
    one, now, waits = pending(planned()), NOW, []
    for _ in WRITINGS:
        one = heard(one, AWAY, now)
        assert one.due is not None
        waits.append((one.due - now).total_seconds())
        now = one.due
    tried = heard(one, Failed(failure=BUSY), now)

    assert tuple(waits) == WRITINGS
    assert (one.attempts, tried.attempts, tried.outcome) == (0, 1, None)


def test_a_store_that_stays_away_ends_the_call_and_nobody_stands_in() -> None:
    one = pending(fallback=VALUE)
    for _ in range(len(WRITINGS) + 1):
        one = heard(one, AWAY)

    assert isinstance(one.outcome, Failed)
    assert (one.outcome.failure, one.outcome.attempts) == (AWAY.failure, len(WRITINGS) + 1)
    assert one.instead_of is None


def test_a_store_is_waited_for_within_the_calls_time_only() -> None:
    one = heard(pending(), AWAY, time=Time(deadline=later(5), whose="the step's 5 s", is_runs=False))

    assert isinstance(one.outcome, Failed)
    assert one.outcome.failure.message == "no records; the step's 5 s leave no time for another try"


def test_whoever_waits_for_a_store_needs_a_new_permit() -> None:
    permitted = pending().let_through(PERMIT, NOW)

    assert heard(permitted, AWAY).permit is None
