"""A vote: all are asked the same, and enough of them decide."""

from dirigent.domain.votings import Voting
from dirigent.ports.orchestration import Context, Steps
from orchestrators.conducting import conducting


def quorum(context: Context) -> Steps:
    """It is decided as soon as nobody who is still to answer can change it; they are not waited for."""
    return (yield from conducting(context, Voting.of))
