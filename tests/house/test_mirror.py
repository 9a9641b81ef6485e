"""Every module that does something has its test where one looks for it, and every unit test its module."""

import ast
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

PACKAGES = ("activities", "devhost", "dirigent", "entities", "orchestrators", "triggers")

#: Module → what tests it instead of a mirrored unit test.
TESTED_ELSEWHERE: dict[str, str] = {
    "dirigent/adapters/bus/sender.py": "tests/contract/test_bus_hostile.py",
    "dirigent/adapters/tables/account.py": "tests/contract/test_azure_tables_faults.py",
}


def missing(root: Path, package: str, elsewhere: dict[str, str]) -> list[str]:
    """Modules without a test, excuses that no longer hold, and tests without a module."""
    return [
        *_untested(root, package, elsewhere),
        *_stale_excuses(root, elsewhere),
        *_orphans(root, package),
    ]


def _untested(root: Path, package: str, elsewhere: dict[str, str]) -> Iterator[str]:
    for module in sorted((root / package).rglob("*.py")):
        name = module.relative_to(root)
        mirror = Path("tests", "unit", name.parent, f"test_{name.name}")
        if (
            name.stem in ("__init__", "__main__")
            or name.as_posix() in elsewhere
            or not _does_something(module)
        ):
            continue
        if not (root / mirror).is_file():
            yield f"{name.as_posix()} has no {mirror.as_posix()}"


def _does_something(module: Path) -> bool:
    functions = (
        node
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )
    return any(not _is_promise(function) for function in functions)


def _is_promise(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    # A Protocol's member: nothing but a docstring or an ellipsis.
    return all(isinstance(step, ast.Expr) and isinstance(step.value, ast.Constant) for step in function.body)


def _stale_excuses(root: Path, elsewhere: dict[str, str]) -> Iterator[str]:
    for name in elsewhere:
        if not (root / name).is_file():
            yield f"{name} is excused but does not exist"
        elif (root / "tests" / "unit" / Path(name).parent / f"test_{Path(name).name}").is_file():
            yield f"{name} is excused but has its test"


def _orphans(root: Path, package: str) -> Iterator[str]:
    unit = root / "tests" / "unit"
    for test in sorted((unit / package).rglob("test_*.py")):
        room, subject = root / test.parent.relative_to(unit), test.stem.removeprefix("test_")
        # One module may have several test files: test_<module>_<aspect>.py.
        if not any(f"{subject}_".startswith(f"{module.stem}_") for module in room.glob("*")):
            name = test.relative_to(root)
            yield f"{name.as_posix()} tests no module of {room.relative_to(root).as_posix()}"


@pytest.mark.parametrize("package", PACKAGES)
def test_every_module_has_its_test(root: Path, package: str) -> None:
    excuses = {name: why for name, why in TESTED_ELSEWHERE.items() if name.startswith(f"{package}/")}

    assert missing(root, package, excuses) == []


def test_reports_a_module_without_a_test(tmp_path: Path, write: Callable[[str, str], Path]) -> None:
    write("devhost/engine/clock.py", "def now():\n    return 1\n")

    assert missing(tmp_path, "devhost", {}) == [
        "devhost/engine/clock.py has no tests/unit/devhost/engine/test_clock.py"
    ]


def test_asks_no_test_of_a_module_that_only_declares(
    tmp_path: Path, write: Callable[[str, str], Path]
) -> None:
    write("devhost/ports.py", 'class Clock:\n    def now(self) -> int:\n        """The instant."""\n')

    assert missing(tmp_path, "devhost", {}) == []


def test_reports_excuses_that_no_longer_hold(tmp_path: Path, write: Callable[[str, str], Path]) -> None:
    write("devhost/clock.py", "def now():\n    return 1\n")
    write("tests/unit/devhost/test_clock.py", "")

    assert missing(tmp_path, "devhost", {"devhost/clock.py": "by hand", "devhost/gone.py": "by hand"}) == [
        "devhost/clock.py is excused but has its test",
        "devhost/gone.py is excused but does not exist",
    ]


def test_reports_a_test_whose_module_is_gone(tmp_path: Path, write: Callable[[str, str], Path]) -> None:
    write("devhost/clock.py", "NOW = 1\n")
    write("tests/unit/devhost/test_clock_by_night.py", "")
    write("tests/unit/devhost/test_clockwork.py", "")

    assert missing(tmp_path, "devhost", {}) == [
        "tests/unit/devhost/test_clockwork.py tests no module of devhost"
    ]
