"""Why deliveries came to nothing."""

import asyncio
from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from dirigent.adapters.sqlite_records import SqliteRecords
from dirigent.domain.outcomes import Category
from dirigent.records.deliveries import LONGEST_SENTENCE, Cause, Deliveries

NOON = datetime(2031, 5, 6, 12, tzinfo=UTC)
CAUSE = Cause(
    category=Category.PERMANENT, reason="body", description="No JSON.", delivery_count=2, noted_at=NOON
)


def note(records: SqliteRecords, cause: Cause = CAUSE, *, account: str = "a", message: str = "m") -> None:
    """Note it."""
    asyncio.run(Deliveries(records).note("archive", account, message, cause))


def found(records: SqliteRecords, *, account: str = "a", message: str = "m") -> Cause | None:
    """What is noted."""
    return asyncio.run(Deliveries(records).find("archive", account, message))


def test_a_cause_is_found_as_it_was_noted(records: SqliteRecords) -> None:
    note(records)

    assert found(records) == CAUSE


def test_the_last_delivery_says_why(records: SqliteRecords) -> None:
    note(records)
    note(records, later := replace(CAUSE, reason="input", delivery_count=3))

    assert found(records) == later


def test_accounts_do_not_read_one_anothers_causes(records: SqliteRecords) -> None:
    note(records)

    assert (found(records, account="b"), found(records, message="n")) == (None, None)


def test_what_is_forgotten_is_not_found(records: SqliteRecords) -> None:
    note(records)
    asyncio.run(Deliveries(records).forget("archive", "a", "m"))

    assert found(records) is None


def test_ids_and_sentences_of_any_length_and_signs_are_noted(records: SqliteRecords) -> None:
    odd = "/\\#?\ud800" * 1_000
    note(records, replace(CAUSE, description="x" * 100_000), message=odd)

    kept = found(records, message=odd)
    assert kept is not None
    assert len(kept.description) == LONGEST_SENTENCE


def test_a_note_that_was_spoilt_is_none(records: SqliteRecords, caplog: pytest.LogCaptureFixture) -> None:
    note(records)
    [row] = asyncio.run(records.query("deliveries")).rows
    asyncio.run(records.merge("deliveries", row.partition, row.key, {"category": "ODD"}))

    assert found(records) is None
    assert "cannot be read any more" in caplog.text
