"""Models that are slow, silent or busy, behind a network and on the real clock: short deadlines are kept."""

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from chaos_load import Line
from driver import polled
from mortal_app import MortalApp
from pattern_catalogue import ABOUT, compose
from pattern_host import absent, seconds

pytestmark = [
    pytest.mark.services_only("a model in process waits on the app's own clock"),
    pytest.mark.slow,
]

SOURCES = ("web", "academic", "news", "social")
VOTERS = ("ada", "bob", "cyd")
#: Long enough for those who answer, on a machine that has much else to do.
SHORT = 3
VALUE = "We will come back to you."
ONE_STEP = {"name": "ask", "prompt": ABOUT, "output": "answer"}
FLOWS: dict[str, dict[str, Any]] = {
    "research": {
        "pattern": "fan_out",
        "deadline": SHORT,
        "prompt": ABOUT,
        "branches": [{"name": name, "agent": name} for name in SOURCES],
        "combine": {
            "name": "sum-up",
            "agent": "writer",
            "prompt": "Sum up: {{branches}}",
            "output": "summary",
        },
        "result": {"sources": "branches", "summary": "summary"},
    },
    "vote": {
        "pattern": "quorum",
        "deadline": 8,
        "prompt": ABOUT,
        "answers": {"verdict": {"one_of": ["yes", "no"]}},
        "vote": "verdict",
        "voters": [{"name": name, "agent": name} for name in VOTERS],
        "result": {"decision": "decision", "ballots": "ballots"},
    },
    "split": {
        "pattern": "quorum",
        "deadline": SHORT,
        "needed": "unanimity",
        "prompt": ABOUT,
        "answers": {"verdict": {"one_of": ["yes", "no"]}},
        "vote": "verdict",
        "voters": [{"name": name, "agent": name} for name in VOTERS],
        "result": {"outcome": "outcome", "ballots": "ballots"},
    },
    "tardy": {"steps": [{**ONE_STEP, "agent": "tardy"}], "result": {"answer": "answer"}},
    "busy": {"steps": [{**ONE_STEP, "agent": "busy"}], "result": {"answer": "answer"}},
}
TRIES = {"max_attempts": 2, "initial_delay": 0.2, "max_delay": 0.2}
PEOPLE: dict[str, dict[str, Any]] = {
    "tardy": {"timeout": 1, "retry": TRIES, "fallback": {"value": VALUE}},
    "busy": {"retry": TRIES},
}
SCRIPT = {
    "faults": [
        {"agent": "social", "fault": "timeout"},
        {"agent": "cyd", "fault": "timeout"},
        {"agent": "tardy", "fault": {"slow": 60}},
        {"agent": "busy", "times": 1, "fault": {"status": 429, "retry_after": 1}},
    ],
    "answers": [{"agent": name, "answer": {"verdict": "yes"}} for name in VOTERS],
}


class RealApp:
    """The app, and the model that it asks, each in a process of its own."""

    def __init__(self, folder: Path) -> None:
        self._journal = folder / "journal"
        script = folder / "script.yaml"
        script.write_text(json.dumps({**SCRIPT, "journal": str(self._journal)}), encoding="utf-8")
        catalogue = compose(folder, FLOWS, **PEOPLE)
        self.host = MortalApp(folder, {"DIRIGENT_CATALOGUE": str(catalogue), "DIRIGENT_SCRIPT": str(script)})
        self.host.spawn()
        self.host.wait_until_ready()
        self._line = Line(self.host.port)

    def play(self, workflow: str) -> Any:
        """The task of a run that has ended."""
        status, told = self._line.send("POST", f"/api/workflows/{workflow}", {"topic": "tides"})
        assert status == 202, told
        return polled(lambda: self._ended(told["task_id"]))

    def _ended(self, run: str) -> Any:
        status, task = self._line.send("GET", f"/api/task/{run}")
        assert status == 200, task
        return None if task["status"] in ("pending", "in_progress") else task

    def attempts(self, run: str) -> list[int]:
        """Of each of the run's steps."""
        _, trace = self._line.send("GET", f"/api/task/{run}/trace")
        return [step["attempts"] for step in trace["steps"]]

    def asked(self, agent: str) -> int:
        """How often the agent was, as the model has it."""
        lines = self._journal.read_text(encoding="utf-8").splitlines()
        return Counter(json.loads(line)["agent"] for line in lines)[agent]

    def waiting_at_the_model(self) -> int:
        """Calls there that have not come to an end."""
        address = urlsplit(self.host.settings["OPENAI_BASE_URL"])
        with closing(Line(address.port or 0)) as line:
            _, counts = line.send("GET", "/counts")
        return int(counts["in_flight"])

    def stop(self) -> None:
        self._line.close()
        self.host.stop()


@pytest.fixture(scope="module")
def app(surrounded: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealApp]:
    """One for all stories here; each asks agents of its own."""
    app = RealApp(tmp_path_factory.mktemp("real"))
    yield app
    app.stop()


def test_a_silent_source_is_waited_for_until_the_deadline(app: RealApp) -> None:
    task = app.play("research")

    result = task["result"]
    assert (task["status"], result["completed_agents"], result["timed_out"]) == ("completed", 3, True)
    assert [source["agent"] for source in result["sources"]] == list(SOURCES[:3])
    assert absent(result) == [("social", "TIMEOUT")]
    assert seconds(task) >= SHORT
    assert result["summary"]


def test_a_vote_does_not_wait_for_whoever_changes_nothing(app: RealApp) -> None:
    task = app.play("vote")

    assert (task["status"], task["result"]["decision"]) == ("completed", "yes")
    assert [ballot["said"] for ballot in task["result"]["ballots"]] == ["choice", "choice", "unheard"]
    assert seconds(task) < 8


def test_a_vote_waits_for_whoever_is_needed_until_the_deadline(app: RealApp) -> None:
    task = app.play("split")

    assert (task["status"], task["result"]["timed_out"]) == ("completed", True)
    assert task["result"]["outcome"] != "decided"
    assert absent(task["result"]) == [("cyd", "TIMEOUT")]
    assert seconds(task) >= SHORT


def test_whoever_is_late_is_asked_again_and_then_replaced(app: RealApp) -> None:
    task = app.play("tardy")

    [step] = task["steps"]
    assert (task["status"], task["result"]["answer"]) == ("completed", VALUE)
    assert (step["degraded"]["by"], step["degraded"]["category"]) == ("value", "TIMEOUT")
    assert app.asked("tardy") == 2
    assert seconds(task) >= 2


def test_whoever_is_busy_is_asked_again_when_it_wants_to_be(app: RealApp) -> None:
    task = app.play("busy")

    assert (task["status"], app.asked("busy"), app.attempts(task["id"])) == ("completed", 2, [2])
    assert seconds(task) >= 1


def test_nobody_is_left_waiting_at_the_model(app: RealApp) -> None:
    app.play("research")

    # Whoever is not waited for any more is told so by the end of the connection.
    polled(lambda: app.waiting_at_the_model() == 0)
