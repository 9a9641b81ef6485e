"""Asking Durable."""

import asyncio
from typing import Any

import pytest

from dirigent import codec
from dirigent.domain.outcomes import Category, Missing
from dirigent.domain.runs import Parent
from dirigent.domain.waves import Wait
from triggers.instances import DurableInstances, InstancesUnavailable


def test_starts_a_run_and_finds_it(bench: Any) -> None:
    instances = DurableInstances(bench.client)
    asyncio.run(instances.start("sequential", bench.opening()))

    found = asyncio.run(instances.find("run-1", with_start=True))
    assert found is not None
    assert (found.status, found.start, found.updated) == ("Pending", bench.opening(), bench.clock.now())


def test_takes_a_run_that_runs_already_for_started(bench: Any) -> None:
    instances = DurableInstances(bench.client)
    asyncio.run(instances.start("sequential", bench.opening()))
    asyncio.run(instances.start("sequential", bench.opening()))

    assert bench.client.started == ["run-1"]


def test_finds_nothing_where_nothing_is(bench: Any) -> None:
    assert asyncio.run(DurableInstances(bench.client).find("run-1")) is None


def test_tells_why_an_instance_failed(bench: Any) -> None:
    bench.client.put("run-1", "Failed", output="no model")

    found = asyncio.run(DurableInstances(bench.client).find("run-1"))
    assert found is not None
    assert (found.status, found.reason) == ("Failed", "no model")


@pytest.mark.parametrize("given", [None, 5, "words", {"run": "run-1"}, [1]])
def test_knows_an_instance_that_is_no_run_of_ours(bench: Any, given: Any) -> None:
    bench.client.put("run-1", "Running", client_input=given)

    found = asyncio.run(DurableInstances(bench.client).find("run-1", with_start=True))
    assert found is not None
    assert found.start is None


def test_knows_what_a_run_within_a_run_was_started_with(bench: Any) -> None:
    start = bench.opening(parent=Parent(run="r", definition="d", step="s", until=bench.clock.now()))
    bench.client.put("run-1", "Running")
    bench.client.instances["run-1"]["input"] = codec.encode(start)

    found = asyncio.run(DurableInstances(bench.client).find("run-1", with_start=True))
    assert found is not None
    assert found.start == start


@pytest.mark.parametrize(
    ("status", "has_ended"),
    [("Pending", False), ("Running", False), ("Suspended", False), ("Completed", True), ("Terminated", True)],
)
def test_tells_whether_more_may_come_of_an_instance(bench: Any, status: str, has_ended: bool) -> None:
    bench.client.put("run-1", status)
    found = asyncio.run(DurableInstances(bench.client).find("run-1"))

    assert found is not None
    assert found.has_ended is has_ended


def test_purges(bench: Any) -> None:
    bench.client.put("run-1", "Completed")
    asyncio.run(DurableInstances(bench.client).purge("run-1"))

    assert bench.client.instances == {}


def test_reads_what_an_instance_says_of_itself(bench: Any) -> None:
    now = bench.clock.now()
    wait = Wait(step="web", attempts=1, next_try=now, category=Category.TRANSIENT, because="busy")
    missing = Missing(branch="news", category=Category.TIMEOUT, because="late", since=now)
    bench.client.put("run-1", "Running")
    told = {"waits": codec.encode((wait,)), "missing": codec.encode((missing,))}
    bench.client.instances["run-1"]["customStatus"] = told

    found = asyncio.run(DurableInstances(bench.client).find("run-1"))
    assert found is not None
    assert (found.waits, found.missing) == ((wait,), (missing,))


@pytest.mark.parametrize("told", [None, "working", {"waits": 5}, {"missing": [{"branch": "news"}]}])
def test_takes_nothing_from_what_is_said_otherwise(bench: Any, told: Any) -> None:
    bench.client.put("run-1", "Running")
    bench.client.instances["run-1"]["customStatus"] = told

    found = asyncio.run(DurableInstances(bench.client).find("run-1"))
    assert found is not None
    assert (found.waits, found.missing) == ((), ())


def test_ends_a_run_and_says_why(bench: Any) -> None:
    instances = DurableInstances(bench.client)
    bench.client.put("run-1", "Running")
    asyncio.run(instances.terminate("run-1", "not needed"))

    found = asyncio.run(instances.find("run-1"))
    assert found is not None
    assert (found.status, found.reason) == ("Terminated", "not needed")


def test_says_so_when_durable_is_away(bench: Any) -> None:
    bench.client.is_down = True
    instances = DurableInstances(bench.client)

    for asked in (
        instances.find("run-1"),
        instances.terminate("run-1", ""),
        instances.purge("run-1"),
        instances.start("p", bench.opening()),
    ):
        with pytest.raises(InstancesUnavailable):
            asyncio.run(asked)


def test_fetches_what_a_run_was_started_with_only_if_asked(bench: Any) -> None:
    instances = DurableInstances(bench.client)
    asyncio.run(instances.start("sequential", bench.opening()))
    found = asyncio.run(instances.find("run-1"))

    assert found is not None
    assert (found.status, found.start) == ("Pending", None)
