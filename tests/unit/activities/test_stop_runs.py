"""Ending instances."""

import asyncio
import logging
from typing import Any

import pytest

from activities.archive import Archive
from activities.stop_runs import stop_runs
from dirigent import codec
from dirigent.domain.outcomes import Category, Done, Failed, Outcome
from dirigent.domain.runs import Held, Status, StopRuns


class KnowingClient:
    """Ends the instances it knows, and answers for others as the SDK does."""

    def __init__(self, *known: str) -> None:
        self.known, self.ended = known, dict[str, str]()

    async def terminate(self, instance_id: str, reason: str) -> None:
        if instance_id not in self.known:
            raise Exception(f"No instance with ID '{instance_id}' found.")  # noqa: TRY002 - as the SDK does
        self.ended[instance_id] = reason


class BrokenClient:
    async def terminate(self, instance_id: str, reason: str) -> None:
        raise Exception("The operation failed with an unexpected status code 500")  # noqa: TRY002 - as the SDK


def stopped(job: Any, client: Any, *instances: str, others: tuple[str, ...] = ()) -> Outcome:
    order = StopRuns(account="a", reason="too late", instances=instances, others=others)
    activity = stop_runs(Archive(job.parts))
    return codec.decode(Outcome, asyncio.run(activity(codec.encode(order), client)))  # type: ignore[arg-type]


def test_ends_every_instance_and_says_why(job: Any) -> None:
    client = KnowingClient("x", "y", "z")
    outcome = stopped(job, client, "x", "y", others=("z",))

    assert outcome == Done()
    assert client.ended == dict.fromkeys(("x", "y", "z"), "too late")


def test_runs_are_cancelled_with_the_reason(job: Any) -> None:
    job.open()
    stopped(job, KnowingClient("run-1"), "run-1")

    record = job.record()
    assert (record.status, record.completed_at) == (Status.CANCELLED, job.clock.now())
    assert record.error.message == "too late"


def test_what_has_ended_stays_as_it_is(job: Any) -> None:
    job.open()
    asyncio.run(job.runs.complete("a", "run-1", Held(text="{}"), at=job.clock.now()))
    before = job.record()

    assert stopped(job, KnowingClient("run-1"), "run-1") == Done()
    assert job.record() == before


def test_an_instance_that_must_be_there_is_asked_for_again(job: Any) -> None:
    client = KnowingClient("y")
    outcome = stopped(job, client, "x", "y")

    assert isinstance(outcome, Failed)
    assert outcome.failure.category is Category.TRANSIENT
    assert client.ended.keys() == {"y"}


def test_a_run_that_durable_does_not_know_yet_is_not_called_ended(job: Any) -> None:
    job.open()
    stopped(job, KnowingClient(), "run-1")

    assert job.record().status is Status.IN_PROGRESS


def test_what_may_have_been_begun_need_not_be_there(job: Any) -> None:
    assert stopped(job, KnowingClient(), others=("x", "y")) == Done()


def test_delivered_twice_it_does_the_same(job: Any) -> None:
    job.open()
    client = KnowingClient("run-1")
    first = stopped(job, client, "run-1")
    before = job.record()

    assert stopped(job, client, "run-1") == first
    assert job.record() == before


@pytest.mark.parametrize("place", ["instances", "others"])
def test_whoever_cannot_end_it_now_may_later(job: Any, place: str, caplog: pytest.LogCaptureFixture) -> None:
    given: Any = {"others": ("x",)} if place == "others" else {}
    outcome = stopped(job, BrokenClient(), *(() if given else ("x",)), **given)

    assert isinstance(outcome, Failed)
    assert outcome.failure.category is Category.TRANSIENT
    assert "500" not in outcome.failure.message
    assert "500" in caplog.text


class DumbClient:
    async def terminate(self, instance_id: str, reason: str) -> None:
        await asyncio.Event().wait()


def test_nobody_waits_for_durable_for_ever(job: Any) -> None:
    order = StopRuns(account="a", reason="too late", instances=("x",))
    activity = stop_runs(Archive(job.parts), patience=0.01)
    outcome = codec.decode(Failed, asyncio.run(activity(codec.encode(order), DumbClient())))

    assert outcome.failure.category is Category.TRANSIENT


def test_a_run_whose_record_is_spoilt_is_ended_all_the_same(job: Any) -> None:
    job.open()
    asyncio.run(job.parts.records.merge("runs", "a", "run-1", {"status": "archived"}))
    client = KnowingClient("run-1")

    assert stopped(job, client, "run-1") == Done()
    assert client.ended == {"run-1": "too late"}


def test_hundreds_are_ended(job: Any) -> None:
    names = tuple(f"i{number}" for number in range(500))
    client = KnowingClient(*names)

    assert stopped(job, client, *names) == Done()
    assert client.ended.keys() == set(names)


def test_says_once_of_each_run_that_it_was_ended(job: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    job.open()
    for _ in range(2):
        # A voter's instance is no run.
        stopped(job, KnowingClient("run-1", "v"), "run-1", "v")

    assert [record.getMessage() for record in caplog.records] == [
        "A run was ended that nobody waits for: task_id=run-1 run=run-1 status=cancelled"
    ]
