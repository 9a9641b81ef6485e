"""Records of runs and of their steps."""

import logging
from collections.abc import Iterator, Mapping
from datetime import datetime

from dirigent.domain.messages import Message
from dirigent.domain.outcomes import Category, Usage
from dirigent.domain.records import RunError, RunRecord, StepRecord
from dirigent.domain.run_ids import keys_between
from dirigent.domain.runs import ENDED, Held, StartRun, Status
from dirigent.ports.artifacts import Artifacts
from dirigent.ports.records import Page, Records, Row, RowChanged, RowExists, Value
from dirigent.records.memory import Memory
from dirigent.records.unreadable import Unreadable, of_rows

RUNS, STEPS = "runs", "steps"

#: A failure's message is cut to this, so that no provider's page of HTML fills a row.
LONGEST_MESSAGE = 2_000

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

    async def open(self, start: StartRun, *, at: datetime) -> bool:
        """Write the run's record unless it is there, when it stays as it is; whether it was written."""
        record = opened(start, at=at)
        try:
            await self._records.insert(RUNS, start.account, start.run, _to_values(record))
        except RowExists:
            return False
        self._inputs.keep((start.account, start.run), start.input, start.input)
        return True

    async def get(self, account: str, run: str) -> RunRecord | None:
        """The run's record."""
        row = await self._records.get(RUNS, account, run)
        return None if row is None else _to_run(row)

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
            found += [_to_step(row) for row in page.rows]
            if (token := page.token) is None:
                return tuple(found)

    async def step(self, run: str, position: int, name: str) -> StepRecord | None:
        """The step's record, None as long as it is not done."""
        key = _step_key(position, name)
        known = self._steps.find((run, key))
        if known is None and (row := await self._records.get(STEPS, run, key)) is not None:
            known = _to_step(row)
            self._steps.keep((run, key), known, known.value)
        return known

    async def add_step(self, run: str, step: StepRecord) -> bool:
        """Write the step's record, once: what was written first stands. Whether it was this."""
        key = _step_key(step.position, step.step)
        try:
            await self._records.insert(STEPS, run, key, _from_step(step))
        except RowExists:
            return False
        self._steps.keep((run, key), step, step.value)
        return True

    async def complete(self, account: str, run: str, result: Held, *, at: datetime) -> None:
        """Write down that the run did what it was for, unless somebody ended it or it is forgotten.

        Also of one that had failed: rewound, or taken for lost by who could not see it, it was done.
        """
        row = await self._records.get(RUNS, account, run)
        if row is None or _to_run(row).status in (Status.COMPLETED, Status.CANCELLED):
            return
        values = _held("result", result)
        values |= {"status": str(Status.COMPLETED), "completed_at": at, "updated_at": at}
        try:
            await self._records.merge(RUNS, account, run, values, etag=row.etag)
        except RowChanged:
            await self.complete(account, run, result, at=at)

    async def end(self, record: RunRecord) -> None:
        """Write the record of a run that ended otherwise, opened or not; it replaces what others guessed."""
        while True:
            row = await self._records.get(RUNS, record.account, record.run)
            if row is not None and _to_run(row).status in (Status.COMPLETED, Status.CANCELLED):
                return
            if await self._written(record, row):
                return

    async def mend(self, record: RunRecord) -> bool:
        """Write an end the run could not write itself, unless it has after all; whether it was written."""
        row = await self._records.get(RUNS, record.account, record.run)
        if row is not None and _to_run(row).status in ENDED:
            return False
        return await self._written(record, row)

    async def _written(self, record: RunRecord, over: Row | None) -> bool:
        """Whether the record was written before anybody else wrote another."""
        values = _to_values(record)
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


def opened(start: StartRun, *, at: datetime) -> RunRecord:
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
    )


def _readable(page: Page) -> Iterator[RunRecord]:
    """The page's runs; one that cannot be read hides no others."""
    for row in page.rows:
        try:
            yield _to_run(row)
        except Unreadable as error:
            log.warning("The run %s of %s is left out: %s", row.key, row.partition, error)


def _step_key(position: int, name: str) -> str:
    # In the order of the workflow, whatever order they are done in.
    return f"{position:05}-{name}"


def _to_values(record: RunRecord) -> dict[str, Value]:
    values: dict[str, Value | None] = {
        "workflow": record.workflow,
        "type": record.type,
        "status": str(record.status),
        "definition": record.definition,
        "created_at": record.created_at,
        "updated_at": record.updated_at,
        "completed_at": record.completed_at,
        "user": record.user,
        "claim": record.claim,
        **_held("input", record.input),
        **_held("result", record.result or Held()),
    }
    if record.error is not None:
        values |= {
            "error_category": str(record.error.category),
            "error_message": record.error.message[:LONGEST_MESSAGE],
            # Written even if there is none: a former error's must not show through.
            "error_step": record.error.step or "",
            "error_attempts": record.error.attempts,
        }
    return {name: value for name, value in values.items() if value is not None}


def _held(name: str, held: Held) -> dict[str, Value]:
    values = {f"{name}_text": held.text, f"{name}_artifact": held.artifact}
    return {key: value for key, value in values.items() if value is not None}


@of_rows("run")
def _to_run(row: Row) -> RunRecord:
    values = _Reader(row.values)
    status = Status(values.need("status"))
    return RunRecord(
        run=row.key,
        account=row.partition,
        workflow=values.need("workflow"),
        type=values.need("type"),
        status=status,
        definition=values.need("definition"),
        input=values.held("input") or Held(text="{}"),
        created_at=values.instant("created_at"),
        updated_at=values.instant("updated_at"),
        user=values.text("user"),
        claim=values.text("claim"),
        # A run that was restarted keeps the columns of its former end, which are none of its present.
        completed_at=values.instant("completed_at") if status in ENDED else None,
        result=values.held("result") if status is Status.COMPLETED else None,
        error=_to_error(values) if status in (Status.FAILED, Status.CANCELLED) else None,
    )


def _to_error(values: "_Reader") -> RunError | None:
    category = values.text("error_category")
    if category is None:
        return None
    return RunError(
        category=Category(category),
        message=values.text("error_message") or "",
        step=values.text("error_step") or None,
        attempts=values.number("error_attempts"),
    )


def _from_step(step: StepRecord) -> dict[str, Value]:
    values: dict[str, Value | None] = {
        "step": step.step,
        "position": step.position,
        "record": step.record,
        "output": step.output,
        "started_at": step.started_at,
        "completed_at": step.completed_at,
        "attempts": step.attempts,
        "agent": step.agent,
        "model": step.model,
        "input_tokens": step.usage.input_tokens,
        "output_tokens": step.usage.output_tokens,
        **_held("value", step.value),
    }
    return {name: value for name, value in values.items() if value is not None}


@of_rows("step")
def _to_step(row: Row) -> StepRecord:
    values = _Reader(row.values)
    return StepRecord(
        step=values.need("step"),
        position=values.number("position"),
        record=values.need("record"),
        output=values.need("output"),
        value=values.held("value") or Held(text=""),
        started_at=values.instant("started_at"),
        completed_at=values.instant("completed_at"),
        attempts=values.number("attempts"),
        agent=values.text("agent"),
        model=values.text("model"),
        usage=Usage(input_tokens=values.number("input_tokens"), output_tokens=values.number("output_tokens")),
    )


class _Reader:
    """Reads a row's values as the types they were written with."""

    def __init__(self, values: Mapping[str, Value]) -> None:
        self._values = values

    def text(self, name: str) -> str | None:
        value = self._values.get(name)
        return None if value is None else str(value)

    def need(self, name: str) -> str:
        return str(self._values[name])

    def number(self, name: str) -> int:
        value = self._values.get(name, 0)
        return value if isinstance(value, int) else int(str(value))

    def instant(self, name: str) -> datetime:
        value = self._values[name]
        if not isinstance(value, datetime):
            raise TypeError(f"The row's {name!r} is {value!r}, not an instant.")
        return value

    def held(self, name: str) -> Held | None:
        text, artifact = self.text(f"{name}_text"), self.text(f"{name}_artifact")
        return None if text is None and artifact is None else Held(text=text, artifact=artifact)
