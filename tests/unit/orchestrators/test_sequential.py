"""How a chain runs."""

from collections.abc import Callable
from typing import Any

import pytest

from dirigent import codec
from dirigent.domain.outcomes import Category, Done, Failed, Failure, Outcome
from dirigent.domain.runs import StartRun
from orchestrators.closing import RunFailed
from orchestrators.sequential import sequential

Rehearse = Callable[[Callable[[str, Any], Outcome]], Any]
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
