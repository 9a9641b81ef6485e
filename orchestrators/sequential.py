"""The chain: one step after another."""

from dirigent.domain.sequences import Sequence
from dirigent.ports.orchestration import Context, Steps
from orchestrators.conducting import conducting


def sequential(context: Context) -> Steps:
    """Each step sees the input and what earlier steps produced; a step that is given up ends the run."""
    return (yield from conducting(context, Sequence.of))
