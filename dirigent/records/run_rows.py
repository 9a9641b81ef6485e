"""Rows of runs and of their steps: what is written of a record, and the record that is read of it."""

import logging
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TypeVar

from dirigent import codec
from dirigent.domain.events import Origin
from dirigent.domain.messages import Message
from dirigent.domain.outcomes import Category, Usage
from dirigent.domain.passages import Passage
from dirigent.domain.records import Degraded, RunError, RunRecord, StepRecord
from dirigent.domain.run_ids import task_of
from dirigent.domain.runs import ENDED, Held, Status
from dirigent.ports.records import Row, Value
from dirigent.records.turnouts import turnout_of, turnout_text, turnout_values
from dirigent.records.unreadable import of_rows

#: A failure's message is cut to this, so that no provider's page of HTML fills a row.
LONGEST_MESSAGE = 2_000

log = logging.getLogger(__name__)

Told = TypeVar("Told")


def run_values(record: RunRecord) -> dict[str, Value]:
    """What a row of the run says."""
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
        "admission": _json(record.admission),
        "parent": record.parent,
        "origin": _json(record.origin),
        "correlation_id": record.correlation_id or task_of(record.run),
        **turnout_values(record.turnout),
        **held_values("input", record.input),
        **held_values("result", record.result or Held()),
    }
    if record.error is not None:
        values |= _error_values(record.error)
    return {name: value for name, value in values.items() if value is not None}


def _error_values(error: RunError) -> dict[str, Value]:
    return {
        "error_category": str(error.category),
        "error_message": error.message[:LONGEST_MESSAGE],
        # Written even if there is none: a former error's must not show through.
        "error_step": error.step or "",
        "error_attempts": error.attempts,
        "error_retry_after": "" if error.retry_after is None else error.retry_after,
        "error_passage": _json(error.passage) or "",
        "error_reason": error.reason,
    }


def _json(message: Message | None) -> str | None:
    return None if message is None else codec.to_json(message).decode()


def _passage(text: str) -> Passage:
    return codec.from_json(Passage, text)


def _origin(text: str) -> Origin:
    return codec.from_json(Origin, text)


def held_values(name: str, held: Held) -> dict[str, Value]:
    """What a row says of a text that is held."""
    values = {f"{name}_text": held.text, f"{name}_artifact": held.artifact}
    return {key: value for key, value in values.items() if value is not None}


@of_rows("run")
def run_of(row: Row) -> RunRecord:
    """The run the row tells of."""
    values = _Reader(row)
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
        admission=values.aside("admission", _passage),
        # A run that was restarted keeps the columns of its former end, which are none of its present.
        completed_at=values.instant("completed_at") if status in ENDED else None,
        result=values.held("result") if status is Status.COMPLETED else None,
        error=_to_error(values) if status in (Status.FAILED, Status.CANCELLED) else None,
        parent=values.text("parent"),
        origin=values.aside("origin", _origin),
        # What was written before there were events began with itself.
        correlation_id=values.text("correlation_id") or task_of(row.key),
        turnout=values.explained("turnout", turnout_text(row.values), turnout_of)
        if status in ENDED
        else None,
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
        retry_after=values.aside("error_retry_after", float),
        passage=values.aside("error_passage", _passage),
        reason=values.text("error_reason") or "",
    )


def step_values(step: StepRecord) -> dict[str, Value]:
    """What a row of the step says."""
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
        "passage": _json(step.passage),
        "degraded": _json(step.degraded),
        "input_tokens": step.usage.input_tokens,
        "output_tokens": step.usage.output_tokens,
        "finish": step.finish,
        "request_id": step.request_id,
        "is_json": step.is_json or None,
        "is_simulated": step.is_simulated or None,
        "branch": step.branch,
        "child": step.child,
        **turnout_values(step.turnout),
        **held_values("value", step.value),
    }
    return {name: value for name, value in values.items() if value is not None}


@of_rows("step")
def step_of(row: Row) -> StepRecord:
    """The step the row tells of."""
    values = _Reader(row)
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
        finish=values.text("finish"),
        request_id=values.text("request_id"),
        passage=values.aside("passage", _passage),
        degraded=values.degraded("degraded"),
        is_json=row.values.get("is_json") is True,
        is_simulated=row.values.get("is_simulated") is True,
        branch=values.text("branch"),
        child=values.text("child"),
        # Never left out: nobody may take a partial result for a whole one.
        turnout=None if (turnout := turnout_text(row.values)) is None else turnout_of(turnout),
    )


class _Reader:
    """Reads a row's values as the types they were written with."""

    def __init__(self, row: Row) -> None:
        self._row = row
        self._values: Mapping[str, Value] = row.values

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

    def aside(self, name: str, read: Callable[[str], Told]) -> Told | None:
        return self.explained(name, self.text(name), read)

    def explained(self, name: str, text: str | None, read: Callable[[str], Told]) -> Told | None:
        # It explains the past and decides nothing: spoilt, it must not hide what it is told of.
        try:
            return read(text) if text else None
        except ValueError as error:
            log.warning("The %s of %s in %s is left out: %s", name, self._row.key, self._row.partition, error)
            return None

    def degraded(self, name: str) -> Degraded | None:
        # Never left out: nobody may take a fallback's answer for the agent's own.
        text = self.text(name)
        return None if text is None else codec.from_json(Degraded, text)
