"""Questions are answered from the last commit, whole and in order."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from devhost.storage import queries
from devhost.storage.queries import Listing
from devhost.storage.store import Store
from devhost.storage.tables import (
    BUS_CONTENTS,
    BUS_DUPLICATES,
    BUS_MESSAGES,
    BUS_NUMBERS,
    CHILDREN,
    ENTITIES,
    HISTORY,
    INSTANCES,
    LETTERS,
    OPERATIONS,
    PROGRESS,
    TASKS,
    TIMERS,
    TRIGGERS,
)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with closing(Store(tmp_path, synchronous="NORMAL")) as store:
        yield store


def add(store: Store, identity: str, *, created: str = "1", status: str = "Running", parts: int = 0) -> None:
    store.put(INSTANCES, (identity, "name", "v", created, None, "in"))
    store.put(PROGRESS, (identity, "e", status, "2", parts, 3, None, "out", '"custom"'))


def test_an_instance_is_its_two_rows_side_by_side(store: Store) -> None:
    add(store, "i", parts=7)
    store.commit()

    assert queries.instance(store, "i") == (
        *("i", "name", "v", "1", None, "in"),
        *("e", "Running", "2", 7, 3, None, "out", '"custom"'),
    )
    assert queries.instance(store, "j") is None


def test_sees_nothing_that_is_not_committed(store: Store) -> None:
    add(store, "i")

    assert queries.instance(store, "i") is None


def test_the_living_are_those_that_have_not_ended(store: Store) -> None:
    statuses = ["Pending", "Running", "Suspended", "Completed", "Failed", "Terminated", "Canceled"]
    for status in statuses:
        add(store, status.lower(), status=status)
    store.commit()

    assert sorted(row[0] for row in queries.live_instances(store)) == ["pending", "running", "suspended"]


def test_finding_the_living_does_not_read_the_dead(store: Store) -> None:
    plan = " ".join(
        str(row)
        for row in store.rows(
            "EXPLAIN QUERY PLAN SELECT i.id FROM instances i JOIN progress p ON p.id = i.id "
            "WHERE p.status IN ('Pending', 'Running', 'Suspended')"
        )
    )

    assert "SEARCH p USING" in plan
    assert "SCAN" not in plan


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (Listing(), ["b1", "a1", "a2", "c%"]),
        (Listing(statuses=("Failed", "Pending")), ["a2"]),
        (Listing(created_from="2"), ["a1", "a2", "c%"]),
        (Listing(created_to="2"), ["b1", "a1", "a2"]),
        (Listing(id_prefix="a"), ["a1", "a2"]),
        (Listing(id_prefix="c%"), ["c%"]),
        (Listing(after=("2", "a1")), ["a2", "c%"]),
        (Listing(limit=2), ["b1", "a1"]),
        (Listing(limit=0), []),
        (Listing(id_prefix="a", statuses=("Running",), limit=5), ["a1"]),
    ],
)
def test_lists_what_is_asked_for_oldest_first(store: Store, wanted: Listing, found: list[str]) -> None:
    add(store, "b1", created="1")
    add(store, "a2", created="2", status="Failed")
    add(store, "a1", created="2")
    add(store, "c%", created="3")
    store.commit()

    assert [row[0] for row in queries.instances(store, wanted)] == found


def test_tells_the_episodes_in_order_and_how_many_there_are(store: Store) -> None:
    add(store, "i", parts=11)
    for part in reversed(range(11)):
        store.put(HISTORY, ("i", part, f"[{part}]"))
        store.put(HISTORY, ("j", part, "[]"))
    store.commit()

    assert list(queries.history(store, "i")) == [f"[{part}]" for part in range(11)]
    assert (queries.parts(store, "i"), queries.parts(store, "nobody")) == (11, 0)


def test_an_entity_without_a_state_is_not_an_entity_that_is_missing(store: Store) -> None:
    store.put(ENTITIES, ("@a@b", None, None))
    store.commit()

    assert queries.entity(store, "@a@b") == (None, None)
    assert queries.entity(store, "@a@c") is None


def test_tells_what_is_open(store: Store) -> None:
    store.put(TASKS, ("i", 0, "shout", '"a"'))
    store.put(TIMERS, ("i", 1, "2030"))
    store.put(CHILDREN, ("i", 2, "child"))
    store.commit()

    assert list(queries.open_activities(store)) == [("i", 0, "shout", '"a"')]
    assert list(queries.open_timers(store)) == [("i", 1, "2030")]
    assert list(queries.open_children(store)) == [("i", 2, "child")]


def test_messages_come_in_the_order_of_their_numbers(store: Store) -> None:
    for number in (10, 9, 100):
        store.put(LETTERS, (number, "i", None, "{}"))
        store.put(OPERATIONS, (number + 1, "@a@b", "{}"))
    store.commit()

    assert [row[0] for row in queries.letters(store)] == [9, 10, 100]
    assert [row[0] for row in queries.operations(store)] == [10, 11, 101]
    assert queries.highest_number(store) == 101


def test_a_file_without_messages_starts_at_zero(store: Store) -> None:
    assert queries.highest_number(store) == 0


def test_a_source_of_triggers_finds_its_own_rows(store: Store) -> None:
    for source, key in (("timers", "b"), ("bus", "a"), ("timers", "a")):
        store.put(TRIGGERS, (source, key, "3", f"{source} {key}"))
    store.commit()

    assert list(queries.trigger_rows(store, "timers")) == [("a", "timers a"), ("b", "timers b")]
    assert queries.latest_change(store) == "3"


def test_what_lies_on_the_bus_comes_in_the_order_of_its_numbers(store: Store) -> None:
    for number in (10, 9):
        store.put(BUS_CONTENTS, (number, "{}", b"body"))
        store.put(BUS_MESSAGES, (number, "q", number, "1", *(None,) * 9))
    store.commit()

    assert [row[0] for row in queries.bus_messages(store)] == [9, 10]
    assert sorted(queries.bus_contents(store)) == [(9, "{}", b"body"), (10, "{}", b"body")]


def test_the_bus_s_ids_come_oldest_first_and_of_one_entity(store: Store) -> None:
    for entity, key, seen in (("q", b"a", "2"), ("q", b"b", "1"), ("t", b"c", "0")):
        store.put(BUS_DUPLICATES, (entity, key, seen))
    store.commit()

    assert list(queries.bus_duplicates(store, "q")) == [(b"b", "1"), (b"a", "2")]


def test_a_bus_that_was_never_used_starts_at_zero(store: Store) -> None:
    before = queries.bus_number(store)
    store.put(BUS_NUMBERS, ("sequence", 7, "5"))
    store.commit()

    assert (before, queries.bus_number(store), queries.latest_change(store)) == (0, 7, "5")
