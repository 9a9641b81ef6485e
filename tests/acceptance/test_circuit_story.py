"""A dependency that fails is left alone, tried again by a few, and taken back when it is well."""

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from content_host import ContentHost, content_host
from gate_book import asked
from guarded_catalogue import FREE, declare

TROUBLE = {"status": 500}
CROWD = 100
both_replays = pytest.mark.parametrize("replay", ["sticky", "always"])


class Story(ContentHost):
    """A catalogue of two deployments, and what was called."""

    def __init__(self, host: Any, journal: Path) -> None:
        super().__init__(host)
        self._journal = journal

    def ask(self, workflow: str) -> Any:
        """The task of a run that has ended."""
        return self.ended(self.begin(workflow))

    def begin(self, workflow: str) -> str:
        """Start a run; its id."""
        run: str = self.start(workflow=workflow)["task_id"]
        return run

    def crowd(self, workflow: str) -> list[str]:
        """Many runs that arrive before any of them has moved on in time."""
        return [self.begin(workflow) for _ in range(CROWD)]

    def calls(self, deployment: str = "frail") -> list[datetime]:
        """When calls to the deployment were begun."""
        lines = self._journal.read_text(encoding="utf-8").splitlines() if self._journal.exists() else []
        noted = map(json.loads, lines)
        return [datetime.fromisoformat(call["at"]) for call in noted if call["deployment"] == deployment]

    def circuit(self, deployment: str = "frail") -> str:
        """How the circuit stands, as the API tells it."""
        self.host.settle()
        reply = self.host.request("GET", f"/api/circuits/{deployment}")
        assert reply.status == 200, reply.text
        state: str = reply.json()["state"]
        return state

    def listed(self) -> dict[str, str]:
        """How all circuits stand."""
        self.host.settle()
        reply = self.host.request("GET", "/api/circuits")
        return {circuit["name"]: circuit["state"] for circuit in reply.json()["circuits"]}

    def lies_open(self) -> None:
        """Five failures, as many as open the circuit."""
        for _ in range(5):
            self.ask("impatient")
        assert self.circuit() == "open"


@contextmanager
def story(
    folder: Path, *faults: Any, replay: Any = "sticky", attempts: int = 1, **breaker: Any
) -> Iterator[Story]:
    """Two agents on two deployments; the faults are those of the frail one."""
    catalogue = declare(
        folder,
        models={"frail": {"breaker": breaker} if breaker else {}},
        agents={
            "caller": {"model": "frail", "retry": {"max_attempts": attempts}},
            "neighbour": {"model": "sound"},
        },
        workflows={
            "impatient": {"asks": "caller", "max_wait": 0},
            "patient": {"asks": "caller", "max_wait": 600},
            "elsewhere": {"asks": "neighbour", "max_wait": 0},
        },
        accounts=FREE,
    )
    rules = [{"deployment": "frail", **fault} for fault in faults]
    script = {"faults": rules, "journal": str(folder / "journal")}
    with content_host(folder, script=script, catalogue=catalogue, replay=replay) as host:
        yield Story(host.host, folder / "journal")


@both_replays
def test_five_failures_open_it_and_what_is_refused_costs_no_call(tmp_path: Path, replay: Any) -> None:
    with story(tmp_path, {"fault": TROUBLE}, replay=replay) as told:
        states = []
        for _ in range(5):
            told.ask("impatient")
            states.append(told.circuit())
        refused = [told.ask("impatient") for _ in range(3)]

        assert states == ["closed"] * 4 + ["open"]
        assert len(told.calls()) == 5
        assert [task["error"]["category"] for task in refused] == ["TRANSIENT"] * 3
        assert all("circuit" in task["error"]["message"] for task in refused)
        assert all(0 < task["error"]["retry_after"] <= 60 for task in refused)
        assert told.host.clock.now() == told.calls()[0]


def test_agents_on_another_deployment_go_on(tmp_path: Path) -> None:
    with story(tmp_path, {"fault": TROUBLE}) as told:
        told.lies_open()
        elsewhere = told.ask("elsewhere")

        assert elsewhere["status"] == "completed"
        assert told.listed() == {"frail": "open", "sound": "closed"}
        assert len(told.calls("sound")) == 1


@both_replays
@pytest.mark.parametrize("trials", [1, 3])
def test_of_a_crowd_exactly_the_trials_are_let_through(tmp_path: Path, replay: Any, trials: int) -> None:
    down, slow = {"times": 5, "fault": TROUBLE}, {"fault": {"slow": 30}}
    with story(tmp_path, down, slow, replay=replay, trials=trials) as told:
        told.lies_open()
        told.host.advance(59)
        early = told.ask("impatient")
        told.host.advance(1)
        runs = told.crowd("impatient")
        half_open, begun = told.circuit(), len(told.calls())
        ended = Counter(told.ended(run)["status"] for run in runs)

        assert early["status"] == "failed"
        assert (half_open, begun) == ("half_open", 5 + trials)
        assert ended == {"completed": trials, "failed": CROWD - trials}
        assert (told.circuit(), len(told.calls())) == ("closed", 5 + trials)


@pytest.mark.parametrize("trials", [1, 3])
def test_a_crowd_that_waits_is_served_once_the_trials_went_well(tmp_path: Path, trials: int) -> None:
    down, slow = {"times": 5, "fault": TROUBLE}, {"times": trials, "fault": {"slow": 30}}
    with story(tmp_path, down, slow, trials=trials) as told:
        told.lies_open()
        runs = told.crowd("patient")
        told.host.advance(63)
        half_open, begun = told.circuit(), len(told.calls())
        ended = Counter(told.ended(run)["status"] for run in runs)
        permits = [one for run in runs for one in asked(told.host.history(run)) if one.permits]

        assert (half_open, begun) == ("half_open", 5 + trials)
        assert ended == {"completed": CROWD}
        assert len(told.calls()) == 5 + CROWD
        assert sum(one.permits for one in permits if one.answer["state"] == "half_open") == trials
        assert told.circuit() == "closed"


def test_it_closes_only_after_as_many_successes_as_are_wanted(tmp_path: Path) -> None:
    with story(tmp_path, {"times": 5, "fault": TROUBLE}, success_threshold=2) as told:
        told.lies_open()
        told.host.advance(60)
        states = []
        for _ in range(2):
            told.ask("impatient")
            states.append(told.circuit())

        assert states == ["half_open", "closed"]


@both_replays
def test_a_trial_that_fails_opens_it_again(tmp_path: Path, replay: Any) -> None:
    with story(tmp_path, {"times": 6, "fault": TROUBLE}, replay=replay) as told:
        told.lies_open()
        told.host.advance(60)
        trial, reopened = told.ask("impatient"), told.circuit()
        told.host.advance(59)
        early = told.ask("impatient")
        begun = len(told.calls())
        told.host.advance(1)
        second = told.ask("impatient")

        assert (trial["status"], reopened, early["status"], begun) == ("failed", "open", "failed", 6)
        assert (second["status"], told.circuit()) == ("completed", "closed")


def test_what_we_did_wrong_ourselves_does_not_count(tmp_path: Path) -> None:
    ours, theirs = {"fault": {"status": 400}}, {"fault": TROUBLE}
    faults = [{**theirs, "times": 4}, {**ours, "times": 20}, {**theirs, "times": 1}]
    with story(tmp_path, *faults) as told:
        for _ in range(24):
            told.ask("impatient")
        after_ours = told.circuit()
        told.ask("impatient")

        assert (after_ours, told.circuit()) == ("closed", "open")
        assert len(told.calls()) == 25


def test_a_success_forgets_the_failures_before_it(tmp_path: Path) -> None:
    faults = [{"times": 4, "fault": TROUBLE}, {"after": 1, "times": 4, "fault": TROUBLE}]
    with story(tmp_path, *faults) as told:
        ended = [told.ask("impatient")["status"] for _ in range(9)]

        assert Counter(ended) == {"failed": 8, "completed": 1}
        assert told.circuit() == "closed"


@both_replays
def test_a_pause_that_one_is_asked_for_holds_for_everybody(tmp_path: Path, replay: Any) -> None:
    busy = {"times": 1, "fault": {"status": 429, "retry_after": 30}}
    with story(tmp_path, busy, replay=replay, attempts=2) as told:
        first = told.begin("patient")
        told.host.settle()
        others = [told.begin("patient") for _ in range(10)]
        hasty = told.ask("impatient")
        elsewhere = told.ask("elsewhere")
        ended = [told.ended(run)["status"] for run in (first, *others)]
        asked_at, *later = told.calls()

        assert ended == ["completed"] * 11
        assert len(later) == 11
        assert all(30 <= (call - asked_at).total_seconds() < 60 for call in later)
        assert (hasty["error"]["category"], elsewhere["status"]) == ("RATE_LIMIT", "completed")
        assert 0 < hasty["error"]["retry_after"] <= 30
        assert told.circuit() == "closed"


def test_a_person_can_close_it(tmp_path: Path) -> None:
    with story(tmp_path, {"times": 5, "fault": TROUBLE}) as told:
        told.lies_open()
        reply = told.host.request("POST", "/api/circuits/frail/reset")
        states = told.circuit()
        after = told.ask("impatient")

        assert reply.status in (200, 202), reply.text
        assert (states, after["status"], len(told.calls())) == ("closed", "completed", 6)


def test_it_stays_open_when_the_host_is_started_anew(tmp_path: Path) -> None:
    with story(tmp_path, {"fault": TROUBLE}) as told:
        told.lies_open()
    with story(tmp_path) as told:
        refused, state = told.ask("impatient"), told.circuit()
        told.host.advance(60)
        after = told.ask("impatient")

        assert (refused["status"], state, after["status"]) == ("failed", "open", "completed")


def test_a_changed_rule_holds_at_once_and_no_failure_is_forgotten(tmp_path: Path) -> None:
    with story(tmp_path, {"fault": TROUBLE}) as told:
        for _ in range(2):
            told.ask("impatient")
        before = told.circuit()
    with story(tmp_path, {"fault": TROUBLE}, failures=3, cool_down=5) as told:
        told.ask("impatient")
        opened = told.circuit()
        told.host.advance(5)
        told.ask("impatient")

        assert (before, opened, len(told.calls())) == ("closed", "open", 4)
