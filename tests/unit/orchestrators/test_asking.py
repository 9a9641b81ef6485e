"""How calls reach agents and come back."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec.structs import replace

from dirigent import codec
from dirigent.domain.breakers import BreakerRules
from dirigent.domain.outcomes import Category, Done, Failed, Failure, Outcome
from dirigent.domain.patterns import Abreast
from dirigent.domain.pendings import MOST_UNBEGUN, Call
from dirigent.domain.retries import RetryPolicy
from dirigent.domain.runs import StartRun, Substitute
from dirigent.domain.windows import Limits
from dirigent.ports.orchestration import Steps
from orchestrators.asking import asking
from orchestrators.gates import SILENT

Rehearse = Callable[..., Any]
LATER = datetime(2030, 1, 1, 1, tzinfo=UTC)
DIED = "the activity 'ask_agent' died; the app's log says of what"
BUSY = Failed(failure=Failure(category=Category.TRANSIENT, message="busy"))
ILL = Failed(failure=Failure(category=Category.TRANSIENT, message="ill"), is_theirs=True)
AT_ONCE = RetryPolicy(initial_delay=0.1)
MODEL = Substitute(agent="writer", home="gpt", deployment="mini", timeout=20)
AGENT = Substitute(agent="reserve", home="mini", deployment="mini", timeout=10)
VALUE = Substitute(timeout=30)


def abreast(context: Any, start: StartRun, calls: tuple[Call, ...], deadline: datetime, *more: Any) -> Steps:
    """The outcomes of calls that go out together."""
    pattern = yield from asking(context, start, Abreast(ready=calls), deadline, *more)
    return pattern.outcomes


def calls(start: StartRun) -> tuple[Call, ...]:
    return tuple(Call(step=step) for step in start.plan)


def test_one_call_is_one_activity(start: StartRun, rehearse: Rehearse) -> None:
    context = rehearse(lambda *_: Done())

    assert context.play(abreast(context, start, calls(start)[:1], LATER)) == (Done(),)
    assert ([name for name, _ in context.calls], context.timers) == (["ask_agent"], [])


def test_outcomes_stand_in_the_order_of_the_calls(start: StartRun, rehearse: Rehearse) -> None:
    no = Failed(failure=Failure(category=Category.PERMANENT, message="no"))
    context = rehearse(lambda _, order: Done() if order["step"] == "two" else no)

    assert context.play(abreast(context, start, calls(start), LATER)) == (no, Done())


def test_waits_in_a_timer_before_it_asks_again(start: StartRun, rehearse: Rehearse) -> None:
    context = rehearse(lambda _, order: Done() if order["attempt"] == 3 else BUSY)

    assert context.play(abreast(context, start, calls(start)[:1], LATER)) == (Done(),)
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

    assert context.play(abreast(context, start, calls(start), LATER)) == (Done(), Done())
    assert [order["step"] for _, order in context.calls] == ["one", "two", "one"]


def test_one_that_dies_every_time_is_given_up(start: StartRun, rehearse: Rehearse) -> None:
    def answer(_: str, order: Any) -> Outcome:
        raise ConnectionError("worker gone")

    context = rehearse(answer)
    [outcome] = context.play(abreast(context, start, calls(start)[:1], LATER))

    assert outcome == Failed(failure=Failure(category=Category.TRANSIENT, message=DIED), attempts=3)


def of_one(start: StartRun, fallback: Substitute | None = None) -> StartRun:
    return replace(start, plan=(replace(start.plan[0], fallback=fallback),))


def test_a_guarded_call_is_a_question_an_activity_and_a_signal(guarded: StartRun, rehearse: Rehearse) -> None:
    context = rehearse(lambda *_: Done())

    assert context.play(abreast(context, guarded, calls(guarded)[:1], LATER)) == (Done(),)
    assert [(gate, operation) for gate, operation, _ in context.asked] == [("deployment@gpt", "permit")]
    assert [(gate, operation) for gate, operation, _ in context.signals] == [("deployment@gpt", "settle")]
    assert ([name for name, _ in context.calls], context.timers) == (["ask_agent"], [])


def test_each_wave_asks_and_settles_anew(guarded: StartRun, rehearse: Rehearse) -> None:
    context = rehearse(lambda _, order: Done() if order["attempt"] == 3 else BUSY)

    assert context.play(abreast(context, guarded, calls(guarded), LATER)) == (Done(), Done())
    # Two together, then each again, twice, when its own time has come; a failure is told at once.
    assert (len(context.asked), len(context.signals), len(context.calls)) == (5, 6, 6)


def test_waits_where_a_window_is_full_and_says_so(guarded: StartRun, rehearse: Rehearse) -> None:
    context = rehearse(lambda *_: Done(), calls=Limits(burst=None, minute=1, hour=None, day=None))

    assert context.play(abreast(context, guarded, calls(guarded), LATER)) == (Done(), Done())
    assert [order["step"] for _, order in context.calls] == ["one", "two"]
    assert len(context.timers) == 1
    [told] = context.told
    assert told["waits"][0]["step"] == "two"
    assert told["waits"][0]["because"] == "the agent 'writer' has had its only call of any minute"


def test_a_dependency_that_failed_too_often_is_left_alone_until_it_is_well(
    guarded: StartRun, rehearse: Rehearse
) -> None:
    ill_until = LATER.replace(hour=0, minute=1)

    def answer(*_: Any) -> Outcome:
        return Done() if context.now() >= ill_until else ILL

    context = rehearse(answer, breakers={"gpt": BreakerRules(failures=2)})
    patient = replace(guarded, plan=tuple(replace(step, retry=AT_ONCE) for step in guarded.plan))

    assert context.play(abreast(context, patient, calls(patient), LATER)) == (Done(), Done())
    # Two that open the circuit and, when it has cooled, two that go well, one as the trial.
    assert len(context.calls) == 4
    passages = [order["passage"] for _, order in context.calls]
    assert [passage["state"] for passage in passages] == ["closed", "closed", "half_open", "closed"]
    assert passages[2]["refusals"][0]["why"] == "open"


@pytest.mark.parametrize("fallback", [MODEL, AGENT, VALUE])
def test_the_fallback_answers_at_once_where_the_circuit_is_open(
    guarded: StartRun, rehearse: Rehearse, fallback: Substitute
) -> None:
    context = rehearse(
        lambda _, order: Done(is_degraded=True) if "instead_of" in order else ILL,
        breakers={"gpt": BreakerRules(failures=1)},
    )
    start = of_one(guarded, fallback)
    [outcome] = context.play(abreast(context, start, calls(start), LATER))

    assert outcome == Done(is_degraded=True)
    assert [order["attempt"] for _, order in context.calls] == [1, 2]
    assert context.calls[1][1]["instead_of"]["message"] == (
        "the circuit of the deployment 'gpt' is open: it failed too often in a row"
    )


def test_tells_both_failures_where_the_fallback_fails_too(guarded: StartRun, rehearse: Rehearse) -> None:
    no = Failed(failure=Failure(category=Category.PERMANENT, message="no"), is_theirs=True)
    context = rehearse(lambda *_: no)
    start = of_one(guarded, AGENT)
    [outcome] = context.play(abreast(context, start, calls(start), LATER))

    assert outcome.failure == Failure(
        category=Category.PERMANENT, message="no; it stood in because of this: no"
    )
    assert outcome.attempts == 2


def test_nobody_goes_ahead_where_a_gate_never_answers(guarded: StartRun, rehearse: Rehearse) -> None:
    context = rehearse(lambda *_: Done())
    context.remembered["deployment@gpt"] = {"seen": "yesterday"}
    outcomes = context.play(abreast(context, guarded, calls(guarded), LATER))

    assert [outcome.failure for outcome in outcomes] == [SILENT, SILENT]
    assert (context.calls, context.signals) == ([], [])
    assert len(context.asked) <= 2 * (MOST_UNBEGUN + 1)


def test_a_gate_that_answers_again_lets_it_go_on(guarded: StartRun, rehearse: Rehearse) -> None:
    context = rehearse(lambda *_: Done())
    context.remembered["deployment@gpt"] = {"seen": "yesterday"}
    steps = abreast(context, guarded, calls(guarded)[:1], LATER)
    context.play(until_timer(steps))
    del context.remembered["deployment@gpt"]

    assert context.play(steps) == (Done(),)


def test_a_pause_that_a_provider_asked_for_holds_for_others(guarded: StartRun, rehearse: Rehearse) -> None:
    busy = Failed(
        failure=Failure(category=Category.RATE_LIMIT, message="busy", retry_after=40), is_theirs=True
    )
    first = rehearse(lambda *_: busy)
    impatient = replace(guarded, plan=(replace(guarded.plan[0], retry=RetryPolicy(max_attempts=1)),))
    first.play(abreast(first, impatient, calls(impatient), LATER))
    second = rehearse(lambda *_: Done())
    second.remembered = first.remembered

    assert second.play(abreast(second, guarded, calls(guarded)[:1], LATER)) == (Done(),)
    assert (second.now() - first.now()).total_seconds() >= 40


def until_timer(steps: Steps) -> Steps:
    """The steps up to their first timer."""
    task = next(steps)
    while task.until is None:
        try:
            result = yield task
        except codec.Undecodable as error:
            task = steps.throw(error)
        else:
            task = steps.send(result)
