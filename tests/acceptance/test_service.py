"""`python -m devhost` as a process: it answers while it is busy, and ends when it is told to."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from driver import APPS, ROOT, OverHttp, Server, expect

from devhost.engine.hub import ENDED

APP = "busy"
BUSY = [
    "sleep",
    "sleep_async",
    "sleep_stubbornly",
    "block_the_loop",
    "sleep_in_a_thread",
    "sleep_in_a_pool",
    "burn",
    "orchestrator",
]


@pytest.fixture
def host(tmp_path: Path) -> Iterator[OverHttp]:
    """A process of its own for each story."""
    driver = OverHttp(Server(APP, "sticky", tmp_path))
    yield driver
    driver.server.process.kill()
    driver.server.process.wait()


def typed(*command: str, folder: Path) -> tuple[int, str]:
    """Exit status and words of a command that is typed in a folder, without help from PYTHONPATH."""
    bare = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        command,
        cwd=folder,
        env=bare,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout


def log_of(host: OverHttp) -> str:
    return host.server.log.read_text(encoding="utf-8")


def stopped(host: OverHttp, number: signal.Signals = signal.SIGTERM) -> int:
    """The exit status, which comes within five seconds."""
    host.server.process.send_signal(number)
    return host.server.process.wait(timeout=5)


def begin(host: OverHttp, name: str, seconds: float) -> str:
    identity = expect(202, host.request("POST", f"/api/start/{name}", seconds)).json()["id"]
    assert isinstance(identity, str)
    return identity


def test_announces_itself_and_answers(host: OverHttp) -> None:
    told = log_of(host)

    assert "  call               orchestration" in told.splitlines()
    assert told.rstrip().splitlines()[-1].startswith("Listening on http://127.0.0.1:")
    assert expect(200, host.request("GET", "/api/hello")).body == b"hello"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_ends_when_it_is_told_to(host: OverHttp, number: signal.Signals) -> None:
    expect(200, host.request("GET", "/api/hello"))

    assert stopped(host, number) == 0
    assert "Traceback" not in log_of(host)
    assert log_of(host).rstrip().endswith("the rest goes on at the next start.")


@pytest.mark.slow
@pytest.mark.parametrize("name", BUSY)
def test_ends_whatever_the_app_is_doing(host: OverHttp, name: str) -> None:
    instance = begin(host, name, 60)
    host.wait_until(lambda: host.look(instance) is not None)
    time.sleep(0.3)

    assert stopped(host) == 0
    assert "Traceback" not in log_of(host)


def test_lets_a_call_end_that_takes_a_moment(host: OverHttp, tmp_path: Path) -> None:
    instance = begin(host, "sleep", 1)
    host.wait_until(lambda: host.look(instance) is not None)
    time.sleep(0.3)

    assert stopped(host) == 0
    assert "calls were running" not in log_of(host)

    host.server = Server(APP, "sticky", tmp_path)
    assert host.result(instance) is None
    assert stopped(host) == 0


def test_answers_while_the_app_burns_the_processor(host: OverHttp) -> None:
    instances = [begin(host, "burn", 2) for _ in range(2)]
    took, answers = [], 0
    while any((seen := host.look(name)) is None or seen.state not in ENDED for name in instances):
        began = time.monotonic()
        expect(200, host.request("GET", "/admin/host/status"))
        took.append(time.monotonic() - began)
        answers += 1

    assert answers >= 10
    assert max(took) < 1


@pytest.mark.parametrize("replay", ["sticky", "always"])
def test_tells_a_life_to_programs_and_each_thing_once(tmp_path: Path, replay: str) -> None:
    driver = OverHttp(Server("chaining", replay, tmp_path, "--verbose", "--log-format", "json"))
    instance = driver.start("chain", "x")
    driver.result(instance)
    assert stopped(driver) == 0

    records = [json.loads(line) for line in log_of(driver).splitlines() if line.startswith("{")]
    told = [record["message"] for record in records if record["category"] == "devhost.journal"]
    assert told[:2] == [
        f"""chain '{instance}' started by a client with "x\"""",
        f"chain '{instance}' waits for activity 'trim'",
    ]
    assert re.search(r"heard activity 'trim': completed in \d\.\d\d s with \"x\"$", told[2])
    assert re.search(r" completed in \d\.\d\d s with \"X!\"$", told[-1])
    assert len(told) == 8


def test_two_hosts_do_not_share_a_state(host: OverHttp, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "devhost", "--app", str(APPS / APP), "--port", "0"]
    command += ["--state", str(tmp_path / "state")]
    second = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)

    assert second.returncode == 1
    assert f"is in use by another host (process {host.server.process.pid})" in second.stderr
    assert "Traceback" not in second.stderr
    assert second.stdout == ""
    expect(200, host.request("GET", "/api/hello"))


def test_runs_and_tests_an_app_in_any_folder(tmp_path: Path) -> None:
    shutil.copytree(APPS / "approval", tmp_path, dirs_exist_ok=True)
    lines = [
        "from pathlib import Path",
        "from devhost.testing import LocalHost",
        "def test_app():",
        "    with LocalHost(Path(__file__).parent) as host:",
        "        assert host.start('approval', instance_id='mine') == 'mine'",
    ]
    (tmp_path / "test_app.py").write_text("\n".join(lines))

    asked = typed(sys.executable, "-m", "devhost", "--app", ".", "--help", folder=tmp_path)
    tested = typed(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", folder=tmp_path)

    assert asked[0] == 0, asked[1]
    assert tested[0] == 0, tested[1]


def test_a_python_without_the_packages_is_told_which_to_use(tmp_path: Path) -> None:
    status, told = typed(sys.executable, "-S", "-m", "devhost", "--app", str(tmp_path), folder=ROOT)

    assert (status, told.count("\n")) == (1, 1)
    assert "run `make setup` in the folder of devhost and use its .venv/bin/python." in told


def test_make_serve_refuses_a_folder_that_is_not_there() -> None:
    status, told = typed(
        "make", "--no-print-directory", "-o", "setup", "serve", "APP=no such app", folder=ROOT
    )

    assert status != 0
    assert "'no such app' is not a folder: name the one that holds function_app.py" in told
