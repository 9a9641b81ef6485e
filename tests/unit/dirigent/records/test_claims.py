"""Claims of idempotency keys."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

from dirigent.adapters.sqlite_records import SqliteRecords
from dirigent.ports.records import Row
from dirigent.records.claims import Claim, Claims, claim_key

NOON = datetime(2031, 5, 6, 12, tzinfo=UTC)
LATER = NOON + timedelta(minutes=5)


def claim(run: str = "r1", *, key: str = "k", account: str = "a", body: str = "hash") -> Claim:
    return Claim(account=account, key=key, run=run, body=body, claimed_at=NOON, started=False, etag="")


def test_the_first_claim_stands(records: SqliteRecords) -> None:
    claims = Claims(records)

    first = asyncio.run(claims.make(claim("r1")))
    second = asyncio.run(claims.make(claim("r2", body="other")))

    assert first is None
    assert second is not None
    assert (second.run, second.body, second.claimed_at, second.started) == ("r1", "hash", NOON, False)


def test_of_many_claims_at_once_one_stands(records: SqliteRecords) -> None:
    async def work() -> list[Claim | None]:
        claims = Claims(records)
        return list(await asyncio.gather(*(claims.make(claim(f"r{number}")) for number in range(50))))

    made = asyncio.run(work())

    [winner] = [f"r{number}" for number, other in enumerate(made) if other is None]
    assert {other.run for other in made if other is not None} == {winner}


def test_accounts_and_keys_do_not_meet(records: SqliteRecords) -> None:
    claims = Claims(records)
    wanted = [claim(), claim(key="l"), claim(account="b")]

    assert [asyncio.run(claims.make(one)) for one in wanted] == [None, None, None]


def test_a_mark_is_seen(records: SqliteRecords) -> None:
    claims = Claims(records)
    asyncio.run(claims.make(claim()))

    asyncio.run(claims.mark("a", "k", run="r1"))
    asyncio.run(claims.mark("a", "k", run="r1"))
    found = asyncio.run(claims.make(claim("r2")))

    assert found is not None
    assert (found.run, found.started) == ("r1", True)


def test_a_run_marks_no_claim_that_stands_for_another(records: SqliteRecords) -> None:
    claims = Claims(records)
    asyncio.run(claims.make(claim("r1")))

    asyncio.run(claims.mark("a", "k", run="r0"))
    found = asyncio.run(claims.make(claim("r2")))

    assert found is not None
    assert not found.started


def test_marking_a_claim_that_is_gone_makes_none(records: SqliteRecords) -> None:
    claims = Claims(records)

    asyncio.run(claims.mark("a", "k", run="r1"))

    assert asyncio.run(claims.make(claim())) is None


def test_one_of_many_takes_an_abandoned_claim_over(records: SqliteRecords) -> None:
    async def work() -> tuple[list[bool], Claim | None]:
        claims = Claims(records)
        await claims.make(claim("r1"))
        found = await claims.make(claim("r2"))
        assert found is not None
        renewed = await asyncio.gather(*(claims.renew(found, at=LATER) for _ in range(20)))
        return list(renewed), await claims.make(claim("r3"))

    renewed, left = asyncio.run(work())

    assert sorted(renewed) == [False] * 19 + [True]
    assert left is not None
    assert (left.run, left.claimed_at, left.started) == ("r1", LATER, False)


def test_a_claim_that_was_marked_meanwhile_is_not_taken_over(records: SqliteRecords) -> None:
    claims = Claims(records)
    asyncio.run(claims.make(claim()))
    found = asyncio.run(claims.make(claim()))
    asyncio.run(claims.mark("a", "k", run="r1"))

    assert found is not None
    assert not asyncio.run(claims.renew(found, at=LATER))


def test_a_mark_and_a_takeover_at_once_lose_neither(records: SqliteRecords) -> None:
    async def work() -> Claim | None:
        claims = Claims(records)
        await claims.make(claim())
        found = await claims.make(claim())
        assert found is not None
        await asyncio.gather(
            claims.renew(found, at=LATER), *(claims.mark("a", "k", run="r1") for _ in range(10))
        )
        return await claims.make(claim())

    left = asyncio.run(work())

    assert left is not None
    assert left.started


def test_a_forgotten_key_is_free_again(records: SqliteRecords) -> None:
    claims = Claims(records)
    asyncio.run(claims.make(claim("r1")))

    asyncio.run(claims.forget("a", "k", run="r1"))

    assert asyncio.run(claims.make(claim("r2"))) is None


def test_only_its_own_run_frees_a_key(records: SqliteRecords) -> None:
    claims = Claims(records)
    asyncio.run(claims.make(claim("r1")))

    asyncio.run(claims.forget("a", "k", run="r2"))
    found = asyncio.run(claims.make(claim("r3")))

    assert found is not None
    assert found.run == "r1"


def test_a_key_that_another_run_claims_at_that_moment_stays_its_own(records: SqliteRecords) -> None:
    class Overtaken(SqliteRecords):
        """Where the key changes hands behind whoever reads it."""

        async def get(self, table: str, partition: str, key: str) -> Row | None:
            row = await records.get(table, partition, key)
            if row is not None and row.values["run"] == "r1":
                await records.delete(table, partition, key)
                await Claims(records).make(claim("r2"))
            return row

        async def delete(self, table: str, partition: str, key: str, *, etag: str | None = None) -> None:
            await records.delete(table, partition, key, etag=etag)

    asyncio.run(Claims(records).make(claim("r1")))

    asyncio.run(Claims(Overtaken(Path("unused"))).forget("a", "k", run="r1"))
    found = asyncio.run(Claims(records).make(claim("r3")))

    assert found is not None
    assert found.run == "r2"


def test_a_key_is_freed_although_its_run_marks_it_at_that_moment(records: SqliteRecords) -> None:
    class Marked(SqliteRecords):
        """Where the run begins behind whoever reads its claim."""

        async def get(self, table: str, partition: str, key: str) -> Row | None:
            row = await records.get(table, partition, key)
            await Claims(records).mark(partition, key, run="r1")
            return row

        async def delete(self, table: str, partition: str, key: str, *, etag: str | None = None) -> None:
            await records.delete(table, partition, key, etag=etag)

    asyncio.run(Claims(records).make(claim("r1")))

    asyncio.run(Claims(Marked(Path("unused"))).forget("a", "k", run="r1"))

    assert asyncio.run(Claims(records).make(claim("r2"))) is None


def test_a_callers_key_becomes_one_that_every_store_keeps() -> None:
    keys = {claim_key(workflow, key) for workflow in ("a", "b") for key in ("", "/#?%\n", "🎼" * 1000)}

    assert len(keys) == 6
    assert all(key.isalnum() and len(key) == 64 for key in keys)
