"""What is written is fit for every machine and finished."""

import re
import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

#: What it is → how it looks. Written so that no pattern matches itself.
UNWANTED = {
    "a path of one machine": re.compile(
        r"(?<![\w.:/}])/(?:home/(?!site/)|root/|work/|Users/|opt/pypi)[\w.]?"
    ),
    "a registry's address": re.compile(
        r"-{2}(?:extra-)?index-ur[l]\b|pypi[.]org/simpl[e]|files[.]pythonhosted[.]or[g]"
    ),
    "unfinished work": re.compile(r"\b(?:TO[D]O|FIX[M]E|XX[X]|HAC[K])\b"),
}


def unwanted(files: Iterable[Path]) -> list[str]:
    """Lines that name one machine, a registry, or work left undone."""
    return [
        f"{path}:{number} {what}: {line.strip()[:100]}"
        for path in files
        for number, line in enumerate(_lines(path), start=1)
        for what, pattern in UNWANTED.items()
        if pattern.search(line)
    ]


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError:
        return []  # a picture has no words


def tracked(root: Path) -> list[Path]:
    """The files git tracks or would; every file outside hidden folders where there is no git."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    if listing.returncode == 0 and listing.stdout:
        return [root / name for name in listing.stdout.split("\0") if (root / name).is_file()]
    found = (path for path in root.rglob("*") if path.is_file())
    return [path for path in found if not any(part.startswith(".") for part in path.relative_to(root).parts)]


def test_nothing_tracked_is_of_one_machine_or_unfinished(root: Path) -> None:
    assert unwanted(tracked(root)) == []


@pytest.mark.parametrize(
    "line",
    [
        "python=/·home/ann/.venv/bin/python",
        "cd /·work/main",
        "pip install --extra-·index-url https://example.org",
        "https://pypi.org/·simple/aiohttp",
        "# TO·DO: later",
    ],
)
def test_refuses_what_belongs_to_one_machine(write: Callable[[str, str], Path], line: str) -> None:
    # The dots keep this very file free of what it looks for.
    path = write("notes.md", f"fine\n{line.replace('·', '')}\n")

    assert len(unwanted([path])) == 1


def test_lets_addresses_and_azures_own_folder_be(write: Callable[[str, str], Path]) -> None:
    path = write("notes.md", "http://localhost:7071/work/1\n/home/site/wwwroot\nthe network/root/stem\n")

    assert unwanted([path]) == []


def test_sees_tracked_files_only(root: Path) -> None:
    names = {path.relative_to(root).as_posix() for path in tracked(root)}

    assert "pyproject.toml" in names
    assert not any(name.startswith(".venv/") for name in names)
