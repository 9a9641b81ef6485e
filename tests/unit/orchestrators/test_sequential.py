"""How a chain runs."""

from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from dirigent import codec
from dirigent.domain.breakers import State
from dirigent.domain.outcomes import Category, Done, Failed, Failure
from dirigent.domain.passages import Level, Passage
from dirigent.domain.runs import CloseRun, StartRun
from dirigent.domain.windows import Limits
from orchestrators.closing import RunFailed
from orchestrators.sequential import sequential

Rehearse = Callable[..., Any]
NO = Failed(failure=Failure(category=Category.PERMANENT, message="agent 'a': no"))


def test_runs_step_after_step(start: StartRun, rehearse: Rehearse) -> None:
    context = rehearse(lambda *_: Done())
    context.given = codec.encode(start)

    assert context.play(sequential(context)) == {"task_id": "run", "status": "completed"}
    assert [(name, order["step"]) for name, order in context.calls] == [
        ("ask_agent", "one"),
        ("ask_agent", "two"),
    ]


def test_a_step_that_is_given_up_fails_the_run_and_is_written_down(
    start: StartRun, rehearse: Rehearse
) -> None:
    context = rehearse(lambda name, _: Done() if name == "close_run" else NO)
    context.given = codec.encode(start)

    with pytest.raises(RunFailed, match=r"step 'one' failed \(PERMANENT\): agent 'a': no"):
        context.play(sequential(context))
    assert [name for name, _ in context.calls] == ["ask_agent", "close_run"]


def test_a_guarded_run_is_admitted_once_and_each_step_is_permitted(
    guarded: StartRun, rehearse: Rehearse
) -> None:
    context = rehearse(lambda *_: Done())
    context.given = codec.encode(guarded)

    assert context.play(sequential(context)) == {"task_id": "run", "status": "completed"}
    assert [(gate, operation) for gate, operation, _ in context.asked] == [
        ("account@a", "admit"),
        ("deployment@gpt", "permit"),
        ("deployment@gpt", "permit"),
    ]
    assert [operation for _, operation, _ in context.signals] == ["settle", "settle"]
    [first, second] = [order for _, order in context.calls]
    assert codec.decode(Passage, first["admission"]) == Passage(level=Level.ACCOUNT, key="a")
    assert "admission" not in second


def test_a_run_that_is_not_admitted_fails_and_tells_how_far_it_came(
    guarded: StartRun, rehearse: Rehearse
) -> None:
    context = rehearse(lambda *_: Done(), starts=Limits(burst=None, minute=0, hour=None, day=None))
    context.given = codec.encode(guarded)

    with pytest.raises(RunFailed, match=r"the run failed \(RATE_LIMIT\): the account 'a' has had all its 0"):
        context.play(sequential(context))
    [(name, order)] = context.calls
    assert (name, order["failed"]["attempts"], "step" in order) == ("close_run", 0, False)
    assert order["admission"] == order["failed"]["passage"]
    assert (order["admission"]["level"], order["admission"]["refused"]) == ("account", 1)


def test_a_run_refused_for_long_says_when_to_come_back(guarded: StartRun, rehearse: Rehearse) -> None:
    context = rehearse(lambda *_: Done(), starts=Limits(burst=None, minute=None, hour=1, day=None))
    context.given = codec.encode(guarded)
    context.play(sequential(context))

    with pytest.raises(RunFailed, match="RATE_LIMIT"):
        context.play(sequential(context))
    [_, _, (_, order)] = context.calls
    assert 3_600 <= order["failed"]["failure"]["retry_after"] <= 3_600 * 1.05


def test_waiting_to_be_admitted_is_not_taken_off_the_runs_time(guarded: StartRun, rehearse: Rehearse) -> None:
    context = rehearse(lambda *_: Done(), starts=Limits(burst=None, minute=1, hour=None, day=None))
    context.given = codec.encode(replace(guarded, timeout=10.0))
    context.play(sequential(context))

    assert context.play(sequential(context)) == {"task_id": "run", "status": "completed"}
    assert len(context.timers) == 1
    assert context.calls[2][1]["admission"]["refused"] == 1


def test_closing_is_told_how_the_run_was_admitted(guarded: StartRun, rehearse: Rehearse) -> None:
    context = rehearse(lambda name, _: Done() if name == "close_run" else NO)
    context.given = codec.encode(guarded)

    with pytest.raises(RunFailed):
        context.play(sequential(context))
    _, order = context.calls[-1]
    closed = codec.decode(CloseRun, order)
    assert closed.admission == Passage(level=Level.ACCOUNT, key="a")
    assert closed.failed.passage == Passage(level=Level.DEPLOYMENT, key="gpt", state=State.CLOSED)


def test_a_step_after_a_degraded_one_knows_it_when_it_closes(guarded: StartRun, rehearse: Rehearse) -> None:
    context = rehearse(lambda _, order: Done(is_degraded=order["step"] == "one"))
    context.given = codec.encode(guarded)
    context.play(sequential(context))

    assert [order.get("is_degraded", False) for _, order in context.calls] == [False, True]
