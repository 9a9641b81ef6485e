"""The guide to the HTTP API, docs/http-api.md, says what is so: its commands are typed as they stand."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from content_host import content_host
from driver import ROOT

GUIDE = (ROOT / "docs" / "http-api.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```console [^\n]*\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)
SERVED = "http://localhost:7071"
#: What the reader is told to keep for the commands that follow.
KEPT = {
    "TASK": r'"task_id":"(\w+)"',
    "ETAG": r'(?i)^etag: (".*")$',
    "LETTER": r'^{"dead_letters":\[{"id":"([\w-]+)"',
}

pytestmark = pytest.mark.skipif(shutil.which("curl") is None, reason="the guide's commands need curl")


def conversation(block: str) -> Iterator[tuple[str, str]]:
    """Commands and what they print."""
    for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        command, _, expected = part.partition("\n")
        yield command, expected


def typed(command: str, environment: dict[str, str]) -> str:
    """What the command prints."""
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", command],
        env={**os.environ, **environment, "no_proxy": "*"},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return done.stdout.replace("\r", "")


def fits(printed: str, expected: str, environment: dict[str, str]) -> bool:
    """Whether it was printed as written, where `...` stands for anything."""
    for name, value in environment.items():
        expected = expected.replace(f"${name}", value)
    pattern = ".*".join(re.escape(piece) for piece in expected.strip().split("..."))
    return re.fullmatch(pattern, printed.strip(), flags=re.DOTALL | re.IGNORECASE) is not None


def test_every_command_prints_what_is_written(tmp_path: Path) -> None:
    known: dict[str, str] = {}
    wrong: list[str] = []
    with content_host(tmp_path) as app:
        for command, expected in (pair for block in BLOCKS for pair in conversation(block)):
            printed = typed(command.replace(SERVED, app.host.url), known)
            app.host.settle()
            printed = printed.replace(app.host.url, SERVED)
            for name, pattern in KEPT.items():
                if found := re.search(pattern, printed, re.MULTILINE):
                    known[name] = found[1]
            if not fits(printed, expected, known):
                wrong.append(f"{command}\n{printed}")

    assert wrong == []
    assert known.keys() == KEPT.keys()


def test_every_route_is_told(tmp_path: Path) -> None:
    told = set(re.findall(r"^\| `([A-Z]+) /(api/[^`]*)` \|", GUIDE, re.MULTILINE))
    with content_host(tmp_path) as app:
        functions = app.host.request("GET", "/admin/functions").json()
    triggers = [b for f in functions for b in f["config"]["bindings"] if b["type"] == "httpTrigger"]

    assert told == {(method, f"api/{each['route']}") for each in triggers for method in each["methods"]}
    assert [each["route"] for each in triggers if each["authLevel"].lower() != "function"] == ["health"]
