"""Records in one SQLite file: what was acknowledged survives a power cut; many writers share one fsync."""

import base64
import binascii
import logging
import os
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import count
from pathlib import Path
from typing import Any

import msgspec

from dirigent.adapters import row_limits
from dirigent.adapters.lanes import Job, Lane
from dirigent.adapters.sqlite_file import SqliteFile, brief_value
from dirigent.domain.messages import Message
from dirigent.ports.records import (
    Page,
    RecordsUnavailable,
    Row,
    RowChanged,
    RowExists,
    TokenRefused,
    Value,
    Values,
    Write,
)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

#: Longer texts stand in a column of their own: whoever looks through short ones need not read past them.
BRIEF = 200
#: Bytes after which a page ends early.
LARGEST_PAGE = 4 * 2**20
#: Seconds to do without an index that could not be made.
WITHOUT = 60.0

# Another process begins its etags otherwise. To ask the system for each would let go of the interpreter.
_PROCESS, _ETAGS = os.urandom(8).hex(), count()

# Names of tables cannot be bound; they are small letters only.
_ADD = "INSERT INTO rows_{table} VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
_PUT = (
    "INSERT INTO rows_{table} VALUES (?, ?, ?, ?, ?) ON CONFLICT (partition, key) "
    "DO UPDATE SET etag = excluded.etag, brief = excluded.brief, bulk = excluded.bulk"
)
_DROP = "DELETE FROM rows_{table} WHERE partition = ? AND key = ?"
_FIND = "SELECT * FROM rows_{table} WHERE partition = ? AND key = ?"
_LIST = "SELECT * FROM rows_{table} WHERE {conditions} ORDER BY key"
_NEXT = "SELECT partition FROM rows_{table} WHERE partition {relation} ? ORDER BY partition LIMIT 1"

#: What an operation may answer with instead of a result; anything else ends the transaction for everybody.
_ANSWERS = (RowExists, RowChanged, ValueError)

log = logging.getLogger(__name__)


class _Query(Message, frozen=True, kw_only=True):
    table: str
    partition: str | None
    first: str | None
    last: str | None
    where: dict[str, str]

    def token(self, partition: str, key: str) -> str:
        place = [self._seal(partition, key), partition, key]
        return base64.urlsafe_b64encode(msgspec.json.encode(place)).decode()

    def place(self, token: str | None) -> tuple[str, str] | None:
        """The partition and key after which the page begins."""
        if token is None:
            return None
        try:
            text = base64.b64decode(token.encode(), altchars=b"-_", validate=True)
            seal, partition, key = msgspec.json.decode(text, type=tuple[str, str, str])
        except (UnicodeError, binascii.Error, msgspec.DecodeError) as error:
            raise TokenRefused(token) from error
        if seal != self._seal(partition, key):
            raise TokenRefused(token)
        return partition, key

    def _seal(self, partition: str, key: str) -> str:
        asked = [self.table, self.partition, self.first, self.last, sorted(self.where.items())]
        return sha256(msgspec.json.encode([asked, partition, key])).hexdigest()[:16]


class SqliteRecords:
    """Tables of rows in one file, which is opened when it is first needed; two processes may share it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._written, self._read = SqliteFile(path), SqliteFile(path)
        self._writer = Lane("records-writer", self._commit, self._written.close)
        # Of its own, so that whoever reads does not wait for the disk to have others' writes.
        self._reader = Lane("records-reader", self._look, self._read.close)
        # Index → when to try again to make it.
        self._missing: dict[tuple[str, tuple[str, ...]], float] = {}

    async def insert(self, table: str, partition: str, key: str, values: Values) -> str:
        """Add a row and return its etag; `RowExists` when it is there."""
        return str(await self._writer.do(_insertion(table, partition, key, values)))

    async def get(self, table: str, partition: str, key: str) -> Row | None:
        """The row, None when there is none."""
        _check(table, partition, key)

        def act(file: SqliteFile) -> Row | None:
            return _find(file, table, partition, key)

        # Never on the caller's thread, quick as it would be: when another process holds the file, or the disk
        # hangs, whoever shares the caller's event loop would stand still with it.
        row: Row | None = await self._reader.do(act)
        return row

    async def merge(
        self, table: str, partition: str, key: str, values: Values, *, etag: str | None = None
    ) -> str:
        """Set these values and leave the others; with an etag only if the row still has it."""
        return str(await self._writer.do(_merging(table, partition, key, values, etag)))

    async def insert_then_merge(self, first: Write, second: Write, *, etag: str) -> str:
        """Insert the first and, in the same transaction, merge the second by the etag."""
        insert = _insertion(first.table, first.partition, first.key, first.values)
        merge = _merging(second.table, second.partition, second.key, second.values, etag)

        def act(file: SqliteFile) -> str:
            insert(file)
            return merge(file)

        return str(await self._writer.do(act))

    async def delete(self, table: str, partition: str, key: str, *, etag: str | None = None) -> None:
        """Remove the row, with an etag only if it still has it; it may be gone already."""
        _check(table, partition, key)

        def act(file: SqliteFile) -> None:
            if (row := _find(file, table, partition, key)) is None:
                return
            if etag is not None and row.etag != etag:
                raise _changed(table, partition, key)
            file.run(_DROP.format(table=table), partition, key)

        await self._writer.do(act)

    async def query(
        self,
        table: str,
        *,
        partition: str | None = None,
        first: str | None = None,
        last: str | None = None,
        where: Mapping[str, str] | None = None,
        limit: int = 100,
        token: str | None = None,
    ) -> Page:
        """Rows whose key is within [first, last] and whose values equal `where`."""
        row_limits.check_table(table)
        row_limits.check_limit(limit)
        row_limits.check_where(where or {})
        for what, text in (("partition", partition), ("first key", first), ("last key", last)):
            if text is not None:
                row_limits.check_key(what, text)
        asked = _Query(table=table, partition=partition, first=first, last=last, where=dict(where or {}))
        after = asked.place(token)
        if names := tuple(name for name, text in sorted(asked.where.items()) if _is_brief(text)):
            await self._index(table, names)

        def act(file: SqliteFile) -> Page:
            return _page(file, asked, after, limit)

        page: Page = await self._reader.do(act)
        return page

    def close(self) -> None:
        """Finish what was asked for and let go of the file; the next operation opens it again."""
        self._writer.close()
        self._reader.close()

    async def _index(self, table: str, names: tuple[str, ...]) -> None:
        # What is filtered by is known only when somebody filters; the first one pays for the index.
        if self._written.is_indexed(table, names) or time.monotonic() < self._missing.get((table, names), 0):
            return

        def act(file: SqliteFile) -> None:
            file.make(table)
            file.index(table, names)

        try:
            await self._writer.do(act)
        except RecordsUnavailable as error:
            # What can be read is read, if slower, although nothing can be written.
            self._missing[table, names] = time.monotonic() + WITHOUT
            log.warning("The %s have no index by %s for now.", table, ", ".join(names), exc_info=error)

    def _commit(self, jobs: list[Job]) -> None:
        """Do all of them in one transaction."""
        # Each change is made after all that it may be refused for, so that none leaves half of one; of two
        # in one job the first may stand alone.
        with _undone_on_failure(self._written) as file:
            file.run("BEGIN IMMEDIATE")
            _do_each(jobs, file)
            # The disk is what takes long: whoever came meanwhile need not wait for the next round.
            while late := self._writer.more():
                _do_each(late, file)
            file.run("COMMIT")

    def _look(self, jobs: list[Job]) -> None:
        with _undone_on_failure(self._read) as file:
            _do_each(jobs, file)


@contextmanager
def _undone_on_failure(file: SqliteFile) -> Iterator[SqliteFile]:
    file.open()
    try:
        yield file
    except BaseException:
        file.close()
        raise


def _do_each(jobs: list[Job], file: SqliteFile) -> None:
    for job in jobs:
        try:
            job.outcome = job.act(file)
        except _ANSWERS as answer:
            job.error = answer


def _new_etag() -> str:
    return f"{_PROCESS}{next(_ETAGS):x}"


def _check(table: str, partition: str, key: str) -> None:
    row_limits.check_table(table)
    row_limits.check_key("partition", partition)
    row_limits.check_key("key", key)


def _insertion(table: str, partition: str, key: str, values: Values) -> Callable[[SqliteFile], str]:
    _check(table, partition, key)
    brief, bulk = _packed(row_limits.checked(values))
    etag = _new_etag()

    def act(file: SqliteFile) -> str:
        file.make(table)
        if file.run(_ADD.format(table=table), partition, key, etag, brief, bulk).rowcount == 0:
            raise RowExists(f"The row {key!r} of {partition!r} in {table} is there already.")
        return etag

    return act


def _merging(
    table: str, partition: str, key: str, values: Values, etag: str | None
) -> Callable[[SqliteFile], str]:
    _check(table, partition, key)
    changes = row_limits.checked(values)
    new_etag = _new_etag()

    def act(file: SqliteFile) -> str:
        file.make(table)
        row = _find(file, table, partition, key)
        if etag is not None and (row is None or row.etag != etag):
            raise _changed(table, partition, key)
        merged = changes if row is None else row.values | changes
        row_limits.check_size(merged)
        file.run(_PUT.format(table=table), partition, key, new_etag, *_packed(merged))
        return new_etag

    return act


def _changed(table: str, partition: str, key: str) -> RowChanged:
    return RowChanged(f"The row {key!r} of {partition!r} in {table} was written or deleted since.")


def _find(file: SqliteFile, table: str, partition: str, key: str) -> Row | None:
    if not file.has(table):
        return None
    found = list(file.rows(_FIND.format(table=table), partition, key))
    return _row(*found[0]) if found else None


def _page(file: SqliteFile, query: _Query, after: tuple[str, str] | None, limit: int) -> Page:
    rows: list[Row] = []
    size = 0
    if not file.has(query.table):
        return Page(rows=())
    with closing(_matches(file, query, after)) as matches:
        for row, weight in matches:
            if len(rows) == limit or size >= LARGEST_PAGE:
                return Page(rows=tuple(rows), token=query.token(rows[-1].partition, rows[-1].key))
            rows.append(row)
            size += weight
    return Page(rows=tuple(rows))


def _matches(
    file: SqliteFile, query: _Query, after: tuple[str, str] | None
) -> Generator[tuple[Row, int], None, None]:
    for partition in _partitions(file, query, after):
        conditions, values = _conditions(query, partition, after)
        statement = _LIST.format(table=query.table, conditions=" AND ".join(conditions))
        with closing(file.rows(statement, *values)) as found:
            for columns in found:
                row = _row(*columns)
                # The database compares short texts only; what it could not rule out is compared here.
                if all(row.values.get(name) == text for name, text in query.where.items()):
                    yield row, len(columns[3]) + len(columns[4] or "")


def _partitions(file: SqliteFile, query: _Query, after: tuple[str, str] | None) -> Iterator[str]:
    """From one partition to the next by the index: keys out of range cost nothing, however many there are."""
    if query.partition is not None:
        yield query.partition
        return
    relation, place = (">", "") if after is None else (">=", after[0])
    while found := list(file.rows(_NEXT.format(table=query.table, relation=relation), place)):
        relation, place = ">", found[0][0]
        yield place


def _conditions(query: _Query, partition: str, after: tuple[str, str] | None) -> tuple[list[str], list[str]]:
    bounds = [("partition =", partition)]
    if query.first is not None:
        bounds.append(("key >=", query.first))
    if query.last is not None:
        bounds.append(("key <=", query.last))
    if after is not None and after[0] == partition:
        bounds.append(("key >", after[1]))
    bounds += [
        (f"{brief_value(name)} =", f"s{text}")
        for name, text in sorted(query.where.items())
        if _is_brief(text)
    ]
    return [f"{condition} ?" for condition, _ in bounds], [value for _, value in bounds]


def _packed(values: Mapping[str, Value]) -> tuple[str, str | None]:
    """The row as JSON texts, short values and long ones."""
    brief: dict[str, object] = {}
    bulk: dict[str, str] = {}
    for name, value in values.items():
        if isinstance(value, str):
            (brief if _is_brief(value) else bulk)[name] = f"s{value}"
        elif isinstance(value, datetime):
            brief[name] = f"d{(value - EPOCH) // _MICROSECOND}"
        else:
            brief[name] = value
    return msgspec.json.encode(brief).decode(), msgspec.json.encode(bulk).decode() if bulk else None


def _is_brief(text: str) -> bool:
    # SQLite's JSON functions end a text at its first NUL.
    return len(text) <= BRIEF and "\0" not in text


def _row(partition: str, key: str, etag: str, brief: str, bulk: str | None) -> Row:
    try:
        packed = msgspec.json.decode(brief) | (msgspec.json.decode(bulk) if bulk else {})
        values = {name: _unpacked(value) for name, value in packed.items()}
    except (msgspec.DecodeError, TypeError, ValueError, AttributeError, OverflowError) as error:
        log.warning("The row %r of %r is spoilt.", key, partition, exc_info=error)
        values = {}
    return Row(partition=partition, key=key, values=values, etag=etag)


def _unpacked(value: Any) -> Value:
    if not isinstance(value, str):
        kept: int | float | bool = value
        return kept
    if value.startswith("d"):
        return EPOCH + timedelta(microseconds=int(value[1:]))
    return value[1:]
