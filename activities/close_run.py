"""Write down that a run ended without what it was for."""

from typing import Any

from msgspec.structs import replace

from activities.stage import Activity, unavailable
from dirigent import codec
from dirigent.domain.outcomes import Done, Outcome
from dirigent.domain.records import RunError
from dirigent.domain.runs import CloseRun, Status
from dirigent.ports import Parts
from dirigent.ports.records import RecordsUnavailable
from dirigent.records.claims import Claims
from dirigent.records.runs import Runs, opened


def close_run(parts: Parts) -> Activity:
    """The activity, writing into these records."""
    runs, claims = Runs(parts.records, parts.artifacts), Claims(parts.records)

    async def closed(order: CloseRun) -> Outcome:
        start, failure, now = order.opening, order.failed.failure, parts.clock.now()
        why = RunError(
            category=failure.category,
            message=failure.message,
            step=order.step,
            attempts=order.failed.attempts,
            retry_after=failure.retry_after,
            passage=order.failed.passage,
        )
        record = opened(start, at=now, admission=order.admission)
        try:
            await runs.end(replace(record, status=Status.FAILED, completed_at=now, error=why))
            if start.claim is not None:
                await claims.mark(start.account, start.claim)
        except RecordsUnavailable as error:
            return unavailable(error)
        return Done()

    async def close_run(order: Any) -> Any:
        return codec.encode(await closed(codec.decode(CloseRun, order)))

    return close_run
