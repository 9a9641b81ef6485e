"""Whoever follows docs/workflows.md has a workflow of their own in the end, and sees it run and fail."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from content_host import content_host
from driver import ROOT
from mortal_app import MortalApp

GUIDE = (ROOT / "docs" / "workflows.md").read_text(encoding="utf-8")
WRITING = re.findall(r"^```sh\n(mkdir .*?|cat > .*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)
FENCE = rf"^```console tested-by: tests/acceptance/{Path(__file__).name}\n(.*?)^```$"
[TYPED] = re.findall(FENCE, GUIDE, re.MULTILINE | re.DOTALL)


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """The folder in which everything was typed that the page has one type into files."""
    for block in WRITING:
        subprocess.run(["bash", "-euo", "pipefail", "-c", block], cwd=tmp_path, check=True)
    return tmp_path / ".dirigent"


@pytest.fixture
def served(mine: Path) -> Iterator[str]:
    """Where the app answers that reads this catalogue."""
    host = MortalApp(mine, {"DIRIGENT_CATALOGUE": str(mine / "mine")})
    host.spawn()
    host.wait_until_ready()
    yield f"http://127.0.0.1:{host.port}"
    host.stop()


def test_the_command_prints_what_is_written(served: str) -> None:
    command, _, expected = TYPED.removeprefix("$ ").partition("\n")

    done = subprocess.run(
        ["bash", "-c", command.replace(".venv/bin/python", sys.executable)],
        cwd=ROOT,
        env={**os.environ, "DIRIGENT_URL": served},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
        check=False,
    )

    pattern = ".*".join(re.escape(piece) for piece in expected.strip().split("..."))
    assert re.fullmatch(pattern, done.stdout.strip(), re.DOTALL), done.stdout
    assert done.returncode == 0


def test_without_the_sceptic_the_chair_decides_after_the_deadline(mine: Path) -> None:
    script = str(mine / "mine.script.yaml")

    with content_host(mine, catalogue=mine / "mine", DIRIGENT_SCRIPT=script) as host:
        task = host.ended(host.start({"plan": "We stop answering the phone."}, "three-views")["task_id"])

    result = task["result"]
    assert [view["agent"] for view in result["views"]] == ["friend", "novice"]
    assert (result["timed_out"], result["completed_agents"]) == (True, 2)
    assert [gap["branch"] for gap in result["missing"]] == ["sceptic"]
    assert (result["sceptics_stance"], bool(result["decision"])) == (None, True)
