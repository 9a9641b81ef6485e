"""Writing an end down."""

import asyncio
import dataclasses
import logging
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from activities.archive import Archive
from activities.close_run import close_run
from dirigent import codec
from dirigent.domain.dead_letters import State, dead_letter_id
from dirigent.domain.events import Origin
from dirigent.domain.outcomes import Category, Done, Failed, Failure, Outcome
from dirigent.domain.passages import Level, Passage
from dirigent.domain.records import RunError
from dirigent.domain.runs import CloseRun, Held, Parent, Status
from dirigent.ports import Parts
from dirigent.ports.records import RecordsUnavailable
from dirigent.records.claims import Claim, Claims, event_key
from dirigent.records.dead_letters import DeadLetters, Kept
from dirigent.records.deliveries import Parcel
from dirigent.records.runs import Runs

FAILED = Failed(failure=Failure(category=Category.TIMEOUT, message="late"), attempts=3)
ORIGIN = Origin(
    subscription="archive",
    topic="orders",
    type="Sold",
    event="m-1",
    correlation_id="order-7",
    enqueued_at=datetime(2030, 1, 1, tzinfo=UTC),
)


def test_writes_the_failure_even_of_a_run_that_was_never_opened(job: Any) -> None:
    order = codec.encode(CloseRun(opening=job.start, failed=FAILED, step="write"))
    outcome = asyncio.run(close_run(Archive(job.parts))(order))

    record = asyncio.run(Runs(job.parts.records, job.parts.artifacts).get("a", "run-1"))
    assert codec.decode(Done, outcome) == Done()
    assert record is not None
    assert (record.status, record.completed_at) == (Status.FAILED, job.clock.now())
    assert record.error == RunError(category=Category.TIMEOUT, message="late", step="write", attempts=3)


def test_writes_how_far_it_came_and_when_the_same_may_work(job: Any) -> None:
    passage = Passage(level=Level.DEPLOYMENT, key="gpt", refused=4, waited=120.0)
    admission = Passage(level=Level.ACCOUNT, key="a")
    full = Failure(category=Category.RATE_LIMIT, message="full", retry_after=7.5)
    failed = Failed(failure=full, attempts=0, passage=passage)
    order = CloseRun(opening=job.start, failed=failed, step="write", admission=admission)
    asyncio.run(close_run(Archive(job.parts))(codec.encode(order)))

    record = asyncio.run(Runs(job.parts.records, job.parts.artifacts).get("a", "run-1"))
    assert record is not None
    assert record.admission == admission
    assert record.error == RunError(
        category=Category.RATE_LIMIT, message="full", step="write", retry_after=7.5, passage=passage
    )


def test_says_that_a_run_has_failed_and_why(job: Any, caplog: pytest.LogCaptureFixture) -> None:
    job.clock.time += timedelta(seconds=2.5)
    failed = replace(FAILED, failure=replace(FAILED.failure, reason="quota"))
    order = CloseRun(opening=job.start, failed=failed, step="write")
    asyncio.run(close_run(Archive(job.parts))(codec.encode(order)))

    [record] = caplog.records
    sentence, _, facts = record.getMessage().partition(": ")
    assert (sentence, record.levelno) == ("A run has failed", logging.WARNING)
    assert facts == (
        "task_id=run-1 run=run-1 workflow=w failed_step=write attempts=3 category=TIMEOUT reason=quota "
        "status=failed seconds=2.5"
    )


def close(job: Any, parts: Parts | None = None, **others: Any) -> Any:
    """Close the job's run, which an event started; what comes of it."""
    key = event_key("archive", "m-1")
    start = replace(job.start, **({"origin": ORIGIN, "claim": key} | others))
    message = Held(text=codec.to_json(Parcel(body='{"n":1}')).decode())
    claim = Claim(
        account="a",
        key=key,
        run=start.run,
        body="b",
        claimed_at=job.clock.now(),
        started=True,
        etag="",
        message=message,
    )
    asyncio.run(Claims(job.parts.records).make(claim))
    order = codec.encode(CloseRun(opening=start, failed=FAILED, step="write"))
    kind: Any = Outcome
    return codec.decode(kind, asyncio.run(close_run(Archive(parts or job.parts))(order)))


def buried(job: Any) -> Kept | None:
    """The dead letter of the event."""
    letters = DeadLetters(job.parts.records, job.parts.artifacts)
    return asyncio.run(letters.find("a", dead_letter_id("archive", "m-1", ORIGIN.enqueued_at)))


def test_buries_the_event_of_a_run_that_has_failed(job: Any, caplog: pytest.LogCaptureFixture) -> None:
    assert close(job) == Done()

    kept = buried(job)
    assert kept is not None
    assert (kept.letter.category, kept.letter.run, kept.letter.step) == (Category.TIMEOUT, "run-1", "write")
    assert kept.letter.message == Held(text='{"n":1}')
    assert "correlation_id=order-7" in caplog.text


def test_buries_nothing_of_a_run_that_is_a_step_of_another(job: Any) -> None:
    parent = Parent(run="run-0", definition="digest", step="deep", until=job.clock.now())
    close(job, parent=parent)

    assert buried(job) is None


def test_buries_once_what_is_closed_twice(job: Any) -> None:
    close(job)
    letters, first = DeadLetters(job.parts.records, job.parts.artifacts), buried(job)
    assert first is not None
    asyncio.run(letters.change(first, replace(first.letter, state=State.REPLAYED)))
    close(job)

    kept = buried(job)
    assert kept is not None
    assert kept.letter.state is State.REPLAYED


def test_does_not_bury_what_somebody_ended(job: Any) -> None:
    start = replace(job.start, origin=ORIGIN)
    runs = Runs(job.parts.records, job.parts.artifacts)
    asyncio.run(runs.open(start, at=job.clock.now()))
    asyncio.run(runs.cancel("a", "run-1", "no", at=job.clock.now()))
    close(job)

    assert buried(job) is None


def test_an_event_that_cannot_be_buried_leaves_the_end_unwritten(job: Any) -> None:
    class Away:
        """Records that take no dead letter."""

        async def insert(self, table: str, *told: Any) -> Any:
            if table == "deadletters":
                raise RecordsUnavailable("away")
            return await records.insert(table, *told)

        def __getattr__(self, name: str) -> Any:
            return getattr(records, name)

    records, away = job.parts.records, Away()
    outcome = close(job, dataclasses.replace(job.parts, records=away))

    assert isinstance(outcome, Failed)
    assert outcome.failure.category is Category.TRANSIENT
    assert asyncio.run(Runs(job.parts.records, job.parts.artifacts).get("a", "run-1")) is None
