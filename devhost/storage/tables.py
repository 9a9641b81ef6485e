"""The tables of the state file, and the statements that write many of their rows at once."""

from dataclasses import dataclass
from functools import lru_cache

Row = tuple[object, ...]
Key = tuple[object, ...]

#: Raise it with every change below: a file of another version is refused, not guessed at.
SCHEMA_VERSION = 2

#: Rows one statement writes at most; SQLite's own bound is on parameters, and wide rows have 12.
MOST_ROWS = 128


# Tables are compared by identity: they are keys of dictionaries that every step of every instance looks into.
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Table:
    """One table: its columns, the first `key_size` of which are the primary key."""

    name: str
    columns: tuple[str, ...]
    types: tuple[str, ...]
    key_size: int = 1

    @property
    def key_columns(self) -> tuple[str, ...]:
        return self.columns[: self.key_size]

    def key_of(self, row: Row) -> Key:
        return row[: self.key_size]

    def creation(self) -> str:
        columns = ", ".join(f"{name} {kind}" for name, kind in zip(self.columns, self.types, strict=True))
        return (
            f"CREATE TABLE {self.name} ({columns}, PRIMARY KEY ({', '.join(self.key_columns)})) WITHOUT ROWID"
        )


#: What stays as it was at the start; inputs may be large, so steps do not rewrite them.
INSTANCES = Table(
    name="instances",
    columns=("id", "name", "version", "created", "parent", "input"),
    types=("TEXT", "TEXT", "TEXT", "TEXT", "TEXT", "TEXT"),
)
#: What every episode changes.
PROGRESS = Table(
    name="progress",
    columns=(
        "id",
        "execution",
        "status",
        "updated",
        "parts",
        "commands",
        "closing",
        "output",
        "custom_status",
    ),
    types=("TEXT", "TEXT", "TEXT", "TEXT", "INTEGER", "INTEGER", "TEXT", "TEXT", "TEXT"),
)
#: One row an episode: the JSON of its events.
HISTORY = Table(
    name="history",
    columns=("instance", "part", "events"),
    types=("TEXT", "INTEGER", "TEXT"),
    key_size=2,
)
#: Activities that have not been answered.
TASKS = Table(
    name="tasks",
    columns=("instance", "task", "name", "input"),
    types=("TEXT", "INTEGER", "TEXT", "TEXT"),
    key_size=2,
)
TIMERS = Table(
    name="timers",
    columns=("instance", "task", "fire_at"),
    types=("TEXT", "INTEGER", "TEXT"),
    key_size=2,
)
#: Sub-orchestrations a parent still waits for.
CHILDREN = Table(
    name="children",
    columns=("instance", "task", "child"),
    types=("TEXT", "INTEGER", "TEXT"),
    key_size=2,
)
#: Messages to instances that no episode has taken in yet.
LETTERS = Table(
    name="letters",
    columns=("seq", "instance", "execution", "event"),
    types=("INTEGER", "TEXT", "TEXT", "TEXT"),
)
ENTITIES = Table(
    name="entities",
    columns=("id", "state", "updated"),
    types=("TEXT", "TEXT", "TEXT"),
)
#: Operations entities have not carried out yet.
OPERATIONS = Table(
    name="operations",
    columns=("seq", "entity", "request"),
    types=("INTEGER", "TEXT", "TEXT"),
)

#: What sources of triggers remember: the last and the next run of a timer function, for one.
TRIGGERS = Table(
    name="triggers",
    columns=("source", "key", "updated", "value"),
    types=("TEXT", "TEXT", "TEXT", "TEXT"),
    key_size=2,
)

TABLES = (INSTANCES, PROGRESS, HISTORY, TASKS, TIMERS, CHILDREN, LETTERS, ENTITIES, OPERATIONS, TRIGGERS)

#: Made beside the tables: what recovery and the ends of instances look rows up by.
INDEXES = ("CREATE INDEX live ON progress (status) WHERE status IN ('Pending', 'Running', 'Suspended')",)


@lru_cache(maxsize=512)
def put_statement(table: Table, rows: int) -> str:
    """Insert or replace `rows` rows in one step."""
    holes = "(" + ", ".join("?" * len(table.columns)) + ")"
    return f"INSERT OR REPLACE INTO {table.name} VALUES {', '.join([holes] * rows)}"


@lru_cache(maxsize=512)
def drop_statement(table: Table, rows: int) -> str:
    """Delete `rows` keys in one step."""
    if table.key_size == 1:
        return f"DELETE FROM {table.name} WHERE {table.key_columns[0]} IN ({', '.join('?' * rows)})"
    holes = "(" + ", ".join("?" * table.key_size) + ")"
    return (
        f"DELETE FROM {table.name} WHERE ({', '.join(table.key_columns)}) "
        f"IN (VALUES {', '.join([holes] * rows)})"
    )


def chunks(count: int) -> list[int]:
    """Split a number of rows into powers of two, so that few distinct statements are ever prepared."""
    sizes = [MOST_ROWS] * (count // MOST_ROWS)
    rest = count % MOST_ROWS
    return sizes + [1 << bit for bit in range(rest.bit_length() - 1, -1, -1) if rest >> bit & 1]
