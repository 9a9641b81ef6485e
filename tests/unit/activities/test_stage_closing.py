"""A run's last step, performed in the process that opened the run."""

import asyncio
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from activities.scene import Scene
from activities.stage import Product, Stage
from dirigent.adapters.sqlite_records import SqliteRecords
from dirigent.domain.outcomes import Category, Done, Failed, Outcome
from dirigent.domain.records import Degraded
from dirigent.domain.runs import Held, Status
from dirigent.ports.records import RecordsUnavailable, Write


async def draft(_: Scene) -> Product:
    return Product(text="three words long")


async def forbidden(_: Scene) -> Product:
    raise AssertionError("the effect must not happen again")


@pytest.fixture
def stage(job: Any) -> Stage:
    """It has opened the run with its first step."""
    stage = Stage(job.parts)
    asyncio.run(stage.perform(job.order("write"), draft))
    return stage


def closed(job: Any, stage: Stage, effect: Any, **order: Any) -> Outcome:
    return asyncio.run(stage.perform(job.order("publish", **order), effect))


def told(job: Any) -> list[str]:
    """The outputs of the steps."""
    return [step.value.text for step in job.steps()]


def test_closes_the_run(job: Any, stage: Stage) -> None:
    assert closed(job, stage, draft) == Done()
    assert told(job) == ["three words long"] * 2
    assert (job.record().status, json.loads(job.record().result.text)["words"]) == (Status.COMPLETED, 3)


def test_closes_the_run_with_a_result_of_any_length(job: Any) -> None:
    topic = "x" * 20_000
    job.start = msgspec.structs.replace(job.start, input=Held(text=json.dumps({"topic": topic})))
    stage = Stage(job.parts)
    asyncio.run(stage.perform(job.order("write"), draft))
    closed(job, stage, draft)

    record = job.record()
    assert (record.status, record.result.text) == (Status.COMPLETED, None)
    kept = asyncio.run(job.parts.artifacts.get(record.result.artifact))
    assert json.loads(kept.content)["topic"] == topic


def test_of_two_deliveries_at_a_time_the_first_to_write_counts(job: Any, stage: Stage) -> None:
    async def last(_: Scene) -> Product:
        return Product(text="first")

    async def overtaken(scene: Scene) -> Product:
        await stage.perform(scene.order, last)
        return Product(text="too late")

    assert closed(job, stage, overtaken) == Done()
    assert told(job) == ["three words long", "first"]


def test_delivered_again_it_changes_nothing(job: Any, stage: Stage) -> None:
    closed(job, stage, draft)
    before = job.record()

    assert closed(job, stage, forbidden) == Done(is_repeated=True)
    assert job.record() == before


def test_what_was_written_by_half_before_a_death_is_completed(job: Any, stage: Stage) -> None:
    closed(job, stage, draft, closes=False)

    assert closed(job, stage, forbidden) == Done(is_repeated=True)
    assert job.record().status is Status.COMPLETED


def test_a_run_that_was_cancelled_meanwhile_stays_so(job: Any, stage: Stage) -> None:
    async def cancelled(_: Scene) -> Product:
        await job.runs.cancel("a", "run-1", "enough", at=job.clock.now())
        return Product(text="late")

    assert closed(job, stage, cancelled) == Done()
    assert told(job) == ["three words long", "late"]
    assert job.record().status is Status.CANCELLED


def test_a_fallback_that_answered_is_told_in_the_result(job: Any, stage: Stage) -> None:
    async def degraded(_: Scene) -> Product:
        mark = Degraded(by="value", category=Category.TIMEOUT, because="slow")
        return Product(text="", degraded=mark)

    closed(job, stage, degraded)

    assert [one["step"] for one in json.loads(job.record().result.text)["degraded"]] == ["publish"]


def test_a_result_that_cannot_be_drawn_takes_no_step_with_it(job: Any) -> None:
    async def long(_: Scene) -> Product:
        return Product(text="word " * 5_000)

    stage = Stage(job.parts)
    asyncio.run(stage.perform(job.order("write"), long))
    asyncio.run(job.parts.artifacts.delete_under("runs/run-1/"))
    outcome = closed(job, stage, draft)

    assert isinstance(outcome, Failed)
    assert outcome.failure.category is Category.PERMANENT
    assert [step.step for step in job.steps()] == ["write", "publish"]


@pytest.mark.parametrize("is_first_written", [False, True])
def test_a_store_that_fails_in_between_is_asked_again(
    job: Any, tmp_path: Path, is_first_written: bool
) -> None:
    class Failing(SqliteRecords):
        """Does at most the first of two things."""

        async def insert_then_merge(self, first: Write, second: Write, *, etag: str) -> str:
            if is_first_written:
                await self.insert(first.table, first.partition, first.key, first.values)
            raise RecordsUnavailable("the network is gone")

    records = Failing(tmp_path / "records.db")
    stage = Stage(replace(job.parts, records=records))
    asyncio.run(stage.perform(job.order("write"), draft))
    outcome = closed(job, stage, draft)
    records.close()

    assert outcome == Done()
    assert told(job) == ["three words long"] * 2
    assert job.record().status is Status.COMPLETED
