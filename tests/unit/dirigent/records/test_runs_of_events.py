"""Records of runs that events started."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from msgspec import UNSET, UnsetType

from dirigent.adapters.file_artifacts import FileArtifacts
from dirigent.adapters.sqlite_records import SqliteRecords
from dirigent.domain.events import Origin
from dirigent.domain.run_ids import new_run_id, task_of
from dirigent.domain.runs import Held, Parent, StartRun
from dirigent.ports.records import TokenRefused
from dirigent.records.runs import Filter, Runs, opened

NOON = datetime(2031, 5, 6, 12, tzinfo=UTC)
ORIGIN = Origin(
    subscription="archive",
    topic="orders",
    type="Sold",
    event="m-1",
    correlation_id="order-7",
    enqueued_at=NOON,
)


def start(number: int = 1, origin: Origin | UnsetType = UNSET, parent: Parent | None = None) -> StartRun:
    """What a run is started with."""
    return StartRun(
        run=new_run_id(NOON + timedelta(seconds=number), number),
        account="a",
        workflow="w",
        type="t",
        definition="hash",
        plan=(),
        input=Held(text="{}"),
        created_at=NOON,
        timeout=60,
        origin=origin,
        parent=parent,
    )


@pytest.fixture
def runs(records: SqliteRecords, artifacts: FileArtifacts) -> Runs:
    """No runs."""
    return Runs(records, artifacts)


def test_a_run_keeps_the_event_that_started_it(runs: Runs) -> None:
    one = start(origin=ORIGIN)
    asyncio.run(runs.open(one, at=NOON))

    record = asyncio.run(runs.get("a", one.run))
    assert record == opened(one, at=NOON)
    assert (record.origin, record.correlation_id) == (ORIGIN, "order-7")


def test_a_run_that_somebody_asked_for_begins_something(runs: Runs) -> None:
    one = start()
    asyncio.run(runs.open(one, at=NOON))

    record = asyncio.run(runs.get("a", one.run))
    assert record is not None
    assert (record.origin, record.correlation_id) == (None, one.run)


def test_what_belongs_together_is_listed_together(runs: Runs) -> None:
    together = [start(1, ORIGIN), start(2, ORIGIN)]
    for one in (*together, start(3)):
        asyncio.run(runs.open(one, at=NOON))

    page = asyncio.run(runs.page(Filter(account="a", correlation_id="order-7", limit=1)))
    rest = asyncio.run(runs.page(Filter(account="a", correlation_id="order-7", token=page.token)))
    assert [run.run for run in page.runs + rest.runs] == [one.run for one in reversed(together)]
    assert asyncio.run(runs.page(Filter(account="b", correlation_id="order-7"))).runs == ()


def test_what_began_with_a_task_is_found_by_its_id(runs: Runs) -> None:
    one = start()
    asyncio.run(runs.open(one, at=NOON))

    page = asyncio.run(runs.page(Filter(account="a", correlation_id=task_of(one.run))))
    assert [run.run for run in page.runs] == [one.run]


def test_a_page_of_one_thing_does_not_go_on_as_that_of_another(runs: Runs) -> None:
    for number in range(2):
        asyncio.run(runs.open(start(number, ORIGIN), at=NOON))
    token = asyncio.run(runs.page(Filter(account="a", correlation_id="order-7", limit=1))).token

    with pytest.raises(TokenRefused):
        asyncio.run(runs.page(Filter(account="a", token=token)))
