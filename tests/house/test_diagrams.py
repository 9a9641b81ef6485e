"""Pictures in documents are drawn from the tables they show."""

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

from dirigent.domain import breakers

ROOT = Path(__file__).parents[2]


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


def test_leaves_out_what_changes_nothing() -> None:
    circle = {breakers.State.OPEN: {breakers.Event.RESET: breakers.State.OPEN}}

    assert drawn(breakers.State.OPEN, circle) == "stateDiagram-v2\n    [*] --> open"
