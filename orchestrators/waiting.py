"""Waiting, for all to see: by a timer, after telling what for and why."""

from datetime import datetime

from msgspec.structs import replace

from dirigent import codec
from dirigent.domain.outcomes import Done
from dirigent.domain.runs import OpenRun, StartRun
from dirigent.domain.waves import Wait
from dirigent.ports.orchestration import Context, Steps
from orchestrators.hearing import outcome_of

#: At once, one after another: a run that waits is not to wait for its record, too.
TRIES = 3


def waiting(context: Context, due: datetime, waits: tuple[Wait, ...]) -> Steps:
    """Return when it is due."""
    context.set_custom_status({"waits": codec.encode(waits)})
    yield context.create_timer(due)


def listed(context: Context, start: StartRun) -> Steps:
    """Have a record of a run that cannot begin yet, for lists show records; whether there is one now."""
    order = codec.encode(OpenRun(opening=replace(start, plan=())))
    for _ in range(TRIES):
        outcome = yield from outcome_of(context.call_activity("open_run", order), "open_run")
        if isinstance(outcome, Done):
            return True
    # The next wait tries again, and the first step opens the record in the end.
    return False
