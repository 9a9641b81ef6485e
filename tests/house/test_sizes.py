"""Functions and modules stay small enough to be read at a sitting."""

import ast
from collections.abc import Callable, Collection, Iterable
from pathlib import Path

FUNCTION_LINES = 40
MODULE_LINES = 400
TEST_MODULE_LINES = 600
#: The door only registers, and an entity is a shell around a machine of the domain.
DOOR_LINES = 60
ENTITY_LINES = 40

#: `file name:function` or `file name` → why it may be longer. Empty is how it should stay.
LONGER: dict[str, str] = {}


def too_long(modules: Iterable[Path], excused: Collection[str] = ()) -> list[str]:
    """What exceeds its limit and is not excused, and excuses nobody needs."""
    found = [complaint for path in modules for complaint in _complaints(path)]
    needed = {place for place, _ in found}
    return [
        *(sentence for place, sentence in found if place not in excused),
        *(f"{place} is excused but not too long" for place in excused if place not in needed),
    ]


def _complaints(path: Path) -> Iterable[tuple[str, str]]:
    text = path.read_text(encoding="utf-8")
    lines, limit = len(text.splitlines()), _limit(path)
    if lines > limit:
        yield path.name, f"{path} has {lines} lines, more than {limit}: split it by nouns"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = _length(node)
            if length > FUNCTION_LINES:
                yield (
                    f"{path.name}:{node.name}",
                    f"{path}:{node.lineno} {node.name} has {length} lines, more than {FUNCTION_LINES}",
                )


def _limit(path: Path) -> int:
    if "tests" in path.parts:
        return TEST_MODULE_LINES
    if path.parent.name == "entities":
        return ENTITY_LINES
    is_door = path.name == "function_app.py" and "benchmarks" not in path.parts
    return DOOR_LINES if is_door else MODULE_LINES


def _length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    first, end = function.body[0], function.end_lineno or function.lineno
    length = end - function.lineno + 1
    if ast.get_docstring(function, clean=False) is not None:
        length -= (first.end_lineno or first.lineno) - first.lineno + 1
    return length


def test_keeps_functions_and_modules_small(modules: list[Path]) -> None:
    assert too_long(modules, LONGER) == []


def test_refuses_a_function_of_41_lines(write: Callable[[str, str], Path]) -> None:
    path = write("a.py", "def long():\n" + "    x = 1\n" * 40)

    assert too_long([path]) == [f"{path}:1 long has 41 lines, more than 40"]


def test_does_not_count_a_docstring(write: Callable[[str, str], Path]) -> None:
    path = write("a.py", 'def long():\n    """One.\n\n    Two.\n    """\n' + "    x = 1\n" * 39)

    assert too_long([path]) == []


def test_refuses_a_long_async_method(write: Callable[[str, str], Path]) -> None:
    path = write("a.py", "class C:\n    async def long(self):\n" + "        x = 1\n" * 40)

    assert len(too_long([path])) == 1


def test_refuses_a_module_of_401_lines_and_a_test_module_of_601(write: Callable[[str, str], Path]) -> None:
    module, tests = write("devhost/a.py", "x = 1\n" * 401), write("tests/test_a.py", "x = 1\n" * 601)

    assert too_long([module, tests]) == [
        f"{module} has 401 lines, more than 400: split it by nouns",
        f"{tests} has 601 lines, more than 600: split it by nouns",
    ]


def test_refuses_a_door_of_61_lines_and_an_entity_of_41(write: Callable[[str, str], Path]) -> None:
    door, entity = write("function_app.py", "x = 1\n" * 61), write("entities/lamp.py", "x = 1\n" * 41)

    assert too_long([door, entity]) == [
        f"{door} has 61 lines, more than 60: split it by nouns",
        f"{entity} has 41 lines, more than 40: split it by nouns",
    ]


def test_lets_an_app_under_test_be_as_long_as_a_test(write: Callable[[str, str], Path]) -> None:
    assert too_long([write("tests/apps/a/function_app.py", "x = 1\n" * 61)]) == []


def test_refuses_an_excuse_nobody_needs(write: Callable[[str, str], Path]) -> None:
    path = write("a.py", "def long():\n" + "    x = 1\n" * 40)

    assert too_long([path], {"a.py:long", "a.py:short"}) == ["a.py:short is excused but not too long"]
