"""A decision has one number, one page and a place for what follows from it."""

import re
from collections.abc import Callable
from pathlib import Path

PAGE = 60
INDEX = "README.md"
SECTIONS = ("## Context", "## Decision", "## Consequences")


def disorderly(folder: Path) -> list[str]:
    """Decision records that are misnamed, share a number, are untitled or too long."""
    records = sorted(record for record in folder.glob("*.md") if record.name != INDEX)
    numbers = [record.name[:4] for record in records]
    return [
        *(f"{r.name}: no title `# {r.name[:4]} …`" for r in records if not _titled(r)),
        *(f"{r.name}: not named like 0001-what-was-decided.md" for r in records if not _named(r)),
        *(f"{r.name}: shares its number" for r in records if numbers.count(r.name[:4]) > 1),
        *(f"{r.name}: longer than a page of {PAGE} lines" for r in records if len(_lines(r)) > PAGE),
        *(f"{r.name}: no `{s}`" for r in records for s in SECTIONS if s not in _lines(r)),
    ]


def unlisted(folder: Path) -> list[str]:
    """Lines that the index lacks, one for each record."""
    records = sorted(record for record in folder.glob("*.md") if record.name != INDEX)
    wanted = [f"* [{_title(record)}]({record.name})" for record in records]
    there = _lines(folder / INDEX) if (folder / INDEX).is_file() else []
    return [line for line in wanted if line not in there]


def _title(record: Path) -> str:
    return next(iter(_lines(record)), "").removeprefix("# ")


def _lines(record: Path) -> list[str]:
    return record.read_text(encoding="utf-8").splitlines()


def _titled(record: Path) -> bool:
    return next(iter(_lines(record)), "").startswith(f"# {record.name[:4]} ")


def _named(record: Path) -> bool:
    return re.fullmatch(r"\d{4}(-[a-z0-9]+)+\.md", record.name) is not None


def test_every_decision_has_one_number_and_one_page(root: Path) -> None:
    folder = root / "docs" / "decisions"

    assert list(folder.glob("0*.md"))
    assert disorderly(folder) == []


def test_the_index_lists_every_decision(root: Path) -> None:
    assert unlisted(root / "docs" / "decisions") == []


def test_names_the_line_the_index_lacks(write: Callable[[str, str], Path], tmp_path: Path) -> None:
    write("README.md", "* [0001 One file](0001-one-file.md)\n")
    write("0001-one-file.md", "# 0001 One file\n")
    write("0002-one-loop.md", "# 0002 One loop\n")

    assert unlisted(tmp_path) == ["* [0002 One loop](0002-one-loop.md)"]


def test_refuses_a_number_used_twice(write: Callable[[str, str], Path], tmp_path: Path) -> None:
    sections = "\n".join(SECTIONS)
    write("0001-one-file.md", f"# 0001 One file\n{sections}\n")
    write("0001-two-files.md", f"# 0001 Two files\n{sections}\n")

    assert disorderly(tmp_path) == [
        "0001-one-file.md: shares its number",
        "0001-two-files.md: shares its number",
    ]


def test_refuses_a_record_without_form(write: Callable[[str, str], Path], tmp_path: Path) -> None:
    write("notes.md", "x\n" * (PAGE + 1))

    assert len(disorderly(tmp_path)) == 3 + len(SECTIONS)
