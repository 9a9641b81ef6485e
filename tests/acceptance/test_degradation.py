"""When an agent cannot answer, its declared fallback does, and everybody is told so."""

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from content_host import ContentHost, content_host
from guarded_catalogue import declare

VALUE = "We will come back to you."
KINDS = {"by-agent": "stand-in", "by-model": "sound", "by-value": None}
TROUBLE, OURS = {"status": 500}, {"status": 400}
every_kind = pytest.mark.parametrize("kind", KINDS)


class Story(ContentHost):
    """Agents that have each kind of fallback, and the calls that were begun."""

    def __init__(self, host: Any, journal: Path) -> None:
        super().__init__(host)
        self._journal = journal

    def ask(self, workflow: str) -> Any:
        """The task of a run that has ended."""
        return self.ended(self.start(workflow=workflow)["task_id"])

    def calls(self) -> dict[str, int]:
        """How many calls were begun, by deployment."""
        lines = self._journal.read_text(encoding="utf-8").splitlines() if self._journal.exists() else []
        return dict(Counter(call["deployment"] for call in map(json.loads, lines)))

    def lies_open(self) -> None:
        """Five failures of somebody else open the frail deployment's circuit."""
        for _ in range(5):
            assert self.ask("hasty-opener")["status"] == "failed"
        self.host.settle()
        assert self.host.request("GET", "/api/circuits/frail").json()["state"] == "open"


@contextmanager
def story(folder: Path, *faults: Any, replay: Any = "sticky", **limits: Any) -> Iterator[Story]:
    """The limits are those of agents."""
    said: dict[str, dict[str, Any]] = {
        "opener": {"model": "frail"},
        "by-agent": {"model": "frail", "fallback": {"agent": "stand-in"}, "retry": {"max_attempts": 2}},
        "by-model": {"model": "frail", "fallback": {"model": "sound"}, "retry": {"max_attempts": 2}},
        "by-value": {"model": "frail", "fallback": {"value": VALUE}, "retry": {"max_attempts": 2}},
        "stand-in": {"model": "sound"},
    }
    for name, limit in limits.items():
        said[name.replace("_", "-")]["limits"] = limit
    catalogue = declare(
        folder,
        agents=said,
        workflows={
            **{name: {"asks": name, "max_wait": 300} for name in said},
            **{f"hasty-{name}": {"asks": name, "max_wait": 0} for name in said},
            "chain": {"asks": ("by-value", "stand-in")},
        },
    )
    script = {"faults": list(faults), "journal": str(folder / "journal")}
    with content_host(folder, script=script, catalogue=catalogue, replay=replay) as host:
        yield Story(host.host, folder / "journal")


def of(agent: str, fault: Any, **more: Any) -> dict[str, Any]:
    """The fault of that agent's calls to its own deployment."""
    return {"agent": agent, "deployment": "frail", "fault": fault, **more}


def marks(task: Any) -> tuple[Any, Any]:
    """What the only step and the result say of the fallback."""
    [step], [told] = task["steps"], task["result"]["degraded"]
    return step["degraded"], told


@every_kind
@pytest.mark.parametrize("replay", ["sticky", "always"])
def test_of_an_open_circuit_the_fallback_answers_at_once(tmp_path: Path, kind: str, replay: Any) -> None:
    with story(tmp_path, of("opener", TROUBLE), replay=replay) as told:
        told.lies_open()
        before, task, after = told.host.clock.now(), told.ask(kind), told.host.clock.now()

        assert (task["status"], after) == ("completed", before)
        assert told.calls() == {"frail": 5} | ({"sound": 1} if KINDS[kind] else {})
        degraded, in_result = marks(task)
        assert (degraded["by"], degraded.get("name")) == (kind.removeprefix("by-"), KINDS[kind])
        assert degraded["category"] == "TRANSIENT"
        assert "circuit" in degraded["because"]
        assert in_result == {"step": kind, **degraded}


@every_kind
def test_after_exhausted_retries_the_fallback_answers(tmp_path: Path, kind: str) -> None:
    with story(tmp_path, of(kind, TROUBLE)) as told:
        task = told.ask(kind)

        assert task["status"] == "completed"
        assert told.calls() == {"frail": 2} | ({"sound": 1} if KINDS[kind] else {})
        degraded, _ = marks(task)
        assert (degraded["by"], degraded["category"]) == (kind.removeprefix("by-"), "TRANSIENT")
        assert "500" in degraded["because"]


@every_kind
def test_after_a_permanent_failure_the_fallback_answers(tmp_path: Path, kind: str) -> None:
    with story(tmp_path, of(kind, OURS)) as told:
        task = told.ask(kind)

        assert task["status"] == "completed"
        assert told.calls() == {"frail": 1} | ({"sound": 1} if KINDS[kind] else {})
        degraded, _ = marks(task)
        assert (degraded["by"], degraded["category"]) == (kind.removeprefix("by-"), "PERMANENT")


def test_an_answer_of_the_agents_own_is_not_marked(tmp_path: Path) -> None:
    with story(tmp_path) as told:
        task = told.ask("by-value")

        assert task["status"] == "completed"
        assert "degraded" not in task["steps"][0]
        assert "degraded" not in task["result"]


def test_a_fixed_value_is_the_answer_as_declared(tmp_path: Path) -> None:
    with story(tmp_path, of("by-value", OURS)) as told:
        task = told.ask("by-value")
        trace = told.host.request("GET", f"/api/task/{task['id']}/trace").json()

        assert task["result"]["answer"] == VALUE
        assert "simulated" not in task
        assert trace["steps"][0]["degraded"]["by"] == "value"


def test_a_later_step_builds_on_it_and_the_result_says_so(tmp_path: Path) -> None:
    with story(tmp_path, of("by-value", OURS)) as told:
        task = told.ask("chain")

        assert task["status"] == "completed"
        assert [step["name"] for step in task["steps"]] == ["by-value", "stand-in"]
        assert ["degraded" in step for step in task["steps"]] == [True, False]
        assert [one["step"] for one in task["result"]["degraded"]] == ["by-value"]


def test_another_model_is_no_second_quota(tmp_path: Path) -> None:
    with story(tmp_path, of("opener", TROUBLE), by_model={"minute": 3}) as told:
        own = [told.ask("hasty-by-model")["status"] for _ in range(2)]
        told.lies_open()
        last = told.ask("hasty-by-model")
        refused = told.ask("hasty-by-model")

        assert own == ["completed"] * 2
        assert (last["status"], marks(last)[0]["by"]) == ("completed", "model")
        assert (refused["status"], refused["error"]["category"]) == ("failed", "RATE_LIMIT")
        assert 0 < refused["error"]["retry_after"] <= 63
        assert told.calls() == {"frail": 7, "sound": 1}


def test_another_agent_answers_within_its_own_quota(tmp_path: Path) -> None:
    with story(tmp_path, of("opener", TROUBLE), stand_in={"minute": 2}) as told:
        told.lies_open()
        ended = [told.ask("hasty-by-agent") for _ in range(3)]

        assert [task["status"] for task in ended] == ["completed", "completed", "failed"]
        assert told.calls()["sound"] == 2
        assert ended[2]["error"]["category"] == "RATE_LIMIT"
        assert "stand-in" in ended[2]["error"]["message"]
        assert "circuit" in ended[2]["error"]["message"]


def test_a_full_window_of_the_agents_own_sends_the_call_to_its_fallback(tmp_path: Path) -> None:
    with story(tmp_path, by_value={"minute": 1}) as told:
        first, second = told.ask("hasty-by-value"), told.ask("hasty-by-value")

        assert "degraded" not in first["result"]
        assert (second["result"]["answer"], marks(second)[0]["category"]) == (VALUE, "RATE_LIMIT")
        assert told.calls() == {"frail": 1}


@pytest.mark.parametrize("kind", ["by-agent", "by-model"])
def test_a_fallback_that_fails_too_fails_the_run_and_both_are_told(tmp_path: Path, kind: str) -> None:
    too = {"deployment": "sound", "fault": {"status": 401}}
    with story(tmp_path, of(kind, TROUBLE), too) as told:
        task = told.ask(kind)

        assert (task["status"], task["result"]) == ("failed", None)
        error = task["error"]
        assert (error["category"], error["step"], error["attempts"]) == ("AUTHENTICATION", kind, 3)
        assert "'sound' answered 401" in error["message"]
        assert "'frail' answered 500" in error["message"]
        assert told.calls() == {"frail": 2, "sound": 1}
