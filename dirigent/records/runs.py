"""Records of runs and of their steps."""

import logging
from collections.abc import Iterator
from datetime import datetime

from msgspec.structs import replace

from dirigent.domain.messages import Message
from dirigent.domain.passages import Passage
from dirigent.domain.records import RunRecord, StepRecord
from dirigent.domain.run_ids import keys_between
from dirigent.domain.runs import ENDED, Held, StartRun, Status
from dirigent.ports.artifacts import Artifacts
from dirigent.ports.records import Page, Records, Row, RowChanged, RowExists
from dirigent.records.memory import Memory
from dirigent.records.run_rows import held_values, run_of, run_values, step_of, step_values
from dirigent.records.unreadable import Unreadable

RUNS, STEPS = "runs", "steps"

#: Bytes a process remembers of steps and of inputs, so that a run's next step need not read them.
REMEMBERED = 2**22

log = logging.getLogger(__name__)


class Filter(Message, frozen=True, kw_only=True):
    """Which runs to list; what is None does not matter."""

    account: str
    status: Status | None = None
    workflow: str | None = None
    earliest: datetime | None = None
    latest: datetime | None = None
    limit: int = 50
    token: str | None = None


class RunPage(Message, frozen=True, kw_only=True):
    """Some runs, newest first, and where the next page begins."""

    runs: tuple[RunRecord, ...] = ()
    token: str | None = None


class Runs:
    """Writes and reads what is kept of runs."""

    def __init__(self, records: Records, artifacts: Artifacts) -> None:
        self._records, self._artifacts = records, artifacts
        # Only what is written once and never changed; all else is read each time.
        self._steps: Memory[StepRecord] = Memory(REMEMBERED)
        self._inputs: Memory[Held] = Memory(REMEMBERED)

    async def open(self, start: StartRun, *, at: datetime, admission: Passage | None = None) -> bool:
        """Write the run's record unless it is there; whether it was written.

        One that is there stays as it is, but for a run that had waited to begin.
        """
        record = opened(start, at=at, admission=admission)
        if not await self._opened(record):
            await self._begun(record)
            return False
        self._inputs.keep((start.account, start.run), start.input, start.input)
        return True

    async def wait(self, start: StartRun, *, at: datetime) -> None:
        """Write the record of a run that waits to begin, unless there is one."""
        await self._opened(replace(opened(start, at=at), status=Status.PENDING))

    async def _opened(self, record: RunRecord) -> bool:
        try:
            await self._records.insert(RUNS, record.account, record.run, run_values(record))
        except RowExists:
            return False
        return True

    async def _begun(self, record: RunRecord) -> None:
        row = await self._records.get(RUNS, record.account, record.run)
        if row is None or run_of(row).status is not Status.PENDING:
            return
        if not await self._written(record, row):
            await self._begun(record)

    async def get(self, account: str, run: str) -> RunRecord | None:
        """The run's record."""
        row = await self._records.get(RUNS, account, run)
        return None if row is None else run_of(row)

    async def input(self, account: str, run: str) -> Held | None:
        """The run's input."""
        known = self._inputs.find((account, run))
        if known is None and (record := await self.get(account, run)) is not None:
            known = record.input
            self._inputs.keep((account, run), known, known)
        return known

    async def steps(self, run: str) -> tuple[StepRecord, ...]:
        """The steps done so far, in the order of the workflow."""
        found: list[StepRecord] = []
        token: str | None = None
        while True:
            page = await self._records.query(STEPS, partition=run, limit=500, token=token)
            found += [step_of(row) for row in page.rows]
            if (token := page.token) is None:
                return tuple(found)

    async def step(self, run: str, position: int, name: str) -> StepRecord | None:
        """The step's record, None as long as it is not done."""
        key = _step_key(position, name)
        known = self._steps.find((run, key))
        if known is None and (row := await self._records.get(STEPS, run, key)) is not None:
            known = step_of(row)
            self._steps.keep((run, key), known, known.value)
        return known

    async def add_step(self, run: str, step: StepRecord) -> bool:
        """Write the step's record, once: what was written first stands. Whether it was this."""
        key = _step_key(step.position, step.step)
        try:
            await self._records.insert(STEPS, run, key, step_values(step))
        except RowExists:
            return False
        self._steps.keep((run, key), step, step.value)
        return True

    async def complete(self, account: str, run: str, result: Held, *, at: datetime) -> None:
        """Write down that the run did what it was for, unless somebody ended it or it is forgotten.

        Also of one that had failed: rewound, or taken for lost by who could not see it, it was done.
        """
        row = await self._records.get(RUNS, account, run)
        if row is None or run_of(row).status in (Status.COMPLETED, Status.CANCELLED):
            return
        values = held_values("result", result)
        values |= {"status": str(Status.COMPLETED), "completed_at": at, "updated_at": at}
        try:
            await self._records.merge(RUNS, account, run, values, etag=row.etag)
        except RowChanged:
            await self.complete(account, run, result, at=at)

    async def end(self, record: RunRecord) -> None:
        """Write the record of a run that ended otherwise, opened or not; it replaces what others guessed."""
        while True:
            row = await self._records.get(RUNS, record.account, record.run)
            if row is not None and run_of(row).status in (Status.COMPLETED, Status.CANCELLED):
                return
            if await self._written(record, row):
                return

    async def mend(self, record: RunRecord) -> bool:
        """Write an end the run could not write itself, unless it has after all; whether it was written."""
        row = await self._records.get(RUNS, record.account, record.run)
        if row is not None and run_of(row).status in ENDED:
            return False
        return await self._written(record, row)

    async def _written(self, record: RunRecord, over: Row | None) -> bool:
        """Whether the record was written before anybody else wrote another."""
        values = run_values(record)
        try:
            if over is None:
                await self._records.insert(RUNS, record.account, record.run, values)
            else:
                await self._records.merge(RUNS, record.account, record.run, values, etag=over.etag)
        except (RowChanged, RowExists):
            return False
        return True

    async def page(self, wanted: Filter) -> RunPage:
        """Runs that fit, newest first, without those that cannot be read."""
        where: dict[str, str] = {}
        if wanted.status is not None:
            where["status"] = str(wanted.status)
        if wanted.workflow is not None:
            where["workflow"] = wanted.workflow
        first, last = keys_between(wanted.earliest, wanted.latest)
        page = await self._records.query(
            RUNS,
            partition=wanted.account,
            first=first,
            last=last,
            where=where,
            limit=wanted.limit,
            token=wanted.token,
        )
        return RunPage(runs=tuple(_readable(page)), token=page.token)

    async def before(self, instant: datetime, *, limit: int, token: str | None = None) -> RunPage:
        """Some runs of any account accepted before the instant, without those that cannot be read."""
        first, last = keys_between(None, instant)
        page = await self._records.query(RUNS, first=first, last=last, limit=limit, token=token)
        return RunPage(runs=tuple(_readable(page)), token=page.token)

    async def forget(self, record: RunRecord) -> None:
        """Remove all that is kept of the run, its record last: what fails in between is found again."""
        await self._artifacts.delete_under(f"runs/{record.run}/")
        # By their keys alone: a step that cannot be read has to go as well.
        while (page := await self._records.query(STEPS, partition=record.run, limit=500)).rows:
            for row in page.rows:
                await self._records.delete(STEPS, record.run, row.key)
        await self._records.delete(RUNS, record.account, record.run)


def opened(start: StartRun, *, at: datetime, admission: Passage | None = None) -> RunRecord:
    """The record of a run that has just begun."""
    return RunRecord(
        run=start.run,
        account=start.account,
        workflow=start.workflow,
        type=start.type,
        status=Status.IN_PROGRESS,
        definition=start.definition,
        input=start.input,
        created_at=start.created_at,
        updated_at=at,
        user=start.user,
        claim=start.claim,
        admission=admission,
    )


def _readable(page: Page) -> Iterator[RunRecord]:
    """The page's runs; one that cannot be read hides no others."""
    for row in page.rows:
        try:
            yield run_of(row)
        except Unreadable as error:
            log.warning("The run %s of %s is left out: %s", row.key, row.partition, error)


def _step_key(position: int, name: str) -> str:
    # In the order of the workflow, whatever order they are done in.
    return f"{position:05}-{name}"
