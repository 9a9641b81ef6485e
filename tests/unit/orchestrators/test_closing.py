"""How a run ends that could not do what it was for."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from dirigent import codec
from dirigent.domain.events import Origin
from dirigent.domain.outcomes import Category, Done, Failed, Failure, Outcome
from dirigent.domain.passages import Level, Passage
from dirigent.domain.patterns import Settled
from dirigent.domain.runs import CloseRun, StartRun
from orchestrators.closing import PAUSES, RunFailed, closing

Rehearse = Callable[[Callable[[str, Any], Outcome]], Any]
NO = Failed(failure=Failure(category=Category.TIMEOUT, message="late"))


def test_tries_again_to_write_the_end_down(start: StartRun, rehearse: Rehearse) -> None:
    answers: Iterator[Outcome] = iter([NO, NO, Done()])
    context = rehearse(lambda *_: next(answers))

    with pytest.raises(RunFailed, match="the run failed"):
        context.play(closing(context, start, Settled(failed=NO)))
    assert ([name for name, _ in context.calls], len(context.timers)) == (["close_run"] * 3, 2)


def test_ends_even_if_the_end_cannot_be_written_down(start: StartRun, rehearse: Rehearse) -> None:
    context = rehearse(lambda *_: NO)

    with pytest.raises(RunFailed):
        context.play(closing(context, start, Settled(failed=NO, step="one")))
    assert len(context.timers) == len(PAUSES)


def test_what_an_event_started_is_written_down_after_an_outage_of_a_day(
    start: StartRun, rehearse: Rehearse
) -> None:
    origin = Origin(
        subscription="s", topic="t", type="T", event="e", correlation_id="e", enqueued_at=start.created_at
    )
    context = rehearse(lambda *_: Done() if len(context.timers) == 28 else NO)

    with pytest.raises(RunFailed):
        context.play(closing(context, replace(start, origin=origin), Settled(failed=NO)))
    assert context.timers[-1] - context.timers[0] > timedelta(hours=23)


def test_tells_the_record_how_the_run_was_admitted(start: StartRun, rehearse: Rehearse) -> None:
    context = rehearse(lambda *_: Done())
    admission = Passage(level=Level.ACCOUNT, key="a", refused=2, waited=3.5)

    with pytest.raises(RunFailed):
        context.play(closing(context, start, Settled(failed=NO), admission))
    [(_, order)] = context.calls
    assert codec.decode(CloseRun, order).admission == admission
