"""Holding records against Durable's word."""

import asyncio
import logging
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from dirigent import codec
from dirigent.domain.dead_letters import DeadLetter, dead_letter_id
from dirigent.domain.events import Origin
from dirigent.domain.outcomes import Category
from dirigent.domain.records import RunRecord
from dirigent.domain.runs import Held, Parent, Status
from dirigent.records.claims import Claim, Claims, event_key
from dirigent.records.dead_letters import DeadLetters
from dirigent.records.runs import Filter, Runs, opened
from triggers.instances import DurableInstances
from triggers.reconciling import MOMENT, Reconciling


def found(bench: Any, run: str = "run-1", account: str = "default") -> RunRecord | None:
    """The run as a caller of that account sees it."""
    seen = asyncio.run(Reconciling(bench.parts).find(account, run, DurableInstances(bench.client)))
    return None if seen is None else seen.record


def runs(bench: Any) -> Runs:
    """The records of runs."""
    return Runs(bench.parts.records, bench.parts.artifacts)


def begin(bench: Any, *, opens: bool = True, **others: Any) -> None:
    """A run that is under way."""
    start = bench.opening(**others)
    asyncio.run(bench.client.start_new("sequential", instance_id="run-1", client_input=codec.encode(start)))
    bench.client.put("run-1", "Running")
    if opens:
        asyncio.run(runs(bench).open(start, at=bench.clock.now()))


def test_knows_no_run_that_never_was(bench: Any) -> None:
    assert found(bench) is None


def test_shows_a_run_that_has_not_begun_as_pending(bench: Any) -> None:
    begin(bench, opens=False)
    bench.client.put("run-1", "Pending")

    assert found(bench) == replace(opened(bench.opening(), at=bench.clock.now()), status=Status.PENDING)


def test_shows_a_run_that_has_just_begun_as_in_progress(bench: Any) -> None:
    begin(bench, opens=False)

    record = found(bench)
    assert record is not None
    assert record.status == Status.IN_PROGRESS


def test_keeps_runs_without_a_record_to_their_account(bench: Any) -> None:
    begin(bench, opens=False)

    assert found(bench, account="other") is None


def test_shows_no_instance_that_is_no_run(bench: Any) -> None:
    bench.client.put("run-1", "Running", client_input={"somebody": "else's"})

    assert found(bench) is None


def test_answers_by_the_record_of_an_ended_run_without_asking_durable(bench: Any) -> None:
    begin(bench)
    asyncio.run(runs(bench).complete("default", "run-1", Held(text="{}"), at=bench.clock.now()))

    record = found(bench)
    assert record is not None
    assert (record.status, bench.client.asked) == (Status.COMPLETED, [])


@pytest.mark.parametrize("status", ["Pending", "Running", "ContinuedAsNew", "Suspended", "Completed"])
def test_leaves_a_record_whose_instance_goes_on(bench: Any, status: str) -> None:
    begin(bench)
    bench.client.put("run-1", status)

    record = found(bench)
    assert record is not None
    assert (record.status, record.error) == (Status.IN_PROGRESS, None)


@pytest.mark.parametrize("opens", [True, False])
@pytest.mark.parametrize(
    ("told", "status", "message"),
    [
        ("Failed", Status.FAILED, "out of memory"),
        ("Terminated", Status.CANCELLED, "Somebody ended the run: out of memory"),
        ("Canceled", Status.CANCELLED, "Somebody ended the run: out of memory"),
    ],
)
def test_writes_the_end_a_run_could_not_write(
    bench: Any, told: str, status: Status, message: str, opens: bool
) -> None:
    begin(bench, opens=opens)
    bench.client.put("run-1", told, output="out of memory")

    record = found(bench)
    [listed] = asyncio.run(runs(bench).page(Filter(account="default", status=status))).runs
    assert record == listed
    assert record.error is not None
    assert (record.status, record.completed_at) == (status, bench.clock.now())
    assert (record.error.category, record.error.message) == (Category.PERMANENT, message)


def test_says_that_the_instance_is_gone(bench: Any) -> None:
    begin(bench)
    bench.client.instances.clear()

    record = found(bench)
    assert record is not None
    assert record.error is not None
    assert (record.status, "gone" in record.error.message) == (Status.FAILED, True)


def test_gives_a_completed_run_a_moment_to_close_its_record(bench: Any) -> None:
    begin(bench)
    bench.client.put("run-1", "Completed")
    bench.clock.time += MOMENT

    early = found(bench)
    bench.clock.time += timedelta(seconds=1)
    late = found(bench)
    assert early is not None
    assert late is not None
    assert (early.status, late.status) == (Status.IN_PROGRESS, Status.FAILED)


def test_does_not_raise_a_run_again_whose_record_was_removed(bench: Any) -> None:
    begin(bench, opens=False)
    bench.client.put("run-1", "Completed")

    assert found(bench) is None


@pytest.mark.parametrize("opens", [True, False])
@pytest.mark.parametrize(
    ("told", "status"),
    [("Running", Status.IN_PROGRESS), ("Failed", Status.FAILED), ("Terminated", Status.CANCELLED)],
)
def test_shows_a_run_within_a_run_as_it_stands(bench: Any, told: str, status: Status, opens: bool) -> None:
    parent = Parent(run="run-0", definition="digest", step="deep", until=bench.clock.now())
    begin(bench, opens=opens, parent=parent, input=Held())
    bench.client.put("run-1", told, output="out of memory")

    record = found(bench)
    assert record is not None
    assert (record.status, record.parent) == (status, "run-0")
    assert found(bench, account="other") is None


def test_shows_no_input_of_a_run_within_a_run_that_has_not_opened(bench: Any) -> None:
    parent = Parent(run="run-0", definition="digest", step="deep", until=bench.clock.now())
    begin(bench, opens=False, parent=parent, input=Held())

    record = found(bench)
    assert record is not None
    assert record.input == Held(text="{}")


def test_marks_the_claim_of_a_run_that_never_could(bench: Any) -> None:
    claim = Claim(
        account="default",
        key="k",
        run="run-1",
        body="b",
        claimed_at=bench.clock.now(),
        started=False,
        etag="",
    )
    asyncio.run(Claims(bench.parts.records).make(claim))
    begin(bench, opens=False, claim="k")
    bench.client.put("run-1", "Terminated")
    found(bench)

    held = asyncio.run(Claims(bench.parts.records).make(claim))
    assert held is not None
    assert held.started


@pytest.mark.parametrize(("told", "level"), [("Terminated", logging.INFO), ("Failed", logging.WARNING)])
def test_says_once_how_a_run_ended_that_could_not_say_so_itself(
    bench: Any, caplog: pytest.LogCaptureFixture, told: str, level: int
) -> None:
    caplog.set_level(logging.INFO)
    begin(bench)
    bench.client.put("run-1", told, output="why")
    record = found(bench), found(bench)

    [line] = caplog.records
    assert record[0] is not None
    assert (line.levelno, vars(line)["run"], vars(line)["status"]) == (level, "run-1", record[0].status)


def buried(bench: Any, told: str, **others: Any) -> DeadLetter | None:
    """The dead letter of an event whose run stands so by Durable's word."""
    origin = Origin(
        subscription="archive",
        topic="orders",
        type="Sold",
        event="m-1",
        correlation_id="order-7",
        enqueued_at=bench.clock.now(),
    )
    begin(bench, origin=origin, claim=event_key("archive", "m-1"), **others)
    bench.client.put("run-1", told, output="out of memory")
    found(bench)
    letters = DeadLetters(bench.parts.records, bench.parts.artifacts)
    kept = asyncio.run(letters.find("default", dead_letter_id("archive", "m-1", bench.clock.now())))
    return None if kept is None else kept.letter


@pytest.mark.parametrize("opens", [True, False])
def test_buries_the_event_of_a_run_that_durable_says_has_failed(bench: Any, opens: bool) -> None:
    letter = buried(bench, "Failed", opens=opens)

    assert letter is not None
    assert (letter.run, letter.source, letter.description) == ("run-1", "run", "out of memory")


@pytest.mark.parametrize("told", ["Running", "Completed", "Terminated"])
def test_buries_no_event_of_a_run_that_has_not_failed(bench: Any, told: str) -> None:
    assert buried(bench, told) is None
