"""Records in Azure Tables: a table of the account for each, an entity for each row."""

import asyncio
import threading
from collections.abc import Callable, Coroutine, Mapping
from itertools import count
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import uuid4

from dirigent.adapters import row_limits
from dirigent.adapters.backstage import Backstage
from dirigent.adapters.services.patience import Patience
from dirigent.adapters.tables.bounds import RowBounds
from dirigent.adapters.tables.entities import MARK, ORIGIN, entity, is_etag, row
from dirigent.adapters.tables.queries import Query
from dirigent.ports.records import Page, RecordsUnavailable, Row, RowChanged, Value, Values, Write
from dirigent.settings.storage import Storage

if TYPE_CHECKING:
    from dirigent.adapters.tables.account import TableAccount

Result = TypeVar("Result")

LONGEST_NAME = 63


class AzureTables:
    """Rows of one account; several processes may share it."""

    def __init__(self, storage: Storage, *, patience: Patience | None = None) -> None:
        self._prefix = storage.prefix
        self._patience = patience or Patience()
        self._bounds = RowBounds()
        self._account: Backstage[TableAccount] = Backstage(
            "azure-tables", lambda: _opened(storage, self._patience), lambda account: account.close()
        )
        self._numbers = count()
        self._under_way: set[int] = set()
        self._progress = threading.Condition()

    async def insert(self, table: str, partition: str, key: str, values: Values) -> str:
        """Add a row and return its etag; `RowExists` when it is there."""
        write = self._checked(table, partition, key, values)
        return await self._do(lambda account: self._inserted(account, write))

    async def get(self, table: str, partition: str, key: str) -> Row | None:
        """The row, None when there is none."""
        write = self._checked(table, partition, key, {})
        return await self._do(lambda account: _found(account, write))

    async def merge(
        self, table: str, partition: str, key: str, values: Values, *, etag: str | None = None
    ) -> str:
        """Set these values and leave the others; with an etag only if the row still has it."""
        write = self._checked(table, partition, key, values)
        return await self._do(lambda account: self._merged(account, write, etag))

    async def insert_then_merge(self, first: Write, second: Write, *, etag: str) -> str:
        """Insert the first, then merge the second by the etag; at once where both are of one partition."""
        insert = self._checked(first.table, first.partition, first.key, first.values)
        merge = self._checked(second.table, second.partition, second.key, second.values)

        async def act(account: "TableAccount") -> str:
            if _go_together(insert, merge) and is_etag(etag) and self._hold(insert, merge):
                return await account.insert_and_merge(
                    insert.table, _entity(insert, ORIGIN), _entity(merge, MARK), etag
                )
            await self._inserted(account, insert)
            return await self._merged(account, merge, etag)

        return await self._do(act)

    async def delete(self, table: str, partition: str, key: str, *, etag: str | None = None) -> None:
        """Remove the row, with an etag only if it still has it; it may be gone already."""
        write = self._checked(table, partition, key, {})
        await self._do(lambda account: account.delete(write.table, partition, key, etag))

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
        row_limits.check_limit(limit)
        row_limits.check_where(where or {})
        for what, text in (("partition", partition), ("first key", first), ("last key", last)):
            if text is not None:
                row_limits.check_key(what, text)
        asked = Query(
            table=self._name(table), partition=partition, first=first, last=last, where=dict(where or {})
        )
        place = asked.place(token)

        async def act(account: "TableAccount") -> Page:
            found, following = await account.page(asked.table, asked.filter(), limit, place)
            rows = tuple([row for row in map(_row, found) if asked.fits(row.values)])
            return Page(rows=rows, token=None if following is None else asked.token(following))

        return await self._do(act)

    def close(self) -> None:
        """Finish what was asked for and let go of the account; the next operation opens it again."""
        with self._progress:
            asked_before = set(self._under_way)
            self._progress.wait_for(lambda: not asked_before & self._under_way, self._patience.limit)
        self._account.close()

    async def _do(self, act: "Callable[[TableAccount], Coroutine[Any, Any, Result]]") -> Result:
        number = next(self._numbers)

        async def act_in_time(account: "TableAccount") -> Result:
            try:
                async with asyncio.timeout(self._patience.limit):
                    return await act(account)
            except TimeoutError as error:
                raise RecordsUnavailable(
                    f"The account {account.name!r} did not answer within {self._patience.limit:g} seconds."
                ) from error
            finally:
                # Here as well: who closes may hold up the loop on which the caller waits.
                self._over(number)

        with self._progress:
            self._under_way.add(number)
        try:
            return await self._account.do(act_in_time)
        finally:
            self._over(number)

    def _over(self, number: int) -> None:
        with self._progress:
            self._under_way.discard(number)
            self._progress.notify_all()

    def _name(self, table: str) -> str:
        row_limits.check_table(table)
        if len(name := self._prefix + table) > LONGEST_NAME:
            limit = f"with the prefix {self._prefix!r} its name has at most {LONGEST_NAME} characters"
            raise row_limits.RowRefused(f"The table {table!r}", limit)
        return name

    def _checked(self, table: str, partition: str, key: str, values: Values) -> Write:
        name = self._name(table)
        row_limits.check_key("partition", partition)
        row_limits.check_key("key", key)
        return Write(table=name, partition=partition, key=key, values=row_limits.checked(values))

    async def _inserted(self, account: "TableAccount", write: Write) -> str:
        self._hold(write)
        return await account.insert(write.table, _entity(write, ORIGIN))

    async def _merged(self, account: "TableAccount", write: Write, etag: str | None) -> str:
        # Tables take more values than other stores, and merge without a look at the limits.
        if not self._hold(write):
            kept = await _found(account, write)
            if etag is not None and (kept is None or kept.etag != etag):
                raise RowChanged(f"The row {write.key!r} of {write.table} was written or deleted since.")
            row_limits.check_size(write.values if kept is None else kept.values | write.values)
        return await account.merge(write.table, _entity(write, MARK), etag)

    def _hold(self, *writes: Write) -> bool:
        # Each is noted, whatever becomes of the one before.
        holding = [self._bounds.hold(write.table, write.values) for write in writes]
        return all(holding)


def _opened(storage: Storage, patience: Patience) -> "TableAccount":
    # Half a second, on a thread on which nobody else waits.
    from dirigent.adapters.tables.account import TableAccount  # noqa: PLC0415

    try:
        return TableAccount(storage, patience)
    except ValueError:
        # Without its cause: that may hold the key.
        raise RecordsUnavailable(
            "The connection string of Azure Storage, or the address of its tables, cannot be read: "
            "look at the settings of DIRIGENT_STORAGE."
        ) from None


async def _found(account: "TableAccount", write: Write) -> Row | None:
    found = await account.get(write.table, write.partition, write.key)
    return found and _row(found)


def _go_together(one: Write, other: Write) -> bool:
    return (one.table, one.partition) == (other.table, other.partition) and one.key != other.key


def _row(found: tuple[Mapping[str, Any], str]) -> Row:
    return row(*found)


def _entity(write: Write, mark: str) -> dict[str, Any]:
    values: Mapping[str, Value] = write.values
    return entity(write.partition, write.key, values, **{mark: uuid4().hex})
