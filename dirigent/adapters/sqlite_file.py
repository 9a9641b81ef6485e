"""The file under the records: opened when needed, let go of when it fails, and clear about why."""

import sqlite3
import time
from collections.abc import Generator
from contextlib import closing
from pathlib import Path
from typing import Any

from dirigent.ports.records import RecordsUnavailable

SCHEMA_VERSION = 1
#: Seconds to wait for another process that is writing.
PATIENCE = 10.0

#: How SQLite's name of the error begins → what helps.
_REMEDIES = {
    "SQLITE_FULL": "free some space on the disk",
    "SQLITE_IOERR": "see to the disk, its free space and its health",
    "SQLITE_READONLY": "give this process the right to write the file and its folder",
    "SQLITE_PERM": "give this process the right to write the file and its folder",
    "SQLITE_CANTOPEN": "see that the folder is there and that this process may write it",
    "SQLITE_CORRUPT": "restore it from a copy, or move it away to start empty",
    "SQLITE_NOTADB": "restore it from a copy, or move it away to start empty",
    "SQLITE_BUSY": "end the other process that holds it, or wait until it is done",
    "SQLITE_LOCKED": "end the other process that holds it, or wait until it is done",
}


class RecordsFileUnusable(RecordsUnavailable):
    """The file of the records cannot be read or written as things are."""

    def __init__(self, path: Path, reason: str, remedy: str) -> None:
        self.path, self.reason, self.remedy = path, reason, remedy
        super().__init__(f"The records in {str(path)!r} cannot be used ({reason}): {remedy}.")


class SqliteFile:
    """A connection to the file, for one thread at a time; after any failure the next use opens it anew."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection: sqlite3.Connection | None = None
        self._identity: tuple[int, int] | None = None
        self._tables: set[str] = set()
        self._indexes: set[tuple[str, tuple[str, ...]]] = set()

    def open(self) -> None:
        """Be ready to run; notice a file that was taken away, for SQLite would write on into it."""
        if self._connection is not None:
            if self._identity == _identity(self._path):
                return
            self.close()
            reason = "it was removed or replaced while in use"
            raise RecordsFileUnusable(
                self._path, reason, "put it back now, or go on with what is there instead"
            )
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            remedy = "see that its folder can be made and written by this process"
            raise RecordsFileUnusable(self._path, str(error), remedy) from error
        try:
            self._connection = sqlite3.connect(
                self._path, isolation_level=None, timeout=PATIENCE, check_same_thread=False
            )
            self._prepare(self._connection)
        except sqlite3.Error as error:
            raise self._refusal(error) from error
        self._identity = _identity(self._path)

    def run(self, statement: str, *values: Any) -> sqlite3.Cursor:
        """Run a statement that gives no rows."""
        try:
            return self._opened().execute(statement, values)
        except sqlite3.Error as error:
            raise self._refusal(error) from error

    def rows(self, statement: str, *values: Any) -> Generator[Any, None, None]:
        """The rows, one by one; close the iterator to end the reading earlier."""
        try:
            with closing(self._opened().execute(statement, values)) as cursor:
                yield from cursor
        except sqlite3.Error as error:
            raise self._refusal(error) from error

    def has(self, table: str) -> bool:
        """Whether the table has come into being."""
        if table not in self._tables:
            query = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?"
            if not list(self.rows(query, f"rows_{table}")):
                return False
            self._tables.add(table)
        return True

    def make(self, table: str) -> None:
        """Let the table come into being."""
        if table not in self._tables:
            self.run(
                f"CREATE TABLE IF NOT EXISTS rows_{table} (partition TEXT NOT NULL, key TEXT NOT NULL, "
                "etag TEXT NOT NULL, brief TEXT NOT NULL, bulk TEXT, PRIMARY KEY (partition, key))"
            )
            self._tables.add(table)

    def index(self, table: str, names: tuple[str, ...]) -> None:
        """Find rows of the table by these short values from now on."""
        columns = ", ".join(["partition", *map(brief_value, names), "key"])
        self.run(f"CREATE INDEX IF NOT EXISTS {table}_by_{'_and_'.join(names)} ON rows_{table} ({columns})")
        self._indexes.add((table, names))

    def is_indexed(self, table: str, names: tuple[str, ...]) -> bool:
        """Whether this connection has seen to that index."""
        return (table, names) in self._indexes

    def close(self) -> None:
        """Let go of the file; a transaction that is open is undone."""
        connection, self._connection = self._connection, None
        self._tables, self._indexes = set(), set()
        if connection is not None:
            connection.close()

    def _opened(self) -> sqlite3.Connection:
        if self._connection is None:
            raise RecordsFileUnusable(self._path, "it was closed by an earlier failure", "try again")
        return self._connection

    def _prepare(self, connection: sqlite3.Connection) -> None:
        # In one statement, for another process may be creating it: neither is true without the other.
        question = "SELECT user_version, (SELECT count(*) FROM sqlite_master) FROM pragma_user_version"
        [(version, tables)] = connection.execute(question).fetchall()
        if version != SCHEMA_VERSION and (version or tables):
            self.close()
            reason = f"it is of another kind, version {version} instead of {SCHEMA_VERSION}"
            raise RecordsFileUnusable(self._path, reason, "move it away to start empty, or name another file")
        _write_ahead(connection)
        connection.execute("PRAGMA synchronous=FULL")
        if version != SCHEMA_VERSION:
            connection.execute(f"PRAGMA user_version={SCHEMA_VERSION}")

    def _refusal(self, error: sqlite3.Error) -> RecordsFileUnusable:
        self.close()
        name = getattr(error, "sqlite_errorname", type(error).__name__)
        found = (remedy for start, remedy in _REMEDIES.items() if name.startswith(start))
        return RecordsFileUnusable(
            self._path, f"{error}, {name}", next(found, "see to the file and its disk")
        )


def brief_value(name: str) -> str:
    """The expression, the same in queries and indexes, for a short value."""
    # A row that somebody spoilt has none; SQLite's complaint would bar the way to all the others.
    return f"CASE WHEN json_valid(brief) THEN json_extract(brief, '$.{name}') END"


def _write_ahead(connection: sqlite3.Connection) -> None:
    # Whoever changes the mode needs the file for itself, and here SQLite does not wait by itself.
    deadline = time.monotonic() + PATIENCE
    while connection.execute("PRAGMA journal_mode").fetchone() != ("wal",):
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorname != "SQLITE_BUSY" or time.monotonic() > deadline:
                raise
            time.sleep(0.01)


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
