"""Runs of every pattern on a host that is killed again and again: none is lost, and none ends otherwise."""

import json
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

from chaos_load import HOOKS, Line, Reply, Unanswered, Unreached
from mixed_flows import ANSWERS, FLOWS, STARTED
from mortal_app import MortalApp
from pattern_catalogue import compose
from pattern_host import pattern_host

#: Seconds a host lives between two kills: long enough for some steps, too short for a run.
LIFE = (0.15, 0.9)
PATIENCE = 240.0
#: Seconds a call takes: many are to be in flight when the host dies.
PACE = 0.1
FAULTS: list[dict[str, Any]] = [
    {"agent": "shaky", "after": 2, "times": 2, "fault": {"status": 503}},
    {"agent": "sleeper", "fault": "timeout"},
]
PATIENT = {"retry": {"max_attempts": 20, "initial_delay": 0.1, "max_delay": 0.3}}

Started = tuple[str, str]


class MixedKillRun:
    """Starts runs while the host dies; `complaints` is empty if all is well."""

    def __init__(self, folder: Path, *, seed: int, kills: int, runs: int, replay: str = "sticky") -> None:
        self._folder, self._journal = folder, folder / "journal"
        self._catalogue = compose(folder, FLOWS, shaky=PATIENT)
        script = folder / "script.yaml"
        told = {"pace": PACE, "journal": str(self._journal), "faults": FAULTS, "answers": ANSWERS}
        script.write_text(json.dumps(told), encoding="utf-8")
        settings = {
            "DIRIGENT_CATALOGUE": str(self._catalogue),
            "DIRIGENT_CLAIM_LEASE": "1",
            "DIRIGENT_SCRIPT": str(script),
        }
        self._host = MortalApp(folder, settings, replay)
        self._dice, self._kills = Random(seed), kills
        self._line = Line(self._host.port)
        #: Workflow and topic of each run, and its id once it is started.
        self._wanted = [self._drawn(number) for number in range(runs)]
        self.runs: dict[Started, str] = {}

    def _drawn(self, number: int) -> Started:
        kind = self._dice.choice(("even", "odd"))
        return STARTED[number % len(STARTED)], f"the tides of {number}, an {kind} one"

    def complaints(self) -> list[str]:
        """Everything that went wrong."""
        try:
            self._host.spawn()
            self._host.wait_until_ready()
            for kill in range(self._kills):
                self._start_some((kill + 1) * len(self._wanted) // self._kills)
                time.sleep(self._dice.uniform(*LIFE))
                self._host.kill()
                self._host.spawn()
                self._host.wait_until_ready()
            found = [*self._about_runs(), *self._about_the_rest(), *self._about_calls()]
        finally:
            self._line.close()
            self._host.stop()
        return found

    def _start_some(self, up_to: int) -> None:
        for number in range(len(self.runs), up_to):
            workflow, topic = self._wanted[number]
            path = f"/api/workflows/{workflow}"
            status, told = self._send("POST", path, {"topic": topic}, f"run-{number}")
            assert status == 202, (status, told)
            self.runs[workflow, topic] = told["task_id"]

    def _send(self, method: str, path: str, given: Any = None, key: str | None = None) -> Reply:
        """Try until it is answered: with its key, a start may be asked for as often as one likes."""
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                return self._line.send(method, path, given, {} if key is None else {"Idempotency-Key": key})
            except (Unanswered, Unreached):
                self._host.refuse_to_be_dead()
                assert time.monotonic() < deadline, f"{path} is not answered"
                time.sleep(0.05)

    def _about_runs(self) -> Iterator[str]:
        """Each brings what it brings on a host that lives."""
        deadline = time.monotonic() + PATIENCE
        tasks = {started: self._ended(run, deadline) for started, run in self.runs.items()}
        print(f"{self._kills} kills, {Counter(task['status'] for task in tasks.values())}")
        expected = self._expected()
        for started, task in tasks.items():
            if task["status"] != "completed":
                yield f"{task['id']} ({started}) is {task['status']}: {task.get('error')}"
            elif started[0] == "cut":
                yield from _about_cut(task)
            elif steady(task["result"]) != expected[started]:
                yield f"{task['id']} ({started}) brought {task['result']} instead of {expected[started]}"

    def _ended(self, run: str, deadline: float) -> Any:
        while True:
            _, task = self._send("GET", f"/api/task/{run}")
            if task["status"] not in ("pending", "in_progress") or time.monotonic() > deadline:
                return task
            time.sleep(0.1)

    def _expected(self) -> dict[Started, Any]:
        """What the same runs bring where nobody is killed."""
        folder = self._folder / "undisturbed"
        folder.mkdir()
        with pattern_host(folder, faults=FAULTS, answers=ANSWERS, catalogue=self._catalogue) as host:
            return {
                (workflow, topic): steady(host.play(workflow, {"topic": topic})["result"])
                for workflow, topic in self.runs
            }

    def _about_the_rest(self) -> Iterator[str]:
        """Nothing goes on that nobody waits for."""
        deadline = time.monotonic() + PATIENCE
        going: list[Any] = [None]
        while going and time.monotonic() < deadline:
            time.sleep(0.1)
            query = "runtimeStatus=Pending,Running&showInput=false"
            status, listed = self._send("GET", f"{HOOKS}/instances?{query}")
            assert status == 200, listed
            going = [one["instanceId"] for one in listed if not one["instanceId"].startswith("@")]
        yield from (f"{instance} goes on" for instance in going)
        listed = [*self._listed()]
        roots = Counter(one["id"] for one in listed if "parent" not in one)
        if roots != Counter(self.runs.values()):
            yield f"{len(roots)} tasks are listed, {len(self.runs)} were started"
        for one in listed:
            # A list shows what is written down; whoever looks at a run has its end written down.
            _, task = self._send("GET", f"/api/task/{one['id']}")
            if task["status"] not in ("completed", "failed", "cancelled"):
                yield f"{one['id']}, a step of {one.get('parent')}, is {task['status']}"

    def _listed(self) -> Iterator[Any]:
        token = ""
        while True:
            status, page = self._send("GET", f"/api/tasks?limit=200{token}")
            assert status == 200, page
            yield from page["tasks"]
            if page["continuation_token"] is None:
                return
            token = f"&continuation_token={page['continuation_token']}"

    def _about_calls(self) -> Iterator[str]:
        lines = self._journal.read_text(encoding="utf-8").splitlines()
        calls = Counter((call["run"], call["step"], call["agent"]) for call in map(json.loads, lines))
        repeated = {call: times for call, times in calls.items() if times > 1}
        print(f"{len(lines)} model calls, {len(repeated)} of them more than once")
        for (run, step, agent), times in repeated.items():
            # Once more for each kill, and for each fault that an incarnation's script has for it.
            if times > (1 + self._kills) * (3 if agent == "shaky" else 1):
                yield f"{step} of {run} was asked {times} times in {self._kills} kills"


def steady(value: Any) -> Any:
    """What of a result does not depend on which of several voters was heard first."""
    if isinstance(value, list):
        return [steady(one) for one in value]
    if not isinstance(value, dict):
        return value
    is_vote = "decision" in value
    return {key: steady(one) for key, one in value.items() if not (is_vote and key == "completed_agents")}


def _about_cut(task: Any) -> Iterator[str]:
    """Whoever never answers is missing; of the others nobody is lost, however short the time was."""
    result = task["result"]
    missing = {one["branch"] for one in result["missing"]}
    reports = {one["agent"]: one for one in result["reports"]}
    if "left/asleep" not in missing or "ben" not in reports:
        yield f"{task['id']} brought {result}"
    there = "left" in reports and any(one["agent"] == "cid" for one in reports["left"]["reports"])
    if there == ("left/cid" in missing):
        yield f"{task['id']} does not account for cid: {result}"
