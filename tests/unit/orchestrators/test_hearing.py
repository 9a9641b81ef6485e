"""What comes back of what was yielded."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from dirigent import codec
from dirigent.domain.outcomes import Category, Done, Failed, Failure, Usage
from orchestrators.hearing import all_done, now, outcome_of, settled

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
