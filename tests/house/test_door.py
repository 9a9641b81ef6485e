"""The door registers what the rooms list, and neither decides nor knows anything else."""

import ast
from collections.abc import Callable, Iterator
from pathlib import Path

#: What function_app.py may import; import-linter sees packages only.
KNOWN = (
    "activities",
    "azure.durable_functions",
    "azure.functions",
    "dirigent.declarations",
    "dirigent.settings",
    "dirigent.wiring",
    "entities",
    "orchestrators",
    "os",
    "triggers",
)


def strange(door: Path) -> list[str]:
    """Imports the door has no business with, and functions of its own."""
    tree = ast.parse(door.read_text(encoding="utf-8"))
    own = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    return [
        *(f"imports {name}" for name in _imported(tree) if name not in KNOWN),
        *(f"defines {node.name}" for node in ast.walk(tree) if isinstance(node, own)),
    ]


def _imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            full = [f"{node.module}.{alias.name}" for alias in node.names]
            yield from (name if name in KNOWN else str(node.module) for name in full)


def test_the_door_knows_the_rooms_and_nothing_else(root: Path) -> None:
    assert strange(root / "function_app.py") == []


def test_refuses_a_door_that_knows_more(write: Callable[[str, str], Path]) -> None:
    door = write(
        "function_app.py",
        "import time\nfrom dirigent import wiring\nfrom devhost.host import Host\ndef rule(): ...\n",
    )

    assert strange(door) == ["imports time", "imports devhost.host", "defines rule"]
