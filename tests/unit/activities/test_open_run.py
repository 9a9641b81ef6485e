"""Writing down that a run waits to begin."""

import asyncio
from typing import Any

from activities.archive import Archive
from activities.ask_agent import ask_agent
from activities.open_run import open_run
from activities.stage import Stage
from dirigent import codec
from dirigent.domain.outcomes import Done
from dirigent.domain.passages import Level, Passage
from dirigent.domain.runs import OpenRun, Status
from dirigent.records.claims import CLAIMS
from dirigent.records.runs import Runs

WAITED = Passage(level=Level.ACCOUNT, key="a", refused=1, waited=9.0)


def waits(job: Any) -> object:
    return asyncio.run(open_run(Archive(job.parts))(codec.encode(OpenRun(opening=job.start))))


def record(job: Any) -> Any:
    return asyncio.run(Runs(job.parts.records, job.parts.artifacts).get("a", "run-1"))


def test_a_run_that_waits_is_there_and_pending(job: Any) -> None:
    outcome = waits(job)

    assert codec.decode(Done, outcome) == Done()
    assert (record(job).status, record(job).admission) == (Status.PENDING, None)


def test_its_claim_is_marked_so_that_nobody_starts_it_again(job: Any) -> None:
    values = {"run": "run-1", "body": "b", "claimed_at": job.clock.now(), "started": False}
    asyncio.run(job.parts.records.insert(CLAIMS, "a", "key", values))
    waits(job)

    row = asyncio.run(job.parts.records.get(CLAIMS, "a", "key"))
    assert row.values["started"] is True


def test_its_first_step_finds_it_pending_and_says_that_it_goes_on(job: Any) -> None:
    waits(job)
    order = job.order("write", admission=WAITED)
    asyncio.run(ask_agent(Stage(job.parts), job.parts)(codec.encode(order)))

    assert (record(job).status, record(job).admission) == (Status.IN_PROGRESS, WAITED)


def test_what_is_told_late_changes_nothing(job: Any) -> None:
    order = job.order("write", admission=WAITED)
    asyncio.run(ask_agent(Stage(job.parts), job.parts)(codec.encode(order)))
    before = record(job)
    waits(job)

    assert record(job) == before
