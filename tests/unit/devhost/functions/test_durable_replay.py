"""Kept where it waits, replayed from the start, run by the SDK's own handle: the course is the same."""

import json
from datetime import timedelta
from typing import Any

import pytest
from azure.durable_functions import RetryOptions
from rehearsal import (
    COUNTER,
    START,
    WHEN,
    Rehearsal,
    Steps,
    answered,
    done,
    failed,
    fired,
    raised,
    result_of,
)

from devhost.engine import history
from devhost.engine.messages import (
    ContinuedAsNew,
    CreateTimer,
    Failed,
)


def test_goes_from_step_to_step() -> None:
    def f(context: Any) -> Steps:
        first = yield context.call_activity("a", context.get_input())
        second = yield context.call_activity("b", first)
        return [first, second]

    rehearsal = Rehearsal(f, {"n": 1})
    rehearsal.tell(done(0, "x"))

    assert result_of(rehearsal.tell(done(1))) == ["x", None]


def test_runs_tasks_side_by_side_in_any_order() -> None:
    def f(context: Any) -> Steps:
        return (yield context.task_all([context.call_activity("a", number) for number in range(4)]))

    rehearsal = Rehearsal(f)
    rehearsal.tell(done(2, "c"), done(0, "a"))
    assert rehearsal.tell(done(3, "d")).outcome is None

    assert result_of(rehearsal.tell(done(1, "b"))) == ["a", "b", "c", "d"]


def test_takes_a_whole_course_in_one_episode() -> None:
    def f(context: Any) -> Steps:
        first, second = context.call_activity("a"), context.call_activity("b")
        yield context.task_any([first, second])
        return [(yield first), (yield second)]

    rehearsal = Rehearsal(f)

    assert result_of(rehearsal.tell(done(1, "b"), done(0, "a"), raised("late"))) == ["a", "b"]


def test_fails_at_the_first_failing_child_and_lets_the_rest_go_on() -> None:
    def f(context: Any) -> Steps:
        first, second = context.call_activity("a"), context.call_activity("b")
        try:
            yield context.task_all([first, second])
        except Exception as error:  # noqa: BLE001 - as the SDK's users write
            context.set_custom_status(str(error))
        return (yield first)

    rehearsal = Rehearsal(f)
    assert rehearsal.tell(failed(1)).custom_status_json == json.dumps("broken \n ")

    assert result_of(rehearsal.tell(done(0, "a"))) == "a"


def test_the_first_to_end_wins_and_the_timer_is_cancelled() -> None:
    def f(context: Any) -> Steps:
        bell = context.create_timer(context.current_utc_datetime + timedelta(hours=1))
        work = context.call_activity("work")
        winner = yield context.task_any([bell, work])
        bell.cancel()
        rest = yield context.call_activity("rest", winner == work)
        return [winner.result, rest]

    rehearsal = Rehearsal(f)
    assert rehearsal.tell(done(1, "made")).cancelled_timers == {0}

    assert result_of(rehearsal.tell(done(2, "slept"))) == ["made", "slept"]


@pytest.mark.parametrize("make", ["task_all", "task_any"])
def test_does_not_wait_for_nothing(make: str) -> None:
    def f(context: Any) -> Steps:
        return (yield getattr(context, make)([]))

    assert result_of(Rehearsal(f).first) is None


def test_retries_until_it_succeeds() -> None:
    def f(context: Any) -> Steps:
        tried = yield context.call_activity_with_retry("a", RetryOptions(1000, 3), 1)
        return [tried, (yield context.call_activity("b"))]

    rehearsal = Rehearsal(f, retried=[1, 2, 3, 4])
    for event in (failed(0), fired(1), failed(2), fired(3), done(4, "at last")):
        rehearsal.tell(event)

    assert result_of(rehearsal.tell(done(5))) == ["at last", None]


def test_gives_up_after_the_last_attempt() -> None:
    def f(context: Any) -> Steps:
        options = RetryOptions(1000, 2)
        calls = [context.call_sub_orchestrator_with_retry(name, options) for name in ("s", "t")]
        try:
            yield context.task_all(calls)
        except Exception as error:  # noqa: BLE001 - as the SDK's users write
            return str(error)

    rehearsal = Rehearsal(f, retried=[2, 3, 4])
    rehearsal.tell(history.child_failed(WHEN, 1, "first"))
    rehearsal.tell(fired(2))
    rehearsal.tell(history.child_failed(WHEN, 3, "second"))

    assert result_of(rehearsal.tell(fired(4))) == "second \n None"


def test_starts_children_and_hears_of_their_ends() -> None:
    def f(context: Any) -> Steps:
        named = context.call_sub_orchestrator("s", {"a": 1}, instance_id="mine", version="2")
        heard = [(yield named)]
        try:
            yield context.call_sub_orchestrator("s")
        except Exception as error:  # noqa: BLE001 - as the SDK's users write
            heard.append(str(error))
        return heard

    rehearsal = Rehearsal(f)
    rehearsal.tell(history.child_completed(WHEN, 0, '{"b": 2}'))
    last = rehearsal.tell(history.child_failed(WHEN, 1, "Orchestrator function 's' failed: no"))

    assert result_of(last) == [{"b": 2}, "Orchestrator function 's' failed: no \n None"]


def test_sleeps_ten_days() -> None:
    def f(context: Any) -> Steps:
        nap = context.create_timer(context.current_utc_datetime + timedelta(days=10))
        bell = context.wait_for_external_event("bell")
        winner = yield context.task_any([bell, nap])
        return winner == nap

    rehearsal = Rehearsal(f)
    rehearsal.tell(fired(0), later=timedelta(days=3))
    asked = rehearsal.tell(fired(1), later=timedelta(days=3)).commands

    assert asked == (CreateTimer(id=2, fire_at=START + timedelta(days=10)),)
    assert result_of(rehearsal.tell(fired(2), later=timedelta(days=4))) is True


def test_hears_events_of_one_name_last_waiter_first() -> None:
    def f(context: Any) -> Steps:
        return (yield context.task_all([context.wait_for_external_event("E") for _ in range(2)]))

    rehearsal = Rehearsal(f)
    assert rehearsal.first.waits == {"E": 2}
    assert rehearsal.tell(raised("E", 1)).waits == {"E": 1}

    assert result_of(rehearsal.tell(raised("E", 2))) == [2, 1]


def test_waits_for_one_event_after_the_other() -> None:
    def f(context: Any) -> Steps:
        first = yield context.wait_for_external_event("E")
        second = yield context.wait_for_external_event("E")
        return [first, second]

    rehearsal = Rehearsal(f)
    assert rehearsal.tell(raised("E", {"a": 1})).waits == {"E": 1}

    assert result_of(rehearsal.tell(raised("E"))) == [{"a": 1}, None]


def test_calls_and_signals_entities() -> None:
    def f(context: Any) -> Steps:
        context.signal_entity(COUNTER, "add", 1)
        calls = [context.call_entity(COUNTER, "get"), context.call_entity(COUNTER, "add", 0)]
        heard = yield context.task_all(calls)
        context.signal_entity(COUNTER, "add", 2)
        heard.append((yield context.call_activity("a")))
        return heard

    rehearsal = Rehearsal(f)
    assert rehearsal.tell(answered(2, "second")).commands == ()
    assert [command.id for command in rehearsal.tell(answered(1, {"n": 5})).commands] == [3, 4]

    assert result_of(rehearsal.tell(done(4))) == [{"n": 5}, "second", None]


def test_hears_of_an_entitys_failure() -> None:
    def f(context: Any) -> Steps:
        try:
            yield context.call_entity(COUNTER, "break")
        except Exception as error:  # noqa: BLE001 - as the SDK's users write
            return str(error)

    assert result_of(Rehearsal(f).tell(answered(0, "it broke", exceptionType="Error"))) == "it broke"


@pytest.mark.parametrize(
    ("status", "shown"),
    [("on", '"on"'), ({"a": [1]}, '{"a": [1]}'), (7, "7"), ("", None), (0, None), ({}, None), (None, None)],
)
def test_shows_a_status_unless_it_is_empty(status: Any, shown: str | None) -> None:
    def f(context: Any) -> Steps:
        context.set_custom_status(status)
        yield context.call_activity("a")

    assert Rehearsal(f).tell(done(0)).custom_status_json == shown


def test_fails_for_a_status_that_is_no_json() -> None:
    def f(context: Any) -> Steps:
        context.set_custom_status(object)
        yield context.call_activity("a")

    text = "TypeError: class <class 'type'> does not expose a `to_json` function"
    assert Rehearsal(f).first.outcome == Failed(error=text)


@pytest.mark.parametrize("output", [None, 0, "", False, [], "text", {"a": None}, 1.5])
def test_ends_with_any_output(output: Any) -> None:
    def f(context: Any) -> Steps:
        yield context.call_activity("a")
        return output

    assert result_of(Rehearsal(f).tell(done(0))) == output


def test_fails_for_an_output_that_is_no_json() -> None:
    def f(context: Any) -> Steps:
        yield context.call_activity("a")
        return {1, 2}

    assert Rehearsal(f).tell(done(0)).outcome == Failed(error="Object of type set is not JSON serializable")


@pytest.mark.parametrize(
    ("error", "text"), [(ValueError("no"), "no"), (ValueError(), "<class 'ValueError'>"), (KeyError(1), "1")]
)
def test_fails_with_what_it_raises(error: Exception, text: str) -> None:
    def f(context: Any) -> Steps:
        yield context.call_activity("a")
        context.signal_entity(COUNTER, "note")
        raise error

    last = Rehearsal(f).tell(done(0))

    assert last.outcome == Failed(error=text)
    # What was asked for before the failure is carried out.
    assert [command.id for command in last.commands] == [1]


def test_a_plain_function_may_return() -> None:
    assert result_of(Rehearsal(lambda context: context.get_input(), [1]).first) == [1]


def test_a_plain_function_may_raise() -> None:
    def f(context: Any) -> None:
        raise KeyError("k")

    assert Rehearsal(f).first.outcome == Failed(error="KeyError: 'k'")


def test_a_plain_function_may_begin_anew() -> None:
    def f(context: Any) -> None:
        context.continue_as_new({"round": 2})

    assert Rehearsal(f).first.outcome == ContinuedAsNew(input_json='"{\\"round\\": 2}"')


@pytest.mark.parametrize("thing", [5, "text", [1]])
def test_fails_for_a_yielded_thing_that_is_no_task(thing: Any) -> None:
    def f(context: Any) -> Steps:
        yield thing

    outcome = Rehearsal(f).first.outcome

    assert isinstance(outcome, Failed)
    assert outcome.error.startswith("AttributeError: ")


@pytest.mark.parametrize("yields", [False, True])
def test_begins_anew(yields: bool) -> None:
    def f(context: Any) -> Steps:
        seen = yield context.call_activity("a")
        context.signal_entity(COUNTER, "note", seen)
        context.continue_as_new({"seen": seen})
        context.signal_entity(COUNTER, "too late")
        if yields:
            yield context.call_activity("too late")

    last = Rehearsal(f).tell(done(0, 7))

    assert last.outcome == ContinuedAsNew(input_json='"{\\"seen\\": 7}"')
    assert [command.id for command in last.commands] == [1]


def test_tells_the_time_and_makes_ids_as_the_sdk_does() -> None:
    def f(context: Any) -> Steps:
        seen = []
        for _ in range(2):
            seen += [context.current_utc_datetime.isoformat(), context.new_uuid(), str(context.new_guid())]
            yield context.call_activity("a", seen[-1])
        return seen

    rehearsal = Rehearsal(f)
    rehearsal.tell(done(0))
    seen = result_of(rehearsal.tell(done(1)))

    assert [seen[0], seen[3]] == ["2030-01-01T00:00:00+00:00", "2030-01-01T00:01:00+00:00"]
    assert len({*seen[1:3], *seen[4:]}) == 4


@pytest.mark.parametrize("version", ["", "2.1"])
def test_knows_its_version(version: str) -> None:
    def f(context: Any) -> Steps:
        yield context.call_activity("a")
        return context.version

    assert result_of(Rehearsal(f, version=version).tell(done(0))) == version


def test_replays_the_past_and_not_the_news() -> None:
    flags: list[bool] = []

    def f(context: Any) -> Steps:
        for _ in range(3):
            flags.append(context.is_replaying)
            yield context.call_activity("a")

    rehearsal = Rehearsal(f)
    flags.clear()
    rehearsal.tell(done(0))
    kept, replayed, by_sdk = flags[:1], flags[1:3], flags[3:]

    assert (kept, replayed, by_sdk) == ([False], [True, False], [True, False])


def test_what_was_answered_in_an_earlier_episode_is_old_in_every_manner_of_playing() -> None:
    flags: list[bool] = []

    def f(context: Any) -> Steps:
        first, second = context.call_activity("a"), context.call_activity("b")
        yield context.task_any([first, second])
        yield second
        yield first
        flags.append(context.is_replaying)

    rehearsal = Rehearsal(f)
    rehearsal.tell(done(0))
    flags.clear()
    rehearsal.tell(done(1))

    assert flags == [True, True, True]


def test_shows_the_events_it_was_told() -> None:
    seen: list[list[int]] = []

    def f(context: Any) -> Steps:
        yield context.call_activity("a")
        seen.append([event.event_type for event in context.histories])

    Rehearsal(f).tell(done(0))
    kept, replayed, by_sdk = seen

    assert kept == [12, 0, 12, 5]
    assert replayed == by_sdk == [12, 0, 4, 13, 12, 5]
