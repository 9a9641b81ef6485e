"""What an orchestrator asks for becomes commands, numbered as the SDK numbers its tasks."""

import json
from collections.abc import Callable, Generator, Sequence
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from azure.durable_functions import EntityId, RetryOptions
from azure.durable_functions.models.history.HistoryEvent import HistoryEvent

from devhost.engine import history
from devhost.engine.messages import (
    Command,
    Completed,
    ContinuedAsNew,
    CreateTimer,
    Episode,
    Event,
    Failed,
    ScheduleActivity,
    SendToEntity,
    StartChild,
    Turn,
)
from devhost.functions.durable_context import HostContext, HostEvent
from devhost.functions.durable_replay import play

Steps = Generator[Any, Any, Any]
Orchestrator = Callable[[Any], Any]

START = datetime(2030, 1, 1, tzinfo=UTC)
COUNTER = EntityId("Counter", "k")


def at(span: timedelta) -> str:
    return history.stamp(START + span)


def opening(version: str = "", input_json: str | None = None) -> list[Event]:
    return [
        history.orchestrator_started(at(timedelta())),
        history.execution_started(
            at(timedelta()),
            name="f",
            version=version,
            input_json=input_json,
            instance_id="i",
            execution_id="e",
            parent=None,
        ),
    ]


def played(function: Orchestrator, news: Sequence[Event], held: object | None = None) -> Turn:
    episode = Episode(
        instance_id="i",
        name="f",
        parent_instance_id=None,
        input_json=None,
        past=(),
        news=news,
        commands_so_far=0,
        held=held,
    )
    return play(function, None, episode)


def turns(function: Orchestrator, *heard: Event, every: timedelta = timedelta(minutes=1)) -> list[Turn]:
    """The first turn and one for each event, each in an episode of its own, `every` later than the last."""
    told = [played(function, opening())]
    for count, event in enumerate(heard, start=1):
        news = [history.orchestrator_started(at(count * every)), event]
        told.append(played(function, news, told[-1].held))
    return told


def commands(function: Orchestrator, *heard: Event) -> list[tuple[Command, ...]]:
    return [turn.commands for turn in turns(function, *heard)]


def done(task: int, result: Any = None) -> Event:
    return history.task_completed(at(timedelta()), task, json.dumps(result))


def failed(task: int) -> Event:
    return history.task_failed(at(timedelta()), task, reason="broken", details="")


def fired(task: int) -> Event:
    return history.timer_fired(at(timedelta()), task, at(timedelta()))


def raised(name: str, value: Any = None) -> Event:
    return history.event_raised(at(timedelta()), name, json.dumps(value))


def activity(number: int, name: str) -> ScheduleActivity:
    return ScheduleActivity(id=number, name=name, input_json="null")


def timer(number: int, span: timedelta) -> CreateTimer:
    return CreateTimer(id=number, fire_at=START + span)


@pytest.mark.parametrize(
    ("ask", "command"),
    [
        (lambda c: c.call_activity("a"), activity(0, "a")),
        (
            lambda c: c.call_activity("a", {"n": [1]}),
            ScheduleActivity(id=0, name="a", input_json='{"n": [1]}'),
        ),
        (
            lambda c: c.call_activity_with_retry("a", RetryOptions(1, 2), 5),
            ScheduleActivity(id=0, name="a", input_json="5"),
        ),
        (lambda c: c.create_timer(c.current_utc_datetime + timedelta(hours=1)), timer(0, timedelta(hours=1))),
        (lambda c: c.create_timer(START - timedelta(hours=1)), timer(0, timedelta(hours=-1))),
        (lambda c: c.call_sub_orchestrator("s"), StartChild(id=0, name="s", input_json='"null"')),
        (
            lambda c: c.call_sub_orchestrator("s", "x", instance_id="mine", version="2"),
            StartChild(id=0, name="s", input_json='"\\"x\\""', instance_id="mine", version="2"),
        ),
        (
            lambda c: c.call_sub_orchestrator_with_retry("s", RetryOptions(1, 2), {"a": 1}, "mine"),
            StartChild(id=0, name="s", input_json='"{\\"a\\": 1}"', instance_id="mine"),
        ),
        (
            lambda c: c.call_entity(COUNTER, "add", 3),
            SendToEntity(id=0, target="@counter@k", operation="add", input_json='"3"', is_signal=False),
        ),
    ],
)
def test_turns_what_is_yielded_into_a_command(ask: Callable[[Any], Any], command: Command) -> None:
    def f(context: Any) -> Steps:
        yield ask(context)

    assert commands(f) == [(command,)]


def test_takes_the_clock_face_of_a_timer_as_utc() -> None:
    def f(context: Any) -> Steps:
        yield context.create_timer(datetime(2030, 1, 1, 12, tzinfo=timezone(timedelta(hours=5))))

    assert commands(f) == [(timer(0, timedelta(hours=12)),)]


def test_numbers_a_task_when_it_is_yielded_not_when_it_is_made() -> None:
    def f(context: Any) -> Steps:
        first, second = context.call_activity("first"), context.call_activity("second")
        yield second
        yield first

    assert commands(f, done(0)) == [(activity(0, "second"),), (activity(1, "first"),)]


def test_numbers_compounds_depth_first() -> None:
    def f(context: Any) -> Steps:
        call = context.call_activity
        inner = context.task_all([call("b"), context.task_any([call("c"), call("d")])])
        yield context.task_any([call("a"), inner, context.wait_for_external_event("E"), call("e")])

    assert commands(f) == [tuple(activity(number, name) for number, name in enumerate("abcde"))]


def test_numbers_a_task_that_is_yielded_again_only_once() -> None:
    def f(context: Any) -> Steps:
        slow, quick = context.call_activity("slow"), context.call_activity("quick")
        yield context.task_any([slow, quick])
        yield context.task_any([slow, context.call_activity("third")])
        yield slow

    told = commands(f, done(1), done(2))

    assert told == [(activity(0, "slow"), activity(1, "quick")), (activity(2, "third"),), ()]


def test_numbers_a_signal_when_it_is_sent() -> None:
    def f(context: Any) -> Steps:
        task = context.call_activity("a")
        context.signal_entity(COUNTER, "add", 1)
        yield task
        context.signal_entity(COUNTER, "reset")

    signals = [
        SendToEntity(id=number, target="@counter@k", operation=name, input_json=given, is_signal=True)
        for number, name, given in ((0, "add", '"1"'), (2, "reset", '"null"'))
    ]
    assert commands(f, done(1)) == [(signals[0], activity(1, "a")), (signals[1],)]


def test_retries_after_the_same_pause_each_time() -> None:
    def f(context: Any) -> Steps:
        yield context.call_activity_with_retry("a", RetryOptions(1500, 3), 7)

    attempt = [ScheduleActivity(id=number, name="a", input_json="7") for number in range(5)]
    assert commands(f, failed(0), fired(1), failed(2), fired(3)) == [
        (attempt[0],),
        (timer(1, timedelta(minutes=1, seconds=1.5)),),
        (attempt[2],),
        (timer(3, timedelta(minutes=3, seconds=1.5)),),
        (attempt[4],),
    ]


def test_the_timer_after_the_last_attempt_delays_nobody() -> None:
    def f(context: Any) -> Steps:
        yield context.call_activity_with_retry("a", RetryOptions(60000, 1))

    told = turns(f, failed(0), fired(1))

    assert told[1].commands == (timer(1, timedelta(minutes=1)),)
    assert told[1].outcome is None
    assert told[2].outcome == Failed(error="broken \n ")


@pytest.mark.parametrize("given", [None, "mine"])
def test_starts_a_child_again_under_a_new_number(given: str | None) -> None:
    def f(context: Any) -> Steps:
        yield context.call_sub_orchestrator_with_retry("s", RetryOptions(1000, 2), 1, given)

    failure = history.child_failed(at(timedelta()), 0, "broken")
    told = commands(f, failure, fired(1))

    attempts = [StartChild(id=number, name="s", input_json='"1"', instance_id=given) for number in (0, 2)]
    assert told == [(attempts[0],), (timer(1, timedelta(minutes=1, seconds=1)),), (attempts[1],)]


def test_makes_a_chain_of_a_timer_beyond_six_days() -> None:
    def f(context: Any) -> Steps:
        yield context.create_timer(START + timedelta(days=10))

    told = turns(f, fired(0), fired(1), every=timedelta(days=3))

    assert [turn.commands for turn in told] == [
        (timer(0, timedelta(days=3)),),
        (timer(1, timedelta(days=6)),),
        (timer(2, timedelta(days=10)),),
    ]


@pytest.mark.parametrize(("seconds", "days"), [(0, 6), (1, 3)])
def test_makes_one_timer_of_up_to_six_days(seconds: int, days: int) -> None:
    def f(context: Any) -> Steps:
        yield context.create_timer(START + timedelta(days=6, seconds=seconds))

    assert commands(f) == [(timer(0, timedelta(days=days)),)]


def test_cannot_cancel_a_chain() -> None:
    def f(context: Any) -> Steps:
        long = context.create_timer(START + timedelta(days=10))
        yield context.task_any([long, context.call_activity("a")])
        long.cancel()
        yield context.call_activity("b")

    last = turns(f, done(1))[-1]

    assert last.commands == (activity(2, "b"),)
    assert last.cancelled_timers == frozenset()


def test_tells_of_a_cancelled_timer_once() -> None:
    def f(context: Any) -> Steps:
        bell = context.create_timer(START + timedelta(hours=1))
        yield context.task_any([context.call_activity("a"), bell])
        bell.cancel()
        yield context.call_activity("b")
        yield context.call_activity("c")

    told = turns(f, done(0), done(2))

    assert [turn.cancelled_timers for turn in told] == [frozenset(), {1}, frozenset()]


def test_tells_of_a_timer_cancelled_before_it_was_yielded() -> None:
    def f(context: Any) -> Steps:
        bell = context.create_timer(START + timedelta(hours=1))
        bell.cancel()
        yield context.task_any([bell, context.call_activity("a")])

    [first] = turns(f)

    assert first.commands == (timer(0, timedelta(hours=1)), activity(1, "a"))
    assert first.cancelled_timers == {0}


def test_a_timer_that_rang_is_not_cancelled() -> None:
    def f(context: Any) -> Steps:
        bell = context.create_timer(START + timedelta(minutes=1))
        yield bell
        bell.cancel()

    last = turns(f, fired(0))[-1]

    assert last.cancelled_timers == frozenset()
    assert last.outcome == Failed(error="Cannot cancel a completed task.")


def test_counts_open_waits() -> None:
    def f(context: Any) -> Steps:
        wait = context.wait_for_external_event
        yield context.task_all([wait("A"), wait("B"), wait("A")])

    told = turns(f, raised("A"), raised("B"), raised("A"))

    assert [turn.waits for turn in told] == [{"A": 2, "B": 1}, {"A": 1, "B": 1}, {"A": 1}, {}]
    assert all(turn.commands == () for turn in told)


def test_forgets_no_wait_that_was_given_up() -> None:
    def f(context: Any) -> Steps:
        yield context.task_any([context.wait_for_external_event("A"), context.call_activity("a")])
        yield context.wait_for_external_event("A")

    assert turns(f, done(0))[-1].waits == {"A": 2}


@pytest.mark.parametrize(
    ("given", "input_json"), [(None, '"null"'), (5, '"5"'), ({"a": [1]}, '"{\\"a\\": [1]}"')]
)
def test_begins_anew_with_another_input(given: Any, input_json: str) -> None:
    def f(context: Any) -> Steps:
        yield context.call_activity("a")
        context.continue_as_new(given)

    assert turns(f, done(0))[-1].outcome == ContinuedAsNew(input_json=input_json)


def test_drops_what_is_asked_for_after_continue_as_new() -> None:
    def f(context: Any) -> Steps:
        context.signal_entity(COUNTER, "before")
        context.continue_as_new(1)
        context.signal_entity(COUNTER, "after")
        context.continue_as_new(2)
        yield context.call_activity("a")

    [only] = turns(f)

    assert [getattr(command, "operation", command) for command in only.commands] == ["before"]
    assert only.outcome == ContinuedAsNew(input_json='"1"')


@pytest.mark.parametrize("together", [False, True])
def test_calls_http_as_an_activity_of_a_reserved_name(together: bool) -> None:
    def f(context: Any) -> Steps:
        call = context.call_http("POST", "http://localhost/", {"a": 1}, {"X-A": "b"})
        yield context.task_all([call]) if together else call

    [command] = turns(f)[-1].commands

    assert isinstance(command, ScheduleActivity)
    assert (command.id, command.name) == (0, "BuiltIn::HttpActivity")
    assert json.loads(command.input_json or "") == {
        "method": "POST",
        "uri": "http://localhost/",
        "content": '{"a": 1}',
        "headers": {"X-A": "b"},
    }


def test_knows_its_instance_from_the_first_line() -> None:
    seen: list[Any] = []

    def f(context: Any) -> None:
        seen.append((context.instance_id, context.parent_instance_id, context.version, context.get_input()))
        seen.append((context.current_utc_datetime, context.is_replaying, len(context.histories)))

    episode = Episode(
        instance_id="i",
        name="f",
        parent_instance_id="p",
        input_json=json.dumps(json.dumps({"a": 1})),
        past=(),
        news=opening(version="7"),
        commands_so_far=0,
    )
    play(f, None, episode)

    assert seen == [("i", "p", "7", {"a": 1}), (START, False, 2)]


class Crate:
    """What an orchestrator takes in."""

    def __init__(self, weight: int) -> None:
        self.weight = weight

    @staticmethod
    def from_json(weight: int) -> "Crate":
        return Crate(weight)


def test_reads_an_input_as_the_type_it_was_declared_with() -> None:
    context = HostContext(instance_id="i", parent_instance_id=None, input_json=json.dumps('{"a": 1}'))
    envelope = {"__class__": "Crate", "__module__": Crate.__module__, "__data__": 7}
    episode = Episode(
        instance_id="i",
        name="f",
        parent_instance_id=None,
        input_json=json.dumps(json.dumps(envelope)),
        past=(),
        news=opening(),
        commands_so_far=0,
    )

    assert context.get_input() == {"a": 1}
    turn = play(lambda context: context.get_input().weight, Crate, episode)
    assert turn.outcome == Completed(output_json="7")


def test_begins_without_any_history() -> None:
    context = HostContext(instance_id="i", parent_instance_id=None, input_json=None)

    assert context.histories == []
    assert context.get_input() is None
    assert (context.open_waits(), context.cancelled_timers()) == ({}, frozenset())


@pytest.mark.parametrize(
    "event",
    [
        done(3, {"a": 1}),
        failed(3),
        fired(3),
        raised("E", 1),
        *opening("2", '"x"'),
        done(1) | {"Timestamp": "2030-01-01T00:00:00.1234567Z"},
    ],
)
def test_an_event_looks_as_the_sdk_makes_it(event: Event) -> None:
    ours, theirs = HostEvent(event), HistoryEvent(**event)

    for name in ("event_type", "event_id", "is_played", "is_processed", "timestamp", *event):
        assert getattr(ours, name) == getattr(theirs, name, event.get(name)), name
    for name in ("Name", "InstanceId", "TaskScheduledId", "Reason", "Details", "Input"):
        assert getattr(ours, name) == getattr(theirs, name), name
