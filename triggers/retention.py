"""Removes what is kept of runs that ended long ago, and of old events."""

import logging
from datetime import datetime, timedelta

import azure.durable_functions as df
import azure.functions as func
from msgspec.structs import replace

from dirigent.domain.lineage import descendants
from dirigent.domain.messages import Message
from dirigent.domain.records import RunRecord
from dirigent.domain.runs import ENDED
from dirigent.ports import Parts
from dirigent.ports.artifacts import ArtifactsUnavailable
from dirigent.ports.records import RecordsUnavailable
from dirigent.records.claims import Claims, is_of_event, message_folder
from dirigent.records.dead_letters import DeadLetters
from dirigent.records.redrives import Redrives
from dirigent.records.runs import Runs
from dirigent.settings import Settings
from triggers.instances import DurableInstances, Instances, InstancesUnavailable
from triggers.problems import in_a_line
from triggers.reconciling import Reconciling

#: Runs looked at in one go, and at most in one night: the timer must end before its host's patience does.
BATCH, MOST = 100, 5_000

log = logging.getLogger(__name__)


class Swept(Message, frozen=True, kw_only=True):
    """What one night's work came to."""

    removed: int = 0
    #: Old enough, but not ended, or not for long enough.
    left: int = 0
    #: Tried again the next night.
    failed: int = 0
    #: Messages that are not known again any more, their runs having been forgotten long enough.
    messages: int = 0
    dead_letters: int = 0


def retention(parts: Parts, settings: Settings) -> df.Blueprint:
    """The timer that removes old runs."""
    sweeping = Sweeping(
        parts,
        age=timedelta(days=settings.retention_days),
        memory=timedelta(days=settings.event_memory_days),
    )

    async def retention(timer: func.TimerRequest, client: df.DurableOrchestrationClient) -> None:  # noqa: ARG001
        swept = await sweeping.sweep(DurableInstances(client))
        log.info("Retention removed %d runs, left %d, failed at %d.", swept.removed, swept.left, swept.failed)
        log.info("It removed %d dead letters and forgot %d messages.", swept.dead_letters, swept.messages)

    blueprint = df.Blueprint()
    builder = blueprint.durable_client_input(client_name="client")(retention)
    blueprint.timer_trigger(arg_name="timer", schedule=settings.retention_schedule, run_on_startup=False)(
        builder
    )
    return blueprint


class Sweeping:
    """Removes ended runs of an age, with their steps, artifacts, claims and Durable history.

    Dead letters go at the same age; that a message was handled is remembered for longer.
    """

    def __init__(
        self, parts: Parts, *, age: timedelta, memory: timedelta, batch: int = BATCH, most: int = MOST
    ) -> None:
        self._clock = parts.clock
        self._letters = DeadLetters(parts.records, parts.artifacts)
        self._redrives = Redrives(parts.records)
        self._runs = Runs(parts.records, parts.artifacts)
        self._claims, self._artifacts = Claims(parts.records), parts.artifacts
        self._reconciling = Reconciling(parts)
        self._age, self._memory, self._batch, self._most = age, memory, batch, most

    async def sweep(self, instances: Instances) -> Swept:
        """Go through the runs that were accepted before that age, as many as one night allows."""
        due = self._clock.now() - self._age
        counts = {True: 0, False: 0, None: 0}
        token: str | None = None
        while sum(counts.values()) < self._most:
            page = await self._runs.before(due, limit=self._batch, token=token)
            for record in page.runs:
                counts[await self._removed(record, due, instances)] += 1
            if (token := page.token) is None:
                break
        swept = Swept(removed=counts[True], left=counts[False], failed=counts[None])
        return await self._tidied(swept, due, instances)

    async def _tidied(self, swept: Swept, due: datetime, instances: Instances) -> Swept:
        """The night's work, with what is old of events."""
        try:
            await self._forget_redrives(due, instances)
            letters = await self._letters.forget_before(due, limit=self._most)
            swept = replace(swept, dead_letters=letters)
            forgotten = self._clock.now() - self._memory
            return replace(swept, messages=await self._claims.forget_before(forgotten, limit=self._most))
        except (RecordsUnavailable, ArtifactsUnavailable) as error:
            log.warning("Old events could not be removed; the next night tries again: %s", in_a_line(error))
            return replace(swept, failed=swept.failed + 1)

    async def _forget_redrives(self, due: datetime, instances: Instances) -> None:
        """Have Durable forget old replays of many dead letters."""
        try:
            for row in await self._redrives.before(due, limit=self._most):
                instance = await instances.find(row.key)
                if instance is None or instance.has_ended:
                    await instances.purge(row.key)
                    await self._redrives.forget(row)
        except InstancesUnavailable:
            log.warning("Old replays could not be removed; the next night tries again.", exc_info=True)

    async def _purge(self, run: str, instances: Instances) -> None:
        """Have Durable forget the run, and its voters: other runs below it have their own time."""
        instance = await instances.find(run, with_start=True)
        start = None if instance is None else instance.start
        if start is not None and start.election is not None:
            for voter in descendants(start):
                await instances.purge(voter)
        # Last: it names those that are purged with it.
        await instances.purge(run)

    async def _removed(self, record: RunRecord, due: datetime, instances: Instances) -> bool | None:
        """Whether the run was removed; None when that failed."""
        try:
            record = await self._reconciling.settled(record, instances)
            if record.status not in ENDED or (record.completed_at or record.created_at) > due:
                return False
            await self._purge(record.run, instances)
            if record.claim is not None:
                await self._claims.outlive(
                    record.account, record.claim, run=record.run, status=record.status, at=self._clock.now()
                )
                if is_of_event(record.claim):
                    await self._artifacts.delete_under(message_folder(record.run))
            await self._runs.forget(record)
        except (RecordsUnavailable, ArtifactsUnavailable) as error:
            why = in_a_line(error)
            log.warning("The run %s could not be removed; the next night tries again: %s", record.run, why)
            return None
        except Exception:
            # The border: whatever is the matter with one run, the others are due as well.
            log.exception("The run %s could not be removed; the next night tries again.", record.run)
            return None
        return True
