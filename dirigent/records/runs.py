"""Records of runs and of their steps."""

import logging
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from msgspec import UnsetType
from msgspec.structs import replace

from dirigent.domain.messages import Message
from dirigent.domain.outcomes import Category, Turnout
from dirigent.domain.passages import Passage
from dirigent.domain.records import RunError, RunRecord, StepRecord
from dirigent.domain.run_ids import keys_between, task_of
from dirigent.domain.runs import ENDED, Held, StartRun, Status
from dirigent.ports.artifacts import Artifacts
from dirigent.ports.records import (
    Page,
    Records,
    RecordsUnavailable,
    Row,
    RowChanged,
    RowExists,
    Value,
    Write,
)
from dirigent.records.bookmarks import bookmark, place_of
from dirigent.records.memory import Memory
from dirigent.records.run_rows import held_values, run_of, run_values, step_of, step_values
from dirigent.records.turnouts import turnout_values
from dirigent.records.unreadable import Unreadable

RUNS, STEPS = "runs", "steps"

#: Bytes a process remembers of steps and of inputs, so that a run's next step need not read them.
REMEMBERED = 2**22

#: Values that say when a run ended, and not how.
_WHEN = frozenset({"completed_at", "updated_at"})

#: What the id of a child has behind its parent's; above it sorts `~`, and below it the blank.
_CHILD = re.compile(r"-[0-9a-f]{32}$")

log = logging.getLogger(__name__)


class Filter(Message, frozen=True, kw_only=True):
    """Which runs to list; what is None does not matter."""

    account: str
    status: Status | None = None
    workflow: str | None = None
    earliest: datetime | None = None
    latest: datetime | None = None
    correlation_id: str | None = None
    #: Also those that are steps of others.
    children: bool = False
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
        # Of runs that were opened here; one that is not the row's any more merely costs a refusal.
        self._etags: Memory[str] = Memory(REMEMBERED)

    async def open(self, start: StartRun, *, at: datetime, admission: Passage | None = None) -> bool:
        """Write the run's record unless it is there; whether it was written.

        One that is there stays as it is, but for a run that had waited to begin.
        """
        record = opened(start, at=at, admission=admission)
        etag = await self._opened(record)
        if etag is None:
            await self._begun(record)
        else:
            self._etags.keep((start.account, start.run), etag, Held())
        self._inputs.keep((start.account, start.run), start.input, start.input)
        return etag is not None

    async def wait(self, start: StartRun, *, at: datetime) -> None:
        """Write the record of a run that waits to begin, unless there is one."""
        await self._opened(replace(opened(start, at=at), status=Status.PENDING))

    async def _opened(self, record: RunRecord) -> str | None:
        try:
            return await self._records.insert(RUNS, record.account, record.run, run_values(record))
        except RowExists:
            return None

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

    async def several(self, run: str, wanted: Sequence[tuple[int, str]]) -> dict[str, StepRecord]:
        """By name, the records of those of these steps that are done: place and name of each."""
        found: dict[str, StepRecord] = {}
        unknown: dict[str, str] = {}
        for position, name in wanted:
            key = _step_key(position, name)
            if (known := self._steps.find((run, key))) is None:
                unknown[key] = name
            else:
                found[name] = known
        for row in await self._step_rows(run, unknown):
            if row.key in unknown:
                known = step_of(row)
                self._steps.keep((run, row.key), known, known.value)
                found[unknown[row.key]] = known
        return found

    async def _step_rows(self, run: str, keys: Iterable[str]) -> list[Row]:
        """The rows of the keys, with one query; others may be among them."""
        wanted = sorted(keys)
        if len(wanted) < 2:
            rows = [await self._records.get(STEPS, run, key) for key in wanted]
            return [row for row in rows if row is not None]
        found: list[Row] = []
        token: str | None = None
        while True:
            page = await self._records.query(
                STEPS, partition=run, first=wanted[0], last=wanted[-1], limit=500, token=token
            )
            found += page.rows
            if (token := page.token) is None:
                return found

    async def add_step(self, run: str, step: StepRecord, *, name: str | None = None) -> bool:
        """Write the step's record, once: what was written first stands. Whether it was this.

        What is done anew whenever there is more to do it with has another name each time.
        """
        key = _step_key(step.position, name or step.step)
        try:
            await self._records.insert(STEPS, run, key, step_values(step))
        except RowExists:
            return False
        self._steps.keep((run, key), step, step.value)
        return True

    async def complete(
        self, account: str, run: str, result: Held, *, at: datetime, turnout: Turnout | None = None
    ) -> None:
        """Write down that the run did what it was for, unless somebody ended it or it is forgotten.

        Also of one that had failed: rewound, or taken for lost by who could not see it, it was done.
        """
        values = _completed(result, at, turnout)
        # As long as it has the etag that it was opened with, nobody has ended it.
        etag = self._etags.find((account, run))
        while True:
            if etag is None:
                row = await self._records.get(RUNS, account, run)
                if row is None or run_of(row).status in (Status.COMPLETED, Status.CANCELLED):
                    return
                etag = row.etag
            try:
                await self._records.merge(RUNS, account, run, values, etag=etag)
            except RowChanged:
                etag = None
            else:
                return

    def is_opened_here(self, account: str, run: str) -> bool:
        """Whether this process opened the run and remembers it."""
        return self._etags.find((account, run)) is not None

    async def finish(
        self,
        account: str,
        run: str,
        step: StepRecord,
        result: Held,
        *,
        at: datetime,
        turnout: Turnout | None = None,
    ) -> bool:
        """Write the run's last step and then that it did what it was for, in one go; whether both were.

        If not, the step may be or may not: add it and complete the run, as if this had not been tried.
        """
        etag = self._etags.find((account, run))
        if etag is None:
            return False
        key = _step_key(step.position, step.step)
        first = Write(table=STEPS, partition=run, key=key, values=step_values(step))
        second = Write(table=RUNS, partition=account, key=run, values=_completed(result, at, turnout))
        try:
            await self._records.insert_then_merge(first, second, etag=etag)
        except (RowExists, RowChanged, RecordsUnavailable):
            return False
        self._steps.keep((run, key), step, step.value)
        return True

    async def end(self, record: RunRecord) -> None:
        """Write the record of a run that ended otherwise, opened or not; it replaces what others guessed.

        The same end told again is still the first: a run does not end twice.
        """
        while True:
            row = await self._records.get(RUNS, record.account, record.run)
            if row is not None and _has_ended(row, record):
                return
            if await self._written(record, row):
                return

    async def cancel(self, account: str, run: str, reason: str, *, at: datetime) -> bool:
        """Write down that somebody ended the run, unless it has ended or is none; whether it was written."""
        row = await self._records.get(RUNS, account, run)
        if row is None or (record := run_of(row)).status in ENDED:
            return False
        why = RunError(category=Category.PERMANENT, message=reason)
        ended = replace(record, status=Status.CANCELLED, completed_at=at, updated_at=at, error=why)
        return await self._written(ended, row) or await self.cancel(account, run, reason, at=at)

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
        """Runs that fit, newest first, without those that cannot be read; only the last page may be short."""
        first, last = keys_between(wanted.earliest, wanted.latest)
        if wanted.token is not None:
            first = _after(place_of(wanted.token, _asked(wanted)), wanted)
        found: list[RunRecord] = []
        token: str | None = None
        while True:
            limit = wanted.limit - len(found)
            page = await self._records.query(
                RUNS,
                partition=wanted.account,
                first=first,
                last=last,
                where=_where(wanted),
                limit=limit,
                token=token,
            )
            listed = [run for run in _readable(page) if wanted.children or run.parent is None]
            found += listed
            if page.token is None:
                return RunPage(runs=tuple(found))
            if len(found) == wanted.limit:
                return RunPage(runs=tuple(found), token=bookmark(_asked(wanted), page.rows[-1].key))
            token = page.token
            if len(listed) < len(page.rows):
                # Children stand behind their parents, hundreds perhaps: they are stepped over, not read.
                first, token = _after(page.rows[-1].key, wanted), None

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
    origin = None if isinstance(start.origin, UnsetType) else start.origin
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
        parent=None if start.parent is None else start.parent.run,
        origin=origin,
        correlation_id=task_of(start.run) if origin is None else origin.correlation_id,
    )


def _has_ended(row: Row, end: RunRecord) -> bool:
    """Whether that end changes nothing of what the row says."""
    if run_of(row).status in (Status.COMPLETED, Status.CANCELLED):
        return True
    values = run_values(end).items()
    return all(row.values.get(name) == value for name, value in values if name not in _WHEN)


def _completed(result: Held, at: datetime, turnout: Turnout | None) -> dict[str, Value]:
    values = held_values("result", result) | turnout_values(turnout)
    return values | {"status": str(Status.COMPLETED), "completed_at": at, "updated_at": at}


def _readable(page: Page) -> Iterator[RunRecord]:
    """The page's runs; one that cannot be read hides no others."""
    for row in page.rows:
        try:
            yield run_of(row)
        except Unreadable as error:
            log.warning("The run %s of %s is left out: %s", row.key, row.partition, error)


def _where(wanted: Filter) -> dict[str, str]:
    names = ("status", "workflow", "correlation_id")
    where = {name: getattr(wanted, name) for name in names}
    return {name: str(value) for name, value in where.items() if value is not None}


def _asked(wanted: Filter) -> list[str]:
    """What makes it this list and no other, whatever the pages' length."""
    asked = (wanted.account, wanted.status, wanted.workflow, wanted.earliest, wanted.latest, wanted.children)
    # Behind the others, and only where it is asked for: former tokens go on.
    told = () if wanted.correlation_id is None else (wanted.correlation_id,)
    return [str(one) for one in (*asked, *told)]


def _after(key: str, wanted: Filter) -> str:
    """Where the list goes on behind the run, and behind all of its children where they are not listed."""
    return f"{key} " if wanted.children else f"{_CHILD.sub('', key)}~"


def _step_key(position: int, name: str) -> str:
    # In the order of the workflow, whatever order they are done in.
    return f"{position:05}-{name}"
