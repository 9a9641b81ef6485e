"""What is told of steps side by side: how each stands, who is missing, which runs are within which."""

from collections.abc import Iterable
from typing import Any

from dirigent.cli.guards import answered_instead
from dirigent.cli.tables import beside, table

#: States of steps that are still ahead, for people.
STATES = {"under_way": "under way", "to_come": "to come", "given_up": "given up"}


def steps_open(task: dict[str, Any]) -> list[tuple[str, str]]:
    """Name and standing of each step that was not done: what is ahead, what was cut, which run failed."""
    found = [(step, [_standing(step), *marks(step)]) for step in task.get("ahead") or []]
    found += [(step, ["cut off", *marks(step)]) for step in task.get("cut") or []]
    error = task.get("error") or {}
    if error.get("child"):
        found.append(({"name": error["step"]}, ["failed", *marks(error)]))
    return [(str(step["name"]), "  ".join(told)) for step, told in found]


def _standing(step: dict[str, Any]) -> str:
    state = STATES.get(step["state"], str(step["state"]))
    return f"{state}: {why_missing(step)}" if step.get("category") else state


def marks(step: dict[str, Any], *, is_degraded_told: bool = False) -> list[str]:
    """What is out of the ordinary with a step, and where it leads."""
    found = []
    if "branch" in step:
        found.append(f"branch {step['branch'] or 'otherwise'}")
    if step.get("child"):
        found.append(f"task {step['child']}")
    if missing := (step.get("turnout") or {}).get("missing"):
        found.append(f"without {_names(missing)}")
    if step.get("late"):
        found.append("late: it was not waited for")
    if step.get("degraded") and not is_degraded_told:
        found.append(f"degraded: {answered_instead(step['degraded'])}")
    return found


def missing_of(task: dict[str, Any]) -> list[dict[str, Any]]:
    """Who is missing in what came of the task."""
    told = (task.get("result") or {}).get("missing") or (task.get("error") or {}).get("missing") or []
    return [each for each in told if isinstance(each, dict) and "branch" in each and "because" in each]


def missing_lines(missing: Iterable[dict[str, Any]]) -> list[str]:
    """A line for each that is missing, with its reason; none where nobody is."""
    told = [(f"  {each['branch']}", why_missing(each)) for each in missing]
    return beside(told) if told else []


def missing_section(missing: Iterable[dict[str, Any]]) -> list[str]:
    """The same under a heading."""
    lines = missing_lines(missing)
    return ["Missing", *lines] if lines else []


def absent_rows(trace: dict[str, Any]) -> list[dict[str, Any]]:
    """The steps of a trace that were given up, as those who are missing in a result."""
    return [step | {"branch": step["name"]} for step in trace["steps"] if "because" in step]


def note(step: dict[str, Any]) -> str:
    """What a row of a trace says of a step that was not used; mostly nothing."""
    if step.get("late"):
        return "late"
    return str(step.get("state", ""))


def why_missing(missing: dict[str, Any]) -> str:
    """Why one is missing, in a line."""
    return f"{missing['category']}: {' '.join(str(missing['because']).split()).removesuffix('.')}"


def children_section(trace: dict[str, Any]) -> list[str]:
    """The runs within a run, a line each under a heading; none where there are none."""
    rows = [
        (f"  {child['step']}", str(child["workflow"]), str(child["status"]), f"task {child['id']}")
        for child in trace.get("children") or []
    ]
    return ["Runs within", *table(rows)] if rows else []


def _names(missing: list[dict[str, Any]]) -> str:
    return ", ".join(str(each["branch"]) for each in missing)
