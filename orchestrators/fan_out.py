"""Fan-out and fan-in: all branches at once, then one step puts together what they brought."""

from dirigent.domain.gatherings import Gathering
from dirigent.ports.orchestration import Context, Steps
from orchestrators.conducting import conducting


def fan_out(context: Context) -> Steps:
    """What is there at the deadline is the result, and it says what is missing."""
    return (yield from conducting(context, Gathering.of))
