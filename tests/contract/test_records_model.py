"""A store of records and a dictionary, told the same, hold the same."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from dirigent.ports.records import Records, Row, RowChanged, RowExists, Value, Write

Place = tuple[str, str, str]

TEXTS = st.one_of(
    st.sampled_from(["", "failed", "completed", "1", "s1"]), st.text(st.characters(codec="utf-8"))
)
OFFSETS = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
INSTANTS = st.datetimes(datetime(1601, 1, 2), datetime(9999, 12, 30), timezones=OFFSETS)  # noqa: DTZ001
VALUES = st.dictionaries(
    st.sampled_from(["a", "b", "status", "_x1"]),
    st.one_of(
        TEXTS,
        TEXTS.map(lambda text: text + "x" * 300),
        st.integers(-(2**63), 2**63 - 1),
        st.floats(allow_nan=False, allow_infinity=False),
        st.booleans(),
        INSTANTS,
    ),
)
KEYS = st.sampled_from(["a", "aa", "b", "B", "é", "~", "a b", "\U0001f3bc"])
PLACES = st.tuples(st.sampled_from(["things", "others"]), st.sampled_from(["p", "q", "pq"]), KEYS)
WISHES = st.tuples(st.sampled_from(["insert", "merge", "delete"]), PLACES, VALUES)


class StoreAndModel(RuleBasedStateMachine):
    """Does the same to a store and to its model, and compares."""

    new_records: Callable[[], Records]

    def __init__(self) -> None:
        super().__init__()
        self.records = self.new_records()
        self.model: dict[Place, tuple[dict[str, Value], str]] = {}
        self.old_etags = ["of nobody"]

    def heard(self, wish: tuple[str, Place, dict[str, Value]], outcome: object) -> None:
        act, place, values = wish
        kept = self.model.get(place)
        if kept is not None:
            self.old_etags.append(kept[1])
        if act == "delete":
            assert outcome is None
            self.model.pop(place, None)
        elif act == "insert" and kept is not None:
            assert isinstance(outcome, RowExists)
        else:
            assert isinstance(outcome, str)
            self.model[place] = ({**(kept[0] if kept else {}), **values}, outcome)

    def told(self, wish: tuple[str, Place, dict[str, Value]]) -> Any:
        act, place, values = wish
        if act == "delete":
            return self.records.delete(*place)
        return getattr(self.records, act)(*place, values)

    @rule(wishes=st.lists(WISHES, min_size=1, max_size=8, unique_by=lambda wish: wish[1]))
    def do_at_once(self, wishes: list[tuple[str, Place, dict[str, Value]]]) -> None:
        async def work() -> list[object]:
            tries = map(self.told, wishes)
            return list(await asyncio.gather(*tries, return_exceptions=True))

        for wish, outcome in zip(wishes, asyncio.run(work()), strict=True):
            self.heard(wish, outcome)

    @rule(place=PLACES, values=VALUES, is_fresh=st.booleans(), data=st.data())
    def merge_by_etag(
        self, place: Place, values: dict[str, Value], is_fresh: bool, data: st.DataObject
    ) -> None:
        kept = self.model.get(place)
        if kept is not None and is_fresh:
            outcome = asyncio.run(self.records.merge(*place, values, etag=kept[1]))
            self.heard(("merge", place, values), outcome)
            return
        stale = data.draw(st.sampled_from(self.old_etags))
        if kept is None or stale != kept[1]:
            with pytest.raises(RowChanged):
                asyncio.run(self.records.merge(*place, values, etag=stale))

    @rule(place=PLACES, is_fresh=st.booleans(), data=st.data())
    def delete_by_etag(self, place: Place, is_fresh: bool, data: st.DataObject) -> None:
        kept = self.model.get(place)
        etag = kept[1] if kept is not None and is_fresh else data.draw(st.sampled_from(self.old_etags))
        if kept is not None and etag != kept[1]:
            with pytest.raises(RowChanged):
                asyncio.run(self.records.delete(*place, etag=etag))
            return
        outcome: object = asyncio.run(self.records.delete(*place, etag=etag))
        self.heard(("delete", place, {}), outcome)

    @rule(places=st.lists(PLACES, min_size=2, max_size=2, unique=True), values=VALUES, is_fresh=st.booleans())
    def insert_then_merge(self, places: list[Place], values: dict[str, Value], is_fresh: bool) -> None:
        first, second = places
        kept = self.model.get(second)
        etag = kept[1] if kept is not None and is_fresh else "of nobody"
        writes = [Write(table=t, partition=p, key=k, values=values) for t, p, k in places]

        async def work() -> object:
            [outcome] = await asyncio.gather(
                self.records.insert_then_merge(writes[0], writes[1], etag=etag), return_exceptions=True
            )
            return outcome

        outcome = asyncio.run(work())
        if first in self.model:
            assert isinstance(outcome, RowExists)
            return
        row = asyncio.run(self.records.get(*first))
        assert row is not None
        self.heard(("insert", first, values), row.etag)
        if etag == "of nobody":
            assert isinstance(outcome, RowChanged)
        else:
            self.heard(("merge", second, values), outcome)

    @rule(place=PLACES)
    def get(self, place: Place) -> None:
        row = asyncio.run(self.records.get(*place))

        assert (row and (row.values, row.etag)) == self.model.get(place)

    def expected(
        self, table: str, *, partition: str | None, first: str | None, last: str | None, where: dict[str, str]
    ) -> list[tuple[str, str, dict[str, Value], str]]:
        return [
            (row_partition, key, values, etag)
            for (of, row_partition, key), (values, etag) in sorted(
                self.model.items(), key=lambda item: item[0]
            )
            if of == table
            and partition in (None, row_partition)
            and (first or "") <= key
            and (last is None or key <= last)
            and all(values.get(name) == text for name, text in where.items())
        ]

    @rule(
        table=st.sampled_from(["things", "others"]),
        partition=st.sampled_from([None, "p", "q", "pq"]),
        first=st.none() | KEYS,
        last=st.none() | KEYS,
        where=st.dictionaries(st.sampled_from(["a", "status"]), TEXTS, max_size=2),
        limit=st.integers(1, 5),
    )
    def query(self, table: str, limit: int, **asked: Any) -> None:
        wanted = self.expected(table, **asked)
        rows: list[Row] = []
        token: str | None = None
        while True:
            page = asyncio.run(self.records.query(table, limit=limit, token=token, **asked))
            assert len(page.rows) <= limit
            rows += page.rows
            if (token := page.token) is None:
                break

        assert [(row.partition, row.key, row.values, row.etag) for row in rows] == wanted


def machine(new_records: Callable[[], Records]) -> type[RuleBasedStateMachine]:
    """The comparison, for stores that are made so."""
    return type("Machine", (StoreAndModel,), {"new_records": staticmethod(new_records)})


def test_holds_what_a_dictionary_would(new_records: Callable[[], Records]) -> None:
    run_state_machine_as_test(
        machine(new_records),
        settings=settings(
            max_examples=60,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )


def test_the_comparison_sees_a_store_that_forgets(new_records: Callable[[], Records]) -> None:
    class Forgetful:
        """Its merges replace the row."""

        def __init__(self) -> None:
            self._records = new_records()

        def __getattr__(self, name: str) -> Any:
            return getattr(self._records, name)

        async def merge(self, *place: Any, etag: str | None = None) -> str:
            if etag is not None:
                return await self._records.merge(*place, etag=etag)
            await self._records.delete(*place[:3])
            return await self._records.insert(*place)

    forgetful: Any = Forgetful
    found = settings(
        # It ends with the first difference; one in thirty times it took eighty examples.
        max_examples=1000,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=[HealthCheck.too_slow],
    )

    with pytest.raises(AssertionError):
        run_state_machine_as_test(machine(forgetful), settings=found)
