"""Write down that a run ended without what it was for."""

from typing import Any

from msgspec.structs import replace

from activities.archive import Archive
from activities.stage import Activity, unavailable
from dirigent import codec
from dirigent.domain.outcomes import Done, Outcome
from dirigent.domain.records import RunError
from dirigent.domain.runs import CloseRun, Held, Status
from dirigent.ports.records import RecordsUnavailable
from dirigent.records.runs import opened


def close_run(archive: Archive) -> Activity:
    """The activity, writing into this archive."""

    async def closed(order: CloseRun) -> Outcome:
        start, failure, now = order.opening, order.failed.failure, archive.clock.now()
        why = RunError(
            category=failure.category,
            message=failure.message,
            step=order.step,
            attempts=order.failed.attempts,
            retry_after=failure.retry_after,
            passage=order.failed.passage,
        )
        record = opened(start, at=now, admission=order.admission)
        if start.parent is not None:
            # It was drawn when the run was opened, and stands in its record.
            record = replace(record, input=Held())
        end = replace(record, status=Status.FAILED, completed_at=now, error=why, turnout=order.turnout)
        try:
            await archive.runs.end(end)
            if start.claim is not None:
                await archive.claims.mark(start.account, start.claim)
        except RecordsUnavailable as error:
            return unavailable(error)
        return Done()

    async def close_run(order: Any) -> Any:
        return codec.encode(await closed(codec.decode(CloseRun, order)))

    return close_run
