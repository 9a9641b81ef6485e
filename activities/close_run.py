"""Write down that a run ended without what it was for."""

import logging
from typing import Any

from msgspec.structs import replace

from activities.archive import Archive
from activities.reports import facts_of, seconds
from activities.stage import Activity, unavailable
from dirigent import codec
from dirigent.domain.outcomes import Done, Outcome
from dirigent.domain.records import RunError, RunRecord
from dirigent.domain.runs import ENDED, CloseRun, Held, Status
from dirigent.ports.artifacts import ArtifactsUnavailable
from dirigent.ports.records import RecordsUnavailable
from dirigent.records.runs import opened
from dirigent.telemetry.lines import line
from dirigent.telemetry.tracing import joined

log = logging.getLogger(__name__)


def close_run(archive: Archive) -> Activity:
    """The activity, writing into this archive."""

    async def closed(order: CloseRun) -> Outcome:
        start, failure, now = order.opening, order.failed.failure, archive.clock.now()
        why = RunError(
            category=failure.category,
            message=failure.in_full,
            step=order.step,
            attempts=order.failed.attempts,
            retry_after=failure.retry_after,
            reason=failure.reason,
            passage=order.failed.passage,
        )
        record = opened(start, at=now, admission=order.admission)
        if start.parent is not None:
            # It was drawn when the run was opened, and stands in its record.
            record = replace(record, input=Held())
        end = replace(record, status=Status.FAILED, completed_at=now, error=why, turnout=order.turnout)
        try:
            # First: the end, once it is written, is not written again, and the event would be lost.
            await _bury(archive, end)
            await archive.runs.end(end)
            if start.claim is not None:
                await archive.claims.mark(start.account, start.claim, run=start.run)
        except (RecordsUnavailable, ArtifactsUnavailable) as error:
            return unavailable(error)
        _tell(order, seconds(start.created_at, now))
        return Done()

    async def close_run(order: Any) -> Any:
        close = codec.decode(CloseRun, order)
        with joined(close.opening.traceparent):
            return codec.encode(await closed(close))

    return close_run


async def _bury(archive: Archive, end: RunRecord) -> None:
    """Keep the event that started the run, unless the run has ended before: delivered again, all is done."""
    if end.origin is None or end.parent is not None:
        return
    stands = await archive.runs.get(end.account, end.run)
    if stands is None or stands.status not in ENDED:
        await archive.burials.bury(end, at=archive.clock.now())


def _tell(order: CloseRun, lasted: float) -> None:
    failed = order.failed
    facts = facts_of(order.opening) | {
        "failed_step": order.step,
        "attempts": failed.attempts,
        "category": failed.failure.category,
        "reason": failed.failure.reason or None,
    }
    line(log, logging.WARNING, "A run has failed", **facts, status=Status.FAILED, seconds=lasted)
