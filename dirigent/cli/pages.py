"""What the commands print for people."""

import json
import re
from collections.abc import Iterable
from typing import Any

from dirigent.cli.guards import degraded_section, guards_section
from dirigent.cli.layouts import laid_out
from dirigent.cli.plain_text import escaped
from dirigent.cli.progress import seconds_between
from dirigent.cli.tables import beside, table
from dirigent.cli.teamwork import (
    absent_rows,
    children_section,
    marks,
    missing_of,
    missing_section,
    note,
    steps_open,
)
from dirigent.cli.times import to_the_second, whole
from dirigent.cli.waits import waits_section

#: A longer text stands beneath its name, not beside it.
BESIDE = 72

#: What can be opened or fetched.
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*://\S+")

SIMULATED = "Simulated: the scripted model wrote this; no language model was asked."
UNSENT = "Simulated: what was to be sent was written down and has reached nobody."


def simulated(view: dict[str, Any]) -> str:
    """What of a task or trace is not real, in a sentence; empty where all is."""
    if not view.get("simulated"):
        return ""
    return UNSENT if any(step.get("simulated") for step in view.get("steps") or []) else SIMULATED


def task_page(task: dict[str, Any]) -> str:
    """A task with its steps and its result."""
    steps = _steps(task)
    parts = ["\n".join(beside(_head(task))), *(["Steps\n" + "\n".join(steps)] if steps else [])]
    if waits := waits_section(task):
        parts.append("\n".join(waits))
    if task.get("error"):
        parts.append(error_line(task["error"], status=task["status"]))
        if missing := missing_section(missing_of(task)):
            parts.append("\n".join(missing))
    if task.get("result"):
        parts.append(result_page(task["result"]))
    if found := addresses(task):
        parts.append(found)
    if said := simulated(task):
        parts.append(said)
    return "\n\n".join(parts)


def _head(task: dict[str, Any]) -> list[tuple[str, str]]:
    head = [("task", task["id"]), ("workflow", task["workflow"]), ("status", task["status"])]
    head += [("created", to_the_second(task["created_at"]))]
    if task.get("completed_at"):
        head.append(("ended", to_the_second(task["completed_at"])))
    if task.get("parent"):
        head.append(("parent", f"task {task['parent']}"))
    if task.get("event"):
        head.append(("event", _event(task["event"])))
    if task.get("correlation_id") not in (None, "", task["id"]):
        head.append(("correlation", task["correlation_id"]))
    return head


def _event(event: dict[str, Any]) -> str:
    """What has happened, who heard of it, and whether it was told again."""
    heard = f"{event['type']} {event['id']}, heard by {event['subscription']}"
    if replay := event.get("replay"):
        return f"{heard}, replay {replay['number']} of dead letter {replay['dead_letter']}"
    return heard


def _steps(task: dict[str, Any]) -> list[str]:
    """A line for each step, done or ahead."""
    # Who answered it instead is told here unless the result tells it.
    is_told = "degraded" in (task.get("result") or {})
    lines = []
    for step in task.get("steps") or []:
        told = [to_the_second(step["completed_at"]), *marks(step, is_degraded_told=is_told)]
        lines.append((f"  {step['name']}", "  ".join(told)))
    lines += [(f"  {name}", standing) for name, standing in steps_open(task)]
    return beside(lines) if lines else []


def result_page(result: dict[str, Any]) -> str:
    """A result: short values beside their names, others beneath, then who is missing and who stood in."""
    missing = missing_of({"result": result})
    aside = {"degraded"} | ({"missing"} if missing else set())
    told = {name: laid_out(value) for name, value in result.items() if name not in aside}
    short = {name: text for name, text in told.items() if len(text) <= BESIDE and "\n" not in text}
    texts = [f"{name}:\n\n{text.strip()}" for name, text in told.items() if name not in short]
    first = ["\n".join(beside(short.items()))] if short else []
    sections = (missing_section(missing), degraded_section(result))
    last = ["\n".join(lines) for lines in sections if lines]
    return "\n\n".join([*first, *texts, *last])


def addresses(task: dict[str, Any]) -> str:
    """Where the steps put what they published; nothing of what the result says already."""
    told = list((task.get("result") or {}).values())
    found = {
        name: value
        for step in task.get("steps") or []
        for name, value in (step.get("result") or {}).items()
        if isinstance(value, str) and _ADDRESS.fullmatch(value) and value not in told
    }
    return "\n".join(beside(found.items())) if found else ""


def workflows_page(workflows: Iterable[dict[str, Any]]) -> str:
    """What can be started, with the fields it takes."""
    blocks = [
        "\n".join([f"{found['name']}  {found['description']}", *_fields(found["input"])])
        for found in workflows
    ]
    return "\n\n".join(blocks) or "No workflows."


def workflow_page(found: dict[str, Any]) -> str:
    """One workflow: what it takes, its steps, what its result holds, and an input to try it with."""
    steps = [(f"  {step['name']}", str(step["kind"]), _doer(step)) for step in found["steps"]]
    head = [("workflow", found["name"]), ("does", found["description"]), ("pattern", found["pattern"])]
    result = [("result", ", ".join(found["result"]))] if found.get("result") else []
    sample = [f"  {line}" for line in laid_out(found.get("sample") or {}).splitlines()]
    sections = [
        beside([*head, *result]),
        ["Input", *_fields(found["input"])],
        ["Steps", *table(steps)],
        ["Sample", *sample] if found.get("sample") else [],
    ]
    return "\n\n".join("\n".join(lines) for lines in sections if lines)


def _doer(step: dict[str, Any]) -> str:
    """Who or what does the step."""
    if step["kind"] == "choose":
        ways = {**step["branches"], **({"otherwise": step["otherwise"]} if step["otherwise"] else {})}
        return f"{step['choose']}: {', '.join(f'{value} → {_doer(way)}' for value, way in ways.items())}"
    return str(step.get("agent") or step.get("workflow") or step.get("publishes") or "")


def agents_page(page: dict[str, Any]) -> str:
    """A table of agents."""
    rows = [("agent", "model", "workflows", "description")]
    for agent in page["agents"]:
        used = ", ".join(agent["workflows"]) or "-"
        rows.append((agent["name"], agent["model"], used, agent["description"]))
    return "\n".join(table(rows)) if page["agents"] else "No agents."


def trace_page(trace: dict[str, Any], *, has_replies: bool = False) -> str:
    """A table of the steps and their sums."""
    rows = [("step", "agent", "model", "tries", "waited", "seconds", "tokens", "")]
    for step in trace["steps"]:
        agent, model = str(step.get("agent", "-")), str(step.get("model", "-"))
        figures = _figures(step, step.get("waited", 0.0)) if "duration" in step else ("-",) * 4
        rows.append((step["name"], agent, model, *figures, note(step)))
    error = trace.get("error") or {}
    if error.get("step"):
        rows.append(_failed_row(error))
    waited = sum(step.get("waited", 0.0) for step in trace["steps"])
    rows.append(("total", "", "", *_figures(trace["totals"], waited), ""))
    lines = table(rows, right=(3, 4, 5, 6))
    sections = [_order(trace), missing_section(absent_rows(trace)), children_section(trace)]
    sections += [waits_section(trace), guards_section(trace), _replies(trace) if has_replies else []]
    for section in sections:
        lines += ["", *section] if section else []
    if error:
        lines += ["", error_line(error, status=str(trace.get("status")))]
    return "\n".join([*lines, *(["", said] if (said := simulated(trace)) else [])])


def _failed_row(error: dict[str, Any]) -> tuple[str, str, str, str, str, str, str, str]:
    """The step that ended the run; of its last call the guards know which model it was for."""
    guards = error.get("guards") or {}
    model = str(guards["key"]) if guards.get("level") == "deployment" else "-"
    why = f"failed: {error['reason']}" if error.get("reason") else "failed"
    return (error["step"], str(error.get("agent", "-")), model, str(error["attempts"]), "-", "-", "-", why)


def _replies(trace: dict[str, Any]) -> list[str]:
    """Why each model stopped, and how its provider calls the request; none where none told."""
    told = [
        (f"  {step['name']}", str(step.get("finish", "-")), str(step.get("request_id", "-")))
        for step in trace["steps"]
        if "finish" in step or "request_id" in step
    ]
    return ["Replies", *table([("  step", "finish", "request"), *told])] if told else []


def _order(trace: dict[str, Any]) -> list[str]:
    """How the steps followed one another, where that is not from top to bottom."""
    pipeline = str(trace.get("pipeline", ""))
    return ["Order", f"  {pipeline}"] if "[" in pipeline else []


def tasks_page(page: dict[str, Any]) -> str:
    """A table of tasks."""
    if not page["tasks"]:
        return "No tasks."
    has_parents = any(task.get("parent") for task in page["tasks"])
    rows = [("task", "workflow", "status", "created", "seconds", *(["parent"] if has_parents else []))]
    for task in page["tasks"]:
        ended = task.get("completed_at")
        took = f"{seconds_between(task['created_at'], ended):.1f}" if ended else "-"
        created = to_the_second(task["created_at"])
        parent = [task.get("parent") or "-"] if has_parents else []
        rows.append((task["id"], task["workflow"], task["status"], created, took, *parent))
    lines = table(rows, right=(4,))
    token = page.get("continuation_token")
    return "\n".join([*lines, *([f"There are more: --continuation {token}"] if token else [])])


def error_line(error: dict[str, Any], *, status: str = "failed") -> str:
    """Why a task failed or was cancelled."""
    if status == "cancelled":
        message = str(error["message"])
        return message if message.startswith("Cancelled") else f"Cancelled: {message}"
    where = f" in step {error['step']!r}" if error.get("step") else ""
    tries = error.get("attempts") or 0
    often = f" after {tries} {'try' if tries == 1 else 'tries'}" if tries else ""
    why = f"Failed{where}{often} ({error['category']}): {error['message']}"
    wait = error.get("retry_after")
    # Later than its end, whenever this is read.
    return why if wait is None else f"{why.removesuffix('.')}. The same may work {whole(wait)} later."


def as_json(value: object) -> str:
    """The value as JSON to read."""
    return escaped(json.dumps(value, indent=2, ensure_ascii=False))


def _figures(row: dict[str, Any], waited: float) -> tuple[str, str, str, str]:
    took = f"{max(row['duration'], 0):.2f}"
    return str(row["attempts"]), f"{waited:.2f}", took, str(row["tokens"]["total"])


def _fields(fields: Iterable[dict[str, Any]]) -> list[str]:
    rows = [
        (
            f"  {field['name']}",
            field["type"],
            "required" if field["required"] else "optional",
            field["description"],
        )
        for field in fields
    ]
    return table(rows) if rows else ["  (no fields)"]
