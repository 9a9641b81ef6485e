"""Ends runs with all that they have begun: Durable ends an instance alone."""

import asyncio

from dirigent.domain.lineage import descendants
from dirigent.domain.records import RunRecord
from dirigent.domain.runs import ENDED
from triggers.instances import Instances, InstancesUnavailable
from triggers.reconciling import Reconciling

#: Seconds between looks whether a run has ended that was told to; real ones, for that takes moments.
LOOKS = (0.02, 0.05, 0.1, 0.2, 0.4)
#: The same for a run that may have begun others, which end after it.
LONG_LOOKS = (*LOOKS, 0.8, 1.6)
#: How many instances are asked about together.
AT_ONCE = 8


class Ending:
    """Ends runs, outermost first, and has their records say so."""

    def __init__(
        self,
        reconciling: Reconciling,
        *,
        looks: tuple[float, ...] = LOOKS,
        long_looks: tuple[float, ...] = LONG_LOOKS,
    ) -> None:
        self._reconciling, self._looks, self._long_looks = reconciling, looks, long_looks

    async def end(self, record: RunRecord, reason: str, instances: Instances) -> RunRecord:
        """Tell the run and everything below it to end; its record as it stands then."""
        below = await _below(record, instances)
        await instances.terminate(record.run, reason)
        return await self._until_over(record, below, reason, instances)

    async def end_rest(self, record: RunRecord, reason: str, instances: Instances) -> bool:
        """End what is left below a run that somebody ended by Durable's own means; whether anything was."""
        below = await _below(record, instances)
        left, is_left = await self._end_all(record.account, below, reason, instances)
        if is_left:
            await self._until_over(record, left, reason, instances)
        return is_left

    async def _until_over(
        self, record: RunRecord, below: tuple[str, ...], reason: str, instances: Instances
    ) -> RunRecord:
        for pause in self._long_looks if below else self._looks:
            # Until somebody looks, its record does not know, and lists would show it as going on.
            await asyncio.sleep(pause)
            was_over = record.status in ENDED
            below, is_left = await self._end_all(record.account, below, reason, instances)
            found = await self._reconciling.find(record.account, record.run, instances)
            record = record if found is None else found.record
            # What it began in its last moment may have come up since: looked for once more when it is over.
            if record.status in ENDED and not is_left and (was_over or not below):
                break
        return record

    async def _end_all(
        self, account: str, runs: tuple[str, ...], reason: str, instances: Instances
    ) -> tuple[tuple[str, ...], bool]:
        """Those that have not ended or not come up yet, and whether there are any of the first."""
        free = asyncio.Semaphore(AT_ONCE)

        async def ended(run: str) -> bool | None:
            async with free:
                return await self._ended(account, run, reason, instances)

        seen = await asyncio.gather(*map(ended, runs))
        left = tuple(run for run, is_over in zip(runs, seen, strict=True) if not is_over)
        return left, False in seen

    async def _ended(self, account: str, run: str, reason: str, instances: Instances) -> bool | None:
        """Whether that instance has ended; None where there is none."""
        instance = await instances.find(run)
        if instance is None:
            return None
        if instance.has_ended:
            # If it is a run, and no voter, its record learns of it.
            await self._reconciling.find(account, run, instances)
            return True
        try:
            await instances.terminate(run, reason)
        except InstancesUnavailable:
            if await instances.find(run) is not None:
                raise
        return False


async def _below(record: RunRecord, instances: Instances) -> tuple[str, ...]:
    instance = await instances.find(record.run, with_start=True)
    return () if instance is None or instance.start is None else descendants(instance.start)
