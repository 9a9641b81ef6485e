"""Follows a task to its end."""

from collections.abc import Callable
from typing import Any

from dirigent.cli.api import Api, refusal
from dirigent.cli.door import Answer, Stranger, Unreachable
from dirigent.cli.terminal import Terminal

ENDED = frozenset({"completed", "failed", "cancelled"})

#: Seconds between two looks; unchanged answers cost next to nothing, by their tag.
BEAT = 0.5
#: Seconds between two drawings of the spinner.
TICK = 0.1
#: An app that restarts is given so many seconds to be back.
PATIENCE = 60.0
#: However long the app asks us to stay away, we look again after this.
LONGEST_REST = 60.0

Show = Callable[[dict[str, Any] | None], None]


class Watch:
    """Looks at a task again and again until it has ended, through restarts of the app too."""

    def __init__(self, api: Api, terminal: Terminal) -> None:
        self._api, self._terminal = api, terminal
        self._tag: str | None = None
        #: What the app said last in place of the task, while it cannot show it.
        self._excuse = ""

    def follow(self, task: str, show: Show) -> dict[str, Any]:
        """The task at its end; `show` gets every change of it, and None at every tick in between."""
        missing_since: float | None = None
        while True:
            rest = BEAT
            try:
                seen, rest = self._look(task)
                missing_since = None
            except Stranger:
                raise
            except Unreachable:
                seen = None
                missing_since = self._terminal.now() if missing_since is None else missing_since
                if self._terminal.now() - missing_since > PATIENCE:
                    raise
            if seen is not None:
                show(seen)
                if seen.get("status") in ENDED:
                    return seen
            self._rest(rest, show)

    def _look(self, task: str) -> tuple[dict[str, Any] | None, float]:
        answer = self._api.look(task, self._tag)
        if answer.status == 304:
            self._excuse = ""
            return None, BEAT
        if answer.status in (429, 503):
            if answer.status == 503:
                self._tell(refusal(answer).sentence)
            return None, _asked_for(answer)
        seen = self._api.checked_task(answer)
        self._excuse = ""
        self._tag = answer.headers.get("etag")
        return seen, BEAT

    def _tell(self, excuse: str) -> None:
        """Say why the task cannot be shown, once as long as that stays so."""
        if excuse != self._excuse:
            self._excuse = excuse
            self._terminal.draw("")
            self._terminal.say(f"  {excuse}")

    def _rest(self, seconds: float, show: Show) -> None:
        until = self._terminal.now() + seconds
        while (left := until - self._terminal.now()) > 0:
            self._terminal.pause(min(left, TICK))
            show(None)


def _asked_for(answer: Answer) -> float:
    asked = answer.headers.get("retry-after", "")
    return min(float(asked), LONGEST_REST) if asked.isdecimal() and asked.isascii() else BEAT
