"""A run from its beginning to its end, whatever its pattern."""

from collections.abc import Callable
from datetime import datetime, timedelta

from dirigent import codec
from dirigent.domain.outcomes import Done, Failed
from dirigent.domain.passages import Passage
from dirigent.domain.patterns import Pattern, Settled
from dirigent.domain.runs import OpenRun, StartRun
from dirigent.ports.orchestration import Context, Steps
from orchestrators.asking import asking
from orchestrators.beginning import begun
from orchestrators.closing import PAUSES, closing
from orchestrators.gates import admitted
from orchestrators.hearing import now, outcome_of


def conducting(context: Context, first: Callable[[StartRun, datetime], Pattern]) -> Steps:
    """Have the run done by the pattern whose first state that is; a run that is given up raises."""
    start = begun(context)
    admission = None if start.parent is not None else (yield from admitted(context, start))
    if isinstance(admission, Failed):
        yield from closing(context, start, Settled(failed=admission), admission.passage)
    # Counted from here, not from the acceptance: a start that was held up has its whole time.
    deadline = now(context) + timedelta(seconds=start.timeout)
    if start.parent is not None:
        deadline = min(deadline, start.parent.until)
    if not start.opens_with_step:
        opened = yield from _opened(context, start, admission)
        if isinstance(opened, Failed):
            yield from closing(context, start, Settled(failed=opened), admission)
        start = start.only(opened.told)
    pattern = yield from asking(context, start, first(start, now(context)), deadline, admission)
    settled: Settled = pattern.settled
    if settled.failed is not None:
        yield from closing(context, start, settled, admission)
    told = {"task_id": start.run, "status": "completed"}
    return told if start.parent is None else told | {"outcome": codec.encode(settled.done)}


def _opened(context: Context, start: StartRun, admission: Passage | None) -> Steps:
    """Whether there is a record now, or why there is none."""
    order = codec.encode(OpenRun(opening=start.brief(), is_begun=True, admission=admission))
    for pause in (*PAUSES, None):
        outcome = yield from outcome_of(context.call_activity("open_run", order), "open_run")
        if isinstance(outcome, Done) or not outcome.failure.is_passing or pause is None:
            return outcome
        yield context.create_timer(now(context) + timedelta(seconds=pause))
    return None
