"""Writing an end down."""

import asyncio
import logging
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from activities.archive import Archive
from activities.close_run import close_run
from dirigent import codec
from dirigent.domain.outcomes import Category, Done, Failed, Failure
from dirigent.domain.passages import Level, Passage
from dirigent.domain.records import RunError
from dirigent.domain.runs import CloseRun, Status
from dirigent.records.runs import Runs

FAILED = Failed(failure=Failure(category=Category.TIMEOUT, message="late"), attempts=3)


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
