"""An entity as the host calls it: one JSON text in, one out, through the SDK's own handle."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from azure.durable_functions import Entity as Wrapped

from dirigent import codec
from dirigent.domain.catalogue import Catalogue
from dirigent.domain.messages import Message
from dirigent.ports.clock import Clock

NOW = datetime(2030, 1, 1, tzinfo=UTC)
EMPTY = Catalogue(models={}, agents={}, workflows={})
#: Nothing is said at all: a client signalled without an input.
LEFT_OUT = object()


@dataclass
class StillClock:
    """Stands where it is put."""

    time: datetime = NOW

    def now(self) -> datetime:
        return self.time

    async def sleep(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


def heard(wish: object) -> str | None:
    """An operation's input as it arrives: JSON in JSON."""
    if wish is LEFT_OUT:
        return None
    return json.dumps(json.dumps(codec.encode(wish) if isinstance(wish, Message) else wish))


@dataclass
class Stage:
    """An entity, and what it wrote last."""

    make: Callable[[Clock, Catalogue], Callable[[Any], None]]
    clock: StillClock
    catalogue: Catalogue = EMPTY
    #: JSON text, as the host keeps it.
    state: str | None = None

    def batch(self, *operations: tuple[str, object]) -> list[dict[str, Any]]:
        """What the entity answers to each operation."""
        entity = Wrapped.create(self.make(self.clock, self.catalogue))
        asked = {
            "self": {"name": "gate", "key": "k"},
            "exists": self.state is not None,
            "state": self.state,
            "batch": [{"name": name, "input": heard(wish), "isSignal": False} for name, wish in operations],
        }
        answered = json.loads(entity(json.dumps(asked)))
        assert answered["signals"] == []
        self.state = answered["entityState"] if answered["entityExists"] else None
        results: list[dict[str, Any]] = answered["results"]
        return results

    def ask(self, operation: str, wish: object) -> Any:
        """The one answer of an operation that goes well."""
        (result,) = self.batch((operation, wish))
        assert not result["isError"], result["result"]
        return json.loads(result["result"])

    def fail(self, operation: str, wish: object) -> str:
        """Why an operation fails."""
        (result,) = self.batch((operation, wish))
        assert result["isError"]
        said: str = json.loads(result["result"])
        return said

    @property
    def remembered(self) -> Any:
        """What the entity wrote last."""
        return None if self.state is None else json.loads(self.state)


@pytest.fixture
def clock() -> StillClock:
    return StillClock()


@pytest.fixture
def stage(clock: StillClock) -> Callable[[Callable[[Clock, Catalogue], Callable[[Any], None]]], Stage]:
    """Puts an entity on the stage; nothing was asked of it yet."""
    return lambda make: Stage(make=make, clock=clock)


@pytest.fixture
def left_out() -> object:
    """An input that was never given."""
    return LEFT_OUT
