"""The tables of the state file, and the statements that write many of their rows at once."""

from dataclasses import dataclass
from functools import lru_cache

Row = tuple[object, ...]
Key = tuple[object, ...]

#: Raise it with every change below: a file of another version is refused, not guessed at.
SCHEMA_VERSION = 3

#: Rows one statement writes at most; SQLite's own bound is on parameters, and the widest rows have 13.
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

#: What was sent to the bus, once however many subscriptions have it; what changes stands elsewhere.
BUS_CONTENTS = Table(
    name="bus_contents",
    columns=("id", "sent", "body"),
    types=("INTEGER", "TEXT", "BLOB"),
)
#: One row a message in a place. It moves to a dead-letter queue by a change of `place`: it is never in two.
BUS_MESSAGES = Table(
    name="bus_messages",
    columns=(
        "seq",
        "place",
        "content",
        "enqueued",
        "expires",
        "due",
        "deliveries",
        "lock_token",
        "locked_until",
        "lasting",
        "reason",
        "description",
        "source",
    ),
    types=(
        *("INTEGER", "TEXT", "INTEGER", "TEXT", "TEXT", "TEXT", "INTEGER", "TEXT", "TEXT", "INTEGER"),
        *("TEXT", "TEXT", "TEXT"),
    ),
)
#: Ids of messages that a queue or topic has taken, where it detects duplicates.
BUS_DUPLICATES = Table(
    name="bus_duplicates",
    columns=("entity", "message_id", "seen"),
    types=("TEXT", "BLOB", "TEXT"),
    key_size=2,
)
#: The last sequence number given, and when the bus last changed.
BUS_NUMBERS = Table(
    name="bus_numbers",
    columns=("name", "number", "updated"),
    types=("TEXT", "INTEGER", "TEXT"),
)

_ENGINE = (INSTANCES, PROGRESS, HISTORY, TASKS, TIMERS, CHILDREN, LETTERS, ENTITIES, OPERATIONS)
_BUS = (BUS_CONTENTS, BUS_MESSAGES, BUS_DUPLICATES, BUS_NUMBERS)
TABLES = (*_ENGINE, TRIGGERS, *_BUS)

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
