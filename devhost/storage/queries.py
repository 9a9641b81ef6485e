"""Questions to the state file; each answers with rows as they were at the last commit."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

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
    Table,
)

InstanceRow = tuple[Any, ...]

_LIVE = "('Pending', 'Running', 'Suspended')"
#: An instance's two rows side by side: identity, then progress without the id.
_INSTANCE = (
    "SELECT i.id, i.name, i.version, i.created, i.parent, i.input,"
    " p.execution, p.status, p.updated, p.parts, p.commands, p.closing, p.output, p.custom_status"
    f" FROM {INSTANCES.name} i JOIN {PROGRESS.name} p ON p.id = i.id"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """Which instances to list, oldest first; empty members do not narrow it."""

    statuses: tuple[str, ...] = ()
    created_from: str | None = None
    created_to: str | None = None
    id_prefix: str = ""
    #: Only those after this creation stamp and id.
    after: tuple[str, str] | None = None
    limit: int | None = None


def live_instances(store: Store) -> Iterator[InstanceRow]:
    """Every instance that has not ended."""
    return store.rows(f"{_INSTANCE} WHERE p.status IN {_LIVE}")


def instance(store: Store, instance_id: str) -> InstanceRow | None:
    return next(store.rows(f"{_INSTANCE} WHERE i.id = ?", instance_id), None)


def instances(store: Store, wanted: Listing) -> Iterator[InstanceRow]:
    """The instances a listing lets through."""
    conditions: list[str] = []
    values: list[object] = []

    def narrow(condition: str, *bound: object) -> None:
        conditions.append(condition)
        values.extend(bound)

    if wanted.statuses:
        narrow(f"p.status IN ({', '.join('?' * len(wanted.statuses))})", *wanted.statuses)
    if wanted.created_from is not None:
        narrow("i.created >= ?", wanted.created_from)
    if wanted.created_to is not None:
        narrow("i.created <= ?", wanted.created_to)
    if wanted.id_prefix:
        narrow("substr(i.id, 1, ?) = ?", len(wanted.id_prefix), wanted.id_prefix)
    if wanted.after is not None:
        narrow("(i.created, i.id) > (?, ?)", *wanted.after)
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    limit = "" if wanted.limit is None else f" LIMIT {wanted.limit:d}"
    return store.rows(f"{_INSTANCE}{where} ORDER BY i.created, i.id{limit}", *values)


def parts(store: Store, instance_id: str) -> int:
    """How many history rows the instance has."""
    row = next(store.rows(f"SELECT parts FROM {PROGRESS.name} WHERE id = ?", instance_id), None)
    return 0 if row is None else int(row[0])


def history(store: Store, instance_id: str) -> Iterator[str]:
    """The JSON texts of the instance's episodes, in order."""
    query = f"SELECT events FROM {HISTORY.name} WHERE instance = ? ORDER BY part"
    return (events for [events] in store.rows(query, instance_id))


def entity(store: Store, entity_id: str) -> tuple[str | None, str | None] | None:
    """State and time of the last operation, None when the entity does not exist."""
    return next(store.rows(f"SELECT state, updated FROM {ENTITIES.name} WHERE id = ?", entity_id), None)


def entities(
    store: Store,
    *,
    name: str = "",
    since: str | None = None,
    until: str | None = None,
    after: str | None = None,
    limit: int | None = None,
) -> Iterator[tuple[str, str | None, str | None]]:
    """Id, state and last operation of the entities that exist, by id."""
    narrowing: dict[str, tuple[object, ...] | None] = {
        "substr(id, 1, ?) = ?": (len(name) + 2, f"@{name}@") if name else None,
        "updated >= ?": None if since is None else (since,),
        "updated <= ?": None if until is None else (until,),
        "id > ?": None if after is None else (after,),
    }
    chosen = {condition: bound for condition, bound in narrowing.items() if bound is not None}
    where = f" WHERE {' AND '.join(chosen)}" if chosen else ""
    ending = "" if limit is None else f" LIMIT {limit:d}"
    query = f"SELECT id, state, updated FROM {ENTITIES.name}{where} ORDER BY id{ending}"
    return store.rows(query, *(value for bound in chosen.values() for value in bound))


def open_activities(store: Store) -> Iterator[tuple[str, int, str, str | None]]:
    """Instance, task, name and input of every activity without an answer."""
    return _all(store, TASKS)


def open_timers(store: Store) -> Iterator[tuple[str, int, str]]:
    return _all(store, TIMERS)


def open_children(store: Store) -> Iterator[tuple[str, int, str]]:
    return _all(store, CHILDREN)


def letters(store: Store) -> Iterator[tuple[int, str, str | None, str]]:
    """Number, instance, execution and event of every message not taken in, in their order."""
    return _all(store, LETTERS, "ORDER BY seq")


def operations(store: Store) -> Iterator[tuple[int, str, str]]:
    """Number, entity and request of every operation not carried out, in their order."""
    return _all(store, OPERATIONS, "ORDER BY seq")


def trigger_rows(store: Store, source: str) -> Iterator[tuple[str, str]]:
    """Key and value of everything a source of triggers remembers."""
    return store.rows(f"SELECT key, value FROM {TRIGGERS.name} WHERE source = ? ORDER BY key", source)


def bus_messages(store: Store) -> Iterator[tuple[Any, ...]]:
    """Every message on the bus, in the order of their numbers."""
    return _all(store, BUS_MESSAGES, "ORDER BY seq")


def bus_contents(store: Store) -> Iterator[tuple[int, str, bytes]]:
    """Id, properties and body of everything that lies on the bus."""
    return _all(store, BUS_CONTENTS)


def bus_duplicates(store: Store, entity: str) -> Iterator[tuple[bytes, str]]:
    """Ids that a queue or topic has taken and when, the oldest first."""
    query = f"SELECT message_id, seen FROM {BUS_DUPLICATES.name} WHERE entity = ? ORDER BY seen"
    return store.rows(query, entity)


def bus_number(store: Store) -> int:
    """The last number a message on the bus was given."""
    [[number]] = store.rows(f"SELECT coalesce(max(number), 0) FROM {BUS_NUMBERS.name}")
    return int(number)


def latest_change(store: Store) -> str | None:
    """When an instance, an entity, a trigger's memory or the bus last changed, None when none ever did."""
    tables = " UNION ALL ".join(
        f"SELECT updated FROM {table.name}" for table in (PROGRESS, ENTITIES, TRIGGERS, BUS_NUMBERS)
    )
    [[latest]] = store.rows(f"SELECT max(updated) FROM ({tables})")
    return None if latest is None else str(latest)


def highest_number(store: Store) -> int:
    """The highest number a letter or operation has."""
    [[letter]] = store.rows(f"SELECT coalesce(max(seq), 0) FROM {LETTERS.name}")
    [[operation]] = store.rows(f"SELECT coalesce(max(seq), 0) FROM {OPERATIONS.name}")
    return max(int(letter), int(operation))


def _all(store: Store, table: Table, order: str = "") -> Iterator[Any]:
    return store.rows(f"SELECT {', '.join(table.columns)} FROM {table.name} {order}")
