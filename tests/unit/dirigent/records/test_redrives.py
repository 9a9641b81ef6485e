"""Replays of many that were begun."""

import asyncio
from datetime import UTC, datetime, timedelta

from dirigent.adapters.sqlite_records import SqliteRecords
from dirigent.domain.run_ids import new_run_id
from dirigent.records.redrives import PREFIX, Redrives

NOON = datetime(2031, 5, 6, 12, tzinfo=UTC)


def begun(records: SqliteRecords, *hours: int) -> list[str]:
    """Notes one replay for each hour after noon; their ids."""

    async def work() -> list[str]:
        ids = [f"{PREFIX}{new_run_id(NOON + timedelta(hours=hour), hour)}" for hour in hours]
        for number, redrive in enumerate(ids):
            await Redrives(records).note(f"account-{number % 2}", redrive, at=NOON)
        return ids

    return asyncio.run(work())


def before(records: SqliteRecords, instant: datetime, limit: int = 10) -> set[str]:
    return {row.key for row in asyncio.run(Redrives(records).before(instant, limit=limit))}


def test_the_old_of_all_accounts_are_found(records: SqliteRecords) -> None:
    first, second, _ = begun(records, 0, 1, 3)

    assert before(records, NOON + timedelta(hours=2)) == {first, second}


def test_no_more_are_found_than_asked_for(records: SqliteRecords) -> None:
    begun(records, 0, 1, 2)

    assert len(before(records, NOON + timedelta(hours=9), limit=2)) == 2


def test_noted_twice_it_is_one(records: SqliteRecords) -> None:
    [one] = begun(records, 0)
    begun(records, 0)

    assert before(records, NOON + timedelta(hours=1)) == {one}


def test_what_is_forgotten_is_gone(records: SqliteRecords) -> None:
    begun(records, 0)
    [row] = asyncio.run(Redrives(records).before(NOON + timedelta(hours=1), limit=10))

    asyncio.run(Redrives(records).forget(row))

    assert before(records, NOON + timedelta(hours=1)) == set()
