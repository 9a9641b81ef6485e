"""Burying the events of failed runs."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec.structs import replace

from dirigent import codec
from dirigent.adapters.file_artifacts import FileArtifacts
from dirigent.adapters.sqlite_records import SqliteRecords
from dirigent.domain.dead_letters import DeadLetter, State, cause_of, dead_letter_id
from dirigent.domain.events import Origin, Replay
from dirigent.domain.outcomes import Category
from dirigent.domain.records import RunError, RunRecord
from dirigent.domain.runs import Held, Status
from dirigent.records.burials import Burials, first_id, letter_id
from dirigent.records.claims import Claim, Claims, event_key
from dirigent.records.dead_letters import DeadLetters
from dirigent.records.deliveries import Parcel

NOON = datetime(2031, 5, 6, 12, tzinfo=UTC)
LATER = datetime(2026, 12, 24, 18, tzinfo=UTC)
ORIGIN = Origin(
    subscription="archive",
    topic="orders",
    type="Sold",
    event="m-1",
    correlation_id="order-7",
    enqueued_at=NOON,
)
KEY = event_key("archive", "m-1")
LETTER = dead_letter_id("archive", "m-1", NOON)
PARCEL = Parcel(body='{"n":1}', content_type="text/json", properties={"hops": 2}, delivery_count=1)
RUN = RunRecord(
    run="r",
    account="a",
    workflow="w",
    type="t",
    status=Status.FAILED,
    definition="hash",
    input=Held(text="{}"),
    created_at=NOON,
    updated_at=NOON,
    claim=KEY,
    completed_at=NOON,
    error=RunError(category=Category.TIMEOUT, message="too late", step="write", reason="slow"),
    origin=ORIGIN,
)


class Yard:
    """Stores in which something may be buried."""

    def __init__(self, records: SqliteRecords, artifacts: FileArtifacts) -> None:
        self._records, self._artifacts = records, artifacts

    def claim(self, message: Held | None, *, run: str = "r") -> None:
        """The message's claim holds it."""
        made = Claim(
            account="a",
            key=KEY,
            run=run,
            body="b",
            claimed_at=NOON,
            started=True,
            etag="",
            message=message,
        )
        asyncio.run(Claims(self._records).make(made))

    def bury(self, record: RunRecord = RUN) -> None:
        """Bury the run's event."""
        asyncio.run(Burials(self._records, self._artifacts).bury(record, at=LATER))

    def letter(self, letter: str = LETTER) -> tuple[DeadLetter, str] | None:
        """The dead letter, and its message."""
        letters = DeadLetters(self._records, self._artifacts)
        kept = asyncio.run(letters.find("a", letter))
        return None if kept is None else (kept.letter, asyncio.run(letters.text(kept.letter)))

    def replayed(self, number: int) -> None:
        """The letter was told again so often."""
        letters = DeadLetters(self._records, self._artifacts)
        kept = asyncio.run(letters.find("a", LETTER))
        assert kept is not None
        told = replace(kept.letter, state=State.REPLAYED, replays=number)
        assert asyncio.run(letters.change(kept, told)) is not None


@pytest.fixture
def yard(records: SqliteRecords, artifacts: FileArtifacts) -> Yard:
    """Where nothing is buried yet."""
    return Yard(records, artifacts)


def held() -> Held:
    """The message in a claim."""
    return Held(text=codec.to_json(PARCEL).decode())


def test_the_event_of_a_failed_run_is_kept_with_what_happened(yard: Yard) -> None:
    yard.claim(held())
    yard.bury()

    assert yard.letter() == (
        DeadLetter(
            id=LETTER,
            account="a",
            subscription="archive",
            topic="orders",
            type="Sold",
            event="m-1",
            correlation_id="order-7",
            state=State.OPEN,
            source="run",
            category=Category.TIMEOUT,
            reason="slow",
            description="too late",
            cause=cause_of("archive", Category.TIMEOUT, "slow", "too late", "write"),
            enqueued_at=NOON,
            died_at=NOON,
            updated_at=LATER,
            message=Held(text='{"n":1}'),
            content_type="text/json",
            properties={"hops": 2},
            delivery_count=1,
            run="r",
            step="write",
        ),
        '{"n":1}',
    )


def test_a_failure_without_a_word_has_one(yard: Yard) -> None:
    yard.claim(held())
    yard.bury(replace(RUN, error=RunError(category=Category.PERMANENT, message="no")))

    letter = yard.letter()
    assert letter is not None
    assert (letter[0].reason, letter[0].step) == ("RunFailed", None)


def test_a_failure_that_nobody_knows_is_buried_too(yard: Yard) -> None:
    yard.claim(held())
    yard.bury(replace(RUN, error=None))

    letter = yard.letter()
    assert letter is not None
    assert letter[0].category is Category.PERMANENT


def test_told_again_nothing_changes(yard: Yard) -> None:
    yard.claim(held())
    yard.bury()
    first = yard.letter()
    yard.bury()

    assert yard.letter() == first


@pytest.mark.parametrize("other", [{"origin": None}, {"parent": "r0"}])
def test_what_no_event_started_is_not_buried(yard: Yard, other: dict[str, Any]) -> None:
    yard.bury(replace(RUN, **other))

    assert yard.letter() is None


def test_a_replay_goes_back_to_its_letter(yard: Yard) -> None:
    replay = Replay(dead_letter=LETTER, number=2, subscription="archive")
    origin = replace(ORIGIN, event="m-1.replay-2", replay=replay)
    yard.claim(held())
    yard.bury()
    yard.replayed(2)
    yard.bury(replace(RUN, origin=origin))

    letter = yard.letter()
    assert letter is not None
    assert (letter[0].event, letter[0].replays, letter[0].state) == ("m-1", 2, State.OPEN)
    assert (letter_id(origin), first_id(origin)) == (LETTER, "m-1")


@pytest.mark.parametrize(
    "message", [None, Held(artifact="events/r/message.json"), Held(text="{"), Held(text="[]")]
)
def test_a_lost_message_is_told_and_hides_no_failure(
    yard: Yard, caplog: pytest.LogCaptureFixture, message: Held | None
) -> None:
    yard.claim(message)
    yard.bury()

    letter = yard.letter()
    assert letter is not None
    assert (letter[0].run, letter[1]) == ("r", "")
    assert "is lost" in caplog.text


def test_a_letter_that_was_spoilt_is_told_and_keeps_no_run_from_ending(
    yard: Yard, records: SqliteRecords, caplog: pytest.LogCaptureFixture
) -> None:
    yard.claim(held())
    yard.bury()
    asyncio.run(records.merge("deadletters", "a", LETTER, {"state": "odd"}))
    yard.bury()

    assert "cannot be kept" in caplog.text


def test_a_run_whose_event_another_run_has_taken_up_buries_nothing(yard: Yard) -> None:
    yard.claim(held(), run="another")
    yard.bury()

    assert yard.letter() is None


def test_a_claim_that_was_spoilt_hides_no_failure(yard: Yard, records: SqliteRecords) -> None:
    yard.claim(held())
    asyncio.run(records.merge("claims", "a", KEY, {"claimed_at": "soon"}))
    yard.bury()

    letter = yard.letter()
    assert letter is not None
    assert (letter[0].run, letter[1]) == ("r", "")
