"""What means something to others means nothing to a store of records: it keeps what it is given."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

import pytest

from dirigent.ports.records import Records, Row, RowChanged

Result = TypeVar("Result")


def run(work: Coroutine[Any, Any, Result]) -> Result:
    return asyncio.run(work)


async def everything(records: Records, **asked: Any) -> list[Row]:
    page = await records.query("things", **asked)
    assert page.token is None
    return list(page.rows)


@pytest.mark.parametrize(
    "name", ["etag", "odata", "odata_etag", "partitionKey", "rowkey", "timestamp", "_", "xmlns", "x" * 255]
)
def test_a_name_that_means_something_elsewhere_is_a_name(records: Records, name: str) -> None:
    run(records.insert("things", "p", "k", {name: "a"}))
    run(records.merge("things", "p", "k", {name: "b"}))

    row = run(records.get("things", "p", "k"))
    assert row is not None
    assert row.values == {name: "b"}
    assert [row.key for row in run(everything(records, where={name: "b"}))] == ["k"]


@pytest.mark.parametrize(
    "key",
    ["it's", "''", '"', "a+b", "a&b=c", "(a,b)", "@a", "$a", " ", "a ", ".", "..", "🎼é~"],
)
def test_a_key_that_means_something_elsewhere_is_a_key(records: Records, key: str) -> None:
    async def work() -> list[Row]:
        etag = await records.insert("things", key, key, {"n": key})
        await records.merge("things", key, key, {"m": 1}, etag=etag)
        assert await records.get("things", key, key) is not None
        rows = await everything(records, partition=key, first=key, last=key, where={"n": key})
        await records.delete("things", key, key)
        assert await records.get("things", key, key) is None
        return rows

    [row] = run(work())

    assert (row.partition, row.key, row.values) == (key, key, {"n": key, "m": 1})


@pytest.mark.parametrize("etag", ["", "*", "of nobody", 'W/"1"', "é", "a\r\nb", "x" * 100_000], ids=ascii)
def test_an_etag_of_nobody_merges_nothing(records: Records, etag: str) -> None:
    run(records.insert("things", "p", "k", {"n": 1}))

    with pytest.raises(RowChanged):
        run(records.merge("things", "p", "k", {"n": 2}, etag=etag))
    with pytest.raises(RowChanged):
        run(records.merge("things", "p", "other", {"n": 2}, etag=etag))
    assert [row.values for row in run(everything(records))] == [{"n": 1}]


@pytest.mark.parametrize(
    "text",
    [
        "it's",
        "' or ''='",
        "a+b&c=d#e",
        "%41",
        "\x1b\0",
        "🎼",
        " ",
        "x" * 199 + "🎼é",
        "é" * 5000,
        "\x1b" * 5000,
    ],
    ids=lambda text: f"{len(text)}-{text!a:.10}",
)
def test_a_filter_takes_every_text(records: Records, text: str) -> None:
    for key, value in (("a", text), ("b", text + "x"), ("c", text[:-1]), ("d", text + "\0")):
        run(records.insert("things", "p", key, {"value": value}))

    assert [row.key for row in run(everything(records, where={"value": text}))] == ["a"]
