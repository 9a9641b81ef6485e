"""The end of a run that could not do what it was for."""

from datetime import timedelta

from msgspec import UNSET

from dirigent import codec
from dirigent.domain.outcomes import Done, Failed
from dirigent.domain.passages import Passage
from dirigent.domain.patterns import Settled
from dirigent.domain.runs import CloseRun, StartRun
from dirigent.ports.orchestration import Context, Steps
from orchestrators.hearing import now, outcome_of

#: Seconds before each further attempt to write the end down; the task's view tells it without, too.
PAUSES = (5, 20, 60, 300)
#: The same of a run that an event started: with its end it leaves the event behind as a dead letter, and
#: nobody knows its id who could ask for it. Then every hour, for three days.
EVENT_PAUSES = (*PAUSES, 900, *[3600] * 72)


class RunFailed(Exception):
    """The run ended without what it was for; Durable, too, must say Failed."""

    def __init__(self, step: str | None, failed: Failed) -> None:
        failure = failed.failure
        where = "the run" if step is None else f"step {step!r}"
        super().__init__(f"{where} failed ({failure.category}): {failure.message}")


def closing(context: Context, start: StartRun, settled: Settled, admission: Passage | None = None) -> Steps:
    """Write the failure down, then raise it."""
    failed, step = settled.failed, settled.step
    if failed is None:
        raise ValueError(f"The run {start.run!r} has not failed.")
    order = codec.encode(
        CloseRun(
            opening=start.brief(), failed=failed, step=step, admission=admission, turnout=settled.turnout
        )
    )
    is_events = start.origin is not UNSET and start.parent is None
    for pause in (*(EVENT_PAUSES if is_events else PAUSES), None):
        outcome = yield from outcome_of(context.call_activity("close_run", order), "close_run")
        if isinstance(outcome, Done) or pause is None:
            break
        yield context.create_timer(now(context) + timedelta(seconds=pause))
    raise RunFailed(step, failed)
