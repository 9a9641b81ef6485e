"""Runs as the HTTP API shows them."""

import asyncio

from dirigent import codec
from dirigent.domain.catalogue import Workflow
from dirigent.domain.events import Origin
from dirigent.domain.outcomes import Missing
from dirigent.domain.records import Degraded, RunError, RunRecord, StepRecord
from dirigent.domain.run_ids import child_id
from dirigent.domain.runs import Held
from dirigent.domain.waves import Wait
from dirigent.records.texts import Texts
from dirigent.records.unreadable import Unreadable
from triggers.course import lost, unheard
from triggers.outlook import ahead, cut
from triggers.turnout_view import missing_view, turnout_view


async def task_view(
    record: RunRecord,
    steps: tuple[StepRecord, ...],
    texts: Texts,
    *,
    workflow: Workflow | None = None,
    waits: tuple[Wait, ...] = (),
    given_up: tuple[Missing, ...] = (),
    runs: frozenset[str] = frozenset(),
    simulated: bool = False,
) -> dict[str, object]:
    """A run with its input, the results of its steps so far, and how it ended.

    Without the workflow it does not tell what is ahead. `runs` are ids of runs that no step tells of.
    """
    given = await _object("input", record, record.input, texts)
    result = None if record.result is None else await result_of(record, record.result, texts)
    outputs = await asyncio.gather(*(_output(record, step, texts) for step in steps))
    gone = lost(record, workflow, steps, given_up)
    passed_over = unheard(record, workflow, steps, result) if workflow and result else frozenset()
    after = frozenset(gone) | passed_over
    view: dict[str, object] = {
        **_head(record),
        "input": given,
        "created_at": record.created_at,
        "steps": [
            _step(step, output, workflow, is_late=step.step in after)
            for step, output in zip(steps, outputs, strict=True)
        ],
        "result": result,
        "completed_at": record.completed_at,
        **_beginning(record),
    }
    if workflow is not None:
        said = {step.output: output for step, output in zip(steps, outputs, strict=True)}
        left = ahead(record, workflow, given, steps, gone=gone, said=said, runs=runs)
        view |= _open(ahead=left, cut=cut(record, workflow, given, steps, runs))
    if waits:
        view["waits"] = codec.encode(waits)
    if record.error is not None:
        view["error"] = _error(record, record.error, runs) | absent_view(record)
    if simulated or is_simulated(steps):
        view["simulated"] = True
    return view


def _open(**found: list[dict[str, object]]) -> dict[str, object]:
    """What of the steps was not done; nothing of which there is none."""
    return {name: steps for name, steps in found.items() if steps}


def _head(record: RunRecord) -> dict[str, object]:
    """Which run it is, and how it stands."""
    view: dict[str, object] = {
        "id": record.run,
        "type": record.type,
        "workflow": record.workflow,
        "account": record.account,
        "status": record.status,
    }
    # Runs that were begun before there were events have none.
    return view | {"correlation_id": record.correlation_id} if record.correlation_id else view


def _beginning(record: RunRecord) -> dict[str, object]:
    """What it was started by; nothing where somebody asked for it."""
    if record.parent is not None:
        # The event has started the task of which it is a step.
        return {"parent": record.parent}
    return {} if record.origin is None else {"event": _event(record.origin)}


def _event(origin: Origin) -> dict[str, object]:
    """The event that a run was started by, and who heard it."""
    view: dict[str, object] = {
        "subscription": origin.subscription,
        "topic": origin.topic,
        "type": origin.type,
        "id": origin.event,
        "correlation_id": origin.correlation_id,
    }
    if origin.replay is None:
        return view
    return view | {"replay": {"dead_letter": origin.replay.dead_letter, "number": origin.replay.number}}


def _error(record: RunRecord, error: RunError, runs: frozenset[str]) -> dict[str, object]:
    child = None if error.step is None else child_id(record.run, error.step)
    return error_view(error) | ({"child": child} if child in runs else {})


async def _output(record: RunRecord, step: StepRecord, texts: Texts) -> object:
    text = await texts.read(step.value)
    try:
        return codec.from_json(object, text) if step.is_json else text
    except codec.Undecodable as error:
        what = f"The step {step.record!r} of the task {record.run!r}"
        raise Unreadable(what, "what it brought was spoilt and is no JSON") from error


def _step(step: StepRecord, output: object, workflow: Workflow | None, *, is_late: bool) -> dict[str, object]:
    has_times = workflow is not None and workflow.pattern != "sequential"
    return {
        "name": step.record,
        # In a chain a step begins where the one before ended.
        **({"started_at": step.started_at} if has_times else {}),
        "completed_at": step.completed_at,
        "result": {step.output: output},
        **marks_view(step, is_late=is_late),
    }


def marks_view(step: StepRecord, *, is_late: bool) -> dict[str, object]:
    """What is out of the ordinary with a step, and where it leads; mostly nothing."""
    view: dict[str, object] = {}
    if step.branch is not None:
        # Nothing is written for the way of all values that are not declared.
        view["branch"] = step.branch or None
    if step.child is not None:
        view["child"] = step.child
    if step.turnout is not None:
        view["turnout"] = turnout_view(step.turnout)
    if is_late:
        view["late"] = True
    if step.is_simulated:
        view["simulated"] = True
    if step.degraded is not None:
        view["degraded"] = degraded_view(step.degraded)
    return view


def degraded_view(degraded: Degraded) -> dict[str, object]:
    """Who answered in place of the agent, and why; a fixed value has no name."""
    view: dict[str, object] = {"by": degraded.by}
    if degraded.name is not None:
        view["name"] = degraded.name
    return view | {"category": degraded.category, "because": degraded.because}


async def result_of(record: RunRecord, held: Held, texts: Texts) -> dict[str, object]:
    """The result's fields; `Unreadable` when they are spoilt."""
    return await _object("result", record, held, texts)


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
        **_head(record),
        "created_at": record.created_at,
        "completed_at": record.completed_at,
    }
    if record.parent is not None:
        line["parent"] = record.parent
    if record.error is not None:
        line["error"] = error_view(record.error) | absent_view(record)
    return line


def absent_view(record: RunRecord) -> dict[str, object]:
    """Who is missing in a run that came to nothing; in one that completed, its result tells."""
    turnout = record.turnout
    return {} if turnout is None or not turnout.missing else {"missing": missing_view(turnout)}


def error_view(error: RunError) -> dict[str, object]:
    """Why a run ended without what it was for; what is not known is left out."""
    view: dict[str, object] = {"category": error.category, "message": error.message}
    if error.step is not None:
        view |= {"step": error.step, "attempts": error.attempts}
    if error.retry_after is not None:
        view["retry_after"] = error.retry_after
    if error.reason:
        view["reason"] = error.reason
    return view


def is_simulated(steps: tuple[StepRecord, ...]) -> bool:
    """Whether in any of the steps the scripted model spoke, or nobody was told who should have been."""
    return any(step.is_simulated or (step.model or "").startswith("scripted") for step in steps)
