"""A host dies in the middle of a run, and another one, which has nothing but its engine's state, goes on."""

import json
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from chaos_load import Line
from driver import polled
from mortal_app import APP, MortalApp
from mortal_host import MortalHost
from pattern_catalogue import ABOUT, compose

pytestmark = [
    pytest.mark.services_only("what a first host kept on its own disk, a second one would not have"),
    pytest.mark.slow,
]

GIVEN = {"topic": "{{topic}}"}
FLOWS: dict[str, dict[str, Any]] = {
    "chain": {
        "steps": [
            {"name": "begin", "agent": "ann", "prompt": ABOUT, "output": "begun"},
            {"name": "go-on", "agent": "ben", "prompt": "Explain {{begun}}", "output": "gone_on"},
            {"name": "end", "agent": "cid", "prompt": "Sum up {{gone_on}}", "output": "ended"},
        ],
        "result": {"begun": "begun", "text": "ended"},
    },
    "inside": {
        "pattern": "fan_out",
        "deadline": 100,
        "branches": [{"name": name, "agent": name, "prompt": ABOUT} for name in ("ann", "ben")],
        "combine": {"name": "sum-up", "agent": "cid", "prompt": "Sum up: {{branches}}", "output": "summary"},
        "result": {"text": "summary", "branches": "branches"},
    },
    "around": {
        "pattern": "fan_out",
        "deadline": 200,
        "branches": [
            {"name": "inside", "workflow": "inside", "with": GIVEN},
            {"name": "quick", "agent": "dan", "prompt": ABOUT},
        ],
        "combine": {"template": "{{quick}}"},
        "result": {"text": "combined", "branches": "branches"},
    },
}
#: Ben takes his time once: the host dies meanwhile.
SLOW = {"agent": "ben", "times": 1, "fault": {"slow": 60}}
PATIENCE = 60.0


class Relay:
    """A run that one host begins and another one ends."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._journal = folder, folder / "journal"
        script = folder / "script.yaml"
        script.write_text(json.dumps({"journal": str(self._journal), "faults": [SLOW]}), encoding="utf-8")
        told = {"DIRIGENT_CATALOGUE": str(compose(folder, FLOWS)), "DIRIGENT_SCRIPT": str(script)}
        self.first = MortalApp(folder, told)

    def asked(self) -> Counter[str]:
        """How often each agent was, as the model has it."""
        lines = self._journal.read_text(encoding="utf-8").splitlines() if self._journal.exists() else []
        return Counter(json.loads(line)["agent"] for line in lines)

    def begin(self, workflow: str, until: Callable[[Any], bool]) -> str:
        """Start a run on the first host, which dies once the task looks so."""
        started(self.first)
        with closing(Line(self.first.port)) as line:
            status, told = line.send("POST", f"/api/workflows/{workflow}", {"topic": "tides"})
            assert status == 202, told
            run = str(told["task_id"])
            polled(lambda: until(task(line, run)) and self.asked()["ben"] == 1)
        self.first.kill()
        return run

    def end(self, run: str) -> Any:
        """The task, once a host with another folder, port and process has ended the run."""
        elsewhere = self._folder / "elsewhere"
        shutil.copytree(self._folder / "state", elsewhere / "state")
        second = MortalHost(APP, elsewhere, self.first.settings, "sticky")
        try:
            started(second)
            with closing(Line(second.port)) as line:
                return polled(lambda: ended(task(line, run)), PATIENCE)
        finally:
            second.stop()


def started(host: MortalHost) -> None:
    host.spawn()
    host.wait_until_ready()


def task(line: Line, run: str) -> Any:
    status, told = line.send("GET", f"/api/task/{run}")
    assert status == 200, told
    return told


def ended(task: Any) -> Any:
    return None if task["status"] in ("pending", "in_progress") else task


@pytest.fixture
def relay(tmp_path: Path) -> Iterator[Relay]:
    relay = Relay(tmp_path)
    yield relay
    relay.first.stop()


def test_a_run_goes_on_where_it_was_and_nobody_is_asked_again(relay: Relay) -> None:
    run = relay.begin("chain", lambda task: len(task["steps"]) == 1)
    before = relay.asked()

    task = relay.end(run)

    assert before == {"ann": 1, "ben": 1}
    assert (task["status"], [step["name"] for step in task["steps"]]) == (
        "completed",
        ["begin", "go-on", "end"],
    )
    # Whom the first host was asking when it died is asked once more; the answer would have come to nobody.
    assert relay.asked() == {"ann": 1, "ben": 2, "cid": 1}
    assert task["result"]["begun"] == task["steps"][0]["result"]["begun"]


def test_so_does_a_fan_out_within_another(relay: Relay) -> None:
    run = relay.begin("around", lambda task: [step["name"] for step in task["steps"]] == ["quick"])
    before = relay.asked()

    task = relay.end(run)

    assert before == {"ann": 1, "ben": 1, "dan": 1}
    assert (task["status"], task["result"]["completed_agents"]) == ("completed", 2)
    assert [branch["agent"] for branch in task["result"]["branches"]] == ["inside", "quick"]
    inside = task["result"]["branches"][0]["data"]
    assert [branch["agent"] for branch in inside["branches"]] == ["ann", "ben"]
    assert relay.asked() == {"ann": 1, "ben": 2, "cid": 1, "dan": 1}
