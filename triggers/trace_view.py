"""What each step of a run took: who did it, how often it was tried, how long, how many tokens."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta

from dirigent import codec
from dirigent.domain.catalogue import Workflow
from dirigent.domain.outcomes import Missing, Usage
from dirigent.domain.records import RunError, RunRecord, StepRecord
from dirigent.domain.runs import Status
from dirigent.domain.steps import AskStep, Step
from dirigent.domain.waves import Wait
from triggers.children import Child
from triggers.course import UNHEARD, beginnings, lost, pipeline
from triggers.passage_view import passage_view
from triggers.task_view import absent_view, error_view, is_simulated, marks_view
from triggers.turnout_view import why_view


def trace_view(
    record: RunRecord,
    steps: tuple[StepRecord, ...],
    *,
    workflow: Workflow | None = None,
    children: Iterable[Child] = (),
    unheard: frozenset[str] = frozenset(),
    waits: tuple[Wait, ...] = (),
    given_up: tuple[Missing, ...] = (),
    simulated: bool = False,
) -> dict[str, object]:
    """The run's steps so far and their totals, those of steps that are runs included; spans are in seconds.

    Those that brought nothing are in their places. Without the workflow, which may be lost, the steps are
    taken for a chain. `given_up` are steps of a run that goes on, `unheard` voters that were not waited for.
    """
    gone = lost(record, workflow, steps, given_up)
    after = frozenset(gone) | unheard
    view: dict[str, object] = {
        "id": record.run,
        "workflow": record.workflow,
        "status": record.status,
        "pipeline": pipeline(workflow, steps, after, gone),
        "steps": _steps(record, workflow, steps, gone, after),
        "totals": _totals(record, steps),
    }
    if record.parent is not None:
        view["parent"] = record.parent
    if told := [_child(child) for child in children]:
        view["children"] = told
    if waits:
        view["waits"] = codec.encode(waits)
    if record.admission is not None:
        view["guards"] = {"admission": passage_view(record.admission)}
    if record.error is not None:
        view["error"] = _error(record.error, workflow) | absent_view(record)
    if simulated or is_simulated(steps):
        view["simulated"] = True
    return view


def _error(error: RunError, workflow: Workflow | None) -> dict[str, object]:
    view = error_view(error)
    if isinstance(step := _declared(workflow, error.step), AskStep):
        view["agent"] = step.agent
    return view if error.passage is None else view | {"guards": passage_view(error.passage)}


def _child(child: Child) -> dict[str, object]:
    record = child.record
    return {
        "id": record.run,
        "step": child.step,
        "workflow": record.workflow,
        "status": record.status,
        "created_at": record.created_at,
        "completed_at": record.completed_at,
    }


def _steps(
    record: RunRecord,
    workflow: Workflow | None,
    steps: tuple[StepRecord, ...],
    gone: Mapping[str, Missing],
    after: frozenset[str],
) -> list[dict[str, object]]:
    begun = beginnings(record, workflow, steps)
    rows: dict[str, dict[str, object]] = {}
    for step in steps:
        # A step that its workflow does not know was not waited for by anybody.
        row = _step(step, begun.get(step.step, step.started_at), is_late=step.step in after)
        rows[step.step] = row | (why_view(gone[step.step]) if step.step in gone else {})
    for name, missing in gone.items():
        rows.setdefault(name, _absent(name, workflow, "missing", missing.agent) | why_view(missing))
    for name in _silent(record, workflow):
        rows.setdefault(name, _absent(name, workflow, UNHEARD))
    order = [*rows] if workflow is None else [step.name for step in workflow.steps if step.name in rows]
    return [rows[name] for name in dict.fromkeys([*order, *rows])]


def _silent(record: RunRecord, workflow: Workflow | None) -> Iterator[str]:
    """Voters of a vote that is over, who have no row unless they were heard or failed."""
    is_over = record.status is Status.COMPLETED
    if is_over and workflow is not None and workflow.election is not None:
        yield from (voter.name for voter in workflow.election.voters)


def _absent(name: str, workflow: Workflow | None, state: str, agent: str | None = None) -> dict[str, object]:
    """A step of which nothing is kept."""
    declared = _declared(workflow, name)
    record = name if declared is None else declared.record or name
    who = agent or (declared.agent if isinstance(declared, AskStep) else None)
    view: dict[str, object] = {"name": name, "record": record, "state": state}
    return view if who is None else view | {"agent": who}


def _declared(workflow: Workflow | None, name: str | None) -> Step | None:
    return None if workflow is None else next((step for step in workflow.steps if step.name == name), None)


def _step(step: StepRecord, begun: datetime, *, is_late: bool) -> dict[str, object]:
    view: dict[str, object] = {"name": step.step, "record": step.record, "attempts": step.attempts}
    if step.agent is not None:
        view["agent"] = step.agent
    if step.model is not None:
        view["model"] = step.model
    if step.finish is not None:
        view["finish"] = step.finish
    if step.request_id is not None:
        # What the provider's support asks for.
        view["request_id"] = step.request_id
    view |= {
        "started_at": step.started_at,
        "completed_at": step.completed_at,
        # Attempts that failed, the waits between them, and the way to whoever does the work.
        "waited": _seconds(step.started_at - begun),
        "duration": _seconds(step.completed_at - step.started_at),
        "tokens": _tokens(step.usage),
    }
    if step.passage is not None:
        view["guards"] = passage_view(step.passage)
    return view | marks_view(step, is_late=is_late)


def _totals(record: RunRecord, steps: tuple[StepRecord, ...]) -> dict[str, object]:
    usage = Usage(
        input_tokens=sum(step.usage.input_tokens for step in steps),
        output_tokens=sum(step.usage.output_tokens for step in steps),
    )
    failed = 0 if record.error is None else record.error.attempts
    return {
        "steps": len(steps),
        "attempts": sum(step.attempts for step in steps) + failed,
        "duration": _seconds(_latest(record, steps) - record.created_at),
        "tokens": _tokens(usage),
    }


def _latest(record: RunRecord, steps: tuple[StepRecord, ...]) -> datetime:
    if record.completed_at is not None:
        return record.completed_at
    return max((step.completed_at for step in steps), default=record.created_at)


def _tokens(usage: Usage) -> dict[str, int]:
    sums = {"input": usage.input_tokens, "output": usage.output_tokens}
    return sums | {"total": usage.input_tokens + usage.output_tokens}


def _seconds(span: timedelta) -> float:
    # Instances that take turns may differ by a blink: no step took less than nothing.
    return round(max(span.total_seconds(), 0.0), 3)
