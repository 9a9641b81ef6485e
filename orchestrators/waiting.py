"""Waiting, for all to see: by a timer, after telling what for and why."""

import json
from datetime import datetime

from msgspec.structs import replace

from dirigent import codec
from dirigent.domain.outcomes import Done, Missing
from dirigent.domain.runs import OpenRun, StartRun
from dirigent.domain.waves import Wait
from dirigent.ports.orchestration import Context, Steps
from orchestrators.hearing import outcome_of

#: At once, one after another: a run that waits is not to wait for its record, too.
TRIES = 3
MOST_TOLD = 20
#: Durable takes 16 KB of what a run says of itself, two bytes for each character of its JSON text.
LONGEST = 7_500


def waiting(context: Context, due: datetime, waits: tuple[Wait, ...]) -> Steps:
    """Return when it is due."""
    tell(context, waits)
    yield context.create_timer(due)


def tell(context: Context, waits: tuple[Wait, ...], lost: tuple[Missing, ...] = ()) -> None:
    """Let whoever looks at the run see what it waits for, and what it has given up."""
    told = {"waits": codec.encode(waits)}
    if lost:
        told["missing"] = codec.encode(lost[-MOST_TOLD:])
    # Whatever is too long would be refused, and the run with it.
    for key in ("missing", "waits"):
        while told.get(key) and len(json.dumps(told)) > LONGEST:
            told[key] = told[key][1:]
    context.set_custom_status(told)


def listed(context: Context, start: StartRun) -> Steps:
    """Have a record of a run that cannot begin yet, for lists show records; whether there is one now."""
    order = codec.encode(OpenRun(opening=replace(start, plan=())))
    for _ in range(TRIES):
        outcome = yield from outcome_of(context.call_activity("open_run", order), "open_run")
        if isinstance(outcome, Done):
            return True
    # The next wait tries again, and the first step opens the record in the end.
    return False
