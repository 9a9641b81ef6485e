"""A run from its beginning to its end, whatever its pattern."""

import pytest
from msgspec.structs import replace
from played_runs import NO, Cast, asked, brought, later, nested, started

from dirigent import codec
from dirigent.domain.outcomes import Category, Done, Failed, Failure, Turnout, Usage
from dirigent.domain.run_ids import child_id
from dirigent.domain.runs import CloseRun, OpenRun, Parent, Perform, StartRun, StopRuns
from dirigent.domain.teams import Team
from dirigent.domain.waves import GRACE
from orchestrators.beginning import CopyRefused
from orchestrators.closing import PAUSES, RunFailed

BUSY = Failed(failure=Failure(category=Category.TRANSIENT, message="busy"))


def child(*names: str, until: float = 60.0, timeout: float = 3600.0, is_guarded: bool = True) -> StartRun:
    parent = Parent(run="parent", definition="p", step="far", until=later(until))
    plan = asked(*names, is_guarded=is_guarded)
    return replace(started(plan, max_wait=120.0, timeout=timeout), parent=parent)


def asks(cast: Cast) -> list[str]:
    return [f"{name} {order.get('step', '')}".strip() for _, _, name, order in cast.house.calls]


def test_a_chain_of_its_own_opens_with_its_first_step() -> None:
    cast = Cast({})
    run = cast.play("sequential", started(asked("one", "two")))

    assert run.result == {"task_id": "run", "status": "completed"}
    assert asks(cast) == ["ask_agent one", "ask_agent two"]


def test_a_run_of_many_is_opened_before_they_begin() -> None:
    team = Team(name="w", members=("a", "b"), merge="combine")
    cast = Cast({})
    cast.play("fan_out", started(asked("a", "b", "combine"), team=team))
    [opened] = [codec.decode(OpenRun, order) for order in cast.house.named("open_run")]

    assert asks(cast)[0] == "open_run"
    assert (opened.is_begun, opened.opening.run, opened.opening.plan) == (True, "run", ())
    assert not any(order.get("opening") for order in cast.house.named("ask_agent"))


def test_sends_out_the_branches_that_are_named_when_it_opens() -> None:
    team = Team(name="w", members=("a", "b", "c"), merge="combine")
    cast = Cast({"open_run": (0.0, Done(told='["c", "a"]'))})
    cast.play("fan_out", started(asked("a", "b", "c", "combine"), team=team))

    assert [order["step"] for order in cast.house.named("ask_agent")] == ["a", "c", "combine"]


def test_a_run_that_is_a_step_of_another_passes_no_accounts_gate_and_brings_its_outcome() -> None:
    cast = Cast({"one": (0.0, Done(usage=Usage(input_tokens=2), is_degraded=True))})
    run = cast.play("sequential", child("one", "two"))
    [_, last] = [codec.decode(Perform, order) for order in cast.house.named("ask_agent")]

    assert "account@a" not in cast.remembered
    assert "deployment@gpt" in cast.remembered
    assert brought(run) == Done(usage=Usage(input_tokens=2), is_degraded=True)
    assert last.parent == Parent(run="parent", definition="p", step="far", until=later(60))
    assert last.usage == Usage(input_tokens=2)


@pytest.mark.parametrize(("until", "timeout", "ends"), [(60.0, 3600.0, 60), (60.0, 20.0, 20)])
def test_it_has_no_longer_than_its_parent_waits(until: float, timeout: float, ends: int) -> None:
    cast = Cast({"one": (1.0, Done())})
    cast.play("sequential", child("one", until=until, timeout=timeout))
    [order] = cast.house.named("ask_agent")

    assert codec.decode(Perform, order).not_after == later(ends)


@pytest.mark.parametrize(("total_timeout", "whose"), [(None, "the run's 50 s"), (20.0, "the step's 20 s")])
def test_a_run_in_a_run_says_whose_seconds_were_over_further_out(
    total_timeout: float | None, whose: str
) -> None:
    step = nested("far", (nested("deep", asked("one")),), total_timeout=total_timeout)
    cast = Cast({"one": [(1.0, BUSY), (90_000.0, Done())]})
    run = cast.play("sequential", started((step,), timeout=50.0))
    [deep, *_] = [codec.decode(CloseRun, order) for order in cast.house.named("close_run")]

    assert run.ended_at == later(20 if total_timeout else 50)
    assert (deep.step, deep.failed.failure.category) == ("one", Category.TIMEOUT)
    assert whose in deep.failed.failure.message


def test_its_failure_says_whose_seconds_they_were() -> None:
    cast = Cast({"one": (50.0, BUSY)})
    run = cast.play("sequential", child("one", is_guarded=False))

    with pytest.raises(RunFailed, match="the seconds its parent run had left"):
        raise run.error or AssertionError


def test_a_run_that_cannot_be_opened_does_nothing_and_fails() -> None:
    cast = Cast({"open_run": (0.0, NO)})
    run = cast.play("sequential", child("one"))

    assert isinstance(run.error, RunFailed)
    assert asks(cast) == ["open_run", "close_run"]


def test_opening_is_tried_again_where_that_may_help() -> None:
    cast = Cast({"open_run": [(0.0, BUSY), (0.0, BUSY), (0.0, Done())]})
    run = cast.play("sequential", child("one"))

    assert run.error is None
    assert run.ended_at == later(sum(PAUSES[:2]))


def test_opening_is_not_tried_for_ever() -> None:
    cast = Cast({"open_run": (0.0, BUSY)})
    run = cast.play("sequential", child("one"))

    assert len(cast.house.named("open_run")) == 1 + len(PAUSES)
    assert isinstance(run.error, RunFailed)


def test_a_failure_is_told_from_run_to_run_with_its_category_and_its_reason() -> None:
    late = Failed(failure=Failure(category=Category.AUTHENTICATION, message="who (PERMANENT): are you?"))
    cast = Cast({"one": (1.0, late)})
    inner = nested("deep", asked("one"))
    run = cast.play("sequential", started((nested("far", (inner,)),)))
    closed = [codec.decode(CloseRun, order) for order in cast.house.named("close_run")]

    assert [one.step for one in closed] == ["one", "deep", "far"]
    assert {one.failed.failure for one in closed} == {late.failure}
    assert run.error is not None
    assert str(run.error) == "step 'far' failed (AUTHENTICATION): who (PERMANENT): are you?"


@pytest.mark.parametrize(("total_timeout", "whose", "ends"), [(None, "run", 50), (20.0, "step", 20)])
def test_a_step_that_is_a_run_and_stands_still_is_ended_shortly_after_its_time(
    total_timeout: float | None, whose: str, ends: int
) -> None:
    cast, far = Cast({"one": (5.0, Done())}), child_id("run", "far")
    cast.house.at(1.0, lambda: cast.house.suspend(far))
    step = nested("far", asked("one"), total_timeout=total_timeout)
    run = cast.play("sequential", started((step, *asked("last")), timeout=50.0))
    [stop] = [codec.decode(StopRuns, order) for order in cast.house.named("stop_runs")]

    assert stop.instances == (far,)
    assert run.ended_at == cast.house.instances[far].ended_at == later(ends) + GRACE
    with pytest.raises(RunFailed, match=rf"\(TIMEOUT\): it did not end within the {whose}'s {ends} s"):
        raise run.error or AssertionError


def test_what_ends_by_itself_in_its_time_is_ended_by_nobody() -> None:
    cast = Cast({"one": (90_000.0, Done())})
    run = cast.play("sequential", started((nested("far", asked("one")),), timeout=50.0))

    assert cast.house.named("stop_runs") == []
    assert run.ended_at == later(50)


def test_what_a_step_that_is_ended_from_outside_has_begun_is_ended_too() -> None:
    cast, far = Cast({"one": (90_000.0, Done())}), child_id("run", "far")
    deep = child_id(far, "deep")
    cast.house.at(5.0, lambda: cast.house.terminate(far, "too dear"))
    run = cast.play("sequential", started((nested("far", (nested("deep", asked("one")),)),)))
    [stop] = [codec.decode(StopRuns, order) for order in cast.house.named("stop_runs")]

    assert (stop.instances, stop.others) == ((), (deep,))
    assert cast.house.instances[deep].ended_at == run.ended_at == later(5)
    with pytest.raises(RunFailed, match=r"'far' failed \(PERMANENT\): it was ended from outside: too dear"):
        raise run.error or AssertionError


def test_what_a_step_that_failed_by_itself_has_begun_has_ended() -> None:
    cast = Cast({"one": (1.0, NO)})
    cast.play("sequential", started((nested("far", (nested("deep", asked("one")),)),)))

    assert cast.house.named("stop_runs") == []
    assert all(one.is_over for one in cast.house.instances.values())


def test_usage_and_what_is_missing_reach_the_root() -> None:
    team = Team(name="w", members=("a", "b"), merge="combine")
    used = Done(usage=Usage(input_tokens=1, output_tokens=2))
    wide = nested("wide", asked("a", "b", "combine"), "fan_out", team=team)
    cast = Cast({"a": (0.0, used), "b": (0.0, NO), "combine": (0.0, used)})
    run = cast.play("sequential", started((nested("far", (wide,)), *asked("last"))))
    [last] = [order for order in cast.house.named("ask_agent") if order["step"] == "last"]
    finishes = [codec.decode(Perform, order) for order in cast.house.named("finish_run")]
    turnout = codec.decode(Turnout, last["turnout"])

    assert run.error is None
    assert [(one.branch, one.because) for one in turnout.missing] == [("far/wide/b", "no")]
    assert [(one.usage, one.parent is not None) for one in finishes] == [
        (Usage(input_tokens=2, output_tokens=4), True)
    ]


def test_a_copy_of_a_run_does_nothing() -> None:
    cast = Cast({})
    run = cast.house.play("fan_out", codec.encode(started(asked("one"))), "copy")

    assert isinstance(run.error, CopyRefused)
    assert cast.house.calls == []
