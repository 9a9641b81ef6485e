"""Verdicts on messages that have come."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from dirigent.domain.events import Replay
from dirigent.domain.outcomes import Category
from dirigent.domain.records import RunError
from dirigent.domain.runs import Held, Status
from dirigent.records.claims import Claim, event_key
from dirigent.records.runs import Runs, opened
from triggers.instances import DurableInstances
from triggers.starting import Starting
from triggers.verdicts import Verdict, Verdicts

LEASE = timedelta(seconds=60)


def replay(number: int, letter: str = "L") -> Replay:
    """A replay of that letter."""
    return Replay(dead_letter=letter, number=number, subscription="write-orders")


def claim(heard: Any, **others: Any) -> Claim:
    """A claim as it was read."""
    values: dict[str, Any] = {
        "account": "default",
        "key": event_key("write-orders", "m-1"),
        "run": "run-1",
        "body": "b",
        "claimed_at": heard.clock.now(),
        "started": True,
        "etag": "e",
    }
    return Claim(**(values | others))


def ran(heard: Any, status: Status) -> None:
    """The run stands so."""
    runs, now, start = Runs(heard.parts.records, heard.parts.artifacts), heard.clock.now(), heard.opening()
    asyncio.run(runs.open(start, at=now))
    heard.client.put("run-1", "Running" if status is Status.IN_PROGRESS else "Completed")
    if status is Status.COMPLETED:
        asyncio.run(runs.complete("default", "run-1", Held(text="{}"), at=now))
    elif status is Status.CANCELLED:
        asyncio.run(runs.cancel("default", "run-1", "no", at=now))
    elif status is Status.FAILED:
        error = RunError(category=Category.PERMANENT, message="no")
        failed = replace(opened(start, at=now), status=status, completed_at=now, error=error)
        asyncio.run(runs.end(failed))


def verdict(heard: Any, held: Claim, came: Replay | None = None) -> Verdict:
    """The verdict on the event, or on that replay of it."""
    starting = Starting(heard.parts, heard.catalogue, lease=LEASE.total_seconds())
    verdicts = Verdicts(heard.parts, starting, lease=LEASE)
    return asyncio.run(verdicts.of(held, came, DurableInstances(heard.client)))


@pytest.mark.parametrize("came", [None, replay(1)])
def test_a_telling_older_than_the_claims_leaves_nothing_to_do(heard: Any, came: Replay | None) -> None:
    held = claim(heard, replay=2, letter="L", started=False, claimed_at=heard.clock.now() - LEASE)

    assert verdict(heard, held, came) is Verdict.DONE


@pytest.mark.parametrize("status", [Status.IN_PROGRESS, Status.FAILED, Status.COMPLETED])
def test_the_same_telling_has_its_run_whatever_comes_of_that(heard: Any, status: Status) -> None:
    ran(heard, status)

    assert verdict(heard, claim(heard, replay=2, letter="L", started=False), replay(2)) is Verdict.DONE


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (Status.COMPLETED, Verdict.DONE),
        (Status.IN_PROGRESS, Verdict.UNDER_WAY),
        (Status.FAILED, Verdict.FREE),
        (Status.CANCELLED, Verdict.FREE),
    ],
)
def test_a_newer_telling_looks_at_the_run(heard: Any, status: Status, expected: Verdict) -> None:
    ran(heard, status)

    assert verdict(heard, claim(heard), replay(1)) is expected


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (Status.COMPLETED, Verdict.DONE),
        (Status.IN_PROGRESS, Verdict.DONE),
        (Status.FAILED, Verdict.FREE),
    ],
)
def test_a_replay_of_another_letter_looks_at_it_too_and_waits_for_nothing(
    heard: Any, status: Status, expected: Verdict
) -> None:
    ran(heard, status)

    assert verdict(heard, claim(heard, replay=5, letter="M"), replay(1)) is expected


@pytest.mark.parametrize(
    ("status", "expected"),
    [("completed", Verdict.DONE), ("failed", Verdict.FREE), ("cancelled", Verdict.FREE)],
)
def test_how_a_forgotten_run_had_ended_stands_in_the_claim(
    heard: Any, status: str, expected: Verdict
) -> None:
    assert verdict(heard, claim(heard, status=status), replay(1)) is expected


def test_a_run_of_which_nothing_is_left_has_not_done_it(heard: Any) -> None:
    assert verdict(heard, claim(heard), replay(1)) is Verdict.FREE


@pytest.mark.parametrize("came", [None, replay(1)])
@pytest.mark.parametrize(("age", "expected"), [(59, Verdict.WAIT), (60, Verdict.FREE)])
def test_a_run_that_has_not_begun_may_do_so_for_a_lease(
    heard: Any, came: Replay | None, age: int, expected: Verdict
) -> None:
    held = claim(heard, started=False, claimed_at=heard.clock.now() - timedelta(seconds=age))

    assert verdict(heard, held, came) is expected
