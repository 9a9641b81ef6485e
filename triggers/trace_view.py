"""What each step of a run took: who did it, how often it was tried, how long, how many tokens."""

from datetime import datetime, timedelta

from dirigent import codec
from dirigent.domain.outcomes import Usage
from dirigent.domain.records import RunError, RunRecord, StepRecord
from dirigent.domain.waves import Wait
from triggers.passage_view import passage_view
from triggers.task_view import degraded_view, error_view, is_simulated


def trace_view(
    record: RunRecord, steps: tuple[StepRecord, ...], *, waits: tuple[Wait, ...] = ()
) -> dict[str, object]:
    """The run's steps so far and their totals; spans are in seconds."""
    view: dict[str, object] = {
        "id": record.run,
        "workflow": record.workflow,
        "status": record.status,
        "pipeline": " → ".join(step.step for step in steps),
        "steps": _steps(record, steps),
        "totals": _totals(record, steps),
    }
    if waits:
        view["waits"] = codec.encode(waits)
    if record.admission is not None:
        view["guards"] = {"admission": passage_view(record.admission)}
    if record.error is not None:
        view["error"] = _error(record.error)
    if is_simulated(steps):
        view["simulated"] = True
    return view


def _error(error: RunError) -> dict[str, object]:
    view = error_view(error)
    return view if error.passage is None else view | {"guards": passage_view(error.passage)}


def _steps(record: RunRecord, steps: tuple[StepRecord, ...]) -> list[dict[str, object]]:
    views, begun = [], record.created_at
    for step in steps:
        views.append(_step(step, begun))
        begun = step.completed_at
    return views


def _step(step: StepRecord, begun: datetime) -> dict[str, object]:
    view: dict[str, object] = {"name": step.step, "record": step.record, "attempts": step.attempts}
    if step.agent is not None:
        view["agent"] = step.agent
    if step.model is not None:
        view["model"] = step.model
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
    if step.degraded is not None:
        view["degraded"] = degraded_view(step.degraded)
    return view


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
