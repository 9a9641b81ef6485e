"""Messages are facts: frozen, named by keyword, without room for more."""

import ast
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

REQUIRED = frozenset({"frozen", "kw_only", "slots"})
#: Structs have slots by nature.
REQUIRED_OF_STRUCTS = frozenset({"frozen", "kw_only"})
STRUCTS = frozenset({"Message", "Struct", "msgspec.Struct"})


def loose(modules: Iterable[Path]) -> list[str]:
    """Classes in a messages.py that are neither such a dataclass nor an enum."""
    return [
        f"{path}:{node.lineno} {node.name} is not @dataclass(frozen=True, slots=True, kw_only=True)"
        for path in modules
        if path.name == "messages.py"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ClassDef)
        and not _is_struct(node)
        and not _is_enum(node)
        and not _is_fact(node)
    ]


def loose_structs(modules: Iterable[Path]) -> list[str]:
    """Messages of the app, wherever they stand, that can be changed or filled by position."""
    return [
        f"{path}:{node.lineno} {node.name} is not (Message, frozen=True, kw_only=True)"
        for path in modules
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ClassDef)
        and _is_struct(node)
        # Elsewhere a bare Struct is a tool a module works with, no message.
        and (path.name == "messages.py" or "Message" in map(ast.unparse, node.bases))
        and not _true_of(node.keywords) >= REQUIRED_OF_STRUCTS
    ]


def _is_struct(node: ast.ClassDef) -> bool:
    return any(ast.unparse(base) in STRUCTS for base in node.bases)


def _true_of(keywords: Iterable[ast.keyword]) -> set[str | None]:
    return {word.arg for word in keywords if ast.unparse(word.value) == "True"}


def _is_enum(node: ast.ClassDef) -> bool:
    return any(ast.unparse(base).endswith("Enum") for base in node.bases)


def _is_fact(node: ast.ClassDef) -> bool:
    return any(
        isinstance(mark, ast.Call)
        and ast.unparse(mark.func).endswith("dataclass")
        and _true_of(mark.keywords) >= REQUIRED
        for mark in node.decorator_list
    )


def test_every_message_is_frozen_and_named(modules: list[Path]) -> None:
    assert loose(modules) == []
    assert loose_structs(modules) == []


@pytest.mark.parametrize("words", ["", ", frozen=True", ", frozen=True, kw_only=False"])
def test_refuses_a_loose_struct(write: Callable[[str, str], Path], words: str) -> None:
    assert len(loose_structs([write("runs.py", f"class A(Message{words}):\n    id: int\n")])) == 1


def test_a_bare_struct_is_a_message_in_messages_only(write: Callable[[str, str], Path]) -> None:
    text = "class A(Struct):\n    id: int\n"

    assert len(loose_structs([write("messages.py", text), write("nodes.py", text)])) == 1


def test_lets_a_tight_struct_be(write: Callable[[str, str], Path]) -> None:
    tight = write("messages.py", "class A(Struct, frozen=True, kw_only=True):\n    id: int\n")

    assert (loose([tight]), loose_structs([tight])) == ([], [])


@pytest.mark.parametrize("mark", ["", "@dataclass\n", "@dataclass(frozen=True, slots=True)\n"])
def test_refuses_a_loose_message(write: Callable[[str, str], Path], mark: str) -> None:
    assert len(loose([write("messages.py", f"{mark}class A:\n    id: int\n")])) == 1


def test_lets_enums_and_other_modules_be(write: Callable[[str, str], Path]) -> None:
    enum, other = write("messages.py", "class A(StrEnum):\n    X = 'x'\n"), write("b.py", "class A: ...\n")

    assert loose([enum, other]) == []
