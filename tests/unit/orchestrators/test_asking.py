"""How calls reach agents and come back."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from dirigent.domain.outcomes import Category, Done, Failed, Failure, Outcome
from dirigent.domain.runs import StartRun
from dirigent.domain.waves import Call
from orchestrators.asking import asking

Rehearse = Callable[[Callable[[str, Any], Outcome]], Any]
LATER = datetime(2030, 1, 1, 1, tzinfo=UTC)
DIED = "the activity 'ask_agent' died; the app's log says of what"
BUSY = Failed(failure=Failure(category=Category.TRANSIENT, message="busy"))


def calls(start: StartRun) -> tuple[Call, ...]:
    return tuple(Call(step=step) for step in start.plan)


def test_one_call_is_one_activity(start: StartRun, rehearse: Rehearse) -> None:
    context = rehearse(lambda *_: Done())

    assert context.play(asking(context, start, calls(start)[:1], LATER)) == (Done(),)
    assert ([name for name, _ in context.calls], context.timers) == (["ask_agent"], [])


def test_outcomes_stand_in_the_order_of_the_calls(start: StartRun, rehearse: Rehearse) -> None:
    no = Failed(failure=Failure(category=Category.PERMANENT, message="no"))
    context = rehearse(lambda _, order: Done() if order["step"] == "two" else no)

    assert context.play(asking(context, start, calls(start), LATER)) == (no, Done())


def test_waits_in_a_timer_before_it_asks_again(start: StartRun, rehearse: Rehearse) -> None:
    context = rehearse(lambda _, order: Done() if order["attempt"] == 3 else BUSY)

    assert context.play(asking(context, start, calls(start)[:1], LATER)) == (Done(),)
    assert len(context.timers) == 2
    assert [told["waits"][0]["because"] for told in context.told] == ["busy", "busy"]
    assert [order["attempt"] for _, order in context.calls] == [1, 2, 3]


def test_an_activity_that_dies_is_asked_again(start: StartRun, rehearse: Rehearse) -> None:
    deaths = iter([True, False, False])

    def answer(_: str, order: Any) -> Outcome:
        if order["step"] == "one" and next(deaths):
            raise ConnectionError("worker gone")
        return Done()

    context = rehearse(answer)

    assert context.play(asking(context, start, calls(start), LATER)) == (Done(), Done())
    assert [order["step"] for _, order in context.calls] == ["one", "two", "one"]


def test_one_that_dies_every_time_is_given_up(start: StartRun, rehearse: Rehearse) -> None:
    def answer(_: str, order: Any) -> Outcome:
        raise ConnectionError("worker gone")

    context = rehearse(answer)
    [outcome] = context.play(asking(context, start, calls(start)[:1], LATER))

    assert outcome == Failed(failure=Failure(category=Category.TRANSIENT, message=DIED), attempts=3)
