"""Runs as the HTTP API shows them."""

import asyncio

from dirigent import codec
from dirigent.domain.records import Degraded, RunError, RunRecord, StepRecord
from dirigent.domain.runs import Held
from dirigent.domain.waves import Wait
from dirigent.records.texts import Texts
from dirigent.records.unreadable import Unreadable


async def task_view(
    record: RunRecord, steps: tuple[StepRecord, ...], texts: Texts, *, waits: tuple[Wait, ...] = ()
) -> dict[str, object]:
    """A run with its input, the results of its steps so far, and how it ended."""
    result = None if record.result is None else await _object("result", record, record.result, texts)
    outputs = await asyncio.gather(*(texts.read(step.value) for step in steps))
    view: dict[str, object] = {
        "id": record.run,
        "type": record.type,
        "workflow": record.workflow,
        "account": record.account,
        "status": record.status,
        "input": await _object("input", record, record.input, texts),
        "created_at": record.created_at,
        "steps": [_step(step, output) for step, output in zip(steps, outputs, strict=True)],
        "result": result,
        "completed_at": record.completed_at,
    }
    if waits:
        view["waits"] = codec.encode(waits)
    if record.error is not None:
        view["error"] = error_view(record.error)
    if is_simulated(steps):
        view["simulated"] = True
    return view


def _step(step: StepRecord, output: str) -> dict[str, object]:
    view: dict[str, object] = {
        "name": step.record,
        "completed_at": step.completed_at,
        "result": {step.output: output},
    }
    return view if step.degraded is None else view | {"degraded": degraded_view(step.degraded)}


def degraded_view(degraded: Degraded) -> dict[str, object]:
    """Who answered in place of the agent, and why; a fixed value has no name."""
    view: dict[str, object] = {"by": degraded.by}
    if degraded.name is not None:
        view["name"] = degraded.name
    return view | {"category": degraded.category, "because": degraded.because}


async def _object(what: str, record: RunRecord, held: Held, texts: Texts) -> dict[str, object]:
    text = await texts.read(held)
    try:
        return codec.from_json(dict[str, object], text)
    except codec.Undecodable as error:
        why = "it was spoilt and is no JSON object"
        raise Unreadable(f"The {what} of the task {record.run!r}", why) from error


def task_line(record: RunRecord) -> dict[str, object]:
    """A run in a list."""
    line: dict[str, object] = {
        "id": record.run,
        "type": record.type,
        "workflow": record.workflow,
        "account": record.account,
        "status": record.status,
        "created_at": record.created_at,
        "completed_at": record.completed_at,
    }
    if record.error is not None:
        line["error"] = error_view(record.error)
    return line


def error_view(error: RunError) -> dict[str, object]:
    """Why a run ended without what it was for; what is not known is left out."""
    view: dict[str, object] = {"category": error.category, "message": error.message}
    if error.step is not None:
        view |= {"step": error.step, "attempts": error.attempts}
    if error.retry_after is not None:
        view["retry_after"] = error.retry_after
    return view


def is_simulated(steps: tuple[StepRecord, ...]) -> bool:
    """Whether the scripted model spoke in any of the steps."""
    return any((step.model or "").startswith("scripted") for step in steps)
