"""Holds records of runs against Durable's word: a run that could not write its end still shows one."""

import logging
from datetime import datetime, timedelta

from msgspec.structs import replace

from dirigent.domain.messages import Message
from dirigent.domain.outcomes import Category, Missing
from dirigent.domain.records import RunError, RunRecord
from dirigent.domain.run_ids import task_of
from dirigent.domain.runs import ENDED, Held, Status
from dirigent.domain.waves import Wait
from dirigent.ports import Parts
from dirigent.records.burials import Burials
from dirigent.records.claims import Claims
from dirigent.records.runs import Runs, opened
from dirigent.telemetry.lines import line
from triggers.instances import Instance, Instances

log = logging.getLogger(__name__)

#: How the reason begins that Durable is told of a task that its caller cancels.
CANCELLED_BY = "cancelled by "
#: An instance that completed this long ago has closed its record, or never will.
MOMENT = timedelta(seconds=60)


class Found(Message, frozen=True, kw_only=True):
    """A run as it stands."""

    record: RunRecord
    #: Steps that failed and will be tried again.
    waits: tuple[Wait, ...] = ()
    #: Steps that were given up so far, while it goes on.
    missing: tuple[Missing, ...] = ()


class Reconciling:
    """Finds runs as they really stand; Durable is asked only about those whose record has not ended."""

    def __init__(self, parts: Parts) -> None:
        self._clock = parts.clock
        self._runs = Runs(parts.records, parts.artifacts)
        self._claims = Claims(parts.records)
        self._burials = Burials(parts.records, parts.artifacts)

    async def find(self, account: str, run: str, instances: Instances) -> Found | None:
        """The run, None when the account has none of that id."""
        record = await self._runs.get(account, run)
        if record is not None and record.status in ENDED:
            return Found(record=record)
        instance = await instances.find(run, with_start=record is None)
        if record is None:
            return await self._unrecorded(account, run, instance)
        return self._found(await self._ended(record, instance), instance)

    async def _unrecorded(self, account: str, run: str, instance: Instance | None) -> Found | None:
        if instance is None or instance.start is None:
            return None
        start = instance.start
        if (start.account, start.run) != (account, run):
            return None
        if instance.status == "Completed":
            # It has opened its record since we looked; or retention removed it, and it stays removed.
            record = await self._runs.get(account, run)
            return None if record is None else Found(record=record)
        status = Status.PENDING if instance.status == "Pending" else Status.IN_PROGRESS
        # What is a step of another run draws its input from there when it opens.
        given = Held(text="{}") if start.input == Held() else start.input
        unopened = replace(opened(start, at=start.created_at), status=status, input=given)
        return self._found(await self._ended(unopened, instance), instance)

    def _found(self, record: RunRecord, instance: Instance | None) -> Found:
        if record.status in ENDED or instance is None:
            return Found(record=record)
        return Found(record=record, waits=still_waited(instance, self._clock.now()), missing=instance.missing)

    async def settled(self, record: RunRecord, instances: Instances) -> RunRecord:
        """The record, with an end where the run has one but did not write it."""
        if record.status in ENDED:
            return record
        return await self._ended(record, await instances.find(record.run))

    async def _ended(self, record: RunRecord, instance: Instance | None) -> RunRecord:
        end = end_of(record, instance, self._clock.now())
        if end is None:
            return record
        if end.status is Status.FAILED:
            # First: whose end is written is not looked at again, and the event would be lost.
            await self._burials.bury(end, at=self._clock.now())
        if not await self._runs.mend(end):
            # The run has written its own end after all.
            return await self._runs.get(record.account, record.run) or record
        line(
            log,
            # Somebody wanted the one; the other nobody did.
            logging.INFO if end.status is Status.CANCELLED else logging.WARNING,
            "A run has ended, and its record learnt it from Durable",
            task_id=task_of(end.run),
            run=end.run,
            workflow=end.workflow,
            status=end.status,
            correlation_id=None if end.origin is None else end.correlation_id,
        )
        if end.claim is not None:
            await self._claims.mark(end.account, end.claim, run=end.run)
        return end


def still_waited(instance: Instance, now: datetime) -> tuple[Wait, ...]:
    """What the instance waits for."""
    # What was waited for has passed as soon as the next try has begun; nobody takes it back then.
    return tuple(wait for wait in instance.waits if wait.next_try >= now)


def end_of(record: RunRecord, instance: Instance | None, now: datetime) -> RunRecord | None:
    """The end that Durable tells of a run whose record is open; None as long as it tells of none."""
    if instance is None:
        return _failed(
            record, "The run's instance is gone: somebody purged it before the run had ended.", now
        )
    if instance.status == "Failed":
        return _failed(
            record, instance.reason or "The run's instance failed without a reason.", instance.updated
        )
    if instance.status in ("Terminated", "Canceled"):
        end = _failed(record, _cancelled(instance.reason), instance.updated)
        return replace(end, status=Status.CANCELLED)
    if instance.status == "Completed" and now - instance.updated > MOMENT:
        return _failed(record, "The run's instance completed, but the run's record was never closed.", now)
    return None


def _cancelled(reason: str) -> str:
    if reason.startswith(CANCELLED_BY):
        # It says who ended it, and that it was ended.
        return f"{reason[:1].upper()}{reason[1:]}"
    return f"Somebody ended the run{f': {reason}' if reason else '.'}"


def _failed(record: RunRecord, message: str, at: datetime) -> RunRecord:
    # Durable tells times by the second: none lies before the run's own beginning.
    at = max(at, record.created_at)
    error = RunError(category=Category.PERMANENT, message=message)
    return replace(record, status=Status.FAILED, completed_at=at, updated_at=at, error=error)
