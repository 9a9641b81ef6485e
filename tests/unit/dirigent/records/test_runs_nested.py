"""Records of runs that are steps of others."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from dirigent.adapters.file_artifacts import FileArtifacts
from dirigent.adapters.sqlite_records import SqliteRecords
from dirigent.domain.outcomes import Category, Missing, Turnout
from dirigent.domain.records import RunError, StepRecord
from dirigent.domain.run_ids import child_id, new_run_id
from dirigent.domain.runs import Held, Parent, StartRun, Status
from dirigent.ports.records import Page, TokenRefused
from dirigent.records.runs import Filter, Runs, opened

NOON = datetime(2031, 5, 6, 12, tzinfo=UTC)
LATER = NOON + timedelta(minutes=5)
GAP = Missing(branch="b", category=Category.TIMEOUT, because="late", since=NOON)
TURNOUT = Turnout(completed_agents=2, timed_out=True, missing=(GAP,))


class CountedRecords(SqliteRecords):
    """Counts what it is asked."""

    queries = gets = 0

    async def query(self, table: str, **asked: Any) -> Page:
        self.queries += 1
        return await super().query(table, **asked)

    async def get(self, table: str, partition: str, key: str) -> Any:
        self.gets += 1
        return await super().get(table, partition, key)


@pytest.fixture
def runs(records: SqliteRecords, artifacts: FileArtifacts) -> Runs:
    return Runs(records, artifacts)


def start(number: int = 0) -> StartRun:
    return StartRun(
        run=new_run_id(NOON + timedelta(minutes=number), number),
        account="a",
        workflow="w",
        type="t",
        definition="hash",
        plan=(),
        input=Held(text="{}"),
        created_at=NOON + timedelta(minutes=number),
        timeout=60.0,
    )


def child(of: StartRun, step: str) -> StartRun:
    parent = Parent(run=of.run, definition="hash", step=step, until=LATER)
    return replace(of, run=child_id(of.run, step), parent=parent)


async def families(runs: Runs, sizes: Mapping[int, int]) -> None:
    """Runs, each with so many children and a grandchild for each child."""
    for number, size in sizes.items():
        await runs.open(start(number), at=NOON)
        for place in range(size):
            one = child(start(number), f"s{place}")
            await runs.open(one, at=NOON)
            await runs.open(child(one, "inner"), at=NOON)


async def listed(runs: Runs, wanted: Filter) -> tuple[list[int], list[int]]:
    """The minutes of the listed runs, and how many were on each page."""
    found: list[int] = []
    lengths: list[int] = []
    while True:
        page = await runs.page(wanted)
        found += [(record.created_at - NOON) // timedelta(minutes=1) for record in page.runs]
        lengths.append(len(page.runs))
        if page.token is None:
            return found, lengths
        wanted = replace(wanted, token=page.token)


def test_a_run_says_whose_step_it_is(runs: Runs) -> None:
    one = child(start(), "s")
    asyncio.run(runs.open(one, at=NOON))

    record = asyncio.run(runs.get("a", one.run))
    assert record == opened(one, at=NOON)
    assert record is not None
    assert record.parent == start().run


@pytest.mark.parametrize("limit", [1, 2, 3, 50])
def test_lists_leave_children_out_and_are_full_all_the_same(runs: Runs, limit: int) -> None:
    async def work() -> tuple[list[int], list[int]]:
        await families(runs, {0: 3, 1: 0, 2: 5, 3: 0, 4: 1})
        return await listed(runs, Filter(account="a", limit=limit))

    found, lengths = asyncio.run(work())

    assert found == [4, 3, 2, 1, 0]
    assert all(length == limit for length in lengths[:-1])


def test_hundreds_of_children_are_stepped_over(tmp_path: Any, artifacts: FileArtifacts) -> None:
    records = CountedRecords(tmp_path / "counted.db")
    runs = Runs(records, artifacts)

    async def work() -> tuple[list[int], list[int]]:
        await families(runs, {0: 60, 1: 60, 2: 60})
        return await listed(runs, Filter(account="a", limit=2))

    found, _ = asyncio.run(work())
    records.close()

    assert found == [2, 1, 0]
    assert records.queries <= 6


def test_children_are_listed_for_whoever_asks_for_them(runs: Runs) -> None:
    async def work() -> tuple[list[int], list[int]]:
        await families(runs, {0: 1, 1: 2})
        return await listed(runs, Filter(account="a", children=True, limit=2))

    found, _ = asyncio.run(work())

    assert found == [1] * 5 + [0] * 3


def test_a_page_goes_on_only_in_the_list_it_is_of(runs: Runs) -> None:
    asyncio.run(families(runs, {0: 0, 1: 0}))
    token = asyncio.run(runs.page(Filter(account="a", limit=1))).token

    with pytest.raises(TokenRefused):
        asyncio.run(runs.page(Filter(account="a", limit=1, children=True, token=token)))


def test_a_completed_run_keeps_who_was_missing(runs: Runs) -> None:
    asyncio.run(runs.open(start(), at=NOON))
    asyncio.run(runs.complete("a", start().run, Held(text="{}"), at=LATER, turnout=TURNOUT))

    record = asyncio.run(runs.get("a", start().run))
    assert record is not None
    assert (record.status, record.turnout) == (Status.COMPLETED, TURNOUT)


def test_a_run_that_nobody_wants_any_more_is_cancelled(runs: Runs) -> None:
    asyncio.run(runs.open(start(), at=NOON))
    was_written = asyncio.run(runs.cancel("a", start().run, "too late", at=LATER))

    assert was_written
    assert asyncio.run(runs.get("a", start().run)) == replace(
        opened(start(), at=NOON),
        status=Status.CANCELLED,
        updated_at=LATER,
        completed_at=LATER,
        error=RunError(category=Category.PERMANENT, message="too late"),
    )


def test_what_has_ended_or_was_never_there_is_not_cancelled(runs: Runs) -> None:
    asyncio.run(runs.open(start(), at=NOON))
    asyncio.run(runs.complete("a", start().run, Held(text="{}"), at=NOON))

    assert not asyncio.run(runs.cancel("a", start().run, "too late", at=LATER))
    assert not asyncio.run(runs.cancel("a", "nobody", "too late", at=LATER))
    record = asyncio.run(runs.get("a", start().run))
    assert record is not None
    assert record.status is Status.COMPLETED


def test_of_completing_and_cancelling_at_once_one_end_stands(runs: Runs) -> None:
    async def work() -> list[bool | None]:
        await runs.open(start(), at=NOON)
        cancels = [runs.cancel("a", start().run, "too late", at=LATER) for _ in range(10)]
        complete = runs.complete("a", start().run, Held(text="{}"), at=LATER)
        *cancelled, _ = await asyncio.gather(*cancels, complete)
        return cancelled

    cancelled = asyncio.run(work())
    record = asyncio.run(runs.get("a", start().run))

    assert record is not None
    assert cancelled.count(True) == (1 if record.status is Status.CANCELLED else 0)


def step(name: str, position: int) -> StepRecord:
    return StepRecord(
        step=name,
        position=position,
        record=name,
        output=name,
        value=Held(text=name),
        started_at=NOON,
        completed_at=NOON,
    )


def test_several_steps_are_read_with_one_query_and_then_remembered(
    tmp_path: Any, artifacts: FileArtifacts
) -> None:
    records = CountedRecords(tmp_path / "counted.db")
    wanted = [(number, f"s{number}") for number in range(300)]

    async def work() -> tuple[dict[str, StepRecord], dict[str, StepRecord]]:
        writer = Runs(records, artifacts)
        await asyncio.gather(*(writer.add_step("r", step(name, number)) for number, name in wanted[::2]))
        reader = Runs(records, artifacts)
        first = await reader.several("r", wanted)
        return first, await reader.several("r", wanted[::2])

    first, again = asyncio.run(work())
    records.close()

    assert first == again == {name: step(name, number) for number, name in wanted[::2]}
    assert (records.queries, records.gets) == (1, 0)
