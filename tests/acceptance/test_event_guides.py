"""What docs/command-line.md and docs/dead-letters.md have one type about events prints what they say."""

import os
import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from driver import ROOT
from mortal_app import MortalApp

#: What the reader keeps of an answer for the commands that follow.
KEPT = {
    "LETTER": re.compile(r"^([0-9a-f]{14}-[0-9a-f]{20})  ", re.MULTILINE),
    "CAUSE": re.compile(r"^ +\d+  ([0-9a-f]{16})  ", re.MULTILINE),
}
#: Seconds until what was told has been heard, and has come to nothing.
PATIENCE = 40.0


@pytest.fixture
def served(tmp_path: Path) -> Iterator[str]:
    """Where the app answers."""
    host = MortalApp(tmp_path, {})
    host.spawn()
    host.wait_until_ready()
    yield f"http://127.0.0.1:{host.port}"
    host.stop()


def typed(document: str) -> Iterator[tuple[str, str]]:
    """Each command of the document's blocks that name this test, and what it is to print."""
    page = (ROOT / document).read_text(encoding="utf-8")
    fence = rf"^```console tested-by: tests/acceptance/{Path(__file__).name}\n(.*?)^```$"
    for block in re.findall(fence, page, re.MULTILINE | re.DOTALL):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, expected = part.partition("\n")
            yield command, expected.strip()


def said(command: str, environment: dict[str, str]) -> str:
    """What the command prints, beside its result."""
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", command],
        cwd=ROOT,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
        check=False,
    )
    return done.stdout.strip()


@pytest.mark.parametrize("document", ["docs/command-line.md", "docs/dead-letters.md"])
def test_the_commands_print_what_is_written(served: str, document: str) -> None:
    environment = {"DIRIGENT_URL": served}
    commands = list(typed(document))

    for command, expected in commands:
        # A message that comes to nothing at once may be back before its replay is answered.
        pieces = expected.replace(": it is replayed.", ": it is ....").split("...")
        pattern = re.compile(".*".join(re.escape(piece) for piece in pieces), re.DOTALL)
        patience = time.monotonic() + PATIENCE
        while not pattern.fullmatch(shown := said(command, environment)):
            assert time.monotonic() < patience, f"{command}\n{shown}"
            time.sleep(0.1)
        environment |= {name: found[1] for name, kept in KEPT.items() if (found := kept.search(shown))}
    assert len(commands) > 2
