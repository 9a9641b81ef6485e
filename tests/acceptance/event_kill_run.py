"""Events on a host that is killed again and again: every subscriber hears of each, and of none twice."""

import json
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import surroundings
from event_catalogue import TOPIC, asking, subscribed
from event_line import EventLine, Told, start_of
from mortal_app import MortalApp
from pattern_catalogue import ABOUT

#: Seconds a host lives between two kills: long enough for some runs, too short for all that wait.
LIFE = (0.15, 1.2)
#: Seconds a call takes: many are to be in flight when the host dies.
PACE = 0.05
FACTS = "facts"
#: One in so many events is told twice at once; all are told again later.
TWICE = 5
FLOWS: dict[str, dict[str, Any]] = {
    "analyse": {
        "steps": [
            {"name": "look", "agent": "ann", "prompt": ABOUT, "output": "seen"},
            {
                "name": "tell",
                "event": "Analysed",
                "topic": FACTS,
                "with": {"topic": "{{topic}}"},
                "output": "told",
            },
        ],
        "result": {"topic": "topic", "seen": "seen", "event": "told.id"},
    },
    "archive": asking("ben"),
    "hurry": asking("cid"),
    "notify": {
        "steps": [
            {
                "name": "mail",
                "notify": "email",
                "to": "desk@example.com",
                "subject": "{{topic}}",
                "text": "{{topic}} was analysed.",
                "output": "receipt",
            }
        ],
        "result": {"topic": "topic", "address": "receipt.address"},
    },
}
SUBSCRIPTIONS: dict[str, dict[str, Any]] = {
    "analyser": {"topic": FACTS, "event": "Found", "workflow": "analyse", "with": TOPIC},
    # Without `with`: what it is told is its input.
    "archiver": {"topic": FACTS, "event": "Found", "workflow": "archive"},
    "hurrier": {"topic": FACTS, "event": "Found", "filter": {"urgency": "high"}, "workflow": "hurry"},
    "notifier": {"topic": FACTS, "filter": "type = 'Analysed'", "workflow": "notify", "with": TOPIC},
}
#: Whose workflows ask somebody.
ASKING = ("analyser", "archiver", "hurrier")

#: Who heard of which event.
Heard = tuple[str, str]


class EventKillRun:
    """Tells events while the host dies; `complaints` is empty if all is well."""

    def __init__(self, folder: Path, *, seed: int, kills: int, events: int, replay: str = "sticky") -> None:
        self._folder, self._journal = folder, folder / "journal"
        script = folder / "script.yaml"
        script.write_text(json.dumps({"pace": PACE, "journal": str(self._journal)}), encoding="utf-8")
        settings = {
            "DIRIGENT_CATALOGUE": str(subscribed(folder, FLOWS, SUBSCRIPTIONS)),
            "DIRIGENT_CLAIM_LEASE": "1",
            "DIRIGENT_SCRIPT": str(script),
            "DIRIGENT_REPLAY_RATE": "100",
        }
        self._host = MortalApp(folder, settings, replay)
        self._dice, self._kills = Random(seed), kills
        self._events = [self._drawn(number) for number in range(events)]
        self._line = EventLine(self._host)
        #: So many kills there were; whoever tells events does so in step with them.
        self._died = 0
        self._faults: list[BaseException] = []

    def _drawn(self, number: int) -> Told:
        urgency = self._dice.choice(("high", "low"))
        return Told(
            id=f"found-{number}",
            type="Found",
            data={"topic": f"the tides of {number}"},
            properties={"urgency": urgency},
        )

    def complaints(self) -> list[str]:
        """Everything that went wrong."""
        try:
            self._host.spawn()
            self._host.wait_until_ready()
            self._tell_while_it_dies()
            found = [*self._about_what_was_given_up(), *self._about_runs(), *self._about_calls()]
            found += self._about_what_is_told_again()
        finally:
            self._line.close()
            self._host.stop()
        return found

    def _tell_while_it_dies(self) -> None:
        teller = threading.Thread(target=self._tell, args=(Random(self._dice.random()),), daemon=True)
        teller.start()
        for _ in range(self._kills):
            time.sleep(self._dice.uniform(*LIFE))
            self._die()
        teller.join(240)
        assert not teller.is_alive(), "Whoever tells the events does not come to an end."
        assert not self._faults, self._faults
        self._line.rest()

    def _die(self) -> None:
        self._host.kill()
        self._died += 1
        self._host.spawn()
        self._host.wait_until_ready()

    def _tell(self, dice: Random) -> None:
        """Tell every event, a share of them with each kill, so that some are being told at each."""
        line = EventLine(self._host)
        try:
            for share in range(self._kills + 1):
                while self._died < share:
                    time.sleep(0.005)
                mine = self._events[share :: self._kills + 1]
                again = [one for one in mine if dice.randrange(TWICE) == 0]
                line.tell_in_any_way(FACTS, [*mine, *again], dice)
        except BaseException as error:  # noqa: BLE001 - told by the thread that waits for this one
            self._faults.append(error)
        finally:
            line.close()

    def _about_what_was_given_up(self) -> Iterator[str]:
        """What was being delivered at three kills is given up: it is kept, and heard when told again."""
        letters = self._line.letters()
        print(f"{self._kills} kills, {len(self._events)} events, {len(letters)} of them given up for a while")
        for letter in letters:
            if letter["reason"] != "MaxDeliveryCountExceeded":
                yield f"{letter['subscription']} gave up {letter['event']}: {letter['description']}"
        if letters:
            status, told = self._line.send("POST", "/api/dead-letters/replay", {})
            assert status == 202, told
            self._line.rest()
        yield from (f"{letter['event']} stays a dead letter" for letter in self._line.letters())

    def _about_runs(self) -> Iterator[str]:
        instances, tasks = self._line.instances(), {task["id"]: task for task in self._line.tasks()}
        runs = {one["instanceId"]: _heard(one) for one in instances if _is_run(one)}
        yield from self._about_subscribers(runs)
        for one in instances:
            run, status = one["instanceId"], one["runtimeStatus"]
            if status != "Completed":
                yield f"{run} ({runs.get(run)}) is {status}: {one['output']}"
            elif run in runs and tasks.get(run, {}).get("status") != "completed":
                yield f"{run} ({runs[run]}) is recorded as {tasks.get(run)}"
        yield from (f"{run} is recorded and was never run" for run in tasks if run not in runs)
        # Files that a kill has left half-written are called otherwise.
        stored = surroundings.present().files(self._folder)
        mails = [name for name in stored if "outbox/email/" in name and name.endswith(".json")]
        if len(mails) != len(self._events):
            yield f"{len(mails)} mails were written, of {len(self._events)}"

    def _about_subscribers(self, runs: dict[str, Heard]) -> Iterator[str]:
        """Each heard of each event that is for it, once, whatever the message was called that told it."""
        heard = Counter(runs.values())
        wanted: Counter[Heard] = Counter()
        for one in self._events:
            is_urgent = one.properties["urgency"] == "high"
            wanted.update((name, one.id) for name in ("analyser", "archiver", *("hurrier",) * is_urgent))
        # What the analyser tells is named by its run.
        wanted.update(("notifier", f"{run}.tell") for run, (name, _) in runs.items() if name == "analyser")
        yield from (f"{name} heard of {event} too often" for name, event in heard - wanted)
        yield from (f"{name} has not heard of {event}" for name, event in wanted - heard)

    def _about_calls(self) -> Iterator[str]:
        lines = self._journal.read_text(encoding="utf-8").splitlines()
        calls = Counter((call["run"], call["step"]) for call in map(json.loads, lines))
        asking_runs = [one for one in self._line.instances() if _is_run(one) and _heard(one)[0] in ASKING]
        print(f"{len(lines)} model calls of {len(asking_runs)} runs")
        if len(calls) != len(asking_runs):
            yield f"{len(calls)} runs have asked the model, {len(asking_runs)} are there"
        for (run, step), times in calls.items():
            if times > 1 + self._kills:
                yield f"{step} of {run} was asked {times} times in {self._kills} kills"

    def _about_what_is_told_again(self) -> Iterator[str]:
        """After a run's end, and after Durable has forgotten it, its event starts nothing."""
        before = self._statuses()
        self._tell_all_again()
        self._die()
        self._line.rest()
        yield from self._about_change("its end", before)
        purged = self._dice.sample(sorted(before), len(before) // 2)
        for instance in purged:
            self._line.purge(instance)
        self._tell_all_again()
        self._line.rest()
        yield from self._about_change(
            "it was purged", {key: before[key] for key in before if key not in purged}
        )
        yield from (f"{letter['event']} has become a dead letter" for letter in self._line.letters())

    def _tell_all_again(self) -> None:
        told = [
            Told(id=f"{one['instanceId']}.tell", type="Analysed", data={"topic": "told again"})
            for one in self._line.instances()
            if _is_run(one) and _heard(one)[0] == "analyser"
        ]
        self._line.tell_in_any_way(FACTS, [*self._events, *told], self._dice)

    def _statuses(self) -> dict[str, str]:
        listed = self._line.instances("showInput=false")
        return {one["instanceId"]: one["lastUpdatedTime"] for one in listed}

    def _about_change(self, when: str, before: dict[str, str]) -> Iterator[str]:
        now = self._statuses()
        yield from (f"{run} came about after {when}" for run in now if run not in before)
        yield from (f"{run} was lost after {when}" for run in before if run not in now)
        moved = [run for run in before if run in now and now[run] != before[run]]
        yield from (f"{run} went on after {when}" for run in moved)


def _is_run(instance: Any) -> bool:
    """A replay of dead letters is an orchestration as well, and nobody's run."""
    return not instance["instanceId"].startswith("redrive-")


def _heard(instance: Any) -> Heard:
    """Who heard of what, by the event's first name."""
    origin = start_of(instance)["origin"]
    return origin["subscription"], str(origin["event"]).partition(".replay-")[0]
