"""An orchestrator that takes other steps than its history tells is stopped; the first of them is named."""

from collections.abc import Callable, Generator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from azure.durable_functions import EntityId, RetryOptions

from devhost.engine import history
from devhost.engine.messages import Diverged, Episode, Event, ScheduleActivity, Turn
from devhost.functions.durable_replay import play

Steps = Generator[Any, Any, Any]
Task = Callable[[Any], Any]

START = datetime(2030, 1, 1, tzinfo=UTC)
WHEN = history.stamp(START)
COUNTER = EntityId("counter", "k")
OPENING = [
    history.orchestrator_started(WHEN),
    history.execution_started(
        WHEN, name="f", version="", input_json=None, instance_id="i", execution_id="e", parent=None
    ),
]


def scheduled(number: int, name: str) -> Event:
    return history.task_scheduled(WHEN, number, name=name, input_json="null")


def timed(number: int) -> Event:
    return history.timer_created(WHEN, number, WHEN)


def started(number: int, name: str) -> Event:
    return history.child_created(WHEN, number, name=name, instance_id="c", version="", input_json=None)


def sent(number: int, operation: str) -> Event:
    request: dict[str, object] = {"op": operation, "id": f"guid-{number}"}
    return history.event_sent(WHEN, number, target="@counter@k", request=request)


def replayed(function: Callable[[Any], Any], *past: Event) -> Turn:
    """What comes of the function after a past that began with these events."""
    news = [history.orchestrator_started(WHEN)]
    episode = Episode(
        instance_id="i",
        name="f",
        parent_instance_id=None,
        input_json=None,
        past=[*OPENING, *past, history.orchestrator_completed(WHEN)],
        news=news,
        commands_so_far=0,
    )
    return play(function, None, episode)


def difference(function: Callable[[Any], Any], *past: Event) -> tuple[str, str, str]:
    """Which step differs, what it was and what it is now."""
    turn = replayed(function, *past)
    assert isinstance(turn.outcome, Diverged), turn
    assert (turn.commands, turn.held, turn.waits) == ((), None, {})
    told = turn.outcome.error.removeprefix("Non-Deterministic workflow detected: step ")
    step, _, rest = told.partition(" was ")
    then, _, rest = rest.partition(" when the orchestrator first ran, replayed it is ")
    return step, then, rest.partition(". Orchestrators must")[0]


def call(name: str) -> Task:
    return lambda context: context.call_activity(name)


def nap(context: Any) -> Any:
    return context.create_timer(START + timedelta(hours=1))


def child(context: Any) -> Any:
    return context.call_sub_orchestrator("s")


def ask(context: Any) -> Any:
    return context.call_entity(COUNTER, "get")


THINGS: list[tuple[Task, Event, str]] = [
    (call("a"), scheduled(0, "a"), "activity 'a'"),
    (call("b"), scheduled(0, "b"), "activity 'b'"),
    (nap, timed(0), "a timer"),
    (child, started(0, "s"), "sub-orchestration 's'"),
    (ask, sent(0, "get"), "entity operation 'get' on @counter@k"),
]


@pytest.mark.parametrize("now", range(len(THINGS)))
@pytest.mark.parametrize("then", range(len(THINGS)))
def test_names_a_step_that_became_another(then: int, now: int) -> None:
    task, _, new = THINGS[now]
    _, event, old = THINGS[then]

    def f(context: Any) -> Steps:
        yield task(context)

    if then == now:
        assert replayed(f, event).outcome is None
    else:
        assert difference(f, event) == ("1", old, new)


def test_names_the_first_of_many_differences() -> None:
    def f(context: Any) -> Steps:
        yield context.task_all([context.call_activity(name) for name in ("a", "X", "Y")])

    past = [scheduled(number, name) for number, name in enumerate("abc")]

    assert difference(f, *past) == ("2", "activity 'b'", "activity 'X'")


def test_names_a_step_that_is_no_longer_taken() -> None:
    def f(context: Any) -> Steps:
        yield context.call_activity("a")
        yield context.wait_for_external_event("E")

    past = [scheduled(0, "a"), history.task_completed(WHEN, 0, None), scheduled(1, "b")]

    assert difference(f, *past) == ("2", "activity 'b'", "nothing")


def test_names_a_step_that_was_not_taken() -> None:
    def f(context: Any) -> Steps:
        context.signal_entity(COUNTER, "add")
        yield context.call_activity("a")

    assert difference(f, sent(0, "add")) == ("2", "nothing", "activity 'a'")


def test_names_a_step_taken_before_another() -> None:
    def f(context: Any) -> Steps:
        yield context.task_all([context.call_activity("b"), context.call_activity("a")])

    assert difference(f, scheduled(0, "a"), scheduled(1, "b")) == ("1", "activity 'a'", "activity 'b'")


def test_names_the_step_where_an_answer_is_not_what_the_sdk_expects() -> None:
    def f(context: Any) -> Steps:
        yield context.call_entity(COUNTER, "get")

    past = [scheduled(0, "a"), history.task_completed(WHEN, 0, "5")]

    assert difference(f, *past)[:2] == ("1", "activity 'a'")


def test_tells_an_operation_from_another() -> None:
    def f(context: Any) -> Steps:
        yield context.call_entity(EntityId("counter", "other"), "get")

    assert difference(f, sent(0, "get"))[2] == "entity operation 'get' on @counter@other"


def test_names_an_end_where_it_waited() -> None:
    def f(context: Any) -> Steps:
        yield context.call_activity("a")
        return 1

    past = [scheduled(0, "a"), history.task_completed(WHEN, 0, None)]

    assert difference(f, *past) == ("2", "a wait", "its end (Completed)")


def test_names_a_failure_where_it_waited() -> None:
    def f(context: Any) -> Steps:
        yield context.call_activity("a")
        raise KeyError

    past = [scheduled(0, "a"), history.task_completed(WHEN, 0, None)]

    assert difference(f, *past) == ("2", "a wait", "its end (Failed)")


def test_names_a_new_beginning_where_it_waited() -> None:
    def f(context: Any) -> Any:
        context.continue_as_new(1)

    assert difference(f) == ("1", "a wait", "its end (ContinuedAsNew)")


def test_names_a_retry_that_is_gone() -> None:
    def f(context: Any) -> Steps:
        yield context.call_activity_with_retry("a", RetryOptions(1000, 2))

    def g(context: Any) -> Steps:
        yield context.task_any([context.call_activity("a"), context.wait_for_external_event("E")])
        yield context.wait_for_external_event("E")

    past = [scheduled(0, "a"), history.task_failed(WHEN, 0, reason="no", details=""), timed(1)]

    assert replayed(f, *past).outcome is None
    assert difference(g, *past) == ("2", "a timer", "nothing")


def test_says_what_orchestrators_must_not_do() -> None:
    def f(context: Any) -> Steps:
        yield context.call_activity("b")

    outcome = replayed(f, scheduled(0, "a")).outcome

    assert isinstance(outcome, Diverged)
    assert "no clock, random number, environment or I/O decides in them" in outcome.error
    assert outcome.error.endswith("(end them, or give the changed orchestrator a new name or version).")


def test_takes_no_offence_at_another_spelling_or_input() -> None:
    def f(context: Any) -> Steps:
        yield context.call_activity("SEND_mail", {"other": "input"})

    assert replayed(f, scheduled(0, "Send_Mail")).outcome is None


def test_does_nothing_new_before_the_past_is_compared() -> None:
    def f(context: Any) -> Steps:
        yield context.call_activity("a")
        yield context.call_activity("b")

    turn = replayed(f, scheduled(0, "a"), history.task_completed(WHEN, 0, None), scheduled(1, "b"))
    assert (turn.outcome, turn.commands) == (None, ())

    episode = Episode(
        instance_id="i",
        name="f",
        parent_instance_id=None,
        input_json=None,
        past=[*OPENING, scheduled(0, "a")],
        news=[history.orchestrator_started(WHEN), history.task_completed(WHEN, 0, None)],
        commands_so_far=1,
    )
    assert play(f, None, episode).commands == (ScheduleActivity(id=1, name="b", input_json="null"),)
