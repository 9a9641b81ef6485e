"""What changes through the resources is committed, and letters have numbers of their own."""

import asyncio
import json
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from devhost.engine.commits import Commits
from devhost.engine.history import event_raised
from devhost.engine.identities import Identities
from devhost.engine.resources import Resources
from devhost.storage import queries
from devhost.storage.store import Store
from devhost.storage.tables import ENTITIES, LETTERS
from devhost.testing.scripted_worker import ScriptedWorker
from devhost.testing.virtual_clock import START, VirtualClock

NOW = "2030-01-01T00:00:00.000000Z"


@pytest.fixture
def resources(open_store: Callable[[], Store]) -> Iterator[Resources]:
    with closing(asyncio.new_event_loop()) as loop:
        store, clock = open_store(), VirtualClock(loop)
        yield Resources(
            store=store,
            commits=Commits(store, loop),
            clock=clock,
            worker=ScriptedWorker(loop),
            identities=Identities(clock),
        )


def test_a_change_asks_for_a_commit(resources: Resources) -> None:
    resources.put(ENTITIES, ("@a@b", "1", None))
    after_put = resources.commits.pending
    resources.commits.now()
    resources.drop(ENTITIES, ("@a@b",))
    after_drop = resources.commits.pending
    resources.commits.now()

    assert (after_put, after_drop) == (True, True)
    assert queries.entity(resources.store, "@a@b") is None


def test_letters_are_kept_in_the_order_of_their_numbers(resources: Resources) -> None:
    for name in ("first", "second"):
        resources.letter("i", event_raised(NOW, name, None), execution="e")
    resources.commits.now()

    kept = list(queries.letters(resources.store))
    assert [(number, instance, execution) for number, instance, execution, _ in kept] == [
        (1, "i", "e"),
        (2, "i", "e"),
    ]
    assert [json.loads(event)["Name"] for *_, event in kept] == ["first", "second"]


def test_a_letter_heard_before_its_commit_is_never_written(resources: Resources) -> None:
    letter = resources.letter("i", event_raised(NOW, "go", None))
    resources.drop(letter.table, letter.key)
    resources.commits.now()

    assert resources.store.rows_written == 0


def test_a_letter_heard_later_is_dropped(resources: Resources) -> None:
    letter = resources.letter("i", event_raised(NOW, "go", None))
    resources.commits.now()
    resources.drop(LETTERS, letter.key)
    resources.commits.now()

    assert list(queries.letters(resources.store)) == []


def test_tells_the_clock_s_time(resources: Resources) -> None:
    assert (resources.now(), resources.stamp()) == (START, NOW)
