"""Dead letters told again by a host that is killed meanwhile: each is handled once, and none is lost."""

import json
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from random import Random
from typing import Any

from event_line import EventLine
from letter_catalogue import ORDERS, SHARED, calls, catalogue, heard, order
from mortal_app import MortalApp

#: Seconds a host lives between two kills.
LIFE = (0.2, 1.5)
#: Dead letters a second.
RATE = 100
#: What was being delivered at three kills comes back, and is told again, so often at most.
ROUNDS = 6


class ReplayKillRun:
    """Has events come to nothing, then has them told again while the host dies."""

    def __init__(self, folder: Path, *, seed: int, kills: int, letters: int, replay: str = "sticky") -> None:
        self._folder, self._journal, self._replay = folder, folder / "journal", replay
        self._script = folder / "script.yaml"
        self._script.write_text(json.dumps({"journal": str(self._journal)}), encoding="utf-8")
        self._dice, self._kills = Random(seed), kills
        self._orders = [order(number) for number in range(letters)]

    def complaints(self) -> list[str]:
        """Everything that went wrong."""
        with self._host(is_mended=False) as (_, line):
            line.tell_in_any_way(ORDERS, self._orders, self._dice)
            line.rest()
            bystanders = _bystanders(line)
            found = [*self._about_letters(line, "open")]
        with self._host(is_mended=True) as (host, line):
            _begin(line)
            for _ in range(self._kills):
                time.sleep(self._dice.uniform(*LIFE))
                host.kill()
                host.spawn()
                host.wait_until_ready()
            line.rest()
            found += self._about_what_came_back(line)
            found += self._about_letters(line, "replayed")
            found += self._about_runs(line)
            if _bystanders(line) != bystanders:
                found.append("The bystander's runs are others than before, or have gone on")
        return found

    @contextmanager
    def _host(self, *, is_mended: bool) -> Iterator[tuple[MortalApp, EventLine]]:
        settings = {
            "DIRIGENT_CATALOGUE": str(catalogue(self._folder, is_mended=is_mended)),
            "DIRIGENT_CLAIM_LEASE": "1",
            "DIRIGENT_REPLAY_RATE": str(RATE),
            "DIRIGENT_SCRIPT": str(self._script),
        }
        host = MortalApp(self._folder, settings, self._replay)
        try:
            host.spawn()
            host.wait_until_ready()
            with closing(EventLine(host)) as line:
                yield host, line
        finally:
            host.stop()

    def _about_letters(self, line: EventLine, state: str) -> Iterator[str]:
        letters = {letter["event"]: letter for letter in line.letters(state="all")}
        yield from (f"{one.id} is no dead letter" for one in self._orders if one.id not in letters)
        for letter in letters.values():
            if letter["state"] != state or letter["subscription"] != "clerk":
                yield f"{letter['event']} of {letter['subscription']} is {letter['state']}: {letter}"

    def _about_what_came_back(self, line: EventLine) -> Iterator[str]:
        back = line.letters()
        print(f"{self._kills} kills, {len(self._orders)} dead letters, {len(back)} of them came back")
        for letter in back:
            if letter["reason"] != "MaxDeliveryCountExceeded" or letter["category"] == "PERMANENT":
                yield f"{letter['event']} came back: {letter['description']}"
        for _ in range(ROUNDS):
            if not line.letters():
                return
            _begin(line)
            line.rest()

    def _about_runs(self, line: EventLine) -> Iterator[str]:
        instances = line.instances()
        runs = [one for one in instances if not one["instanceId"].startswith("redrive-")]
        wanted = Counter(("clerk", one.id) for one in self._orders)
        wanted.update(("bystander", one.id) for one in self._orders[::SHARED])
        found = heard(runs)
        yield from (f"{name} handled {event} too often" for name, event in found - wanted)
        yield from (f"{name} has not handled {event}" for name, event in wanted - found)
        for one in instances:
            if one["runtimeStatus"] != "Completed":
                yield f"{one['instanceId']} is {one['runtimeStatus']}: {one['output']}"
        listed = {task["id"]: task["status"] for task in line.tasks()}
        if listed != {one["instanceId"]: "completed" for one in runs}:
            yield f"{Counter(listed.values())} tasks are listed, {len(runs)} runs are there"
        asked = calls(self._journal)
        yield from (f"{run} asked {n} times" for run, n in asked.items() if n > 1 + self._kills)
        if len(asked) != len(runs):
            yield f"{len(asked)} runs have asked the model, of {len(runs)}"


def _begin(line: EventLine) -> None:
    status, told = line.send("POST", "/api/dead-letters/replay", {"rate": RATE, "stop_after": 0})
    assert status == 202, told


def _bystanders(line: EventLine) -> dict[str, Any]:
    """When each of the bystander's runs went on last."""
    return {
        one["instanceId"]: one["lastUpdatedTime"]
        for one in line.instances()
        if not one["instanceId"].startswith("redrive-")
        and ("bystander" in {name for name, _ in heard([one])})
    }
