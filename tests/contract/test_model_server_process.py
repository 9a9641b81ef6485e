"""`python -m dirigent.modelserver` as a process, and what docs/model-server.md tells a reader to type."""

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import takewhile
from pathlib import Path

import openai
import pytest

ROOT = Path(__file__).resolve().parents[2]
GUIDE = (ROOT / "docs" / "model-server.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```console [^\n]*\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)
SERVED = "http://127.0.0.1:7080"
LISTENING = "Listening on "


def command(*options: str) -> list[str]:
    return [sys.executable, "-m", "dirigent.modelserver", *options]


@contextmanager
def running(*options: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The process and its address, while it runs."""
    with subprocess.Popen(
        command("--port", "0", *options), cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        try:
            told = next((line for line in process.stdout if line.startswith(LISTENING)), LISTENING)
            yield process, told.removeprefix(LISTENING).strip()
        finally:
            process.kill()


def refused(*options: str, **environment: str) -> tuple[int, str]:
    """The status and the words with which it does not start."""
    done = subprocess.run(
        command(*options),
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_listens_follows_its_script_and_ends_when_it_is_told(number: signal.Signals, tmp_path: Path) -> None:
    (tmp_path / "script.yaml").write_text("answers: [{answer: Word for word.}]\n", encoding="utf-8")

    with (
        running("--script", str(tmp_path / "script.yaml"), "--key", "secret") as (process, url),
        openai.OpenAI(base_url=url, api_key="secret", max_retries=0, timeout=20) as client,
    ):
        told = client.chat.completions.create(model="m", messages=[{"role": "user", "content": "Go."}])
        process.send_signal(number)
        _, errors = process.communicate(timeout=20)

    assert re.fullmatch(r"http://127\.0\.0\.1:[0-9]+/v1", url)
    assert told.choices[0].message.content == "Word for word."
    assert (process.returncode, errors) == (0, "")


def test_does_not_start_outside_of_development() -> None:
    status, told = refused(AZURE_FUNCTIONS_ENVIRONMENT="Production")

    assert status == 2
    assert "AZURE_FUNCTIONS_ENVIRONMENT is 'Production'" in told


def test_does_not_start_on_a_script_it_cannot_follow(tmp_path: Path) -> None:
    (tmp_path / "script.yaml").write_text("faults: [{fault: truncate}]\n", encoding="utf-8")

    status, told = refused("--script", str(tmp_path / "script.yaml"))

    assert status == 2
    assert "Did you mean 'truncated'?" in told
    assert "Traceback" not in told


def test_does_not_start_where_another_listens() -> None:
    with running() as (_, url):
        status, told = refused("--port", url.rpartition(":")[2].removesuffix("/v1"))

    assert status == 1
    assert "--port" in told
    assert "Traceback" not in told


@pytest.mark.skipif(shutil.which("curl") is None, reason="the guide's commands need curl")
def test_every_command_of_the_guide_prints_what_is_written(tmp_path: Path) -> None:
    (script,) = re.findall(r"^```yaml\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)
    (tmp_path / "script.yaml").write_text(script, encoding="utf-8")
    pairs = [pair for block in BLOCKS for pair in conversation(block)]
    with running("--script", str(tmp_path / "script.yaml")) as (_, url):
        origin = url.removesuffix("/v1")
        printed = [typed(command.replace(SERVED, origin)).replace(origin, SERVED) for command, _ in pairs]

    wrong = [told for (_, expected), told in zip(pairs, printed, strict=True) if not fits(told, expected)]
    assert wrong == []
    assert len(pairs) >= 6


def conversation(block: str) -> Iterator[tuple[str, str]]:
    """Commands, which go on in lines that are indented, and what they print."""
    for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        first, *lines = part.splitlines(keepends=True)
        more = list(takewhile(lambda line: line.startswith("    "), lines))
        yield "".join([first, *more]), "".join(lines[len(more) :])


def typed(line: str) -> str:
    """What the command prints."""
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", line],
        env={**os.environ, "no_proxy": "*"},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return done.stdout.replace("\r", "")


def fits(printed: str, expected: str) -> bool:
    """Whether it was printed as written, where `...` stands for anything."""
    pattern = ".*".join(re.escape(piece) for piece in expected.strip().split("..."))
    return re.fullmatch(pattern, printed.strip(), flags=re.DOTALL) is not None
