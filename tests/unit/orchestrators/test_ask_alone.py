"""How one call is made in an instance of its own."""

from datetime import timedelta

import pytest
from played_runs import NO, Cast, asked, brought, later, started
from playhouse import Instance

from dirigent import codec
from dirigent.domain.outcomes import Category, Done, Failed, Failure, Usage
from dirigent.domain.retries import RetryPolicy
from dirigent.domain.runs import AskAlone, Perform, PlannedStep, Substitute
from orchestrators.beginning import CopyRefused
from orchestrators.closing import RunFailed

BUSY = Failed(failure=Failure(category=Category.TRANSIENT, message="busy"))


def played(cast: Cast, step: PlannedStep, *, seconds: float = 30.0, instance: str = "alone") -> Instance:
    order = AskAlone(
        start=started((step,)), deadline=later(seconds), whose="the 30 s of the vote", instance="alone"
    )
    return cast.house.play("ask_alone", codec.encode(order), instance)


def test_brings_the_outcome() -> None:
    done = Done(told="ham", usage=Usage(input_tokens=3))
    cast = Cast({"v": (2.0, done)})
    run = played(cast, asked("v")[0])

    assert brought(run) == done
    assert run.ended_at == later(2)
    # It is nobody's record that it opens or closes.
    [order] = [codec.decode(Perform, order) for order in cast.house.named("ask_agent")]
    assert (order.opening, order.closes) == (None, False)


def test_tries_again_by_itself() -> None:
    cast = Cast({"v": [(1.0, BUSY), (1.0, BUSY), (1.0, Done())]})
    run = played(cast, asked("v")[0])

    assert run.error is None
    assert [order["attempt"] for order in cast.house.named("ask_agent")] == [1, 2, 3]


def test_raises_why_it_brought_nothing() -> None:
    run = played(Cast({"v": (1.0, NO)}), asked("v")[0])

    with pytest.raises(RunFailed, match=r"^step 'v' failed \(PERMANENT\): no$"):
        raise run.error or AssertionError


def test_gives_up_when_its_time_is_over_and_says_whose_it_was() -> None:
    slow = RetryPolicy(initial_delay=60.0, max_delay=60.0, max_attempts=9)
    [step] = asked("v")
    cast = Cast({"v": (8.0, BUSY)})
    run = played(cast, PlannedStep(name="v", activity=step.activity, timeout=30.0, retry=slow))

    assert run.ended_at is not None
    assert run.ended_at <= later(30)
    with pytest.raises(RunFailed, match=r"the 30 s of the vote (were over|leave no time)"):
        raise run.error or AssertionError


def test_a_fixed_value_answers_when_the_steps_own_time_is_over() -> None:
    step = PlannedStep(
        name="v",
        activity="ask_agent",
        timeout=30.0,
        total_timeout=10.0,
        retry=RetryPolicy(max_attempts=1),
        fallback=Substitute(timeout=5.0),
    )
    cast = Cast({"v": [(20.0, Done()), (0.0, Done(is_degraded=True))]})
    run = played(cast, step)
    [first, second] = [codec.decode(Perform, order) for order in cast.house.named("ask_agent")]

    assert run.error is None
    assert (first.instead_of, first.not_after) == (None, later(10))
    assert second.instead_of is not None
    assert second.not_after > later(10) + timedelta(seconds=1)


def test_a_copy_does_nothing() -> None:
    cast = Cast({})
    run = played(cast, asked("v")[0], instance="copy")

    assert isinstance(run.error, CopyRefused)
    assert cast.house.calls == []
