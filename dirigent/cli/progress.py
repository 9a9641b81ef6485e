"""A task's progress, drawn as it goes."""

import math
from datetime import datetime
from typing import Any

from dirigent.cli.teamwork import marks, missing_of, why_missing
from dirigent.cli.terminal import Terminal
from dirigent.cli.waits import BEGINNING, place, reason, tried

SPINNER, FULL, EMPTY, DONE, WAITS, ABSENT = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏", "█", "░", "✓", "…", "✗"
#: The same for terminals that know ASCII only.
PLAIN_SPINNER, PLAIN_FULL, PLAIN_EMPTY = "|/-\\", "#", "-"
PLAIN_DONE, PLAIN_WAITS, PLAIN_ABSENT = "ok", "...", "x"

BAR = 20


class Progress:
    """A line for each step that is done and each attempt that failed; beneath, where it can, what goes on."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        self._done: list[str] = []
        self._ahead: list[dict[str, Any]] = []
        #: Of these those that were given up.
        self._lost: list[dict[str, Any]] = []
        self._told_lost: set[tuple[str, str]] = set()
        #: Steps, by which their waits are told, with their names.
        self._titles: dict[str, str] = {}
        self._told: set[tuple[str, str]] = set()
        self._told_waits: set[tuple[str, int, str]] = set()
        self._waits: list[dict[str, Any]] = []
        self._turns = 0
        self._tick = DONE if _can_show(terminal, DONE) else PLAIN_DONE
        self._waiting = WAITS if _can_show(terminal, WAITS) else PLAIN_WAITS
        self._absent = ABSENT if _can_show(terminal, ABSENT) else PLAIN_ABSENT
        signs = (SPINNER, FULL, EMPTY)
        self._spinner, self._full, self._empty = (
            signs if _can_show(terminal, "".join(signs)) else (PLAIN_SPINNER, PLAIN_FULL, PLAIN_EMPTY)
        )
        self._since = terminal.now()

    def show(self, task: dict[str, Any] | None) -> None:
        """Tell what is new in the task; None lets the spinner turn."""
        if task is not None:
            steps = task.get("steps") or []
            self._done = [str(step["name"]) for step in steps if not step.get("late")]
            self._ahead = task.get("ahead") or []
            self._lost = [each for each in self._ahead if each["state"] == "given_up"]
            self._titles |= {str(each["step"]): str(each["name"]) for each in self._ahead}
            self._tell_steps(task, steps)
            if task.get("status") in ("completed", "failed", "cancelled"):
                self._tell_missing(missing_of(task))
                self._terminal.draw("")
                return
            self._tell_missing([each | {"branch": each["step"]} for each in self._lost])
            self._told_lost |= {_lost_key(each | {"branch": each["step"]}) for each in self._lost}
            self._tell_waits(task)
        self._turns += 1
        self._terminal.draw(self._under_way())

    def _tell_steps(self, task: dict[str, Any], steps: list[dict[str, Any]]) -> None:
        began = [task["created_at"], *(step["completed_at"] for step in steps)]
        # In a chain a step begins where the one before ended; of others it is told.
        new = [(step.get("started_at", before), step) for before, step in zip(began, steps, strict=False)]
        for since, step in sorted(new, key=lambda each: datetime.fromisoformat(each[1]["completed_at"])):
            if (key := (str(step["name"]), str(step["completed_at"]))) in self._told:
                continue
            self._told.add(key)
            took = seconds_between(since, step["completed_at"])
            more = "".join(f"  {mark}" for mark in marks(step))
            self._say(self._tick, step["name"], f"{took:6.1f} s{more}")
            self._since = self._terminal.now()

    def _tell_missing(self, missing: list[dict[str, Any]]) -> None:
        for each in missing:
            if _lost_key(each) not in self._told_lost:
                name = self._titles.get(each["branch"], each["branch"])
                self._say(self._absent, name, f"missing: {why_missing(each)}")

    def _tell_waits(self, task: dict[str, Any]) -> None:
        self._waits = task.get("waits") or []
        for wait in self._waits:
            step, why = place(wait), reason(wait)
            if (step, wait["attempts"], why) in self._told_waits:
                continue
            self._told_waits.add((step, wait["attempts"], why))
            self._say(self._waiting, self._titles.get(step, step), f"{why}; {self._again(wait)}")

    def _say(self, sign: str, name: str, text: str) -> None:
        width = max(map(len, (*self._done, *self._titles.values())), default=0)
        self._terminal.draw("")
        self._terminal.say(f"  {sign} {name:<{width}}  {text}")

    def _again(self, wait: dict[str, Any]) -> str:
        left = (datetime.fromisoformat(wait["next_try"]) - self._terminal.today()).total_seconds()
        again = f"again in {math.ceil(left)} s" if left > 0 else "again now"
        return f"{tried(wait)}{again}"

    def _under_way(self) -> str:
        sign = self._spinner[self._turns % len(self._spinner)]
        waited = self._terminal.now() - self._since
        # Why it waits stands in a line above: this one must fit a narrow window, or it cannot be wiped.
        again = f"; {self._again(self._waits[0])}" if self._waits else ""
        if not self._ahead:
            working = "finishing" if self._titles else "working"
            return f"  {sign} {working}  {waited:.1f} s{again}"
        done, whole = len(self._done) + len(self._lost), len(self._done) + len(self._ahead)
        filled = BAR * done // whole
        bar = self._full * filled + self._empty * (BAR - filled)
        return f"  {sign} {bar} {done}/{whole}  {self._names()}  {waited:.1f} s{again}"

    def _names(self) -> str:
        """Who is at work; of many only one is named, and how many are beside it."""
        names = [str(each["name"]) for each in self._ahead if each["state"] == "under_way"]
        if not names:
            return BEGINNING
        return names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"


def _lost_key(missing: dict[str, Any]) -> tuple[str, str]:
    # While the run goes on one is called as its step, in the end by its place in the teams.
    return str(missing["branch"]).rpartition("/")[2], why_missing(missing)


def seconds_between(began: str, ended: str) -> float:
    """Seconds between two instants as the API writes them; none where clocks disagree."""
    took = datetime.fromisoformat(ended) - datetime.fromisoformat(began)
    return max(took.total_seconds(), 0.0)


def _can_show(terminal: Terminal, signs: str) -> bool:
    try:
        signs.encode(getattr(terminal.err, "encoding", None) or "utf-8")
    except UnicodeEncodeError:
        return False
    return True
