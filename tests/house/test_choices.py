"""Every known quirk of the SDK and every choice of the host's has its row, and every row its tests."""

import ast
import re
from collections.abc import Callable, Collection, Iterable
from pathlib import Path

RECORD = "0008-quirks-and-choices.md"
ITEMS = (*map(str, range(1, 17)), *"abcdefgh")


def unstated(record: Path, tests: Collection[str]) -> list[str]:
    """Items without a row of their own, and rows that name no test or one that is not there."""
    rows = re.findall(r"^\| (\w+) \| .+ \| ([^|]+) \|$", record.read_text(encoding="utf-8"), re.MULTILINE)
    stated = {item: re.findall(r"`(\w+)`", named) for item, named in rows if item != "item"}
    return [
        *(f"{item} has no row" for item in ITEMS if item not in stated),
        *(f"{item} names no test" for item, named in stated.items() if item in ITEMS and not named),
        *(
            f"{item} names {n}, which is not there"
            for item, ns in stated.items()
            for n in ns
            if n not in tests
        ),
    ]


def names_of_tests(modules: Iterable[Path]) -> set[str]:
    """The names of all test functions."""
    return {
        node.name
        for path in modules
        if path.name.startswith("test_")
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }


def test_every_quirk_and_every_choice_is_stated_by_tests(root: Path, modules: list[Path]) -> None:
    assert unstated(root / "docs" / "decisions" / RECORD, names_of_tests(modules)) == []


def test_refuses_a_row_that_is_missing_or_names_nothing(write: Callable[[str, str], Path]) -> None:
    rows = "".join(f"| {item} | so | `test_a` |\n" for item in ITEMS[2:])
    record = write(RECORD, f"| item | here | tests |\n|---|---|---|\n| 2 | so | by hand |\n{rows}")

    assert unstated(record, {"test_a"}) == ["1 has no row", "2 names no test"]


def test_refuses_a_row_whose_test_is_gone(write: Callable[[str, str], Path]) -> None:
    record = write(RECORD, "".join(f"| {item} | so | `test_a` `test_b` |\n" for item in ITEMS))

    assert unstated(record, {"test_a"}) == [f"{item} names test_b, which is not there" for item in ITEMS]
