"""What the commands print for people."""

import json
import re
from collections.abc import Iterable, Sequence
from typing import Any

from dirigent.cli.plain_text import escaped
from dirigent.cli.progress import seconds_between

#: A longer text stands beneath its name, not beside it.
BESIDE = 72

#: What can be opened or fetched.
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*://\S+")

SIMULATED = "Simulated: the scripted model wrote this; no language model was asked."


def task_page(task: dict[str, Any]) -> str:
    """A task with its steps and its result."""
    head = [("task", task["id"]), ("workflow", task["workflow"]), ("status", task["status"])]
    head += [("created", task["created_at"])]
    if task.get("completed_at"):
        head.append(("ended", task["completed_at"]))
    steps = [f"  {step['name']}  {step['completed_at']}" for step in task.get("steps") or []]
    parts = ["\n".join(_beside(head)), *(["Steps\n" + "\n".join(steps)] if steps else [])]
    if task.get("error"):
        parts.append(error_line(task["error"], status=task["status"]))
    if task.get("result"):
        parts.append(result_page(task["result"]))
    if found := addresses(task):
        parts.append(found)
    if task.get("simulated"):
        parts.append(SIMULATED)
    return "\n\n".join(parts)


def result_page(result: dict[str, Any]) -> str:
    """A result: short values beside their names, texts beneath them."""
    told = {name: _text(value) for name, value in result.items()}
    short = {name: text for name, text in told.items() if len(text) <= BESIDE and "\n" not in text}
    texts = [f"{name}:\n\n{text.strip()}" for name, text in told.items() if name not in short]
    return "\n\n".join([*(["\n".join(_beside(short.items()))] if short else []), *texts])


def addresses(task: dict[str, Any]) -> str:
    """Where the steps put what they published; nothing of what the result says already."""
    told = list((task.get("result") or {}).values())
    found = {
        name: value
        for step in task.get("steps") or []
        for name, value in (step.get("result") or {}).items()
        if isinstance(value, str) and _ADDRESS.fullmatch(value) and value not in told
    }
    return "\n".join(_beside(found.items())) if found else ""


def workflows_page(workflows: Iterable[dict[str, Any]]) -> str:
    """What can be started, with the fields it takes."""
    blocks = [
        "\n".join([f"{found['name']}  {found['description']}", *_fields(found["input"])])
        for found in workflows
    ]
    return "\n\n".join(blocks) or "No workflows."


def agents_page(page: dict[str, Any]) -> str:
    """A table of agents."""
    rows = [("agent", "model", "workflows", "description")]
    for agent in page["agents"]:
        used = ", ".join(agent["workflows"]) or "-"
        rows.append((agent["name"], agent["model"], used, agent["description"]))
    return "\n".join(_table(rows, right=())) if page["agents"] else "No agents."


def trace_page(trace: dict[str, Any]) -> str:
    """A table of the steps and their sums."""
    rows = [("step", "agent", "model", "tries", "waited", "seconds", "tokens")]
    for step in trace["steps"]:
        agent, model = str(step.get("agent", "-")), str(step.get("model", "-"))
        rows.append((step["name"], agent, model, *_figures(step, step.get("waited", 0.0))))
    error = trace.get("error") or {}
    if error.get("step"):
        rows.append((error["step"], "-", "-", str(error["attempts"]), "-", "-", "-"))
    waited = sum(step.get("waited", 0.0) for step in trace["steps"])
    rows.append(("total", "", "", *_figures(trace["totals"], waited)))
    lines = _table(rows, right=(3, 4, 5, 6))
    if error:
        lines += ["", error_line(error, status=str(trace.get("status")))]
    return "\n".join([*lines, *(["", SIMULATED] if trace.get("simulated") else [])])


def tasks_page(page: dict[str, Any]) -> str:
    """A table of tasks."""
    if not page["tasks"]:
        return "No tasks."
    rows = [("task", "workflow", "status", "created", "seconds")]
    for task in page["tasks"]:
        ended = task.get("completed_at")
        took = f"{seconds_between(task['created_at'], ended):.1f}" if ended else "-"
        rows.append((task["id"], task["workflow"], task["status"], task["created_at"], took))
    lines = _table(rows, right=(4,))
    token = page.get("continuation_token")
    return "\n".join([*lines, *([f"There are more: --continuation {token}"] if token else [])])


def error_line(error: dict[str, Any], *, status: str = "failed") -> str:
    """Why a task failed or was cancelled."""
    if status == "cancelled":
        return f"Cancelled: {error['message']}"
    where = f" in step {error['step']!r}" if error.get("step") else ""
    tries = error.get("attempts") or 0
    often = f" after {tries} {'try' if tries == 1 else 'tries'}" if tries else ""
    return f"Failed{where}{often} ({error['category']}): {error['message']}"


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
    return _table(rows, right=()) if rows else ["  (no fields)"]


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _beside(pairs: Iterable[tuple[str, Any]]) -> list[str]:
    found = list(pairs)
    width = max(len(name) for name, _ in found)
    return [f"{name:<{width}}  {value}" for name, value in found]


def _table(rows: Sequence[tuple[str, ...]], *, right: tuple[int, ...]) -> list[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return [
        "  ".join(
            cell.rjust(width) if column in right else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
