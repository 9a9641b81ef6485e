"""`make demo`: one article, researched, written, edited and published by a host that is started for it."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

from devhost.functions.refusals import SettingsRefused
from devhost.functions.settings import AppSettings
from dirigent import declarations
from dirigent.cli import pages
from dirigent.cli.api import Api, Refused
from dirigent.cli.commands import follow
from dirigent.cli.door import HttpDoor, Unreachable
from dirigent.cli.terminal import Terminal
from dirigent.declarations import CatalogueRefused
from dirigent.domain.catalogue import plain
from dirigent.domain.steps import AskStep
from dirigent.settings import SettingRefused, Settings

HOME = Path(__file__).resolve().parent
#: What the host is given, so that records and artifacts of the demo are local whatever the app's are.
LOCAL_SETTINGS = HOME / "local.settings.example.json"
#: What `make serve` reads; of it the demo takes who answers.
OWN_SETTINGS = HOME / "local.settings.json"
WORKFLOW = "content-creation"
#: The scripted model answers at once; so slowed, one can watch it.
SCRIPT = "pace: 0.8\n"
#: Whatever else somebody has set for an app of their own is no concern of the demo.
OF_THE_MODEL = ("DIRIGENT_MODEL", "DIRIGENT_ENDPOINT_", "OPENAI_", "AZURE_OPENAI_")
#: Seconds for the host to be there, on a machine that has other things to do.
PATIENCE = 60.0
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


def main(topic: str, data: Path, own: Path) -> int:
    """Play the story; the process's exit status. What it writes stays in the data folder.

    Where the environment does not say which model answers, the settings file `own` does, if there is one.
    """
    terminal = Terminal.of_this_process()
    ending = Ending()
    for number in ENDING:
        signal.signal(number, ending)
    data.mkdir(parents=True, exist_ok=True)
    state = Path(tempfile.mkdtemp(prefix="host-", dir=data))
    log = state / "log"
    host = None
    try:
        environment = _environment(data, own)
        settings = Settings.read(_local_settings() | environment)
        asking = f"Asking for an article on {topic!r} with {_who_answers(settings, environment)}."
        if settings.model == "scripted":
            environment["DIRIGENT_SCRIPT"] = _script(state)
        # Signals are held: one between the host's birth and its name here would leave it behind.
        host = _host(state, environment, log)
        ending.release()
        url = _listening(host, log)
        terminal.say(asking)
        return _play(topic, Api(HttpDoor(url), url), terminal)
    except (SettingRefused, SettingsRefused) as refusal:
        terminal.say(_why_not(refusal))
        return 1
    except (CatalogueRefused, DemoFailed, Refused, Unreachable) as failure:
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines() if log.is_file() else []
        terminal.say("\n".join([*lines[-TAIL:], "", str(failure)]))
        return 1
    finally:
        # An assignment and no call, for Python heeds signals at calls: whoever is impatient now must wait.
        ending.is_held = True
        if host is not None:
            _stop(host)
        shutil.rmtree(state, ignore_errors=True)


def _why_not(refusal: SettingRefused | SettingsRefused) -> str:
    if isinstance(refusal, SettingsRefused):
        return f"The demo cannot start: {refusal.text}\n  Remedy: {refusal.remedy}"
    return f"The demo cannot start, for {refusal}"


def _play(topic: str, api: Api, terminal: Terminal) -> int:
    task = str(api.start(WORKFLOW, {"topic": topic}, None)["task_id"])
    ended = follow(task, api, terminal)
    if ended["status"] != "completed":
        return 1
    terminal.give(f"\n{pages.result_page(ended['result'])}\n\n{pages.trace_page(api.trace(task))}")
    terminal.give(f"\nThe article is stored at {_address(ended)}")
    return 0


def _address(task: dict[str, Any]) -> str:
    return str(next(iter(task["steps"][-1]["result"].values())))


def _environment(data: Path, own: Path) -> dict[str, str]:
    """What the host is started with: of the app's settings, those that say which model answers."""
    ours = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("DIRIGENT_") or name.startswith(OF_THE_MODEL)
    }
    # Beneath the environment, as the host lays a settings file; and read as the host reads one.
    values = AppSettings.read(HOME, own).values if own.is_file() else {}
    beneath = {name: value for name, value in values.items() if name.startswith(OF_THE_MODEL)}
    return beneath | ours | {"DIRIGENT_DATA": str(data)}


def _local_settings() -> dict[str, str]:
    """What the host lays under its environment."""
    values: dict[str, str] = json.loads(LOCAL_SETTINGS.read_text(encoding="utf-8"))["Values"]
    return values


def _who_answers(settings: Settings, environment: Mapping[str, str]) -> str:
    """The models that write the article, and where they are."""
    catalogue = declarations.read(settings.catalogue)
    settings.check(catalogue)
    if settings.model == "scripted":
        return f"the scripted model; for a real one {_remedy(environment)}"
    if WORKFLOW not in catalogue.workflows:
        raise DemoFailed(f"The catalogue has no workflow {WORKFLOW!r} any more, which the demo plays.")
    steps = plain(catalogue.workflows[WORKFLOW])
    agents = [catalogue.agents[step.agent] for step in steps if isinstance(step, AskStep)]
    models = [catalogue.models[agent.model] for agent in agents]
    told = [f"{model.deployment} at {settings.endpoints[model.endpoint].host}" for model in models]
    return " and ".join(dict.fromkeys(told))


def _remedy(environment: Mapping[str, str]) -> str:
    if environment.get("DIRIGENT_MODEL", "").strip():
        is_of_file = "DIRIGENT_MODEL" not in os.environ
        return "take DIRIGENT_MODEL out of local.settings.json" if is_of_file else "take DIRIGENT_MODEL away"
    return "set OPENAI_API_KEY, OPENAI_BASE_URL or AZURE_OPENAI_ENDPOINT"


def _script(state: Path) -> str:
    script = state / "script.yaml"
    script.write_text(SCRIPT, encoding="utf-8")
    return str(script)


def _host(state: Path, environment: Mapping[str, str], log: Path) -> subprocess.Popen[bytes]:
    """A host of the app, on a free port; whoever starts it must stop it."""
    command = [sys.executable, "-m", "devhost", "--app", str(HOME), "--port", "0", "--state", str(state)]
    command += ["--settings", str(LOCAL_SETTINGS)]
    with log.open("wb") as told:
        # In a session of its own: Ctrl-C is for this process, which then stops the host in order.
        return subprocess.Popen(  # noqa: S603 - the project's own command
            command, cwd=HOME, env=environment, stdout=told, stderr=subprocess.STDOUT, start_new_session=True
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
    told = Path(sys.argv[3]) if len(sys.argv) > 3 else OWN_SETTINGS
    sys.exit(main(wanted or "tidal power", where.resolve(), told))
