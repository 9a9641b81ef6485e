"""What voters wait for."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from dirigent import codec
from dirigent.domain.elections import Voter
from dirigent.domain.outcomes import Category, Missing
from dirigent.domain.run_ids import child_id
from dirigent.domain.runs import Status
from dirigent.domain.waves import Wait
from dirigent.records.runs import opened
from triggers.instances import DurableInstances
from triggers.reconciling import Found
from triggers.voters import MOST_ASKED, Voters


def put(bench: Any, voter: str, status: str = "Running", seconds: float = 5) -> None:
    """The voter's instance waits for its next try, so many seconds from now."""
    due = bench.clock.now() + timedelta(seconds=seconds)
    wait = Wait(step=voter, attempts=1, next_try=due, category=Category.TRANSIENT, because="busy")
    run = child_id("run-1", voter)
    bench.client.put(run, status)
    bench.client.instances[run]["customStatus"] = {"waits": codec.encode((wait,))}


def waits(
    bench: Any, *gone: str, workflow: str | None = "vote", status: Status = Status.IN_PROGRESS
) -> list[str | None]:
    """For whom run-1 waits, which has given up these."""
    now = bench.clock.now()
    missing = tuple(
        Missing(branch=name, category=Category.TIMEOUT, because="late", since=now) for name in gone
    )
    found = Found(record=replace(opened(bench.opening(), at=now), status=status), missing=missing)
    declared = None if workflow is None else bench.catalogue.workflows[workflow]
    asked = Voters(bench.clock).waits(found, declared, (), DurableInstances(bench.client))
    return [wait.step for wait in asyncio.run(asked)]


def test_tells_what_each_voter_waits_for(wide: Any) -> None:
    put(wide, "gpt")
    put(wide, "claude")

    assert waits(wide) == ["gpt", "claude"]


def test_tells_no_wait_that_is_over_or_of_one_that_has_ended(wide: Any) -> None:
    put(wide, "gpt", seconds=-1)
    put(wide, "claude", "Terminated")

    assert waits(wide) == []


def test_asks_nobody_who_was_given_up(wide: Any) -> None:
    put(wide, "gpt")

    assert waits(wide, "gpt") == []
    assert wide.client.asked == [child_id("run-1", "claude")]


@pytest.mark.parametrize(
    ("workflow", "status"),
    [
        (None, Status.IN_PROGRESS),
        ("tree", Status.IN_PROGRESS),
        ("vote", Status.PENDING),
        ("vote", Status.FAILED),
    ],
)
def test_asks_nobody_where_nobody_votes(wide: Any, workflow: str | None, status: Status) -> None:
    assert waits(wide, workflow=workflow, status=status) == []
    assert wide.client.asked == []


def test_does_without_when_durable_is_away(wide: Any) -> None:
    put(wide, "gpt")
    wide.client.is_down = True

    assert waits(wide) == []


def test_asks_about_some_of_many(wide: Any) -> None:
    vote = wide.catalogue.workflows["vote"]
    many = tuple(Voter(name=f"v{number}") for number in range(MOST_ASKED + 5))
    crowd = replace(vote, election=replace(vote.election, voters=many))
    wide.catalogue = replace(wide.catalogue, workflows={"vote": crowd})

    assert waits(wide) == []
    assert len(wide.client.asked) == MOST_ASKED
