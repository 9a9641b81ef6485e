"""A worker that is given no more at once than host.json allows."""

from collections import deque
from collections.abc import Callable
from functools import partial
from typing import TypeVar

from devhost.engine.messages import (
    ActivityCall,
    ActivityResult,
    EntityCall,
    EntityResult,
    Episode,
    Turn,
)
from devhost.engine.ports import Done, Worker

Asked = TypeVar("Asked")
Answer = TypeVar("Answer")


class Gate:
    """Lets so many in at once; the others wait in their order."""

    def __init__(self, limit: int) -> None:
        if limit < 1:
            raise ValueError(f"A limit of {limit} lets nothing run: give at least 1.")
        self._free = limit
        self._waiting: deque[Callable[[], None]] = deque()

    def enter(self, go: Callable[[], None]) -> None:
        """Go now, or when somebody leaves."""
        if self._free:
            self._free -= 1
            go()
        else:
            self._waiting.append(go)

    def leave(self) -> None:
        """Make room for the next."""
        if self._waiting:
            self._waiting.popleft()()
        else:
            self._free += 1


class LimitedWorker:
    """A `Worker` in front of another."""

    def __init__(
        self, worker: Worker, *, activities: int | None = None, orchestrators: int | None = None
    ) -> None:
        self._worker = worker
        self._activities = None if activities is None else Gate(activities)
        self._orchestrators = None if orchestrators is None else Gate(orchestrators)
        self.orchestrator_named = worker.orchestrator_named
        self.activity_named = worker.activity_named
        self.entity_named = worker.entity_named
        self.names = worker.names
        self.python_named = worker.python_named
        self.let_go = worker.let_go

    def play(self, episode: Episode, done: Done[Turn]) -> None:
        _through(self._orchestrators, self._worker.play, episode, done)

    def act(self, call: ActivityCall, done: Done[ActivityResult]) -> None:
        _through(self._activities, self._worker.act, call, done)

    def operate(self, call: EntityCall, done: Done[EntityResult]) -> None:
        self._worker.operate(call, done)


def _through(
    gate: Gate | None, run: Callable[[Asked, Done[Answer]], None], asked: Asked, done: Done[Answer]
) -> None:
    if gate is None:
        run(asked, done)
        return

    def leaving(answer: Answer) -> None:
        # The next goes in first: what this answer sets off may want to enter as well, and comes later.
        gate.leave()
        done(answer)

    gate.enter(partial(run, asked, leaving))
