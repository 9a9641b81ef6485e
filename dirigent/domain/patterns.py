"""What every pattern answers: which calls come next, until when they are waited for, and how it ends."""

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol, Self

import msgspec
from msgspec.structs import replace

from dirigent.domain.messages import Message
from dirigent.domain.outcomes import Done, Failed, Missing, Outcome, Turnout
from dirigent.domain.pendings import Call


class Settled(Message, frozen=True, kw_only=True):
    """The run is over; without a failure it did what it was for."""

    failed: Failed | None = None
    #: The step that could not be done.
    step: str | None = None
    #: What came of it as a whole, for the run it is a step of.
    done: Done = Done()
    turnout: Turnout | None = None


class Pattern(Protocol):
    """How far a run has come; whatever it is told, the same makes the same of it."""

    @property
    def ready(self) -> tuple[Call, ...]:
        """Calls to be begun now; `begun` takes note that they were."""

    @property
    def due(self) -> datetime | None:
        """When it stops waiting for something, whatever comes."""

    @property
    def unwanted(self) -> frozenset[str]:
        """Steps that were begun and are not waited for any more."""

    @property
    def lost(self) -> tuple[Missing, ...]:
        """Steps that were given up so far, by their names."""

    @property
    def is_patient(self) -> bool:
        """Whether nothing can follow before all that is under way has ended."""

    @property
    def settled(self) -> Settled | None:
        """The end, once there is one."""

    def begun(self) -> Self:
        """What was ready is under way."""

    def hear(self, heard: Mapping[str, Outcome], now: datetime) -> Self:
        """How steps ended, by their names."""

    def expire(self, now: datetime) -> Self:
        """Give up whatever is due."""


class Abreast(Message, frozen=True, kw_only=True):
    """Calls side by side and nothing else: it is settled when each has its outcome."""

    ready: tuple[Call, ...]
    steps: tuple[str, ...] = ()
    heard: dict[str, Outcome] = msgspec.field(default_factory=dict)
    due: datetime | None = None
    unwanted: frozenset[str] = frozenset()
    lost: tuple[Missing, ...] = ()
    is_patient: bool = True

    @property
    def settled(self) -> Settled | None:
        """The end, once all have ended."""
        return Settled() if not self.ready and len(self.heard) == len(self.steps) else None

    @property
    def outcomes(self) -> tuple[Outcome, ...]:
        """How each ended, in the order of the calls."""
        return tuple(self.heard[step] for step in self.steps)

    def begun(self) -> Self:
        """What was ready is under way."""
        steps = (*self.steps, *(call.step.name for call in self.ready))
        return replace(self, ready=(), steps=steps)

    def hear(self, heard: Mapping[str, Outcome], now: datetime) -> Self:
        """How steps ended, by their names."""
        return replace(self, heard=self.heard | dict(heard))

    def expire(self, now: datetime) -> Self:
        """Each has as long as it has."""
        return self
