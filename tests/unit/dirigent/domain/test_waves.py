"""How calls are ordered, tried again and given up."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest
from guarded_wave import performed
from hypothesis import given
from hypothesis import strategies as st

from dirigent.domain.outcomes import RETRIED, Category, Done, Failed, Failure, Outcome
from dirigent.domain.pendings import MOST_UNBEGUN, UNBEGUN_PAUSE, Call
from dirigent.domain.retries import RetryPolicy
from dirigent.domain.runs import Held, PlannedStep, StartRun
from dirigent.domain.waves import QUEUE_PATIENCE, Wave

NOW = datetime(2030, 1, 1, tzinfo=UTC)
END = NOW + timedelta(seconds=3600)
START = StartRun(
    run="r",
    account="a",
    workflow="w",
    type="t",
    definition="d",
    plan=(),
    input=Held(text="{}"),
    created_at=NOW,
    timeout=3600,
)


def wave(*names: str, timeout: float = 30, attempts: int = 3) -> Wave:
    retry = RetryPolicy(max_attempts=attempts)
    steps = (PlannedStep(name=name, activity="ask_agent", timeout=timeout, retry=retry) for name in names)
    return Wave.of(START, tuple(Call(step=step) for step in steps), END, now=NOW)


def failure(category: Category, retry_after: float | None = None) -> Failed:
    return Failed(failure=Failure(category=category, message="oh", retry_after=retry_after))


def test_orders_all_calls_at_once() -> None:
    orders = performed(wave("one", "two"), NOW)

    assert [(order.step, order.attempt) for order in orders.values()] == [("one", 1), ("two", 1)]


def test_an_order_ends_with_its_own_time_or_with_the_runs() -> None:
    late = NOW + timedelta(seconds=3590)

    assert performed(wave("one"), NOW)[0].not_after == NOW + timedelta(seconds=30) + QUEUE_PATIENCE
    assert performed(wave("one"), late)[0].not_after == NOW + timedelta(seconds=3600)


def test_only_what_failed_is_tried_again() -> None:
    heard: Mapping[int, Outcome] = {0: Done(), 1: failure(Category.TRANSIENT)}
    again = wave("one", "two").hear(heard, NOW)
    due = again.next_due(NOW)

    assert due is not None
    assert performed(again, NOW) == {}
    assert [(order.step, order.attempt) for order in performed(again, due).values()] == [("two", 2)]


@pytest.mark.parametrize("category", Category)
def test_tries_again_what_may_work_later(category: Category) -> None:
    assert wave("one").hear({0: failure(category)}, NOW).is_over == (category not in RETRIED)


def test_gives_up_after_the_declared_attempts() -> None:
    now, tried = NOW, wave("one", attempts=2)
    for _ in range(2):
        tried = tried.hear({0: failure(Category.TRANSIENT)}, now)
        now = tried.next_due(now) or now

    assert tried.outcomes == (Failed(failure=failure(Category.TRANSIENT).failure, attempts=2),)


def test_waits_as_long_as_the_other_side_asks() -> None:
    again = wave("one").hear({0: failure(Category.RATE_LIMIT, retry_after=40)}, NOW)

    assert (again.next_due(NOW) or NOW) >= NOW + timedelta(seconds=40)


def test_does_not_wait_for_who_asks_for_an_hour() -> None:
    assert wave("one").hear({0: failure(Category.RATE_LIMIT, retry_after=3600)}, NOW).is_over


def test_an_order_that_was_never_begun_is_no_attempt() -> None:
    unbegun = Failed(failure=Failure(category=Category.TIMEOUT, message="late"), attempts=0)
    again = wave("one", attempts=1).hear({0: unbegun}, NOW)
    due = again.next_due(NOW)

    assert due is not None
    assert performed(again, due)[0].attempt == 1


def test_orders_that_are_never_begun_are_given_up_too() -> None:
    unbegun = Failed(failure=Failure(category=Category.TIMEOUT, message="late"), attempts=0)
    now, tried, orders = NOW, wave("one", attempts=1), 0
    while not tried.is_over:
        now = tried.next_due(now) or now
        tried, orders = tried.hear({0: unbegun}, now), orders + 1

    assert orders == MOST_UNBEGUN + 1
    assert now >= NOW + MOST_UNBEGUN * UNBEGUN_PAUSE


def test_says_that_the_runs_time_leaves_none_for_another_try() -> None:
    late = NOW + timedelta(seconds=3599.9)
    [outcome] = wave("one").hear({0: failure(Category.RATE_LIMIT, retry_after=5)}, late).outcomes

    assert isinstance(outcome, Failed)
    assert outcome.failure.message == "oh; the run's 3600 s leave no time for another try"


def test_tells_what_it_waits_for() -> None:
    [told] = wave("one", "two").hear({0: Done(), 1: failure(Category.TRANSIENT)}, NOW).waits()

    assert (told.step, told.attempts, told.category, told.because) == ("two", 1, Category.TRANSIENT, "oh")


def test_gives_up_what_is_left_when_the_runs_time_is_over() -> None:
    over = wave("one", "two").hear({0: Done()}, NOW).expire(NOW + timedelta(seconds=3600))

    assert over.is_over
    [first, second] = over.outcomes
    assert first == Done()
    assert isinstance(second, Failed)
    assert (second.failure.category, second.attempts) == (Category.TIMEOUT, 0)


OUTCOMES = st.one_of(
    st.just(Done()),
    st.builds(
        Failed,
        failure=st.builds(
            Failure,
            category=st.sampled_from(Category),
            message=st.just("oh"),
            retry_after=st.none() | st.floats(0, 2000),
        ),
        attempts=st.sampled_from([0, 1]),
    ),
)


@given(st.data(), st.integers(1, 5), st.integers(1, 4))
def test_ends_whatever_happens_and_within_the_runs_time(
    data: st.DataObject, calls: int, attempts: int
) -> None:
    now, tried, ordered = NOW, wave(*map(str, range(calls)), attempts=attempts), 0
    while not tried.is_over:
        now = max(now, tried.next_due(now) or now)
        tried = tried.expire(now)
        orders = performed(tried, now)
        assert all(order.attempt <= attempts and now < order.not_after for order in orders.values())
        ordered += len(orders)
        now += timedelta(seconds=data.draw(st.floats(0.001, 60)))
        tried = tried.hear({place: data.draw(OUTCOMES) for place in orders}, now)

    assert len(tried.outcomes) == calls
    assert now <= NOW + timedelta(seconds=3600 + 60)
