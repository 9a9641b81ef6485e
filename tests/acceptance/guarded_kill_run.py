"""Guarded runs on a host that is killed again and again: no gate may let through more than is declared."""

import json
import time
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from random import Random
from typing import Any

from chaos_load import Line, Reply, Unanswered, Unreached
from driver import ROOT
from gate_book import SECOND, Asked, History, asked, counts, entries, overrun
from guarded_catalogue import declare
from mortal_app import MortalApp

from devhost.engine.history import EventType
from devhost.testing import LocalHost

#: Started before each kill; with the limits below they last for several.
RUNS = 8
#: Seconds a host lives between two kills: long enough for some steps, too short for a run.
LIFE = (0.2, 0.9)
PATIENCE = 120.0
STARTS = {"burst": 8, "minute": 1_000}
CALLS = {"steady": {"burst": 5, "minute": 1_000}, "scarce": {"burst": 3, "minute": 12}, "shaky": {"burst": 6}}
COOL_DOWN, TRIALS = 1.5, 2
#: Seconds a call takes: many are to be in flight when the host dies.
PACE = 0.4


class GuardedKillRun:
    """Starts runs while the host dies; `complaints` is empty if all is well."""

    def __init__(
        self, folder: Path, *, seed: int, kills: int, replay: str = "sticky", max_wait: float = 8
    ) -> None:
        self._folder, self._journal = folder, folder / "journal"
        self._dice, self._kills = Random(seed), kills
        self._host = MortalApp(folder, self._declared(max_wait), replay)
        self._line = Line(self._host.port)
        self.runs: dict[str, str] = {}
        #: Between which instants the host died.
        self._deaths: list[tuple[datetime, datetime]] = []

    def _declared(self, max_wait: float) -> dict[str, str]:
        """Tight limits, and a deployment that fails at times."""
        agents = {name: {"model": name, "limits": limits} for name, limits in CALLS.items()}
        usual = {"max_attempts": 2, "initial_delay": 0.2, "max_delay": 0.5}
        catalogue = declare(
            self._folder,
            models={
                "shaky": {
                    "breaker": {
                        "failures": 3,
                        "cool_down": COOL_DOWN,
                        "trials": TRIALS,
                        "success_threshold": TRIALS,
                    }
                }
            },
            agents={name: {"retry": usual, **agent} for name, agent in agents.items()},
            workflows={"chain": {"asks": ("steady", "shaky", "scarce"), "max_wait": max_wait}},
            accounts={"default": {"limits": STARTS}},
        )
        # For each of the host's lives: a model that is a process of its own outlives it, and counts on.
        trouble = [
            {"deployment": "shaky", "after": 4 * life, "times": 5, "fault": {"status": 503}}
            for life in range(1, self._kills + 2)
        ]
        script = self._folder / "script.yaml"
        script.write_text(
            json.dumps({"pace": PACE, "journal": str(self._journal), "faults": trouble}), encoding="utf-8"
        )
        return {
            "DIRIGENT_CATALOGUE": str(catalogue),
            "DIRIGENT_CLAIM_LEASE": "1",
            "DIRIGENT_SCRIPT": str(script),
        }

    def complaints(self) -> list[str]:
        """Everything that went wrong."""
        try:
            self._host.spawn()
            self._host.wait_until_ready()
            for kill in range(self._kills):
                self._start_some((kill + 1) * RUNS)
                time.sleep(self._dice.uniform(*LIFE))
                self._kill()
            found = list(self._about_runs())
        finally:
            self._line.close()
            self._host.stop()
        return [*found, *self._about_grants(self._histories())]

    def _kill(self) -> None:
        before = datetime.now().astimezone()
        self._host.kill()
        self._deaths.append((before, datetime.now().astimezone()))
        self._host.spawn()
        self._host.wait_until_ready()

    def _start_some(self, up_to: int) -> None:
        while len(self.runs) < up_to:
            key = f"topic-{len(self.runs)}"
            status, told = self._send("POST", "/api/workflows/chain", {"topic": key}, key)
            if status == 429:
                # Asked again far too early: what the edge lets slip, the gate must not.
                time.sleep(0.05)
                continue
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
        """Each ends: with its answer, or refused for longer than it waits, or by the dependency's trouble."""
        deadline = time.monotonic() + PATIENCE
        ended: Counter[str] = Counter()
        for run in self.runs.values():
            task = self._ended(run, deadline)
            error = task.get("error") or {}
            ended[" ".join(filter(None, (task["status"], error.get("category"), error.get("step"))))] += 1
            if task["status"] == "completed" or error.get("category") == "TRANSIENT":
                continue
            if error.get("category") != "RATE_LIMIT" or not error.get("retry_after"):
                yield f"{run} is {task['status']}: {error}"
        print(f"{self._kills} kills, {len(self.runs)} runs: {dict(ended)}")
        if ended["completed"] == 0:
            yield f"no run was completed: {ended}"

    def _ended(self, run: str, deadline: float) -> Any:
        while True:
            _, task = self._send("GET", f"/api/task/{run}")
            if task["status"] not in ("pending", "in_progress") or time.monotonic() > deadline:
                return task
            time.sleep(0.1)

    def _histories(self) -> dict[str, History]:
        state = self._folder / "state"
        with LocalHost(ROOT, clock="real", state=state, settings=self._host.settings) as host:
            return {run: host.history(run) for run in self.runs.values()}

    def _about_grants(self, histories: dict[str, History]) -> Iterator[str]:
        admitted = entries(histories.values())
        counted = {agent: counts(histories.values(), agent) for agent in CALLS}
        calls = {agent: len(stamps) for agent, stamps in counted.items()}
        print(f"{len(admitted)} starts admitted, calls counted: {calls}")
        yield from (f"starts: {one}" for one in overrun(admitted, STARTS))
        for agent, limits in CALLS.items():
            yield from (f"calls of {agent}: {one}" for one in overrun(counted[agent], limits))
        yield from self._about_circuit(histories)
        yield from self._about_calls(histories)

    def _about_circuit(self, histories: dict[str, History]) -> Iterator[str]:
        """No call while it is open, and no more than the trials while it is half open."""
        found = [one for history in histories.values() for one in asked(history)]
        here = sorted((one for one in found if one.gate == "deployment@shaky"), key=lambda one: one.at)
        permits = [one for one in here if one.permits]
        spans = {(one.at, closed["come_back_at"]) for one in here if (closed := _open(one)) is not None}
        for start, end in spans:
            if any(start <= one.at < end for one in permits):
                yield f"a call was permitted while the circuit was open, from {start} to {end}"
        settled = sorted(stamp for history in histories.values() for stamp in _settlements(history))
        for trial in (one for one in permits if one.answer["state"] == "half_open"):
            yield from self._about_trial(trial, permits, settled)
        halves = sum(one.answer["state"] == "half_open" for one in permits)
        print(f"{len(spans)} open spans, {len(permits)} permits of the shaky one, {halves} of them trials")
        if not spans:
            yield "the circuit never opened: nothing was seen of it"

    def _about_trial(
        self, trial: Asked, permits: list[Asked], settled: list[tuple[int, int]]
    ) -> Iterator[str]:
        """Lent at a time: those permitted in the round by then, less those whose end was told by then."""
        round_ = trial.answer["round"]
        lent = sum(
            one.permits
            for one in permits
            if one.answer["round"] == round_ and one.at <= trial.at < one.answer["until"]
        )
        back = sum(told == round_ and stamp <= trial.at for told, stamp in settled)
        if lent - back > TRIALS:
            yield f"{lent - back} trials at a time in round {round_}, where {TRIALS} may be"

    def _about_calls(self, histories: dict[str, History]) -> Iterator[str]:
        """Each call that was begun has its permit; once more only where a kill cut it short."""
        lines = self._journal.read_text(encoding="utf-8").splitlines()
        begun = Counter((call["run"], call["step"]) for call in map(json.loads, lines))
        permits = sum(one.permits for history in histories.values() for one in asked(history))
        repeats = 0
        for run, history in histories.items():
            activities = Counter(_activities(history))
            if sum(one.permits for one in asked(history)) < activities.total():
                yield f"{run} gave {activities.total()} orders without as many permits"
            for step, orders in activities.items():
                cut = sum(self._cut(history, step))
                repeats += cut
                if begun[run, step] > orders + cut:
                    yield f"{step} of {run}: {begun[run, step]} calls for {orders} orders, {cut} of them cut"
        print(f"{len(lines)} calls begun, {permits} permitted, {repeats} in flight at kills")
        if repeats == 0:
            yield "no call was in flight at any kill: nothing was seen of what is repeated"
        if len(lines) > permits + repeats:
            yield f"{len(lines)} calls for {permits} permits and {repeats} in flight at kills"

    def _cut(self, history: History, step: str) -> Iterator[int]:
        """For each order of the step, how many kills it was in flight at."""
        ends = {
            event["TaskScheduledId"]: _stamp(event)
            for event in history
            if event["EventType"] in (EventType.TASK_COMPLETED, EventType.TASK_FAILED)
        }
        for event in history:
            if event["EventType"] == EventType.TASK_SCHEDULED and _step(event) == step:
                begun, over = _stamp(event), ends[event["EventId"]]
                yield sum(begun <= dead and over >= alive for alive, dead in self._deaths)


def _open(one: Asked) -> Any:
    closed = one.answer.get("closed") if one.operation == "permit" else None
    return closed if closed is not None and closed["why"] == "open" else None


def _settlements(history: History) -> Iterator[tuple[int, int]]:
    """Round and instant of everything the run told the shaky deployment's gate."""
    for event in history:
        if event["EventType"] == EventType.EVENT_SENT and event["InstanceId"] == "@deployment@shaky":
            sent = json.loads(event["Input"])
            if sent["op"] == "settle":
                told = json.loads(json.loads(sent["input"]))
                stamp = int(_stamp(event).timestamp() * SECOND)
                yield from [(told["round"], stamp)] * len(told["verdicts"])


def _activities(history: History) -> Iterator[str]:
    for event in history:
        if event["EventType"] == EventType.TASK_SCHEDULED and (step := _step(event)) is not None:
            yield step


def _step(event: Any) -> str | None:
    if event["Name"] != "ask_agent":
        return None
    step: str = json.loads(event["Input"])["step"]
    return step


def _stamp(event: Any) -> datetime:
    return datetime.fromisoformat(event["Timestamp"])
