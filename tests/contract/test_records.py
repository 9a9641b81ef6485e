"""What every store of records does."""

import asyncio
from collections.abc import Coroutine, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, TypeVar

import pytest

from dirigent.ports.records import (
    LONGEST_TEXT,
    Page,
    Records,
    Row,
    RowChanged,
    RowExists,
    TokenRefused,
    Value,
    Write,
)

Result = TypeVar("Result")

NOON = datetime(2031, 5, 6, 12, 30, 15, 123456, tzinfo=UTC)


def run(work: Coroutine[Any, Any, Result]) -> Result:
    return asyncio.run(work)


async def found(records: Records, partition: str, key: str) -> dict[str, Value]:
    row = await records.get("things", partition, key)
    assert row is not None
    return row.values


async def everything(records: Records, *, limit: int = 3, **asked: Any) -> list[Row]:
    rows: list[Row] = []
    token: str | None = None
    while True:
        page: Page = await records.query("things", limit=limit, token=token, **asked)
        rows += page.rows
        if (token := page.token) is None:
            return rows


async def fill(records: Records, partition: str, keys: Iterable[str], values: Mapping[str, Value]) -> None:
    await asyncio.gather(*(records.insert("things", partition, key, values) for key in keys))


@pytest.mark.parametrize(
    "value",
    [
        "",
        "true",
        "a\0b",
        "Grüße, 世界 🎼",
        "x" * LONGEST_TEXT,
        "🎼" * (LONGEST_TEXT // 2),
        "\0" * LONGEST_TEXT,
        "\x1b[31m\x08\x7f\x85\r\n\u2028\ufffe\uffff",
        0,
        1,
        -(2**63),
        2**63 - 1,
        0.0,
        1.0,
        -0.1,
        1e300,
        5e-324,
        True,
        False,
        NOON,
        datetime(1601, 1, 1, tzinfo=UTC),
        datetime.max.replace(tzinfo=UTC),
    ],
    ids=lambda value: f"{type(value).__name__}-{value!a:.20}",
)
def test_gives_back_what_was_put_in(records: Records, value: Value) -> None:
    async def work() -> Row | None:
        await records.insert("things", "p", "k", {"value": value})
        return await records.get("things", "p", "k")

    row = run(work())

    assert row is not None
    assert (row.partition, row.key) == ("p", "k")
    assert row.values == {"value": value}
    assert type(row.values["value"]) is type(value)


def test_gives_instants_in_utc(records: Records) -> None:
    elsewhere = NOON.astimezone(timezone(timedelta(hours=-7)))
    run(records.insert("things", "p", "k", {"at": elsewhere}))

    value = run(found(records, "p", "k"))["at"]

    assert isinstance(value, datetime)
    assert (value, value.utcoffset()) == (NOON, timedelta(0))


def test_knows_no_row_that_nobody_wrote(records: Records) -> None:
    assert run(records.get("things", "p", "k")) is None
    assert run(records.query("things", partition="p")) == Page(rows=())


def test_refuses_to_insert_twice(records: Records) -> None:
    run(records.insert("things", "p", "k", {"n": 1}))

    with pytest.raises(RowExists):
        run(records.insert("things", "p", "k", {"n": 2}))
    assert run(found(records, "p", "k")) == {"n": 1}


def test_lets_one_of_many_insert(records: Records) -> None:
    async def work() -> list[object]:
        tries = (records.insert("things", "p", "k", {"n": n}) for n in range(50))
        return list(await asyncio.gather(*tries, return_exceptions=True))

    outcomes = run(work())

    assert sum(isinstance(outcome, RowExists) for outcome in outcomes) == 49
    [winner] = [n for n, outcome in enumerate(outcomes) if isinstance(outcome, str)]
    assert run(found(records, "p", "k")) == {"n": winner}


def test_a_refused_insert_spoils_no_neighbour(records: Records) -> None:
    async def work() -> list[object]:
        keys = [f"k{n % 20}" for n in range(40)]
        tries = (records.insert("things", "p", key, {"n": 1}) for key in keys)
        return list(await asyncio.gather(*tries, return_exceptions=True))

    outcomes = run(work())

    assert sum(isinstance(outcome, RowExists) for outcome in outcomes) == 20
    assert len(run(everything(records, partition="p"))) == 20


def test_a_merge_leaves_the_other_values(records: Records) -> None:
    run(records.insert("things", "p", "k", {"a": 1, "b": "x" * 1000, "c": NOON}))
    run(records.merge("things", "p", "k", {"a": "one", "b": "short", "d": 1.5}))

    assert run(found(records, "p", "k")) == {"a": "one", "b": "short", "c": NOON, "d": 1.5}


def test_a_merge_makes_the_row_it_misses(records: Records) -> None:
    run(records.merge("things", "p", "k", {"a": 1}))

    assert run(found(records, "p", "k")) == {"a": 1}


def test_merges_at_once_lose_nothing(records: Records) -> None:
    async def work() -> dict[str, Value]:
        await asyncio.gather(*(records.merge("things", "p", "k", {f"n{n}": n}) for n in range(50)))
        return await found(records, "p", "k")

    assert run(work()) == {f"n{n}": n for n in range(50)}


def test_an_etag_lets_one_of_many_merge(records: Records) -> None:
    async def work() -> list[object]:
        etag = await records.insert("things", "p", "k", {"n": -1})
        tries = (records.merge("things", "p", "k", {"n": n}, etag=etag) for n in range(50))
        return list(await asyncio.gather(*tries, return_exceptions=True))

    outcomes = run(work())

    assert sum(isinstance(outcome, RowChanged) for outcome in outcomes) == 49
    [winner] = [n for n, outcome in enumerate(outcomes) if isinstance(outcome, str)]
    assert run(found(records, "p", "k")) == {"n": winner}


def test_each_write_gives_the_etag_that_is_read(records: Records) -> None:
    async def work() -> list[str]:
        etags = []
        for write in (records.insert, records.merge, records.merge):
            etags.append(await write("things", "p", "k", {"n": 1}))
            row = await records.get("things", "p", "k")
            assert row is not None
            assert row.etag == etags[-1]
        return etags

    assert len(set(run(work()))) == 3


@pytest.mark.parametrize("comes_back", [False, True])
def test_an_etag_of_a_row_that_went_is_worthless(records: Records, comes_back: bool) -> None:
    async def work() -> None:
        etag = await records.insert("things", "p", "k", {"n": 1})
        await records.delete("things", "p", "k")
        if comes_back:
            await records.insert("things", "p", "k", {"n": 1})
        await records.merge("things", "p", "k", {"n": 2}, etag=etag)

    with pytest.raises(RowChanged):
        run(work())


async def both(records: Records, etag: str) -> str:
    first = Write(table="others", partition="q", key="new", values={"a": 1, "at": NOON})
    second = Write(table="things", partition="p", key="k", values={"n": 2})
    return await records.insert_then_merge(first, second, etag=etag)


def test_inserts_one_row_and_merges_another(records: Records) -> None:
    async def work() -> tuple[str, Row | None, Row | None]:
        etag = await both(records, await records.insert("things", "p", "k", {"n": 1, "m": 1}))
        return etag, await records.get("others", "q", "new"), await records.get("things", "p", "k")

    etag, first, second = run(work())

    assert first is not None
    assert second is not None
    assert first.values == {"a": 1, "at": NOON}
    assert (second.values, second.etag) == ({"n": 2, "m": 1}, etag)
    assert first.etag != etag


def test_merges_nothing_where_the_first_row_is_there(records: Records) -> None:
    async def work() -> str:
        await records.insert("others", "q", "new", {"a": 0})
        return await records.insert("things", "p", "k", {"n": 1})

    etag = run(work())

    with pytest.raises(RowExists):
        run(both(records, etag))
    assert run(records.get("others", "q", "new")).values == {"a": 0}  # type: ignore[union-attr]
    assert run(records.get("things", "p", "k")).etag == etag  # type: ignore[union-attr]


@pytest.mark.parametrize("is_gone", [False, True])
def test_keeps_the_first_row_where_the_second_has_changed(records: Records, is_gone: bool) -> None:
    async def work() -> None:
        etag = await records.insert("things", "p", "k", {"n": 1})
        await records.merge("things", "p", "k", {"n": 3})
        if is_gone:
            await records.delete("things", "p", "k")
        await both(records, etag)

    with pytest.raises(RowChanged):
        run(work())
    assert run(records.get("others", "q", "new")).values == {"a": 1, "at": NOON}  # type: ignore[union-attr]
    assert [row.values for row in run(everything(records))] == ([] if is_gone else [{"n": 3}])


def test_what_is_deleted_is_gone(records: Records) -> None:
    async def work() -> None:
        await records.insert("things", "p", "k", {"n": 1})
        await records.delete("things", "p", "k")
        await records.delete("things", "p", "k")
        await records.delete("others", "p", "k")

    run(work())

    assert run(records.get("things", "p", "k")) is None


def test_an_etag_keeps_a_row_that_was_written_since(records: Records) -> None:
    async def work() -> None:
        etag = await records.insert("things", "p", "k", {"n": 1})
        await records.merge("things", "p", "k", {"n": 2})
        await records.delete("things", "p", "k", etag=etag)

    with pytest.raises(RowChanged):
        run(work())
    assert run(found(records, "p", "k")) == {"n": 2}


@pytest.mark.parametrize("etag", ["*", "", "of nobody", "W/\"datetime'2031-05-06T12%3A00%3A00.0000000Z'\""])
def test_nobodys_etag_removes_nothing(records: Records, etag: str) -> None:
    run(records.insert("things", "p", "k", {"n": 1}))

    with pytest.raises(RowChanged):
        run(records.delete("things", "p", "k", etag=etag))
    assert run(found(records, "p", "k")) == {"n": 1}


@pytest.mark.parametrize("etag", ["of nobody", None])
def test_by_an_etag_as_well_what_is_gone_may_be_deleted(records: Records, etag: str | None) -> None:
    async def work() -> None:
        own = await records.insert("things", "p", "k", {"n": 1})
        await records.delete("things", "p", "k", etag=own)
        await records.delete("things", "p", "k", etag=etag or own)
        await records.delete("others", "p", "k", etag=etag or own)

    run(work())

    assert run(records.get("things", "p", "k")) is None


def test_tables_and_partitions_do_not_mix(records: Records) -> None:
    async def work() -> tuple[Row | None, ...]:
        await records.insert("things", "p", "k", {"n": 1})
        await records.insert("others", "p", "k", {"n": 2})
        await records.insert("things", "q", "k", {"n": 3})
        places = (("things", "p"), ("others", "p"), ("things", "q"), ("others", "q"))
        return tuple([await records.get(table, partition, "k") for table, partition in places])

    rows = run(work())

    assert [row and row.values["n"] for row in rows] == [1, 2, 3, None]


def test_lists_partitions_and_keys_in_binary_order(records: Records) -> None:
    places = [("P", "z"), ("a", "B"), ("a", "a"), ("a", "a b"), ("a", "aa"), ("a", "é"), ("b", "0")]

    async def work() -> list[Row]:
        for partition, key in reversed(places):
            await records.insert("things", partition, key, {})
        return await everything(records)

    assert [(row.partition, row.key) for row in run(work())] == places


def test_a_range_has_both_its_ends(records: Records) -> None:
    async def work() -> list[list[str]]:
        await fill(records, "p", "abcdef", {})
        await fill(records, "q", "cz", {})
        return [
            [row.key for row in await everything(records, partition="p", first="b", last="d")],
            [row.key for row in await everything(records, partition="p", first="e")],
            [row.key for row in await everything(records, partition="p", last="bb")],
            [row.key for row in await everything(records, first="c", last="d")],
            [row.key for row in await everything(records, first="d", last="c")],
        ]

    assert run(work()) == [["b", "c", "d"], ["e", "f"], ["a", "b"], ["c", "d", "c"], []]


def test_a_filter_compares_texts_whole_and_with_their_type(records: Records) -> None:
    values: dict[str, Value] = {
        "a": "1",
        "b": 1,
        "c": "1\0",
        "d": "1" * 5000,
        "e": True,
        "f": NOON,
        "g": "s1",
        "h": "1 ",
    }

    async def work(text: str) -> list[str]:
        return [row.key for row in await everything(records, where={"value": text})]

    for key, value in values.items():
        run(records.insert("things", "p", key, {"value": value}))
    run(records.insert("things", "p", "i", {}))

    assert run(work("1")) == ["a"]
    assert run(work("1\0")) == ["c"]
    assert run(work("1" * 5000)) == ["d"]
    assert run(work("true")) == []
    assert run(work("")) == []


def test_all_filters_must_fit(records: Records) -> None:
    async def work() -> list[str]:
        await fill(records, "p", "ab", {"status": "failed", "workflow": "w"})
        await fill(records, "p", "cd", {"status": "failed", "workflow": "v"})
        await fill(records, "q", "ae", {"status": "failed", "workflow": "w"})
        await records.merge("things", "p", "a", {"status": "completed"})
        where = {"status": "failed", "workflow": "w"}
        return [f"{row.partition}{row.key}" for row in await everything(records, where=where)]

    assert run(work()) == ["pb", "qa", "qe"]


def test_pages_hold_at_most_what_was_asked_for(records: Records) -> None:
    async def work() -> list[int]:
        await fill(records, "p", "abcdefg", {})
        sizes, token = [], None
        while True:
            page = await records.query("things", partition="p", limit=3, token=token)
            sizes.append(len(page.rows))
            if (token := page.token) is None:
                return sizes

    sizes = run(work())

    assert sum(sizes) == 7
    assert max(sizes) <= 3


def test_pages_neither_skip_nor_repeat_when_rows_come_and_go(records: Records) -> None:
    async def work() -> list[str]:
        await fill(records, "p", "bdfhj", {})
        first = await records.query("things", partition="p", limit=2)
        await fill(records, "p", "aci", {})
        await records.delete("things", "p", first.rows[-1].key)
        rest = await records.query("things", partition="p", limit=100, token=first.token)
        return [row.key for row in (*first.rows, *rest.rows)]

    assert run(work()) == ["b", "d", "f", "h", "i", "j"]


@pytest.mark.parametrize(
    "asked",
    [
        {"table": "others"},
        {"partition": "q"},
        {"partition": None},
        {"first": "a"},
        {"last": "z"},
        {"where": {"n": "1"}},
    ],
    ids=str,
)
def test_refuses_a_token_of_another_query(records: Records, asked: dict[str, Any]) -> None:
    run(fill(records, "p", "abc", {}))
    token = run(records.query("things", partition="p", limit=1)).token

    with pytest.raises(TokenRefused, match="token"):
        run(records.query(**{"table": "things", "partition": "p", "token": token, **asked}))


@pytest.mark.parametrize("token", ["", "next", "é", "bnVsbA==", "WyJhIiwiYiIsImMiXQ=="])
def test_refuses_a_token_that_nobody_gave_out(records: Records, token: str) -> None:
    with pytest.raises(TokenRefused, match="token"):
        run(records.query("things", partition="p", token=token))


@pytest.mark.parametrize(
    "key", ["", "a/b", "a\\b", "#", "?", "vic%74im", "a\n", "\x7f", "\x85", "x" * 501, "\ud800"], ids=ascii
)
def test_refuses_a_key_no_store_could_keep(records: Records, key: str) -> None:
    for write in (records.insert, records.merge):
        with pytest.raises(ValueError, match="key"):
            run(write("things", "p", key, {}))
        with pytest.raises(ValueError, match="partition"):
            run(write("things", key, "k", {}))
    with pytest.raises(ValueError, match="key"):
        run(records.get("things", "p", key))
    with pytest.raises(ValueError, match="key"):
        run(records.delete("things", "p", key))


def test_takes_the_longest_key(records: Records) -> None:
    run(records.insert("things", "p" * 500, "k" * 500, {"n": 1}))

    assert run(found(records, "p" * 500, "k" * 500)) == {"n": 1}


@pytest.mark.parametrize("table", ["", "a1", "Runs", "a_b", "runs; drop"])
def test_refuses_a_table_that_is_not_small_letters(records: Records, table: str) -> None:
    with pytest.raises(ValueError, match="table"):
        run(records.insert(table, "p", "k", {}))
    with pytest.raises(ValueError, match="table"):
        run(records.query(table))


@pytest.mark.parametrize(
    "name", ["", "1a", "a-b", "a b", "a'", "é", "PartitionKey", "DirigentMark", "x" * 256]
)
def test_refuses_a_value_by_a_name_that_is_no_identifier(records: Records, name: str) -> None:
    with pytest.raises(ValueError, match="name"):
        run(records.insert("things", "p", "k", {name: 1}))
    with pytest.raises(ValueError, match="name"):
        run(records.query("things", where={name: "1"}))


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("x" * (LONGEST_TEXT + 1), "at most 32000"),
        ("🎼" * (LONGEST_TEXT // 2 + 1), "at most 32000"),
        ("\udc00", "half a character"),
        (2**63, "64 bits"),
        (-(2**63) - 1, "64 bits"),
        (float("nan"), "finite"),
        (float("inf"), "finite"),
        (NOON.replace(tzinfo=None), "offset"),
        (datetime(1600, 12, 31, tzinfo=UTC), "1601"),
        (datetime.max.replace(tzinfo=timezone(timedelta(hours=-1))), "9999"),
        (None, "NoneType"),
        (b"bytes", "bytes"),
    ],
    ids=lambda value: f"{value!r:.20}",
)
def test_refuses_a_value_no_store_could_keep(records: Records, value: Any, reason: str) -> None:
    for write in (records.insert, records.merge):
        with pytest.raises(ValueError, match=rf"'bad'.*{reason}"):
            run(write("things", "p", "k", {"good": 1, "bad": value}))
    assert run(records.get("things", "p", "k")) is None


def test_a_row_has_at_most_200_values(records: Records) -> None:
    run(records.insert("things", "p", "k", {f"n{n}": n for n in range(200)}))

    with pytest.raises(ValueError, match="200"):
        run(records.insert("things", "p", "other", {f"n{n}": n for n in range(201)}))
    with pytest.raises(ValueError, match="200"):
        run(records.merge("things", "p", "k", {"one_more": 1}))
    assert len(run(found(records, "p", "k"))) == 200


def test_a_row_has_at_most_a_mebibyte(records: Records) -> None:
    values = {f"n{n}": "x" * LONGEST_TEXT for n in range(16)}
    run(records.insert("things", "p", "k", values))

    with pytest.raises(ValueError, match="1048576"):
        run(records.merge("things", "p", "k", {"one_more": "x" * LONGEST_TEXT}))
    assert run(found(records, "p", "k")) == values


@pytest.mark.parametrize("limit", [-1, 0, 1001])
def test_refuses_a_page_of_no_or_too_many_rows(records: Records, limit: int) -> None:
    with pytest.raises(ValueError, match=str(limit)):
        run(records.query("things", limit=limit))


def test_large_rows_make_short_pages_and_none_is_lost(records: Records) -> None:
    values = {f"n{n}": "x" * LONGEST_TEXT for n in range(16)}
    run(fill(records, "p", "abcdefghijklmnopqrst", values))

    rows = run(everything(records, partition="p", limit=1000))

    assert "".join(row.key for row in rows) == "abcdefghijklmnopqrst"


@pytest.mark.slow
def test_a_page_has_a_thousand_rows_and_there_are_more(records: Records) -> None:
    keys = [f"{number:04}" for number in range(1010)]

    async def work() -> list[Row]:
        for start in range(0, len(keys), 101):
            await fill(records, "p", keys[start : start + 101], {"n": 1})
        return await everything(records, limit=1000)

    assert [row.key for row in run(work())] == keys


def test_closing_finishes_what_was_asked_for(records: Records) -> None:
    async def work() -> list[str]:
        calls = [asyncio.create_task(records.insert("things", "p", f"k{n}", {})) for n in range(20)]
        await asyncio.sleep(0)
        records.close()
        return await asyncio.gather(*calls)

    etags = run(work())

    assert len(set(etags)) == 20
    assert len(run(everything(records))) == 20


def test_a_cancelled_caller_harms_nobody(records: Records) -> None:
    async def work() -> dict[str, Value]:
        tasks = [asyncio.create_task(records.insert("things", "p", f"k{n}", {"n": n})) for n in range(30)]
        await asyncio.sleep(0)
        for task in tasks[::2]:
            task.cancel()
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        assert all(isinstance(outcome, str) for outcome in outcomes[1::2])
        return await found(records, "p", "k29")

    assert run(work()) == {"n": 29}


def test_serves_loops_one_after_another(records: Records) -> None:
    for number in range(5):
        run(records.insert("things", "p", f"k{number}", {}))

    assert len(run(everything(records))) == 5


def test_serves_loops_at_once(records: Records) -> None:
    def work(thread: int) -> None:
        run(fill(records, "p", [f"{thread}-{number}" for number in range(20)], {}))

    with ThreadPoolExecutor(5) as threads:
        list(threads.map(work, range(5)))

    assert len(run(everything(records, limit=50))) == 100
