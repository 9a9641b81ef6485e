"""Tidies up after a long load as a user would, and notes what was there before it goes."""

import json
import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from chaos_book import CLIENT_WALLETS, WALLETS, Run, complaints_about_output
from chaos_load import HOOKS, Line, Load, Unanswered, Unreached
from driver import ENDED

#: Between two rounds of tidying.
PAUSE = 2.0
#: An instance is old this many seconds after its last change.
OLD = 5.0

Told = dict[str, Any]


class Keeper:
    """Checks old ended runs, purges them, and empties the wallets of what it has seen there."""

    def __init__(self, port: int, load: Load) -> None:
        self.faults: list[str] = []
        #: Runs that have ended and were looked at.
        self.seen: dict[str, Run] = {}
        #: What was in each wallet, was to be forgotten, and is no longer there.
        self.emptied: dict[str, Counter[str]] = {w: Counter() for w in (*WALLETS, *CLIENT_WALLETS)}
        self.purges = 0
        self._gone: set[str] = set()
        self._asked: dict[str, set[str]] = {wallet: set() for wallet in self.emptied}
        self._line, self._load = Line(port), load
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._work, daemon=True)

    def begin(self) -> None:
        self._thread.start()

    def end(self) -> None:
        self._is_over.set()
        if self._thread.ident is not None:
            self._thread.join(60)
        self._line.close()

    def _work(self) -> None:
        while not self._is_over.wait(PAUSE):
            self.tidy()

    def tidy(self, old: float = OLD) -> bool:
        """One round; whether the host lived through it."""
        try:
            self._look_for_unanswered()
            self._purge(old)
            for wallet in self.emptied:
                self._empty(wallet)
        except (Unreached, Unanswered):
            return False
        return True

    def _look_for_unanswered(self) -> None:
        waiting = self._load.unanswered
        while waiting:
            run = waiting[-1]
            status, _ = self._line.send("GET", f"{HOOKS}/instances/{run.id}?showInput=false")
            waiting.remove(run)
            if status in (200, 202):
                self._load.take_up(run)

    def _purge(self, old: float) -> None:
        status, listed = self._line.send("GET", f"{HOOKS}/instances?showInput=false")
        if status != 200:
            self.faults.append(f"listing everything: {status} {listed}")
            return
        self.faults += [
            f"{one['instanceId']} was purged and is back" for one in listed if one["instanceId"] in self._gone
        ]
        limit = datetime.fromtimestamp(time.time() - old, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        # The list is in the order of birth: what was born in the second of a live one, or later, waits.
        births = [one["createdTime"] for one in listed if _is_young(one, limit)]
        bound = min([*births, limit])
        ended = [one for one in listed if one["createdTime"] < bound]
        for one in ended:
            self._look_at(one)
        if ended:
            self._delete(ended, bound)

    def _look_at(self, told: Told) -> None:
        run = self._load.book.runs.get(told["instanceId"])
        # The children of a run are nobody's business: its output says what they returned.
        if run is None or run.id in self.seen:
            return
        self.seen[run.id] = run
        if told["runtimeStatus"] == "Completed":
            self.faults += complaints_about_output(run, told["output"])
        else:
            self.faults.append(f"{run.id} ({run.answer.value}) is {told['runtimeStatus']}: {told['output']}")

    def _delete(self, ended: list[Told], bound: str) -> None:
        """By filter where the host serves it, else one by one."""
        gone = {one["instanceId"] for one in ended}
        # Said before it is asked: a purge nobody answered may have been carried out.
        self._load.purged |= gone
        last = datetime.fromisoformat(bound) - timedelta(microseconds=1)
        span = f"createdTimeFrom=2000-01-01T00:00:00Z&createdTimeTo={last:%Y-%m-%dT%H:%M:%S.%fZ}"
        status, told = self._line.send("DELETE", f"{HOOKS}/instances?{span}")
        if status == 200:
            self.purges += told["instancesDeleted"]
        elif status == 501:
            self.purges += sum(self._delete_one(one["instanceId"]) for one in ended)
        else:
            self.faults.append(f"purging those born before {bound}: {status} {told}")
            return
        self._gone |= gone

    def _delete_one(self, instance_id: str) -> int:
        status, told = self._line.send("DELETE", f"{HOOKS}/instances/{instance_id}")
        # Not there: a purge before this one was carried out and nobody answered.
        if status not in (200, 404):
            self.faults.append(f"purging {instance_id}: {status} {told}")
        return int(told["instancesDeleted"]) if status == 200 else 0

    def _empty(self, wallet: str) -> None:
        held, asked = Counter(self.held(wallet)), self._asked[wallet]
        gone = asked - set(held)
        self.emptied[wallet].update(gone)
        asked -= gone
        self.faults += [f"{wallet} holds {one!r} {n} times" for one, n in held.items() if n > 1]
        again = set(held) & set(self.emptied[wallet])
        self.faults += [f"{wallet} holds {one!r}, which had been forgotten" for one in sorted(again)]
        if held:
            asked |= set(held)
            # The SDK reads an operation's input as JSON text within JSON, which is how its client sends it.
            forget = f"{HOOKS}/entities/wallet/{wallet}?op=forget"
            status, told = self._line.send("POST", forget, json.dumps(list(held)))
            if status != 202:
                self.faults.append(f"emptying {wallet}: {status} {told}")

    @property
    def is_empty(self) -> bool:
        """Whether all that was ever in a wallet has been forgotten, and was seen to be."""
        # What a wallet was asked to forget counts as forgotten only when the next round has looked.
        return not any(self._asked.values()) and not any(self.held(wallet) for wallet in self.emptied)

    def held(self, wallet: str) -> list[str]:
        """What is in a wallet now."""
        status, kept = self._line.send("GET", f"{HOOKS}/entities/wallet/{wallet}")
        return list(kept) if status == 200 else []

    def ever_held(self, wallet: str) -> list[str]:
        """What is in a wallet and what was."""
        return [*self.emptied[wallet].elements(), *self.held(wallet)]


def _is_young(told: Told, limit: str) -> bool:
    return told["runtimeStatus"] not in ENDED or told["lastUpdatedTime"] > limit


def patiently(attempt: Callable[[], bool], seconds: float) -> bool:
    """Try until it works or the time is over."""
    deadline = time.monotonic() + seconds
    while not attempt():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.2)
    return True
