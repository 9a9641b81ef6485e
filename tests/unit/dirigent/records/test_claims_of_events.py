"""Claims of messages, which outlive their runs."""

import asyncio
import dataclasses
from datetime import UTC, datetime, timedelta

import pytest

from dirigent.adapters.sqlite_records import SqliteRecords
from dirigent.domain.events import Replay
from dirigent.domain.runs import Held
from dirigent.ports.records import Row, RowChanged, Values
from dirigent.records.claims import Claim, Claims, Standing, claim_key, event_key, is_of_event

NOON = datetime(2031, 5, 6, 12, tzinfo=UTC)
KEY = event_key("archive", "m-1")


def claim(run: str = "r1", *, key: str = KEY, message: Held | None = Held(text="{}")) -> Claim:  # noqa: B008
    """A claim of the message."""
    return Claim(
        account="a",
        key=key,
        run=run,
        body="hash",
        claimed_at=NOON,
        started=False,
        etag="",
        message=message,
    )


def made(records: SqliteRecords, *claims: Claim) -> None:
    """The claims are made."""
    for one in claims:
        assert asyncio.run(Claims(records).make(one)) is None


def found(records: SqliteRecords, key: str = KEY) -> Claim | None:
    """The claim as it stands."""
    return asyncio.run(Claims(records).find("a", key))


def outlive(records: SqliteRecords, *, at: datetime = NOON, run: str = "r1", key: str = KEY) -> None:
    """The run is being forgotten."""
    asyncio.run(Claims(records).outlive("a", key, run=run, status="completed", at=at))


def forget_before(records: SqliteRecords, instant: datetime, *, limit: int = 100) -> int:
    """What is older is forgotten."""
    return asyncio.run(Claims(records).forget_before(instant, limit=limit))


def test_no_caller_can_choose_the_key_of_an_event() -> None:
    assert is_of_event(KEY)
    assert not is_of_event(claim_key("archive", "m-1"))
    assert KEY != event_key("archive", "m-2") != event_key("archives", "m-2")


@pytest.mark.parametrize("message", [None, Held(text="{}"), Held(artifact="events/r1/message.json")])
def test_a_claim_holds_its_message(records: SqliteRecords, message: Held | None) -> None:
    made(records, claim(message=message))

    kept = found(records)
    assert kept is not None
    assert kept.message == message


def test_nobody_has_claimed_what_nobody_has_claimed(records: SqliteRecords) -> None:
    assert found(records) is None


def test_whoever_takes_it_over_brings_another_message(records: SqliteRecords) -> None:
    made(records, claim())
    first = found(records)
    assert first is not None
    long = Held(artifact="events/r1/message.json")
    assert asyncio.run(Claims(records).renew(first, at=NOON, message=long))

    kept = found(records)
    assert kept is not None
    assert kept.message == long


def test_a_claim_outlives_its_run_without_its_message(records: SqliteRecords) -> None:
    made(records, claim())
    outlive(records)

    kept = found(records)
    assert kept is not None
    assert (kept.run, kept.started, kept.status, kept.message) == ("r1", True, "completed", None)


def test_other_claims_go_with_their_runs(records: SqliteRecords) -> None:
    key = claim_key("w", "k")
    made(records, claim(key=key))
    outlive(records, key=key)

    assert found(records, key) is None
    assert asyncio.run(records.query("memories")).rows == ()


def test_another_runs_claim_is_left_alone(records: SqliteRecords) -> None:
    made(records, claim("r2"))
    outlive(records, run="r1")

    kept = found(records)
    assert kept is not None
    assert (kept.started, kept.message) == (False, Held(text="{}"))


def test_a_mark_at_that_moment_is_not_lost(records: SqliteRecords) -> None:
    class Overtaken(SqliteRecords):
        """Where somebody writes behind whoever reads the claim first."""

        async def get(self, table: str, partition: str, key: str) -> Row | None:
            row = await records.get(table, partition, key)
            if row is not None and row.values["started"] is False:
                await Claims(records).mark("a", KEY, run="r1")
            return row

        async def merge(
            self, table: str, partition: str, key: str, values: Values, *, etag: str | None = None
        ) -> str:
            try:
                return await records.merge(table, partition, key, values, etag=etag)
            except RowChanged:
                stumbles.append(key)
                raise

    stumbles: list[str] = []
    made(records, claim())
    overtaken = Overtaken.__new__(Overtaken)
    asyncio.run(Claims(overtaken).outlive("a", KEY, run="r1", status="failed", at=NOON))

    kept = found(records)
    assert kept is not None
    assert (kept.status, stumbles) == ("failed", [KEY])


def test_claims_are_forgotten_some_time_after_their_runs(records: SqliteRecords) -> None:
    made(records, claim())
    outlive(records)

    assert forget_before(records, NOON) == 0
    assert found(records) is not None
    assert forget_before(records, NOON + timedelta(seconds=1)) == 1
    assert found(records) is None
    assert asyncio.run(records.query("memories")).rows == ()


def test_a_night_forgets_so_many(records: SqliteRecords) -> None:
    for number in range(5):
        key = event_key("archive", f"m-{number}")
        made(records, claim(f"r{number}", key=key))
        outlive(records, run=f"r{number}", key=key)

    later = NOON + timedelta(days=1)
    assert [forget_before(records, later, limit=2) for _ in range(4)] == [2, 2, 1, 0]


def test_a_removal_that_was_cut_short_and_repeated_forgets_no_claim_made_since(
    records: SqliteRecords,
) -> None:
    made(records, claim())
    outlive(records)
    outlive(records, at=NOON + timedelta(days=1))
    forget_before(records, NOON + timedelta(hours=1))
    made(records, claim("r2"))
    forget_before(records, NOON + timedelta(days=2))

    kept = found(records)
    assert kept is not None
    assert kept.run == "r2"


def test_a_spoilt_memory_keeps_no_others_from_going(records: SqliteRecords) -> None:
    made(records, claim())
    asyncio.run(records.merge("memories", "events", "0000", {"claim": KEY}))
    outlive(records)

    assert forget_before(records, NOON + timedelta(days=1)) == 2
    assert found(records) is None


def moved(records: SqliteRecords, to: Claim) -> bool:
    """The claim, as it stands, is moved there."""
    held = found(records)
    assert held is not None
    return asyncio.run(Claims(records).move(held, to))


def test_a_claim_moves_to_another_telling_and_keeps_nothing_of_the_former(records: SqliteRecords) -> None:
    made(records, claim(message=Held(artifact="events/r1/message.json")))
    outlive(records)
    later = dataclasses.replace(
        claim("r2"), claimed_at=NOON + timedelta(hours=1), replay=2, letter="L", body="other"
    )
    assert moved(records, later)

    kept = found(records)
    assert kept is not None
    assert dataclasses.replace(kept, etag="") == later


def test_one_of_many_moves_a_claim(records: SqliteRecords) -> None:
    made(records, claim())
    held = found(records)
    assert held is not None

    async def at_once() -> list[bool]:
        claims = Claims(records)
        return await asyncio.gather(*(claims.move(held, claim(f"n{number}")) for number in range(10)))

    assert sorted(asyncio.run(at_once())) == [False] * 9 + [True]


def test_a_claim_that_moved_on_is_neither_outlived_nor_forgotten_with_its_former_run(
    records: SqliteRecords,
) -> None:
    made(records, claim())
    outlive(records)
    assert moved(records, claim("r2"))
    outlive(records, run="r1")
    forget_before(records, NOON + timedelta(days=1))

    kept = found(records)
    assert kept is not None
    assert (kept.run, kept.started, kept.status) == ("r2", False, "")


def test_only_what_was_read_is_dropped(records: SqliteRecords) -> None:
    made(records, claim())
    held = found(records)
    assert held is not None
    assert asyncio.run(Claims(records).renew(held, at=NOON))

    assert not asyncio.run(Claims(records).drop(held))
    held = found(records)
    assert held is not None
    assert asyncio.run(Claims(records).drop(held))
    assert found(records) is None


def test_a_claim_made_by_a_replay_says_so(records: SqliteRecords) -> None:
    made(records, dataclasses.replace(claim(), replay=3, letter="L"))

    kept = found(records)
    assert kept is not None
    assert (kept.replay, kept.letter) == (3, "L")


@pytest.mark.parametrize(
    ("stands", "came", "standing"),
    [
        ((0, ""), None, Standing.SAME),
        ((0, ""), (1, "L"), Standing.OLDER),
        ((1, "L"), None, Standing.NEWER),
        ((1, "L"), (1, "L"), Standing.SAME),
        ((1, "L"), (2, "L"), Standing.OLDER),
        ((2, "L"), (1, "L"), Standing.NEWER),
        ((1, "L"), (1, "M"), Standing.ASIDE),
        ((2, "L"), (1, "M"), Standing.ASIDE),
    ],
)
def test_tellings_are_in_the_order_of_their_numbers(
    stands: tuple[int, str], came: tuple[int, str] | None, standing: Standing
) -> None:
    number, letter = stands
    held = dataclasses.replace(claim(), replay=number, letter=letter)
    replay = None if came is None else Replay(number=came[0], dead_letter=came[1], subscription="archive")

    assert held.standing(replay) is standing
