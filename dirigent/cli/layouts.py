"""Values of results, laid out for people."""

import json
from collections.abc import Mapping
from typing import Any

from dirigent.cli.ballots import are_ballots, ballots_table

#: A longer list has a line for each of its items.
IN_A_LINE = 72


def laid_out(value: object) -> str:
    """A text as it is, objects field by field, lists item by item, ballots as a table; the rest as JSON."""
    if isinstance(value, str):
        return value
    if are_ballots(value) and isinstance(value, list):
        return "\n".join(ballots_table(value))
    if are_branches(value) and isinstance(value, list):
        return branches_text(value)
    if isinstance(value, dict) and value:
        return "\n".join(_fields(value))
    text = json.dumps(value, ensure_ascii=False)
    if isinstance(value, list) and (_are_objects(value) or len(text) > IN_A_LINE):
        return "\n".join(line for each in value for line in _item(each))
    return text


def are_branches(value: object) -> bool:
    """Whether the value of a result is what agents brought who worked side by side."""
    if not isinstance(value, list) or not value:
        return False
    return all(isinstance(each, dict) and each.keys() >= {"agent", "data"} for each in value)


def branches_text(branches: list[dict[str, Any]]) -> str:
    """What each brought beneath its name, the members of a team beneath it."""
    return "\n\n".join("\n".join(_branch(branch)) for branch in branches)


def _branch(branch: Mapping[str, Any]) -> list[str]:
    data = branch["data"]
    lines = [str(branch["agent"])]
    lines += _indented(_fields(data, plain="text") if isinstance(data, dict) else _lines(data))
    for member in branch.get("reports") or []:
        lines += _indented(_branch(member))
    return lines


def _are_objects(value: list[Any]) -> bool:
    return bool(value) and all(isinstance(each, dict) and each for each in value)


def _item(value: object) -> list[str]:
    first, *rest = _lines(value)
    return [f"- {first}", *_indented(rest)]


def _fields(value: Mapping[str, Any], *, plain: str = "") -> list[str]:
    """Each field beside its name, or beneath it where it has several lines; `plain` needs no name."""
    lines: list[str] = []
    for name, inner in value.items():
        found = _lines(inner)
        if name == plain:
            lines += found
        elif len(found) == 1 and not isinstance(inner, dict):
            lines.append(f"{name}: {found[0]}".rstrip())
        else:
            lines += [f"{name}:", *_indented(found)]
    return lines


def _lines(value: object) -> list[str]:
    return laid_out(value).strip().splitlines() or [""]


def _indented(lines: list[str]) -> list[str]:
    return [f"  {line}".rstrip() for line in lines]
