"""The commands, and the exit status each ends with."""

import json
import re
import sys
from argparse import Namespace
from pathlib import Path
from typing import Any

from dirigent.cli import guards, pages
from dirigent.cli.api import Api, Refused
from dirigent.cli.door import HttpDoor, Unreachable
from dirigent.cli.exits import COMPLETED, FAILED, INTERRUPTED, REFUSED, UNREACHABLE
from dirigent.cli.invocation import invocation
from dirigent.cli.letter_commands import deal, tell
from dirigent.cli.progress import Progress, seconds_between
from dirigent.cli.terminal import Terminal
from dirigent.cli.watching import Watch


def run(asked: Namespace, terminal: Terminal) -> int:
    """Do what was asked; the process's exit status."""
    if asked.command == "catalogue":
        return _look_at_catalogue(asked)
    return obey(asked, Api(HttpDoor(asked.url, asked.function_key, asked.token), asked.url), terminal)


def obey(asked: Namespace, api: Api, terminal: Terminal) -> int:
    """The same for commands that speak to the app."""
    try:
        return _COMMANDS[asked.command](asked, api, terminal)
    except Refused as refused:
        terminal.say(f"Refused: {refused}")
        if asked.json:
            terminal.give(
                pages.as_json(refused.body or {"status": refused.status, "error": refused.sentence})
            )
        return REFUSED
    except Unreachable as unreachable:
        terminal.say(f"{unreachable}\n{_remedy(asked.url)}")
        return UNREACHABLE
    except KeyboardInterrupt:
        terminal.draw("")
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read the output has seen enough.
        return COMPLETED


def _look_at_catalogue(asked: Namespace) -> int:
    # Reading files costs the import of YAML, which no other command needs.
    from dirigent.cli import catalogue_bus, catalogue_check, catalogue_drawing  # noqa: PLC0415

    if asked.deed == "draw":
        return catalogue_drawing.draw(asked.folder, asked.workflows, sys.stdout)
    if asked.deed == "bus":
        form = catalogue_bus.Form(is_json=asked.json, namespace=asked.az, group=asked.group or "")
        return catalogue_bus.bus(asked.folder, sys.stdout, sys.stderr, form=form)
    return catalogue_check.check(asked.folder, sys.stdout)


def _start(asked: Namespace, api: Api, terminal: Terminal) -> int:
    sample = api.workflow(asked.workflow).get("sample") or {} if asked.sample else {}
    given = {**sample, **(asked.input or {}), **dict(asked.fields)}
    try:
        started = api.start(asked.workflow, given, asked.key)
    except Refused as refused:
        raise _with_hints(refused, dict(asked.fields)) from refused
    task = str(started["task_id"])
    if asked.watch:
        terminal.say(f"Started {asked.workflow}, task {task}")
        return _followed(task, asked, api, terminal)
    if asked.json:
        terminal.give(pages.as_json(started))
        return COMPLETED
    # The id alone, for scripts: task=$(… start …).
    terminal.give(task)
    terminal.say(f"Started {asked.workflow}; follow it with: {_ourselves()} watch {task}")
    return COMPLETED


def _with_hints(refused: Refused, fields: dict[str, object]) -> Refused:
    """The same, with what to type for fields that were given as text and must be something else."""
    said = str(refused)
    wrong = [
        name
        for name, value in fields.items()
        if isinstance(value, str) and re.search(rf"'{re.escape(name)}' must be [^.]*, not a text", said)
    ]
    hints = [
        f"{name}={fields[name]} gives a text; for what is none write {_as_typed(name, fields[name])}"
        for name in wrong
    ]
    return Refused(refused.status, refused.sentence, (*refused.problems, *hints), refused.body)


def _as_typed(name: str, value: object) -> str:
    try:
        json.loads(str(value))
    except ValueError:
        return f'{name}:=JSON, such as {name}:=2 or \'{name}:=["a", "b"]\''
    return f"{name}:={value}"


def _watch(asked: Namespace, api: Api, terminal: Terminal) -> int:
    return _followed(asked.task, asked, api, terminal)


def _followed(task: str, asked: Namespace, api: Api, terminal: Terminal) -> int:
    try:
        ended = follow(task, api, terminal)
    except KeyboardInterrupt:
        terminal.draw("")
        terminal.say(f"The task goes on; follow it with: {_ourselves()} watch {task}")
        return INTERRUPTED
    if asked.json:
        terminal.give(pages.as_json(ended))
    elif ended.get("result"):
        terminal.say("")
        terminal.give(pages.result_page(ended["result"]))
        if found := pages.addresses(ended):
            terminal.say(f"\n{found}")
    return COMPLETED if ended["status"] == "completed" else FAILED


def follow(task: str, api: Api, terminal: Terminal) -> dict[str, Any]:
    """Show the task's progress to its end, and say how it ended; the task."""
    ended = Watch(api, terminal).follow(task, Progress(terminal).show)
    took = seconds_between(ended["created_at"], ended["completed_at"] or ended["created_at"])
    if ended.get("error"):
        terminal.say(pages.error_line(ended["error"], status=ended["status"]))
    said = f"The task {task} is {ended['status']} after {took:.1f} s. {pages.simulated(ended)}"
    terminal.say(said.rstrip())
    return ended


def _ourselves() -> str:
    return invocation(sys.executable, Path.cwd())


def _show(asked: Namespace, api: Api, terminal: Terminal) -> int:
    task = api.task(asked.task)
    terminal.give(pages.as_json(task) if asked.json else pages.task_page(task))
    return FAILED if task["status"] in ("failed", "cancelled") else COMPLETED


def _trace(asked: Namespace, api: Api, terminal: Terminal) -> int:
    trace = api.trace(asked.task)
    page = pages.as_json(trace) if asked.json else pages.trace_page(trace, has_replies=asked.replies)
    terminal.give(page)
    return COMPLETED


def _tasks(asked: Namespace, api: Api, terminal: Terminal) -> int:
    page = api.tasks(
        {
            "status": asked.status,
            "workflow": asked.workflow,
            "correlation_id": asked.correlation,
            "from": asked.earliest,
            "to": asked.latest,
            "children": "true" if asked.children else None,
            "limit": asked.limit,
            "continuation_token": asked.continuation,
        }
    )
    terminal.give(pages.as_json(page) if asked.json else pages.tasks_page(page))
    return COMPLETED


def _workflows(asked: Namespace, api: Api, terminal: Terminal) -> int:
    if asked.name is not None:
        workflow = api.workflow(asked.name)
        terminal.give(pages.as_json(workflow) if asked.json else pages.workflow_page(workflow))
        return COMPLETED
    page = api.workflows()
    if asked.json:
        terminal.give(pages.as_json(page))
        return COMPLETED
    # The list tells no fields.
    found = [_declared(api, str(line["name"])) for line in page["workflows"]]
    terminal.give(pages.workflows_page(workflow for workflow in found if workflow is not None))
    return COMPLETED


def _declared(api: Api, name: str) -> dict[str, Any] | None:
    """The workflow, None where it is gone meanwhile."""
    try:
        return api.workflow(name)
    except Refused as refused:
        if refused.status == 404:
            return None
        raise


def _agents(asked: Namespace, api: Api, terminal: Terminal) -> int:
    page = api.agents()
    terminal.give(pages.as_json(page) if asked.json else pages.agents_page(page))
    return COMPLETED


def _circuits(asked: Namespace, api: Api, terminal: Terminal) -> int:
    if asked.name is None:
        page = api.circuits()
        terminal.give(pages.as_json(page) if asked.json else guards.circuits_page(page))
        return COMPLETED
    circuit = api.reset(asked.name) if asked.reset else api.circuit(asked.name)
    terminal.give(pages.as_json(circuit) if asked.json else guards.circuit_page(circuit))
    if asked.reset and circuit["state"] != "closed":
        terminal.say(f"It was told to close; look again with: {_ourselves()} circuits {circuit['name']}")
    return COMPLETED


def _limits(asked: Namespace, api: Api, terminal: Terminal) -> int:
    limits = api.limits(asked.level, asked.key)
    terminal.give(pages.as_json(limits) if asked.json else guards.limits_page(limits))
    return COMPLETED


def _cancel(asked: Namespace, api: Api, terminal: Terminal) -> int:
    told = api.cancel(asked.task, asked.reason)
    if asked.json:
        terminal.give(pages.as_json(told))
    else:
        terminal.say(f"The task was told to end; see how it ended with: {_ourselves()} show {asked.task}")
    return COMPLETED


def _remedy(url: str) -> str:
    return f"Is the app running there? Start it with `make serve`, or name another address than {url}: --url."


_COMMANDS = {
    "start": _start,
    "watch": _watch,
    "show": _show,
    "trace": _trace,
    "tasks": _tasks,
    "workflows": _workflows,
    "agents": _agents,
    "circuits": _circuits,
    "limits": _limits,
    "cancel": _cancel,
    "events": tell,
    "dead-letters": deal,
}
