"""The state file: rows changed in memory, then written together in one transaction."""

import fcntl
import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Literal

from devhost.storage.errors import (
    StateDamaged,
    StateGone,
    StateInUse,
    StateOfAnotherKind,
    StateOutOfReach,
    StateRefused,
)
from devhost.storage.tables import (
    INDEXES,
    SCHEMA_VERSION,
    TABLES,
    Key,
    Row,
    Table,
    chunks,
    drop_statement,
    put_statement,
)

Synchronous = Literal["FULL", "NORMAL"]

FILE_NAME = "devhost.db"
LOCK_NAME = "devhost.lock"


class Store:
    """Keeps what was put until it is dropped; `commit` makes everything since the last one durable."""

    def __init__(self, folder: Path, *, synchronous: Synchronous = "FULL") -> None:
        self.file = folder / FILE_NAME
        self.commits = 0
        self.rows_written = 0
        #: Called after each commit with their number: where tests let a host die.
        self.after_commit: Callable[[int], None] | None = None
        #: Told when the file can no longer be read: whoever asked may be a request that ends with its answer.
        self.on_damage: Callable[[StateRefused], None] | None = None
        self._lock = _take_lock(folder)
        try:
            self._connection = _open(self.file, synchronous)
        except BaseException:
            self._lock.close()
            raise
        self._inode = self.file.stat().st_ino
        #: What changed since the last commit: table → key → the row to write, or None to delete.
        self._changes: dict[Table, dict[Key, Row | None]] = {}

    @property
    def dirty(self) -> bool:
        """Whether anything waits for the next commit."""
        return bool(self._changes)

    def put(self, table: Table, row: Row) -> None:
        """Write the row, replacing the one with its key."""
        self._of(table)[row[: table.key_size]] = row

    def drop(self, table: Table, key: Key) -> None:
        """Delete the row with that key, if there is one."""
        # Also where the row was put since the last commit: an older one of that key may be on disk.
        self._of(table)[key] = None

    def forget(self, table: Table, key: Key) -> None:
        """Delete a row whose key was never used before: one that is still unwritten leaves no trace."""
        changes = self._of(table)
        if changes.pop(key, None) is None:
            changes[key] = None

    def _of(self, table: Table) -> dict[Key, Row | None]:
        changes = self._changes.get(table)
        if changes is None:
            changes = self._changes[table] = {}
        return changes

    def commit(self) -> None:
        """Make everything put and dropped so far durable, all of it or nothing."""
        if not self._changes:
            return
        self._check_place()
        try:
            written = self._write_all()
        except sqlite3.DatabaseError as error:
            raise _refusal(self.file, error) from error
        self._changes = {}
        self.commits += 1
        self.rows_written += written
        if self.after_commit is not None:
            self.after_commit(self.commits)

    def _write_all(self) -> int:
        run = self._connection.execute
        run("BEGIN IMMEDIATE")
        try:
            written = sum(self._write(table, changes) for table, changes in self._changes.items())
            run("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                run("ROLLBACK")
            raise
        return written

    def _check_place(self) -> None:
        # SQLite writes on into a file that was deleted under it, and all of it would be lost at the end.
        try:
            is_there = self.file.stat().st_ino == self._inode
        except OSError as error:
            raise StateGone(self.file, error.strerror or str(error)) from error
        if not is_there:
            raise StateGone(self.file, "another file has taken its place")

    def _write(self, table: Table, changes: dict[Key, Row | None]) -> int:
        gone = [key for key, row in changes.items() if row is None]
        kept = [row for row in changes.values() if row is not None]
        self._run(drop_statement, table, gone)
        self._run(put_statement, table, kept)
        return len(changes)

    def _run(self, statement: Callable[[Table, int], str], table: Table, rows: Sequence[Row]) -> None:
        start = 0
        for size in chunks(len(rows)) if len(rows) > 1 else (len(rows),) if rows else ():
            values = [value for row in rows[start : start + size] for value in row]
            self._connection.execute(statement(table, size), values)
            start += size

    def rows(self, query: str, *values: object) -> Iterator[tuple[Any, ...]]:
        """Rows as they were at the last commit."""
        try:
            yield from self._connection.execute(query, values)
        except sqlite3.DatabaseError as error:
            refusal = _refusal(self.file, error)
            if self.on_damage is not None:
                self.on_damage(refusal)
            raise refusal from error

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Where what the file holds is read for the first time: what cannot be understood is damage."""
        try:
            yield
        except (sqlite3.DatabaseError, ValueError, KeyError) as error:
            raise StateDamaged(self.file, f"{type(error).__name__}: {error}") from error

    def disown(self) -> None:
        """In a forked child: let go of the lock, and leave it to the parent."""
        os.close(self._lock.fileno())

    def close(self) -> None:
        """Let go of the file; what was not committed is lost."""
        self._connection.close()
        self._lock.close()


def _take_lock(folder: Path) -> IO[str]:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / LOCK_NAME).open("a+", encoding="utf-8")
    except OSError as error:
        raise StateOutOfReach(folder / FILE_NAME, str(error)) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        lock.seek(0)
        holder = lock.read().strip()
        lock.close()
        raise StateInUse(folder, holder) from error
    try:
        lock.seek(0)
        lock.truncate()
        lock.write(f"{os.getpid()}\n")
        lock.flush()
    except OSError as error:
        raise StateOutOfReach(folder / FILE_NAME, str(error)) from error
    return lock


def _open(file: Path, synchronous: Synchronous) -> sqlite3.Connection:
    try:
        # One thread uses the connection, but tests make the host on one thread and run it on another.
        connection = sqlite3.connect(
            file, isolation_level=None, check_same_thread=False, cached_statements=512
        )
    except sqlite3.Error as error:
        raise StateOutOfReach(file, str(error)) from error
    try:
        _prepare(connection, file, synchronous)
    except sqlite3.DatabaseError as error:
        connection.close()
        raise _refusal(file, error) from error
    except BaseException:
        connection.close()
        raise
    return connection


def _refusal(file: Path, error: sqlite3.DatabaseError) -> StateRefused:
    """What SQLite's complaint means for the developer."""
    is_of_machine = isinstance(error, sqlite3.OperationalError)
    return StateOutOfReach(file, str(error)) if is_of_machine else StateDamaged(file, str(error))


def _prepare(connection: sqlite3.Connection, file: Path, synchronous: Synchronous) -> None:
    # Read before anything is set: a file that is refused stays as it was.
    [found] = connection.execute("PRAGMA user_version").fetchone()
    [tables] = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if found != SCHEMA_VERSION and (found or tables):
        raise StateOfAnotherKind(file, found, SCHEMA_VERSION)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute(f"PRAGMA synchronous={synchronous}")
    if found != SCHEMA_VERSION:
        _create(connection)


def _create(connection: sqlite3.Connection) -> None:
    connection.execute("BEGIN IMMEDIATE")
    for table in TABLES:
        connection.execute(table.creation())
    for index in INDEXES:
        connection.execute(index)
    connection.execute(f"PRAGMA user_version={SCHEMA_VERSION}")
    connection.execute("COMMIT")
