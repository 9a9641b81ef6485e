"""Verdicts on messages that have come: what an event's claim, and the run behind it, leave to be started."""

from datetime import timedelta
from enum import StrEnum

from dirigent.domain.events import Replay
from dirigent.domain.runs import ENDED, Status
from dirigent.ports import Parts
from dirigent.records.claims import Claim, Standing
from triggers.instances import Instances
from triggers.reconciling import Reconciling
from triggers.starting import Starting


class Verdict(StrEnum):
    """What is left of a message to be done."""

    DONE = "done"  #: nothing: the event was handled, or another telling of it answers for it
    UNDER_WAY = "under_way"  #: nothing yet: an earlier telling has a run, which may fail
    WAIT = "wait"  #: nobody knows: somebody may be about to start the claim's run
    FREE = "free"  #: all: whoever takes the claim over starts a run


class Verdicts:
    """Judges what has come of an event so far."""

    def __init__(self, parts: Parts, starting: Starting, *, lease: timedelta) -> None:
        self._clock, self._starting, self._lease = parts.clock, starting, lease
        self._reconciling = Reconciling(parts)

    async def of(self, claim: Claim, replay: Replay | None, instances: Instances) -> Verdict:
        """The verdict on the event, or on that replay of it, where the claim stands."""
        standing = claim.standing(replay)
        if standing is Standing.NEWER:
            # It was told again since: that telling has a run, or a message on its way, or a dead letter.
            return Verdict.DONE
        if standing is Standing.SAME:
            is_known = claim.started or await self._starting.is_known(claim, instances)
            return Verdict.DONE if is_known else self._unbegun(claim)
        status = await self._status(claim, instances)
        if status is None:
            return self._unbegun(claim)
        if status in ENDED:
            return Verdict.DONE if status is Status.COMPLETED else Verdict.FREE
        # Should the run fail, it opens its own letter: that is this replay's as well, unless it is aside.
        return Verdict.DONE if standing is Standing.ASIDE else Verdict.UNDER_WAY

    def left(self, claim: Claim) -> timedelta:
        """For so long whoever made the claim may yet start its run."""
        return self._lease - (self._clock.now() - claim.claimed_at)

    def _unbegun(self, claim: Claim) -> Verdict:
        return Verdict.WAIT if self.left(claim) > timedelta() else Verdict.FREE

    async def _status(self, claim: Claim, instances: Instances) -> Status | None:
        """How the claim's run stands, or stood when it was forgotten; None where it has not begun."""
        if claim.status:
            return Status.COMPLETED if claim.status == Status.COMPLETED else Status.FAILED
        found = await self._reconciling.find(claim.account, claim.run, instances)
        if found is None:
            # Of one that has begun somebody removed every trace: then the event is to be handled.
            return Status.FAILED if claim.started else None
        return found.record.status
