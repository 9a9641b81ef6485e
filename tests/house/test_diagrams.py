"""Pictures in documents are drawn from the tables they show."""

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

import pytest

from dirigent.declarations import read
from dirigent.declarations.pictures import drawn as workflow_drawn
from dirigent.domain import breakers

ROOT = Path(__file__).parents[2]
WORKFLOWS = read(ROOT / "catalogue").workflows


State = TypeVar("State", bound=StrEnum)
Event = TypeVar("Event", bound=StrEnum)


def drawn(start: State, moves: Mapping[State, Mapping[Event, State]]) -> str:
    """The table as a Mermaid diagram; moves that change nothing are left out."""
    lines = ["stateDiagram-v2", f"    [*] --> {start}"]
    for state, heard in moves.items():
        ways: dict[State, list[str]] = {}
        for event, target in heard.items():
            if target is not state:
                ways.setdefault(target, []).append(event)
        lines += [f"    {state} --> {target}: {', '.join(events)}" for target, events in ways.items()]
    return "\n".join(lines)


def test_the_circuit_in_the_guide_is_that_of_the_table() -> None:
    picture = drawn(breakers.State.CLOSED, breakers.MOVES)

    assert f"```mermaid\n{picture}\n```" in (ROOT / "docs" / "guards.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", WORKFLOWS)
def test_a_shipped_workflow_is_on_its_page_as_it_is_declared(name: str) -> None:
    """`python -m dirigent.cli catalogue draw NAME` prints the picture that belongs there."""
    page = (ROOT / "docs" / "workflows.md").read_text(encoding="utf-8")

    section = next(part for part in page.split("\n## ") if f"\n`{name}`:" in part)
    assert f"```mermaid\n{workflow_drawn(WORKFLOWS[name])}\n```" in section
    assert [field for field in WORKFLOWS[name].result if f"`{field}`" not in section] == []


def test_leaves_out_what_changes_nothing() -> None:
    circle = {breakers.State.OPEN: {breakers.Event.RESET: breakers.State.OPEN}}

    assert drawn(breakers.State.OPEN, circle) == "stateDiagram-v2\n    [*] --> open"
