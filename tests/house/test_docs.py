"""What the documents tell a reader to type is typed here.

A fenced `sh` or `console` block is run from the project's folder: `sh` must succeed, and in `console` the
lines after each `$ command` must be what it prints (`...` stands for anything). What cannot run here says so
behind the language: `no-run: why`, or `tested-by: tests/…` naming the test that runs that very block.
"""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FENCE = re.compile(r"^```(?P<info>\S[^\n]*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\((?!https?:|#)(?P<target>[^)#\s]+)")
LANGUAGES = ("sh", "bash", "shell", "console")


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One fenced block of commands."""

    document: Path
    language: str
    remark: str
    text: str


def documents(root: Path) -> list[Path]:
    """What is written for readers."""
    return sorted([*root.glob("*.md"), *(root / "docs").rglob("*.md")])


def blocks(document: Path) -> Iterator[Block]:
    """The document's blocks of commands."""
    for match in FENCE.finditer(document.read_text(encoding="utf-8")):
        language, _, remark = match["info"].partition(" ")
        if language in LANGUAGES:
            yield Block(document=document, language=language, remark=remark.strip(), text=match["text"])


def unproven(root: Path, block: Block) -> str | None:
    """Why a block that does not run here has no good excuse."""
    kind, _, rest = (part.strip() for part in block.remark.partition(":"))
    if kind == "no-run" and rest:
        return None
    test = root / rest
    if kind == "tested-by" and test.is_file() and block.document.name in test.read_text(encoding="utf-8"):
        return None
    return (
        f"{block.document.name}: {block.remark!r} names neither a reason nor a test that reads the document"
    )


def run(block: Block, root: Path) -> list[str]:
    """What went otherwise than written."""
    if block.language != "console":
        code, printed = _shell(block.text, root)
        return [] if code == 0 else [f"{block.document.name}: exit {code}\n{block.text}{printed}"]
    return [
        f"{block.document.name}: `{command}` printed\n{printed}"
        for command, expected in _conversation(block.text)
        for code, printed in [_shell(command, root)]
        if code != 0 or not _fits(printed, expected)
    ]


def _shell(script: str, root: Path) -> tuple[int, str]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=root,
        env={**os.environ, "PATH": path},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout


def _conversation(text: str) -> Iterator[tuple[str, str]]:
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command, _, expected = part.partition("\n")
        yield command, expected


def _fits(printed: str, expected: str) -> bool:
    pattern = ".*".join(re.escape(piece) for piece in expected.strip().split("..."))
    return re.fullmatch(pattern, printed.strip(), flags=re.DOTALL) is not None


def dead_links(document: Path) -> list[str]:
    """Links to files that do not exist."""
    targets = [match["target"] for match in LINK.finditer(document.read_text(encoding="utf-8"))]
    return [f"{document.name}: {target}" for target in targets if not (document.parent / target).exists()]


WRITTEN = [block for document in documents(ROOT) for block in blocks(document)]
RUN = [block for block in WRITTEN if not block.remark]
NAMES = [f"{block.document.stem}-{number}" for number, block in enumerate(RUN, start=1)]


@pytest.mark.parametrize("block", RUN, ids=NAMES)
def test_what_the_documents_say_to_type_works(block: Block) -> None:
    assert run(block, ROOT) == []


def test_every_block_that_is_not_run_says_why() -> None:
    assert [why for block in WRITTEN if block.remark and (why := unproven(ROOT, block))] == []


def test_every_link_leads_somewhere() -> None:
    assert [link for document in documents(ROOT) for link in dead_links(document)] == []


@pytest.mark.parametrize(
    ("fence", "goes_wrong"),
    [
        ("```sh\ntrue\n```", False),
        ("```sh\nfalse | cat\n```", True),
        ("```console\n$ echo one two\none two\n```", False),
        ("```console\n$ echo one two\none ...\n```", False),
        ("```console\n$ echo one\none\n$ echo two\nthree\n```", True),
        ("```console\n$ false\n```", True),
    ],
)
def test_runs_what_is_written(write: Callable[[str, str], Path], fence: str, goes_wrong: bool) -> None:
    (block,) = blocks(write("a.md", f"Words.\n\n{fence}\n"))

    assert bool(run(block, block.document.parent)) == goes_wrong


@pytest.mark.parametrize(
    ("remark", "is_excused"),
    [
        ("no-run: it needs a subscription", True),
        ("no-run:", False),
        ("later", False),
        ("tested-by: tests/reads.py", True),
        ("tested-by: tests/reads_not.py", False),
        ("tested-by: tests/gone.py", False),
    ],
)
def test_asks_for_a_reason(
    write: Callable[[str, str], Path], tmp_path: Path, remark: str, is_excused: bool
) -> None:
    write("tests/reads.py", "Path('a.md')\n")
    write("tests/reads_not.py", "\n")
    (block,) = blocks(write("a.md", f"```sh {remark}\ntrue\n```\n"))

    assert (unproven(tmp_path, block) is None) == is_excused


def test_sees_a_dead_link(write: Callable[[str, str], Path]) -> None:
    assert dead_links(write("a.md", "[b](b.md) [web](https://example.org)\n")) == ["a.md: b.md"]
