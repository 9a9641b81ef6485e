"""Messages are facts: frozen, named by keyword, without room for more."""

import ast
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

REQUIRED = frozenset({"frozen", "kw_only", "slots"})


def loose(modules: Iterable[Path]) -> list[str]:
    """Classes in a messages.py that are neither such a dataclass nor an enum."""
    return [
        f"{path}:{node.lineno} {node.name} is not @dataclass(frozen=True, slots=True, kw_only=True)"
        for path in modules
        if path.name == "messages.py"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ClassDef) and not _is_enum(node) and not _is_fact(node)
    ]


def _is_enum(node: ast.ClassDef) -> bool:
    return any(ast.unparse(base).endswith("Enum") for base in node.bases)


def _is_fact(node: ast.ClassDef) -> bool:
    return any(
        isinstance(mark, ast.Call)
        and ast.unparse(mark.func).endswith("dataclass")
        and {word.arg for word in mark.keywords if ast.unparse(word.value) == "True"} >= REQUIRED
        for mark in node.decorator_list
    )


def test_every_message_is_frozen_and_named(modules: list[Path]) -> None:
    assert loose(modules) == []


@pytest.mark.parametrize("mark", ["", "@dataclass\n", "@dataclass(frozen=True, slots=True)\n"])
def test_refuses_a_loose_message(write: Callable[[str, str], Path], mark: str) -> None:
    assert len(loose([write("messages.py", f"{mark}class A:\n    id: int\n")])) == 1


def test_lets_enums_and_other_modules_be(write: Callable[[str, str], Path]) -> None:
    enum, other = write("messages.py", "class A(StrEnum):\n    X = 'x'\n"), write("b.py", "class A: ...\n")

    assert loose([enum, other]) == []
