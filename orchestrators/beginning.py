"""The beginning of a run: what it was started with."""

from dirigent import codec
from dirigent.domain.runs import StartRun
from dirigent.ports.orchestration import Context


class CopyRefused(Exception):
    """The instance was restarted under another id: two instances would do one run's work."""

    def __init__(self, run: str) -> None:
        self.run = run
        super().__init__(
            f"This is a copy of the run {run!r} under another id, and a run is not done twice: "
            "start a new run with the same input instead."
        )


def begun(context: Context) -> StartRun:
    """What the run was started with."""
    start = codec.decode(StartRun, context.get_input())
    if context.instance_id != start.run:
        raise CopyRefused(start.run)
    return start
