"""Tests use real objects and shipped fakes; nothing is patched, and unit tests wait for nothing."""

import ast
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

MOCKS = frozenset({"mock", "pytest_mock", "unittest.mock"})
PATCHERS = frozenset({"mocker", "monkeypatch"})


def patched(modules: Iterable[Path]) -> list[str]:
    """Every place that brings in a mock or a patching fixture."""
    return [
        f"{path}:{line} {what}: use a real object or a shipped fake"
        for path in modules
        for line, what in _patches(ast.parse(path.read_text(encoding="utf-8")))
    ]


def _patches(tree: ast.Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names if alias.name in MOCKS)
        elif isinstance(node, ast.ImportFrom):
            full = {node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)}
            yield from ((node.lineno, name) for name in sorted(full & MOCKS))
        elif isinstance(node, ast.arg) and node.arg in PATCHERS:
            yield node.lineno, node.arg
        elif isinstance(node, ast.Attribute) and node.attr == "MonkeyPatch":
            yield node.lineno, node.attr


def sleeping(modules: Iterable[Path]) -> list[str]:
    """Every call of `sleep` with anything but zero, which only lets others run."""
    return [
        f"{path}:{call.lineno} sleeps: turn the clock instead"
        for path in modules
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(call, ast.Call) and _sleeps(call)
    ]


def _sleeps(call: ast.Call) -> bool:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    yields_only = any(isinstance(arg, ast.Constant) and arg.value == 0 for arg in call.args[:1])
    # A virtual clock's sleep takes no time: it is what such tests should do instead.
    on_a_clock = isinstance(call.func, ast.Attribute) and ast.unparse(call.func.value).endswith("clock")
    return name == "sleep" and not yields_only and not on_a_clock


def test_nothing_is_mocked(modules: list[Path]) -> None:
    assert patched(modules) == []


@pytest.mark.parametrize(
    "text",
    [
        "import unittest.mock\n",
        "from unittest import mock\n",
        "from unittest.mock import Mock\n",
        "def test_a(monkeypatch): ...\n",
        "def test_a(mocker): ...\n",
        "import pytest\nwith pytest.MonkeyPatch.context(): ...\n",
    ],
)
def test_refuses_a_mock(write: Callable[[str, str], Path], text: str) -> None:
    assert len(patched([write("test_a.py", text)])) == 1


def test_unit_tests_do_not_sleep(root: Path, modules: list[Path]) -> None:
    assert sleeping(path for path in modules if path.is_relative_to(root / "tests" / "unit")) == []


def test_refuses_to_sleep(write: Callable[[str, str], Path]) -> None:
    path = write("test_a.py", "time.sleep(0.1)\nawait_(asyncio.sleep(0))\nsleep(1)\nhost.clock.sleep(60)\n")

    assert sleeping([path]) == [
        f"{path}:1 sleeps: turn the clock instead",
        f"{path}:3 sleeps: turn the clock instead",
    ]
