"""Managers and workers: each manager merges what its team brings, and brings that to its own manager."""

from dirigent.domain.gatherings import Gathering
from dirigent.ports.orchestration import Context, Steps
from orchestrators.conducting import conducting


def hierarchy(context: Context) -> Steps:
    """A branch that fails is named up to the top, and holds up nobody else's."""
    return (yield from conducting(context, Gathering.of))
