"""The chain: one step after another."""

from datetime import timedelta

from dirigent.domain.outcomes import Failed
from dirigent.domain.sequences import Sequence, Settled
from dirigent.ports.orchestration import Context, Steps
from orchestrators.asking import asking
from orchestrators.beginning import begun
from orchestrators.closing import closing
from orchestrators.gates import admitted
from orchestrators.hearing import now


def sequential(context: Context) -> Steps:
    """Each step sees the input and what earlier steps produced; a step that is given up ends the run."""
    start = begun(context)
    admission = yield from admitted(context, start)
    if isinstance(admission, Failed):
        yield from closing(context, start, admission, None, admission.passage)
    # Counted from here, not from the acceptance: a start that was held up has its whole time.
    deadline = now(context) + timedelta(seconds=start.timeout)
    state = Sequence(start=start)
    while not isinstance(move := state.next_move(), Settled):
        [outcome] = yield from asking(context, start, (move,), deadline, admission)
        state = state.hear(outcome)
    if move.failed is not None:
        yield from closing(context, start, move.failed, move.step, admission)
    return {"task_id": start.run, "status": "completed"}
