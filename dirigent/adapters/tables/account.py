"""The tables of one account: each request is repeated until an answer stands."""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar, cast
from urllib.parse import urlsplit

from azure.core import MatchConditions
from azure.core.exceptions import HttpResponseError
from azure.core.pipeline.transport import AioHttpTransport
from azure.data.tables import UpdateMode
from azure.data.tables.aio import TableClient, TableServiceClient

from dirigent.adapters.row_limits import RowRefused
from dirigent.adapters.services.credentials import credential
from dirigent.adapters.services.patience import Patience
from dirigent.adapters.services.sessions import session
from dirigent.adapters.tables.answers import LONGEST_PAUSE, Verdict, pause
from dirigent.adapters.tables.entities import MARK, ORIGIN, Entity, is_etag
from dirigent.adapters.tables.failures import FAILURES, Failure, code_of, failure_of
from dirigent.adapters.tables.queries import Place
from dirigent.ports.records import RecordsUnavailable, RowChanged, RowExists
from dirigent.settings.storage import Storage

if TYPE_CHECKING:
    from azure.core.credentials_async import AsyncTokenCredential

Result = TypeVar("Result")
#: A row's properties and its etag.
Found = tuple[Mapping[str, Any], str]

ROLE = (
    "whoever runs the app needs the role Storage Table Data Contributor on the account, which must let it in "
    "from where it runs; with a connection string, the key must be the account's"
)

_DECISIVE = frozenset({Verdict.TAKEN, Verdict.CHANGED, Verdict.NO_ROW, Verdict.NO_TABLE})
#: A write without an etag meets these when somebody else writes or deletes the row at the same moment.
_OVERTAKEN = frozenset({Verdict.TAKEN, Verdict.CHANGED, Verdict.NO_ROW})
#: Answers to what was not asked: they are nothing to conclude from.
_ODD_OF_INSERTS = frozenset({Verdict.CHANGED, Verdict.NO_ROW})
_ODD_OF_UNWRITING = frozenset({Verdict.TAKEN, Verdict.NO_ROW})
_ODD_OF_READS = frozenset({Verdict.TAKEN, Verdict.CHANGED})

log = logging.getLogger(__name__)
# The SDK tells of each request; a store that works has nothing to say.
_wire = logging.getLogger(f"{__name__}.wire")
_wire.setLevel(logging.WARNING)


class _Decided(Exception):
    """An answer that says what is the case rather than doing what was asked for."""

    def __init__(self, said: Verdict) -> None:
        # Whether it is our own work nobody can tell: an attempt before may have been applied although it
        # failed, and what carries requests may have carried this one twice.
        self.said = said
        super().__init__(said.value)


class TableAccount:
    """Does to rows what it is asked for, once and truly, however often the asking had to be repeated."""

    def __init__(self, storage: Storage, patience: Patience) -> None:
        self._patience = patience
        self._credential = credential(storage)
        self._service = _service(storage, self._credential, patience)
        self._clients: dict[str, TableClient] = {}
        self.name = self._service.account_name or urlsplit(self._service.url).netloc

    async def close(self) -> None:
        """Let go of all connections."""
        await self._service.close()
        if self._credential is not None:
            await self._credential.close()

    async def insert(self, table: str, entity: Entity) -> str:
        """Add the row and return its etag; `RowExists`."""

        async def ask(client: TableClient) -> str:
            return _etag(await client.create_entity(entity, response_preference="return-no-content"))

        try:
            return await self._asked("insert a row", table, ask, makes_table=True, passing=_ODD_OF_INSERTS)
        except _Decided as answer:
            found = await self.get(table, entity["PartitionKey"], entity["RowKey"])
            if found is not None and found[0].get(ORIGIN) == entity[ORIGIN]:
                return found[1]
            raise RowExists(f"The row {entity['RowKey']!r} in {table} is there already.") from answer

    async def get(self, table: str, partition: str, key: str) -> Found | None:
        """The row, None when there is none."""

        async def ask(client: TableClient) -> Found:
            found = await client.get_entity(partition, key)
            return found, _etag(found.metadata)

        try:
            return await self._asked("read a row", table, ask, passing=_ODD_OF_READS)
        except _Decided:
            return None

    async def merge(self, table: str, entity: Entity, etag: str | None) -> str:
        """Set these properties, of a row that may not be there or of the one of the etag; `RowChanged`."""
        if etag is None:
            return await self._put(table, entity)
        if not is_etag(etag):
            raise _changed(table, entity["RowKey"])

        async def ask(client: TableClient) -> str:
            return _etag(await client.update_entity(entity, UpdateMode.MERGE, **_only_if(etag)))

        try:
            return await self._asked("merge a row", table, ask)
        except _Decided:
            return await self._own(table, entity)

    async def insert_and_merge(self, table: str, first: Entity, second: Entity, etag: str) -> str:
        """Insert the first row and merge the second by its etag, both of one partition, at once."""
        merging = ("update", second, {"mode": UpdateMode.MERGE, **_only_if(etag)})

        async def ask(client: TableClient) -> str:
            return _etag((await client.submit_transaction([("create", first), merging]))[1])

        try:
            return await self._asked("insert and merge rows", table, ask, makes_table=True)
        except _Decided:
            # The first row is there and our own if an attempt was applied: then so is the second.
            await self.insert(table, first)
            return await self._own(table, second)

    async def delete(self, table: str, partition: str, key: str, etag: str | None) -> None:
        """Remove the row, if it is there, and the one of the etag if there is one; `RowChanged`."""
        heard: list[Any] = []
        condition = {} if etag is None else _only_if(etag)
        # A row that is gone is what was asked for.
        passing = _OVERTAKEN if etag is None else _ODD_OF_UNWRITING

        async def ask(client: TableClient) -> None:
            await client.delete_entity(partition, key, raw_response_hook=heard.append, **condition)
            response = heard[-1].http_response
            # To the SDK any 404 will do, even from somebody who knows no tables.
            if response.status_code == 404 and not code_of(response):
                raise HttpResponseError(response=response)

        if etag is not None and not is_etag(etag):
            if await self.get(table, partition, key) is not None:
                raise _changed(table, key)
            return
        try:
            await self._asked("delete a row", table, ask, passing=passing)
        except _Decided as answer:
            if answer.said is Verdict.CHANGED:
                raise _changed(table, key) from answer

    async def page(
        self, table: str, condition: str, limit: int, place: Place | None
    ) -> tuple[list[Found], Place | None]:
        """Some rows from the place on, and where the next are."""
        token = None if place is None else {"PartitionKey": place.partition, "RowKey": place.key}

        async def ask(client: TableClient) -> tuple[list[Found], Place | None]:
            asked = (
                client.query_entities(condition, results_per_page=limit)
                if condition
                else client.list_entities(results_per_page=limit)
            )
            pages: Any = asked.by_page(continuation_token=cast("str | None", token))
            found = [(entity, _etag(entity.metadata)) async for entity in await anext(pages)]
            if (following := pages.continuation_token) is None:
                return found, None
            return found, Place(partition=following["PartitionKey"], key=following["RowKey"])

        try:
            return await self._asked("look for rows", table, ask, passing=_OVERTAKEN)
        except _Decided:
            return [], None

    async def _put(self, table: str, entity: Entity) -> str:
        async def ask(client: TableClient) -> str:
            return _etag(await client.upsert_entity(entity, UpdateMode.MERGE))

        return await self._asked("merge a row", table, ask, makes_table=True, passing=_OVERTAKEN)

    async def _own(self, table: str, entity: Entity) -> str:
        """The row's etag if it was last written with the entity's mark, else `RowChanged`."""
        found = await self.get(table, entity["PartitionKey"], entity["RowKey"])
        # Who overwrote it since cannot be told from who wrote it instead: either way the row has changed.
        if found is None or found[0].get(MARK) != entity[MARK]:
            raise _changed(table, entity["RowKey"])
        return found[1]

    async def _asked(
        self,
        what: str,
        table: str,
        ask: Callable[[TableClient], Awaitable[Result]],
        *,
        makes_table: bool = False,
        passing: frozenset[Verdict] = frozenset(),
    ) -> Result:
        client = self._client(table)
        attempt = 0
        while True:
            attempt += 1
            try:
                return await ask(client)
            except FAILURES as error:
                failure = failure_of(error)
            if failure.verdict is Verdict.NO_TABLE and makes_table:
                await self._make_table(table)
                if attempt == 1:
                    continue
            elif failure.verdict not in passing:
                self._check(what, table, failure)
            await self._rest(what, table, failure, attempt)

    def _check(self, what: str, table: str, failure: Failure) -> None:
        """Raise what the failure decides, unless it passes."""
        if failure.verdict in _DECISIVE:
            raise _Decided(failure.verdict) from failure.error
        if failure.verdict is Verdict.TOO_LARGE:
            raise RowRefused(f"A row of {table}", f"Azure Tables says {failure.reason}") from failure.error
        if failure.verdict is not Verdict.PASSING:
            advice = f": {ROLE}" if failure.verdict is Verdict.DENIED else ""
            raise RecordsUnavailable(
                f"The account {self.name!r} refused to {what} of {table} ({failure.reason}){advice}."
            ) from failure.error

    async def _rest(self, what: str, table: str, failure: Failure, attempt: int) -> None:
        chance = random.random()  # noqa: S311 - no secret
        seconds = pause(failure.headers, attempt, self._patience, chance, datetime.now(UTC))
        if attempt >= self._patience.tries or seconds > LONGEST_PAUSE:
            times = "once" if attempt == 1 else f"{attempt} times"
            raise RecordsUnavailable(
                f"The account {self.name!r}, asked {times}, did not {what} of {table}: {failure.reason}."
            ) from failure.error
        log.info("To %s of %s is tried again in %.1f s: %s.", what, table, seconds, failure.reason)
        await asyncio.sleep(seconds)

    async def _make_table(self, table: str) -> None:
        async def ask(client: TableClient) -> None:
            await client.create_table()

        try:
            await self._asked("make the table", table, ask)
        except _Decided as answer:
            # Somebody else was faster.
            log.debug("The table %s is %s.", table, answer)

    def _client(self, table: str) -> TableClient:
        if (client := self._clients.get(table)) is None:
            client = self._clients[table] = self._service.get_table_client(table)
        return client


def _service(
    storage: Storage, signed_in: "AsyncTokenCredential | None", patience: Patience
) -> TableServiceClient:
    transport = AioHttpTransport(connection_timeout=patience.connect, read_timeout=patience.silence)
    # The SDK's own retries do not tell whether an attempt before may have been applied.
    options: dict[str, Any] = {"transport": transport, "retry_total": 0, "logger": _wire}
    if storage.connection is not None:
        service = TableServiceClient.from_connection_string(storage.connection, **options)
    else:
        service = TableServiceClient(storage.tables or "", credential=signed_in, **options)
    # Not before the settings have proved readable.
    transport.session = session(service.url)
    return service


def _only_if(etag: str) -> dict[str, Any]:
    return {"etag": etag, "match_condition": MatchConditions.IfNotModified}


def _etag(metadata: Mapping[str, Any]) -> str:
    etag = metadata["etag"]
    if not isinstance(etag, str):
        raise TypeError(f"An etag is a text, not {etag!r:.100}.")
    return etag


def _changed(table: str, key: str) -> RowChanged:
    return RowChanged(f"The row {key!r} in {table} was written or deleted since.")
