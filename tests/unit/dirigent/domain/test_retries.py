"""When to try again, and when to give up."""

import math
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dirigent.domain.outcomes import Category, Failure
from dirigent.domain.retries import LONGEST_WAIT, RetryPolicy, wait_before_next

BUSY = Failure(category=Category.RATE_LIMIT, message="busy")

POLICIES = st.builds(
    RetryPolicy,
    max_attempts=st.integers(1, 1000),
    initial_delay=st.floats(0, 1e6),
    exponential_base=st.floats(1, 1e300),
    max_delay=st.floats(0, 1e6),
)


def wait(
    policy: RetryPolicy, failure: Failure = BUSY, *, attempts: int = 1, seed: str = "r/s"
) -> float | None:
    """In seconds, for orders that were all begun."""
    found = wait_before_next(policy, failure, attempts=attempts, orders=attempts, seed=seed)
    return None if found is None else found.total_seconds()


@pytest.mark.parametrize(
    ("category", "is_retried"),
    [
        (Category.TRANSIENT, True),
        (Category.RATE_LIMIT, True),
        (Category.TIMEOUT, True),
        (Category.PERMANENT, False),
        (Category.AUTHENTICATION, False),
    ],
)
def test_retries_what_may_help(category: Category, is_retried: bool) -> None:
    failure = Failure(category=category, message="no", retry_after=1.0)

    assert (wait(RetryPolicy(), failure) is not None) == is_retried


@given(policy=POLICIES)
def test_gives_up_after_the_last_attempt(policy: RetryPolicy) -> None:
    assert wait(policy, attempts=policy.max_attempts) is None
    assert wait(policy, attempts=policy.max_attempts + 1) is None


@given(policy=POLICIES, orders=st.integers(1, 10_000), seed=st.text())
def test_waits_neither_below_nothing_nor_above_the_policy(
    policy: RetryPolicy, orders: int, seed: str
) -> None:
    found = wait_before_next(policy, BUSY, attempts=0, orders=orders, seed=seed)

    assert found is not None
    assert timedelta(0) <= found <= LONGEST_WAIT
    assert found.total_seconds() <= policy.max_delay + 1e-6
    if orders == 1:
        assert found.total_seconds() <= policy.initial_delay + 1e-6


@given(asked=st.floats(), seed=st.text())
def test_waits_as_long_as_asked_or_gives_up(asked: float, seed: str) -> None:
    found = wait(
        RetryPolicy(), Failure(category=Category.RATE_LIMIT, message="", retry_after=asked), seed=seed
    )

    if found is None:
        assert math.isnan(asked) or asked > LONGEST_WAIT.total_seconds() - 5
    else:
        assert max(asked, 0) - 1e-6 <= found <= max(asked, 0) + 5


def test_the_ceiling_grows_with_every_order_up_to_the_limit() -> None:
    policy = RetryPolicy(max_attempts=100, initial_delay=5, exponential_base=2, max_delay=60)

    longest = [
        max(wait(policy, attempts=n, seed=str(s)) or 0 for s in range(2000)) for n in (1, 2, 3, 4, 5, 9)
    ]

    assert longest == pytest.approx([5, 10, 20, 40, 60, 60], rel=0.01)


def test_spreads_those_who_wait_and_keeps_each_ones_place() -> None:
    waits = [wait(RetryPolicy(), seed=f"run-{number}") or 0 for number in range(1000)]

    assert waits == [wait(RetryPolicy(), seed=f"run-{number}") for number in range(1000)]
    for tenth in range(10):
        assert 50 <= sum(tenth / 2 <= seconds < (tenth + 1) / 2 for seconds in waits) <= 160


def test_a_patient_policy_does_not_give_up_by_chance() -> None:
    policy = RetryPolicy(initial_delay=36_000, max_delay=36_000)

    assert all(wait(policy, seed=str(seed)) is not None for seed in range(200))
