"""The demo: an article from one command, with nothing left running however it ends."""

import os
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from driver import ROOT, polled

pytestmark = pytest.mark.embedded_only("the demo brings all along; test_demo_real_model.py gives it a model")

MAKES = ("ARGS", "MAKEFLAGS", "MAKELEVEL", "MAKEOVERRIDES", "MFLAGS", "TOPIC")


def play(topic: str, data: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        # Without settings of one's own, which may name a model that costs.
        [sys.executable, str(ROOT / "demo.py"), topic, str(data), str(data / "none.json")],
        # Whatever the user has set for an app of their own is no concern of the demo.
        env={
            **os.environ,
            "DIRIGENT_RECORDS": "paper",
            "DIRIGENT_CATALOGUE": "gone",
            "PYTHONIOENCODING": "utf-8",
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
    )


def hosts_of(data: Path) -> list[str]:
    """Folders of the demo's hosts; each goes with its host."""
    return [folder.name for folder in data.glob("host-*")]


def running_in(data: Path) -> list[int]:
    """Processes that were told of that folder."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if b"devhost" in words and any(word.startswith(os.fsencode(data)) for word in words):
            found.append(int(folder.name))
    return found


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A folder whose name has blanks, as people's folders do."""
    return tmp_path / "my first demo"


def test_prints_an_article_and_keeps_it(data: Path) -> None:
    demo = play("the “old” harbour's\n cranes; $(false)", data)
    printed, _ = demo.communicate(timeout=60)

    assert demo.returncode == 0, printed
    assert re.findall(r"^  ✓ (\w+) ", printed, re.M) == ["research", "writing", "editing", "publishing"]
    assert "the scripted model wrote this; no language model was asked" in printed
    assert re.search(r"^total +4 ", printed, re.M)
    address = re.search(r"^The article is stored at (file://\S+)$", printed, re.M)
    assert address is not None, printed
    stored = Path(unquote(urlsplit(address[1]).path))
    assert stored.is_relative_to(data)
    assert stored.read_text(encoding="utf-8").strip() in printed
    assert (hosts_of(data), running_in(data)) == ([], [])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_it_and_its_host(data: Path, number: signal.Signals) -> None:
    demo = play("tides", data)
    try:
        polled(lambda: running_in(data))
        demo.send_signal(number)
        printed, _ = demo.communicate(timeout=20)
    finally:
        demo.kill()

    assert demo.returncode == 128 + number
    assert "Traceback" not in printed
    assert (hosts_of(data), running_in(data)) == ([], [])


@pytest.mark.parametrize("moment", range(8))
def test_a_signal_in_its_first_moments_leaves_nothing_behind(data: Path, moment: int) -> None:
    demo = play("tides", data)
    try:
        # The log is there a moment before the host is born: the signal falls before, at or just after that.
        deadline = time.monotonic() + 30
        while not list(data.glob("host-*/log")):
            assert time.monotonic() < deadline
        time.sleep(moment * 0.0005)
        demo.send_signal(signal.SIGTERM)
        printed, _ = demo.communicate(timeout=20)
    finally:
        demo.kill()

    assert demo.returncode == 128 + signal.SIGTERM
    assert "Traceback" not in printed
    assert (hosts_of(data), running_in(data)) == ([], [])


def test_two_demos_do_not_disturb_each_other(data: Path) -> None:
    demos = [play(f"tides {n}", data) for n in range(2)]

    printed = [demo.communicate(timeout=60)[0] for demo in demos]

    assert [demo.returncode for demo in demos] == [0, 0], printed
    assert len(list(data.rglob("publish.*.md"))) == 2


def test_a_host_that_does_not_start_says_why(tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    copy.mkdir()
    for name in ("demo.py", "host.json", "local.settings.example.json"):
        (copy / name).write_bytes((ROOT / name).read_bytes())
    (copy / "function_app.py").write_text("raise RuntimeError('no strings')\n", encoding="utf-8")
    paths = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])

    done = subprocess.run(
        [sys.executable, str(copy / "demo.py"), "tides", str(tmp_path / "data")],
        env={**os.environ, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert (done.returncode, done.stdout) == (1, "")
    assert "RuntimeError: no strings" in done.stderr
    assert done.stderr.endswith("The host did not start; what it said stands above.\n")


def shown_in_readme() -> tuple[str, str]:
    """The demo's command, and what the README says that it prints."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    block = re.search(r"^```console tested-by: \S+/test_demo.py\n\$ (.+?)^```$", readme, re.M | re.S)
    assert block is not None
    command, _, shown = block[1].partition("\n")
    return command, shown


@pytest.fixture
def typed() -> Iterator["subprocess.Popen[str]"]:
    """The command of the README, typed as it stands there."""
    ours = {name: value for name, value in os.environ.items() if name not in MAKES}
    ours |= {"PYTHONIOENCODING": "utf-8"}
    command = shlex.split(shown_in_readme()[0])
    with subprocess.Popen(
        command, cwd=ROOT, env=ours, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8"
    ) as process:
        yield process
        process.terminate()


@pytest.mark.skipif((ROOT / "local.settings.json").exists(), reason="it may name a model that costs")
def test_the_readme_shows_what_the_demo_prints(typed: "subprocess.Popen[str]") -> None:
    printed, _ = typed.communicate(timeout=120)

    assert typed.returncode == 0, printed
    # Times, ids and folders are of the run; the rest is the same everywhere, for the model is scripted.
    pieces = [re.escape(piece) for piece in re.split(r" *\.\.\. *", timeless(shown_in_readme()[1]).strip())]
    assert re.search(r"\s*(?:.*?)".join(pieces), timeless(printed), re.S), printed


def timeless(text: str) -> str:
    text = re.sub(r"[0-9a-z]{25}", "TASK", text)
    text = re.sub(r"file://\S*/\.dirigent/", "file://…/.dirigent/", text)
    return re.sub(r" +\d+$", " COUNT", re.sub(r" +\d+\.\d+", " TIME", text), flags=re.M)
