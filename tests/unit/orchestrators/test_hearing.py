"""What comes back of what was yielded."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from msgspec.structs import replace
from played_runs import asked, nested
from playhouse import Task

from dirigent import codec
from dirigent.domain.outcomes import Category, Done, Failed, Failure, Usage
from dirigent.domain.pendings import Call
from orchestrators.closing import RunFailed
from orchestrators.hearing import all_done, ended, now, outcome_of, settled, was_cut

Rehearse = Callable[..., Any]


def test_tells_the_time_in_utc_whatever_zone_the_host_names(rehearse: Rehearse) -> None:
    context = rehearse(None)
    context.current_utc_datetime = datetime(2030, 1, 1, 2, tzinfo=timezone(timedelta(hours=2)))

    assert (now(context), now(context).tzinfo) == (datetime(2030, 1, 1, tzinfo=UTC), UTC)


@pytest.mark.parametrize(
    "outcome",
    [
        Done(usage=Usage(input_tokens=1)),
        Failed(failure=Failure(category=Category.RATE_LIMIT, message="busy", retry_after=3)),
    ],
)
def test_hears_what_an_activity_returned(rehearse: Rehearse, outcome: Done | Failed) -> None:
    context = rehearse(lambda *_: outcome)

    assert context.play(outcome_of(context.call_activity("ask_agent"), "ask_agent")) == outcome


def test_an_activity_that_died_speaks_of_nobodys_health_nor_of_its_stack(rehearse: Rehearse) -> None:
    def answer(*_: Any) -> Done:
        raise ConnectionError("worker gone; the key was s3cret")

    context = rehearse(answer)
    failed = context.play(outcome_of(context.call_activity("ask_agent"), "ask_agent"))

    assert failed == Failed(
        failure=Failure(
            category=Category.TRANSIENT,
            message="the activity 'ask_agent' died; the app's log says of what",
        ),
        attempts=1,
        is_theirs=False,
    )


def test_several_tasks_are_scheduled_together(rehearse: Rehearse) -> None:
    context = rehearse(lambda *_: Done())
    tasks = {place: context.call_activity("ask_agent", place) for place in range(3)}
    yielded = next(all_done(context, tasks))

    assert yielded.parts == list(tasks.values())


@pytest.mark.parametrize("number", [0, 1])
def test_one_task_needs_no_company(rehearse: Rehearse, number: int) -> None:
    context = rehearse(lambda *_: Done())
    tasks = {place: context.call_activity("ask_agent", place) for place in range(number)}

    assert list(all_done(context, tasks)) == []


def test_one_that_fails_does_not_keep_the_others_from_being_heard(rehearse: Rehearse) -> None:
    def answer(_: str, order: Any) -> Done:
        if order == 0:
            raise ConnectionError("worker gone")
        return Done()

    context = rehearse(answer)
    tasks = {place: context.call_activity("ask_agent", place) for place in range(2)}
    context.play(all_done(context, tasks))

    assert context.play(settled(tasks[1])) == (codec.encode(Done()), None)
    assert isinstance(context.play(settled(tasks[0]))[1], ConnectionError)


FAR = Call(step=nested("far", asked("one")))
ALONE = Call(step=asked("v")[0], is_alone=True)


def told(text: str, call: Call = FAR) -> Failure:
    """Why the call failed, as its instance's failure says it."""
    outcome = ended(Task("child", is_completed=True, result=Exception(text)), call)
    assert isinstance(outcome, Failed)
    return outcome.failure


@pytest.mark.parametrize("call", [FAR, ALONE])
def test_hears_what_an_instance_brought(call: Call) -> None:
    done = Done(told="ham", usage=Usage(input_tokens=1))
    task = Task("child", is_completed=True, result={"outcome": codec.encode(done), "task_id": "r"})

    assert ended(task, call) == done


def test_hears_what_an_activity_brought() -> None:
    task = Task("activity", is_completed=True, result=codec.encode(Done(told="ham")))

    assert ended(task, replace(ALONE, is_alone=False)) == Done(told="ham")


@pytest.mark.parametrize("category", Category)
@pytest.mark.parametrize(
    "message",
    ["no", "it failed (TIMEOUT): no", "two\nlines", "step 'x' failed (NEVER): no", "a \\n b", "(: )"],
)
@pytest.mark.parametrize(
    "around",
    [
        "{}",
        "Orchestrator function 'far' failed: {}",
        "Orchestrator function 'far' failed: {} \n   at Some.Stack (line 1)",
        "Orchestrator function 'far' failed: {}\n\n$OutOfProcData$:{{\"isDone\":false}}",
    ],
)
def test_an_instance_that_failed_is_told_as_it_told_itself(
    category: Category, message: str, around: str
) -> None:
    failure = Failure(category=category, message=message)
    text = str(RunFailed("one", Failed(failure=failure)))

    assert told(around.format(text)) == failure
    assert told(around.format(str(RunFailed(None, Failed(failure=failure)))), ALONE) == failure


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("somebody had enough", "somebody had enough"),
        ("somebody had enough \n at a stack", "somebody had enough"),
        ("", "without a reason"),
        ("  ", "without a reason"),
        ("step 'x' failed (NEVER): odd", "step 'x' failed (NEVER): odd"),
        ("the other failed (RATE_LIMIT): enough", "the other failed (RATE_LIMIT): enough"),
        ("by ann: step 'x' failed (TIMEOUT): no", "by ann: step 'x' failed (TIMEOUT): no"),
        ("see\nstep 'x' failed (TIMEOUT): no", "see\nstep 'x' failed (TIMEOUT): no"),
    ],
)
def test_an_instance_that_was_ended_by_others_failed_for_good(text: str, why: str) -> None:
    assert told(text) == Failure(category=Category.PERMANENT, message=f"it was ended from outside: {why}")


def test_only_an_instance_that_did_not_end_by_itself_was_cut() -> None:
    failed = RunFailed("one", Failed(failure=Failure(category=Category.TIMEOUT, message="no")))
    results = [
        {"outcome": {}},
        Exception(f"Orchestrator function 'far' failed: {failed} \n at"),
        Exception("enough"),
        Exception(f"ended by ann: {failed}"),
    ]

    assert [was_cut(Task("child", is_completed=True, result=result)) for result in results] == [
        False,
        False,
        True,
        True,
    ]


def test_what_it_tells_may_not_be_too_long() -> None:
    assert len(told("x" * 5_000).message) == len(told("a failed (TIMEOUT): " + "x" * 5_000).message) == 1_000
