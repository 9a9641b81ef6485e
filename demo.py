"""`make demo`: one article, researched, written, edited and published by a host that is started for it."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

from dirigent.cli import pages
from dirigent.cli.api import Api, Refused
from dirigent.cli.commands import follow
from dirigent.cli.door import HttpDoor, Unreachable
from dirigent.cli.terminal import Terminal

HOME = Path(__file__).resolve().parent
WORKFLOW = "content-creation"
#: The scripted model answers at once; so slowed, one can watch it.
SCRIPT = "pace: 0.8\n"
#: Seconds for the host to be there.
PATIENCE = 30.0
#: Lines of the host's log that are shown when something went wrong.
TAIL = 40
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class DemoFailed(Exception):
    """The host did not start; its log says why."""


class Ending:
    """Ends the demo when a signal comes; while it is held, the signal waits."""

    def __init__(self) -> None:
        self.is_held = True
        self._came: int | None = None

    def __call__(self, number: int, _frame: FrameType | None) -> None:
        """A signal came."""
        self._came = self._came or number
        if not self.is_held:
            self._leave(self._came)

    def release(self) -> None:
        """From now on signals take effect at once, as one that came meanwhile does now."""
        self.is_held = False
        if self._came is not None:
            self._leave(self._came)

    @staticmethod
    def _leave(number: int) -> NoReturn:
        # What a shell reports of a program that this signal ended.
        sys.exit(128 + number)


def main(topic: str, data: Path) -> int:
    """Play the story; the process's exit status. What it writes stays in the data folder."""
    terminal = Terminal.of_this_process()
    ending = Ending()
    for number in ENDING:
        signal.signal(number, ending)
    data.mkdir(parents=True, exist_ok=True)
    state = Path(tempfile.mkdtemp(prefix="host-", dir=data))
    log = state / "log"
    host = None
    try:
        # Signals are held: one between the host's birth and its name here would leave it behind.
        host = _host(state, data, log)
        ending.release()
        url = _listening(host, log)
        return _play(topic, Api(HttpDoor(url), url), terminal)
    except (DemoFailed, Refused, Unreachable) as failure:
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines() if log.is_file() else []
        terminal.say("\n".join([*lines[-TAIL:], "", str(failure)]))
        return 1
    finally:
        # An assignment and no call, for Python heeds signals at calls: whoever is impatient now must wait.
        ending.is_held = True
        if host is not None:
            _stop(host)
        shutil.rmtree(state, ignore_errors=True)


def _play(topic: str, api: Api, terminal: Terminal) -> int:
    terminal.say(f"Asking for an article on {topic!r}.")
    task = str(api.start(WORKFLOW, {"topic": topic}, None)["task_id"])
    ended = follow(task, api, terminal)
    if ended["status"] != "completed":
        return 1
    terminal.give(f"\n{pages.result_page(ended['result'])}\n\n{pages.trace_page(api.trace(task))}")
    terminal.give(f"\nThe article is stored at {_address(ended)}")
    return 0


def _address(task: dict[str, Any]) -> str:
    return str(next(iter(task["steps"][-1]["result"].values())))


def _host(state: Path, data: Path, log: Path) -> subprocess.Popen[bytes]:
    """A host of the app, on a free port; whoever starts it must stop it."""
    script = state / "script.yaml"
    script.write_text(SCRIPT, encoding="utf-8")
    ours = {name: value for name, value in os.environ.items() if not name.startswith("DIRIGENT_")}
    ours |= {"DIRIGENT_DATA": str(data), "DIRIGENT_SCRIPT": str(script)}
    command = [sys.executable, "-m", "devhost", "--app", str(HOME), "--port", "0", "--state", str(state)]
    command += ["--settings", str(HOME / "local.settings.example.json")]
    with log.open("wb") as told:
        # In a session of its own: Ctrl-C is for this process, which then stops the host in order.
        return subprocess.Popen(  # noqa: S603 - the project's own command
            command, cwd=HOME, env=ours, stdout=told, stderr=subprocess.STDOUT, start_new_session=True
        )


def _listening(host: subprocess.Popen[bytes], log: Path) -> str:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        for line in log.read_text(encoding="utf-8", errors="replace").splitlines(keepends=True):
            if line.startswith("Listening on ") and line.endswith("\n"):
                return line.removeprefix("Listening on ").strip()
        if host.poll() is not None:
            raise DemoFailed("The host did not start; what it said stands above.")
        time.sleep(0.05)
    raise DemoFailed(f"The host was not there within {PATIENCE:.0f} s; what it said stands above.")


def _stop(host: subprocess.Popen[bytes]) -> None:
    host.terminate()
    try:
        host.wait(timeout=10)
    except subprocess.TimeoutExpired:
        host.kill()
        host.wait()


if __name__ == "__main__":
    wanted = sys.argv[1].strip() if len(sys.argv) > 1 else ""
    where = Path(sys.argv[2]) if len(sys.argv) > 2 else HOME / ".dirigent" / "demo"
    sys.exit(main(wanted or "tidal power", where.resolve()))
