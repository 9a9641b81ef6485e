"""Notices code of the app that holds what others wait for: a thread, or the loop of all async functions.

How it works. While calls are under way, the host's loop makes a round four times a second: it counts for how
many rounds each orchestrator has been in one turn, and how many rounds ago the functions' loop last answered.
Counted are rounds and not seconds, so a machine that slept blames nobody. With nothing under way there are
no rounds.
"""

import asyncio
import logging
import sys
from collections.abc import Callable

from devhost.functions.places import stands_at

logger = logging.getLogger(__name__)

#: Seconds from round to round, and the rounds after which something is too slow: together a little over 1 s.
INTERVAL = 0.25
PATIENCE = 5


class Watchdog:
    """Warns once of each such call, naming it, its line, and what to write instead."""

    def __init__(
        self,
        host_loop: asyncio.AbstractEventLoop,
        functions_loop: asyncio.AbstractEventLoop,
        *,
        is_needed: Callable[[], bool],
        interval: float = INTERVAL,
    ) -> None:
        self._host_loop = host_loop
        self._functions_loop = functions_loop
        self._is_needed = is_needed
        self._interval = interval
        self._round: asyncio.TimerHandle | None = None
        #: Thread → the orchestrator's turn it is in, a new object each turn; kept by the threads themselves.
        self.turns: dict[int, object] = {}
        self._seen: dict[int, tuple[object, int]] = {}
        self._functions_thread: int | None = None
        #: The last question put to the functions' loop, the last it answered, and the rounds in between.
        self._asked = 0
        self._heard = 0
        self._silent = 0

    @property
    def is_awake(self) -> bool:
        return self._round is not None

    def wake(self, functions_thread: int | None) -> None:
        """Make rounds until nothing is under way any more."""
        self._functions_thread = functions_thread
        self._silent = 0
        self._round = self._host_loop.call_later(self._interval, self._look)

    def stop(self) -> None:
        """Make no more rounds."""
        if self._round is not None:
            self._round.cancel()

    def _look(self) -> None:
        if not self._is_needed():
            self._round = None
            self._seen = {}
            return
        self._round = self._host_loop.call_later(self._interval, self._look)
        self._look_at_turns()
        self._look_at_loop()

    def _look_at_turns(self) -> None:
        seen: dict[int, tuple[object, int]] = {}
        for thread, turn in list(self.turns.items()):
            before, rounds = self._seen.get(thread, (None, 0))
            rounds = rounds + 1 if before is turn else 1
            seen[thread] = (turn, rounds)
            if rounds == PATIENCE:
                logger.warning(
                    "The orchestrator %s has held its thread for more than a second,%s. An orchestrator only "
                    "decides and yields, and is run again from its start on every replay: wait with "
                    "context.create_timer, and put sleeping, I/O and computing into an activity.",
                    turn,
                    _place(thread),
                )
        self._seen = seen

    def _look_at_loop(self) -> None:
        if self._heard == self._asked:
            self._asked += 1
            self._silent = 0
            self._functions_loop.call_soon_threadsafe(self._answer, self._asked)
            return
        self._silent += 1
        if self._silent == PATIENCE - 1 and self._functions_thread is not None:
            task = asyncio.current_task(self._functions_loop)
            logger.warning(
                "The async function %s has blocked the loop of all async functions for over a second,%s: "
                "none of them goes on meanwhile, on Azure neither. Await asyncio.sleep or an async client, "
                "move what blocks into asyncio.to_thread, or write a plain def, which gets its own thread.",
                "behind a callback" if task is None else repr(task.get_name()),
                _place(self._functions_thread),
            )

    def _answer(self, question: int) -> None:
        self._heard = question


def _place(thread: int) -> str:
    frame = sys._current_frames().get(thread)  # noqa: SLF001 - the only way to another thread's frames
    return " and has just gone on" if frame is None else stands_at(frame)
