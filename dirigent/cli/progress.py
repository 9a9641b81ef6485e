"""A task's progress, drawn as it goes."""

import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from dirigent.cli.guards import answered_instead
from dirigent.cli.terminal import Terminal
from dirigent.cli.waits import place, reason, tried

SPINNER, FULL, EMPTY, DONE, WAITS = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏", "█", "░", "✓", "…"
#: The same for terminals that know ASCII only.
PLAIN_SPINNER, PLAIN_FULL, PLAIN_EMPTY, PLAIN_DONE, PLAIN_WAITS = "|/-\\", "#", "-", "ok", "..."

BAR = 20


class Progress:
    """A line for each step that is done and each attempt that failed; beneath, where it can, what goes on."""

    def __init__(self, terminal: Terminal, steps: Mapping[str, str]) -> None:
        self._terminal, self._titles, self._steps = terminal, steps, tuple(steps.values())
        self._told = 0
        self._told_waits: set[tuple[str, int, str]] = set()
        self._waits: list[dict[str, Any]] = []
        self._turns = 0
        self._done = DONE if _can_show(terminal, DONE) else PLAIN_DONE
        self._waiting = WAITS if _can_show(terminal, WAITS) else PLAIN_WAITS
        signs = (SPINNER, FULL, EMPTY)
        self._spinner, self._full, self._empty = (
            signs if _can_show(terminal, "".join(signs)) else (PLAIN_SPINNER, PLAIN_FULL, PLAIN_EMPTY)
        )
        self._since = terminal.now()

    def show(self, task: dict[str, Any] | None) -> None:
        """Tell what is new in the task; None lets the spinner turn."""
        if task is not None:
            self._tell_steps(task)
            if task.get("status") in ("completed", "failed", "cancelled"):
                self._terminal.draw("")
                return
            self._tell_waits(task)
        self._turns += 1
        self._terminal.draw(self._under_way())

    def _tell_steps(self, task: dict[str, Any]) -> None:
        steps = task.get("steps") or []
        width = self._width(task)
        for number, step in list(enumerate(steps))[self._told :]:
            began = task["created_at"] if number == 0 else steps[number - 1]["completed_at"]
            took = seconds_between(began, step["completed_at"])
            self._terminal.draw("")
            degraded = f"  degraded: {answered_instead(step['degraded'])}" if step.get("degraded") else ""
            self._terminal.say(f"  {self._done} {step['name']:<{width}}  {took:6.1f} s{degraded}")
            self._since = self._terminal.now()
        self._told = max(self._told, len(steps))

    def _tell_waits(self, task: dict[str, Any]) -> None:
        self._waits = task.get("waits") or []
        for wait in self._waits:
            step, why = place(wait), reason(wait)
            if (step, wait["attempts"], why) in self._told_waits:
                continue
            self._told_waits.add((step, wait["attempts"], why))
            self._terminal.draw("")
            self._terminal.say(
                f"  {self._waiting} {self._titles.get(step, step):<{self._width(task)}}  "
                f"{why}; {self._again(wait)}"
            )

    def _width(self, task: dict[str, Any]) -> int:
        done = (str(step["name"]) for step in task.get("steps") or [])
        return max((len(name) for name in (*self._steps, *done)), default=0)

    def _again(self, wait: dict[str, Any]) -> str:
        left = (datetime.fromisoformat(wait["next_try"]) - self._terminal.today()).total_seconds()
        again = f"again in {math.ceil(left)} s" if left > 0 else "again now"
        return f"{tried(wait)}{again}"

    def _under_way(self) -> str:
        sign = self._spinner[self._turns % len(self._spinner)]
        waited = self._terminal.now() - self._since
        # Why it waits stands in a line above: this one must fit a narrow window, or it cannot be wiped.
        again = f"; {self._again(self._waits[0])}" if self._waits else ""
        if not self._steps:
            return f"  {sign} working  {waited:.1f} s{again}"
        name = self._steps[self._told] if self._told < len(self._steps) else "finishing"
        filled = BAR * min(self._told, len(self._steps)) // len(self._steps)
        bar = self._full * filled + self._empty * (BAR - filled)
        return f"  {sign} {bar} {self._told}/{len(self._steps)}  {name}  {waited:.1f} s{again}"


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
