"""Tasks under way together."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from playhouse import START, Instance, Playhouse

from dirigent.ports.orchestration import Steps
from orchestrators.flights import GROUP, LONGEST_TIMER, Flight


def later(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def played(function: Any, seconds: dict[str, float | Exception]) -> Instance:
    """The instance, where each activity lasts that long, or dies after a second."""

    def world(name: str, _: Any) -> tuple[float, Any]:
        lasts = seconds[name]
        return (1.0, lasts) if isinstance(lasts, Exception) else (lasts, name)

    return Playhouse({"f": function}, world).play("f", None, "i")


def all_heard(number: int, until: datetime | None = None) -> Any:
    """Adds tasks and takes each as it ends: keys, when, and how often it was in vain."""

    def function(context: Any) -> Steps:
        flight, heard, vain = Flight(context), [], 0
        for key in range(number):
            flight.add(key, context.call_activity(f"a{key}"))
        while len(flight):
            key = yield from flight.next(until)
            if key is None:
                vain, until_now = vain + 1, context.current_utc_datetime
                assert until is not None
                assert until_now <= until
                if until_now == until:
                    break
            else:
                flight.take(key)
                heard.append((key, context.current_utc_datetime))
        flight.land()
        return {"heard": heard, "vain": vain, "left": len(flight)}

    return function


@settings(max_examples=60, deadline=None)
@given(st.data(), st.sampled_from([1, 2, GROUP - 1, GROUP, GROUP + 1, 60, 100]))
def test_each_is_heard_of_once_and_when_it_ends(data: st.DataObject, number: int) -> None:
    lasts = st.sampled_from([0.0, 1.0, 1.0, 2.0, 7.0])
    seconds: dict[str, float | Exception] = {f"a{key}": data.draw(lasts) for key in range(number)}
    run = played(all_heard(number), seconds)

    assert [key for key, _ in sorted(run.result["heard"])] == list(range(number))
    assert {f"a{key}": at for key, at in run.result["heard"]} == {
        name: later(float(lasts)) for name, lasts in seconds.items() if not isinstance(lasts, Exception)
    }


@pytest.mark.parametrize("number", [1, 2, GROUP + 1])
def test_who_fails_is_heard_of_like_everybody(number: int) -> None:
    seconds: dict[str, float | Exception] = {f"a{key}": ConnectionError("gone") for key in range(number)}

    assert len(played(all_heard(number), seconds).result["heard"]) == number


@pytest.mark.parametrize("number", [1, 3, GROUP + 1])
def test_waits_no_longer_than_it_is_told(number: int) -> None:
    seconds: dict[str, float | Exception] = {f"a{key}": 1.0 if key == 0 else 50.0 for key in range(number)}
    run = played(all_heard(number, later(10)), seconds)

    assert run.result["heard"] == [(0, later(1))]
    assert run.result["left"] == number - 1


def timers(run: Instance) -> list[Any]:
    return [task for task in run.tasks if task.kind == "timer"]


def test_one_timer_is_enough_for_one_instant_and_is_cancelled_in_the_end() -> None:
    run = played(all_heard(40, later(100)), {f"a{key}": float(key) for key in range(40)})
    [timer] = timers(run)

    assert (timer.until, timer.is_cancelled, run.ended_at) == (later(100), True, later(39))


def test_a_wait_of_days_is_one_timer_after_another() -> None:
    days = LONGEST_TIMER.total_seconds() * 2.5
    run = played(all_heard(2, later(days)), {"a0": 100_000.0, "a1": days + 1})

    assert [timer.until for timer in timers(run)] == [
        START + LONGEST_TIMER,
        START + 2 * LONGEST_TIMER,
        later(days),
    ]
    assert (run.result["vain"], run.result["left"]) == (3, 1)


def test_many_that_end_during_a_wait_of_days_leave_no_timer_each() -> None:
    days = LONGEST_TIMER.total_seconds() * 2.5
    run = played(all_heard(30, later(days)), {f"a{key}": key * 60.0 for key in range(30)})

    assert len(timers(run)) == 1


def test_waits_for_its_time_where_nothing_is_under_way() -> None:
    def function(context: Any) -> Steps:
        flight = Flight(context)
        found = yield from flight.next(later(5))
        return found, context.current_utc_datetime, len(flight)

    assert played(function, {}).result == (None, later(5), 0)


def test_what_has_ended_meanwhile_is_told_in_the_order_of_its_beginning() -> None:
    def function(context: Any) -> Steps:
        flight = Flight(context)
        for key in range(4):
            flight.add(key, context.call_activity(f"a{key}"))
        flight.take((yield from flight.next(None)))
        before = flight.landed()
        yield context.create_timer(later(10))
        return before, flight.landed(), 3 in flight, 0 in flight

    run = played(function, {"a0": 3.0, "a1": 1.0, "a2": 2.0, "a3": 20.0})
    assert run.result == ([], [0, 2], True, True)
