"""What is peculiar to records in Azure Tables; the rest is every store's, and told in test_records.py."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from dataclasses import replace
from typing import Any, TypeVar
from uuid import UUID

import pytest
from azure.data.tables.aio import TableClient, TableServiceClient
from azurite import Azurite

from dirigent.adapters.azure_tables import AzureTables
from dirigent.ports.records import RecordsUnavailable, Row, RowExists, Value
from dirigent.settings.storage import Storage

Result = TypeVar("Result")


def run(work: Coroutine[Any, Any, Result]) -> Result:
    return asyncio.run(work)


@pytest.fixture
def storage(azurite: Azurite) -> Storage:
    return azurite.storage()


@pytest.fixture
def records(storage: Storage) -> Iterator[AzureTables]:
    records = AzureTables(storage)
    yield records
    records.close()


def behind(storage: Storage, act: Callable[[TableClient], Awaitable[Result]]) -> Result:
    """What the act on the table of things found, without the adapter."""

    async def work() -> Result:
        async with TableServiceClient.from_connection_string(storage.connection or "") as service:
            return await act(service.get_table_client(f"{storage.prefix}things"))

    return run(work())


@pytest.mark.parametrize(
    "value",
    [b"odd", b"\x00\xd8", UUID(int=1), float("nan"), float("inf"), (b"AAA", "Edm.Binary")],
    ids=lambda value: f"{value!r:.20}",
)
def test_a_spoilt_row_hides_no_others(
    storage: Storage, records: AzureTables, value: object, caplog: pytest.LogCaptureFixture
) -> None:
    async def spoil(table: TableClient) -> None:
        await table.upsert_entity({"PartitionKey": "p", "RowKey": "b", "n": value})

    for key in "abc":
        run(records.insert("things", "p", key, {"n": 1}))
    behind(storage, spoil)
    with caplog.at_level(logging.WARNING):
        row = run(records.get("things", "p", "b"))
        page = run(records.query("things", partition="p"))

    assert isinstance(row, Row)
    assert row.values == {}
    assert [found.values for found in page.rows] == [{"n": 1}, {}, {"n": 1}]
    assert "'b' of 'p' is spoilt" in caplog.text


def test_a_spoilt_row_can_be_mended(storage: Storage, records: AzureTables) -> None:
    async def spoil(table: TableClient) -> None:
        await table.upsert_entity({"PartitionKey": "p", "RowKey": "k", "n": UUID(int=1)})

    run(records.insert("things", "p", "k", {"n": 1, "m": 2}))
    behind(storage, spoil)
    row = run(records.get("things", "p", "k"))
    assert row is not None
    run(records.merge("things", "p", "k", {"n": 3}, etag=row.etag))

    mended = run(records.get("things", "p", "k"))
    assert mended is not None
    assert mended.values == {"n": 3, "m": 2}


def test_keeps_each_value_as_the_type_that_it_is(storage: Storage, records: AzureTables) -> None:
    async def look(table: TableClient) -> dict[str, Any]:
        return dict(await table.get_entity("p", "k"))

    values: dict[str, Value] = {"text": "a", "whole": 1, "point": 1.0, "truth": True, "odd": "\x1b"}
    run(records.insert("things", "p", "k", values))
    kept = behind(storage, look)

    assert kept["text"] == "a"
    assert kept["whole"] == (1, "Edm.Int64")
    assert kept["point"] == 1.0
    assert kept["truth"] is True
    assert kept["odd"] == "\x1b".encode("utf-16-le")


def test_each_prefix_has_tables_of_its_own(storage: Storage, records: AzureTables) -> None:
    other = AzureTables(replace(storage, prefix=f"{storage.prefix}y"))
    same = AzureTables(storage)
    run(records.insert("things", "p", "k", {}))

    assert run(other.get("things", "p", "k")) is None
    with pytest.raises(RowExists):
        run(same.insert("things", "p", "k", {}))
    other.close()
    same.close()


def test_refuses_a_table_that_is_too_long_with_its_prefix(records: AzureTables) -> None:
    with pytest.raises(ValueError, match="prefix"):
        run(records.get("x" * 63, "p", "k"))


def test_a_table_that_was_deleted_comes_back_by_use(storage: Storage, records: AzureTables) -> None:
    run(records.insert("things", "p", "k", {}))
    behind(storage, lambda table: table.delete_table())

    assert run(records.get("things", "p", "k")) is None
    assert run(records.query("things")).rows == ()
    assert run(records.merge("things", "p", "k", {})) is not None
    assert run(records.get("things", "p", "k")) is not None


def test_a_merge_by_another_process_meets_the_limits_it_knows(storage: Storage, records: AzureTables) -> None:
    other = AzureTables(storage)
    run(records.insert("things", "p", "k", {f"n{n}": n for n in range(200)}))
    run(other.merge("things", "p", "k", {"n0": 0}))
    run(other.merge("things", "p", "other", {f"m{n}": n for n in range(200)}))

    with pytest.raises(ValueError, match="200"):
        run(other.merge("things", "p", "k", {"one_more": 1}))
    other.close()


@pytest.mark.parametrize(
    "storage",
    [
        Storage(connection="nonsense"),
        Storage(connection="AccountName=name;AccountKey=secret"),
        Storage(connection="AccountName=name;TableEndpoint=http://127.0.0.1/name"),
        Storage(),
        Storage(tables="http://name.example"),
    ],
    ids=["nonsense", "bad-key", "no-key", "nothing", "insecure"],
)
def test_settings_that_lead_nowhere_are_said_without_the_key(storage: Storage) -> None:
    records = AzureTables(storage)

    with pytest.raises(RecordsUnavailable) as refused:
        run(records.get("things", "p", "k"))
    assert "secret" not in str(refused.value)
    records.close()
