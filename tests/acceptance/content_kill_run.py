"""Content runs on a host that is killed again and again, and what must be true of them afterwards."""

import json
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

from chaos_load import Line, Reply, Unanswered, Unreached
from guarded_catalogue import unguarded
from mortal_app import MortalApp

STEPS = ["research", "writing", "editing", "publishing"]
RUNS = 50
#: Seconds a host lives between two kills: long enough for some steps, too short for a run.
LIFE = (0.15, 0.9)
PATIENCE = 120.0


class ContentKillRun:
    """Starts runs while the host dies; `complaints` is empty if all is well."""

    def __init__(self, folder: Path, *, seed: int, kills: int, replay: str = "sticky") -> None:
        self._journal = folder / "journal"
        script = folder / "script.yaml"
        script.write_text(f"pace: 0.1\njournal: {self._journal}\n", encoding="utf-8")
        settings = {
            "DIRIGENT_CATALOGUE": str(unguarded(folder)),
            "DIRIGENT_SCRIPT": str(script),
            "DIRIGENT_CLAIM_LEASE": "1",
        }
        self._host = MortalApp(folder, settings, replay)
        self._dice, self._kills = Random(seed), kills
        self._line = Line(self._host.port)
        self.runs: dict[str, str] = {}

    def complaints(self) -> list[str]:
        """Everything that went wrong."""
        try:
            self._host.spawn()
            self._host.wait_until_ready()
            for kill in range(self._kills):
                self._start_some((kill + 1) * RUNS // self._kills)
                time.sleep(self._dice.uniform(*LIFE))
                self._host.kill()
                self._host.spawn()
                self._host.wait_until_ready()
            self._start_some(RUNS)
            return [*self._about_runs(), *self._about_calls()]
        finally:
            self._line.close()
            self._host.stop()

    def _start_some(self, up_to: int) -> None:
        while len(self.runs) < up_to:
            key = f"topic-{len(self.runs)}"
            status, told = self._send("POST", "/api/create-content", {"topic": key}, key)
            assert status == 202, (status, told)
            self.runs[key] = told["task_id"]

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
        deadline = time.monotonic() + PATIENCE
        for topic, run in self.runs.items():
            task = self._ended(run, deadline)
            names = [step["name"] for step in task["steps"]]
            if task["status"] != "completed" or names != STEPS:
                yield f"{run} ({topic}) is {task['status']} with {names}: {task.get('error')}"
            elif topic not in task["result"]["final_article"]:
                yield f"{run} has an article that is not about {topic}"
        status, listed = self._send("GET", "/api/tasks?limit=200")
        if status != 200 or sorted(one["id"] for one in listed["tasks"]) != sorted(self.runs.values()):
            yield f"{len(listed['tasks'])} tasks are listed, {len(self.runs)} were started"

    def _ended(self, run: str, deadline: float) -> Any:
        while True:
            _, task = self._send("GET", f"/api/task/{run}")
            if task["status"] not in ("pending", "in_progress") or time.monotonic() > deadline:
                return task
            time.sleep(0.1)

    def _about_calls(self) -> Iterator[str]:
        lines = self._journal.read_text(encoding="utf-8").splitlines()
        calls = Counter((call["run"], call["step"]) for call in map(json.loads, lines))
        repeated = {call: times for call, times in calls.items() if times > 1}
        print(f"{self._kills} kills, {len(lines)} model calls, {len(repeated)} of them more than once")
        for (run, step), times in repeated.items():
            if times > 1 + self._kills:
                yield f"{step} of {run} was asked {times} times in {self._kills} kills"
        if len(calls) != 3 * len(self.runs):
            yield f"{len(calls)} different calls for {len(self.runs)} runs"
        if len(lines) - len(calls) > self._kills * len(self.runs):
            yield f"{len(lines) - len(calls)} calls too many for {self._kills} kills"
