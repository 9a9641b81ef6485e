"""Write down that a run waits to begin."""

from typing import Any

from activities.stage import Activity, unavailable
from dirigent import codec
from dirigent.domain.outcomes import Done, Outcome
from dirigent.domain.runs import OpenRun
from dirigent.ports import Parts
from dirigent.ports.records import RecordsUnavailable
from dirigent.records.claims import Claims
from dirigent.records.runs import Runs


def open_run(parts: Parts) -> Activity:
    """The activity, writing into these records."""
    runs, claims = Runs(parts.records, parts.artifacts), Claims(parts.records)

    async def opened(order: OpenRun) -> Outcome:
        start = order.opening
        try:
            await runs.wait(start, at=parts.clock.now())
            if start.claim is not None:
                await claims.mark(start.account, start.claim)
        except RecordsUnavailable as error:
            return unavailable(error)
        return Done()

    async def open_run(order: Any) -> Any:
        return codec.encode(await opened(codec.decode(OpenRun, order)))

    return open_run
