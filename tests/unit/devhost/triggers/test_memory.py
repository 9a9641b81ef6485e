"""Each source keeps rows of its own, which outlive the host."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from devhost.storage import queries
from devhost.storage.store import Store
from devhost.testing.virtual_clock import VirtualClock
from devhost.triggers.memory import Memory


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(tmp_path)
    yield store
    store.close()


@pytest.fixture
def memory(store: Store) -> Iterator[Callable[[str], Memory]]:
    loop = asyncio.new_event_loop()

    def then(action: Callable[[], None]) -> None:
        store.commit()
        action()

    yield lambda source: Memory(
        source=source, store=store, clock=VirtualClock(loop), changed=store.commit, after_commit=then
    )
    loop.close()


def test_keeps_the_rows_of_sources_apart(memory: Callable[[str], Memory]) -> None:
    memory("timers").put("nightly", "1")
    memory("bus").put("nightly", "2")
    memory("timers").put("nightly", "3")

    assert memory("timers").remembered() == {"nightly": "3"}
    assert memory("bus").remembered() == {"nightly": "2"}


def test_forgets_what_is_dropped(memory: Callable[[str], Memory]) -> None:
    memory("timers").put("nightly", "1")
    memory("timers").drop("nightly")
    memory("timers").drop("unknown")

    assert memory("timers").remembered() == {}


def test_acts_once_what_changed_is_on_disk(memory: Callable[[str], Memory]) -> None:
    seen: list[dict[str, str]] = []
    bus = memory("bus")

    bus.put("message", "1")
    bus.then(lambda: seen.append(bus.remembered()))

    assert seen == [{"message": "1"}]


def test_a_change_tells_how_late_it_is_in_this_state(memory: Callable[[str], Memory], store: Store) -> None:
    memory("timers").put("nightly", "1")

    assert queries.latest_change(store) == "2030-01-01T00:00:00.000000Z"
