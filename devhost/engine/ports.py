"""What the engine asks of the world around it."""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol, TypeVar

from devhost.engine.messages import (
    ActivityCall,
    ActivityResult,
    EntityCall,
    EntityResult,
    Episode,
    Turn,
)

Answer = TypeVar("Answer")

#: Receives an answer on the engine's own thread.
Done = Callable[[Answer], None]


class Worker(Protocol):
    """Runs the app's code off the engine's thread and brings each answer back to it, exactly once."""

    def orchestrator_named(self, name: str) -> str | None:
        """The registered spelling of an orchestrator's name, None when there is none."""

    def activity_named(self, name: str) -> str | None:
        """The registered spelling of an activity's name, None when there is none."""

    def entity_named(self, name: str) -> str | None:
        """The registered spelling of an entity's name, None when there is none."""

    def names(self, kind: str) -> tuple[str, ...]:
        """What is registered of a kind: `orchestrator`, `activity` or `entity`."""

    def python_named(self, kind: str, name: str) -> str | None:
        """The name under which a Python function of that kind is registered, None when there is none."""

    def play(self, episode: Episode, done: Done[Turn]) -> None:
        """Run an orchestrator until it waits or ends."""

    def let_go(self, held: object) -> None:
        """Give up an orchestrator that a turn left behind."""

    def act(self, call: ActivityCall, done: Done[ActivityResult]) -> None:
        """Run an activity."""

    def operate(self, call: EntityCall, done: Done[EntityResult]) -> None:
        """Run one entity operation."""


class Alarm(Protocol):
    """A wake-up that can still be called off."""

    def cancel(self) -> None:
        """Never ring."""


class Clock(Protocol):
    """The engine's only source of time."""

    def now(self) -> datetime:
        """The present instant, aware, in UTC."""

    def call_at(self, when: datetime, ring: Callable[[], None]) -> Alarm:
        """Ring on the engine's thread at `when`, or at once if that has passed."""
