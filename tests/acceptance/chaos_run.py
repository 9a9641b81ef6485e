"""One run of chaos: a busy host is killed over and over, and then everything it promised is looked for."""

import json
import os
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

from chaos_book import (
    CLIENT_WALLETS,
    WALLETS,
    Answer,
    Run,
    complaints_about_output,
    complaints_about_signals,
    complaints_about_wallet,
    effects_of,
    payments,
)
from chaos_load import HOOKS, Line, Load
from mortal_host import MortalHost

IN_FLIGHT = 200
#: What the last incarnation may take to bring everything to its end.
LAST_PATIENCE = 90.0
#: How many stuck instances the report describes.
DESCRIBED = 5


def rolled(default_kills: int) -> tuple[int, int]:
    """Seed and number of kills: those of the environment, else a new seed and the given number."""
    seed = int(os.environ.get("CHAOS_SEED") or Random().randrange(1_000_000))
    return seed, int(os.environ.get("CHAOS_KILLS") or default_kills)


class ChaosRun:
    """Kills a host so many times; `complaints` is empty if it has kept every promise."""

    def __init__(self, folder: Path, *, seed: int, kills: int, replay: str) -> None:
        self._effects = folder / "effects" / "lines"
        self._effects.parent.mkdir()
        self._effects.touch()
        self._host = MortalHost("chaos_mix", folder, {"CHAOS_EFFECTS": str(self._effects)}, replay)
        self._dice = Random(seed)
        self._kills = kills
        # A few hundred at once, and as many again as the kills make room for.
        self._load = Load(self._host.port, Random(seed), wanted=IN_FLIGHT, most=IN_FLIGHT + 80 * kills)
        self._in_flight: list[int] = []

    def complaints(self) -> list[str]:
        """Everything that went wrong."""
        began = time.monotonic()
        try:
            self._host.spawn()
            self._host.wait_until_ready()
            self._load.begin()
            self._wait(lambda: self._load.alive >= IN_FLIGHT, 30.0)
            for _ in range(self._kills):
                self._kill_once()
            killed = time.monotonic()
            self._host.wait_until_ready()
            return self._finish(began, killed)
        finally:
            self._load.end()
            self._host.stop()

    def _kill_once(self) -> None:
        """One kill, and the next incarnation's birth; every fourth dies before it could say it is ready."""
        if self._dice.random() < 0.25:
            time.sleep(self._dice.uniform(0.0, 0.8))
        else:
            self._host.wait_until_ready()
            time.sleep(self._dice.uniform(0.02, 1.5))
        self._in_flight.append(self._load.alive)
        self._host.kill()
        self._host.spawn()

    def _finish(self, began: float, killed: float) -> list[str]:
        load, line = self._load, Line(self._host.port)
        load.start_no_more()
        time.sleep(0.5)
        runs = [run for run in list(load.book.runs.values()) if self._exists(line, run)]
        self._wait(lambda: load.is_idle and load.alive == 0, LAST_PATIENCE)
        load.end()
        told = {run.id: self._status(line, run) for run in runs}
        ended = time.monotonic()
        lost = [
            run.id for run in load.book.runs.values() if run.answer is Answer.ACKNOWLEDGED and run not in runs
        ]
        found = [f"{run} was acknowledged and is not there" for run in lost]
        found += load.faults
        found += self._complaints_about_runs(line, runs, told)
        found += self._complaints_about_wallets(line, runs)
        found += self._complaints_about_effects(runs)
        line.close()
        self._report(runs, killed - began, ended - killed)
        return found

    def _wait(self, check: Any, seconds: float) -> None:
        """Return when the check is true or the time is over: what is missing then is found and told."""
        deadline = time.monotonic() + seconds
        while not check() and time.monotonic() < deadline:
            self._host.refuse_to_be_dead()
            time.sleep(0.05)

    def _exists(self, line: Line, run: Run) -> bool:
        status, _ = line.send("GET", f"{HOOKS}/instances/{run.id}?showInput=false")
        if status == 404:
            return False
        if run.answer is Answer.UNKNOWN:
            self._load.take_up(run)
        return True

    def _status(self, line: Line, run: Run) -> Any:
        return line.send("GET", f"{HOOKS}/instances/{run.id}?showInput=false")[1]

    def _complaints_about_runs(self, line: Line, runs: list[Run], told: dict[str, Any]) -> Iterator[str]:
        described = 0
        for run in runs:
            status = told[run.id]["runtimeStatus"]
            if status == "Completed":
                yield from complaints_about_output(run, told[run.id]["output"])
                continue
            yield f"{run.id} ({run.answer.value}) is {status}: {told[run.id]['output']}"
            if described < DESCRIBED:
                described += 1
                yield self._description(line, run)

    def _description(self, line: Line, run: Run) -> str:
        query = "showHistory=true&showHistoryOutput=true"
        _, told = line.send("GET", f"{HOOKS}/instances/{run.id}?{query}")
        events = told.pop("historyEvents", [])
        return "\n".join([f"  {json.dumps(told)}", *(f"    {json.dumps(event)}" for event in events)])

    def _complaints_about_wallets(self, line: Line, runs: list[Run]) -> Iterator[str]:
        due = payments(runs)
        for wallet in WALLETS:
            yield from complaints_about_wallet(wallet, self._kept(line, wallet), due[wallet])
        for wallet in CLIENT_WALLETS:
            signals = self._load.book.signals[wallet]
            yield from complaints_about_signals(wallet, self._kept(line, wallet), signals)

    def _kept(self, line: Line, wallet: str) -> list[str]:
        status, kept = line.send("GET", f"{HOOKS}/entities/wallet/{wallet}")
        return list(kept) if status == 200 else []

    def _complaints_about_effects(self, runs: list[Run]) -> Iterator[str]:
        lines = set(self._effects.read_text(encoding="utf-8").splitlines())
        for run in runs:
            missing = effects_of(run) - lines
            if missing:
                yield f"{run.id} has answers of activities that never ran: {sorted(missing)}"

    def _report(self, runs: list[Run], killing: float, finishing: float) -> None:
        book = self._load.book
        lines = Counter(self._effects.read_text(encoding="utf-8").splitlines())
        signals = sum(len(signals) for signals in book.signals.values())
        heard = sum(answer is Answer.ACKNOWLEDGED for run in runs for answer in run.words.values())
        print(
            f"\n{self._kills} kills in {killing:.0f} s, all at rest {finishing:.0f} s later; "
            f"{sum(self._in_flight) / max(len(self._in_flight), 1):.0f} runs in flight at a kill; "
            f"{book.acknowledged} of {len(book.runs)} starts acknowledged, {len(runs)} runs are there; "
            f"{heard} words and {signals} signals sent; "
            f"{sum(times > 1 for times in lines.values())} of {len(lines)} activities ran more than once."
        )
