"""Ending runs with all below them."""

import asyncio
from typing import Any

import pytest

from dirigent.domain.records import RunRecord
from dirigent.domain.run_ids import child_id
from dirigent.domain.runs import Held, Parent, StartRun, Status
from dirigent.records.runs import Runs
from triggers.ending import Ending
from triggers.instances import DurableInstances, InstancesUnavailable
from triggers.reconciling import Reconciling

DEEP = child_id("run-1", "deep")
VOTER = child_id(DEEP, "claude")


def begin(bench: Any, start: StartRun) -> RunRecord:
    """The run is under way; its record."""
    runs = Runs(bench.parts.records, bench.parts.artifacts)
    asyncio.run(runs.open(start, at=bench.clock.now()))
    instances = DurableInstances(bench.client)
    asyncio.run(instances.start("fan_out", start))
    bench.client.put(start.run, "Running")
    record = asyncio.run(runs.get("default", start.run))
    assert record is not None
    return record


def begin_research(wide: Any) -> RunRecord:
    """Research is under way, of which one branch is a vote; its record."""
    return begin(wide, wide.opening(plan=wide.frozen("multi-source-research").plan))


def begin_vote(wide: Any) -> None:
    """The vote in it is under way too, and one of its voters has not answered."""
    parent = Parent(run="run-1", definition="digest", step="deep", until=wide.clock.now())
    begin(wide, wide.opening(DEEP, parent=parent, input=Held()))
    wide.client.put(VOTER, "Running")
    wide.client.put(child_id(DEEP, "gpt"), "Completed")


def end(bench: Any, record: RunRecord, looks: int = 3) -> RunRecord:
    """End the run."""
    ending = Ending(Reconciling(bench.parts), looks=(0,) * looks, long_looks=(0,) * looks)
    return asyncio.run(ending.end(record, "enough", DurableInstances(bench.client)))


def status(bench: Any, run: str) -> Status:
    """What the run's record says."""
    record = asyncio.run(Runs(bench.parts.records, bench.parts.artifacts).get("default", run))
    assert record is not None
    return record.status


def test_ends_a_run_and_says_so_in_its_record(bench: Any) -> None:
    ended = end(bench, begin(bench, bench.opening()))

    assert (ended.status, status(bench, "run-1")) == (Status.CANCELLED, Status.CANCELLED)
    assert ended.error is not None
    assert ended.error.message == "Somebody ended the run: enough"


def test_ends_all_that_is_below_it_outermost_first(wide: Any) -> None:
    record = begin_research(wide)
    begin_vote(wide)
    end(wide, record)

    assert wide.client.ended == ["run-1", DEEP, VOTER]
    assert (status(wide, "run-1"), status(wide, DEEP)) == (Status.CANCELLED, Status.CANCELLED)
    assert wide.client.instances[VOTER]["output"] == "enough"


def test_leaves_what_has_ended_below_it_as_it_is(wide: Any) -> None:
    record = begin_research(wide)
    begin_vote(wide)
    runs = Runs(wide.parts.records, wide.parts.artifacts)
    asyncio.run(runs.complete("default", DEEP, Held(text="{}"), at=wide.clock.now()))
    wide.client.put(DEEP, "Completed")
    end(wide, record)

    assert status(wide, DEEP) == Status.COMPLETED
    assert wide.client.ended == ["run-1", VOTER]


def test_ends_a_run_that_has_begun_nothing_of_what_it_might(wide: Any) -> None:
    assert end(wide, begin_research(wide)).status == Status.CANCELLED


def test_ends_what_comes_up_while_it_ends(wide: Any) -> None:
    record = begin_research(wide)
    wide.client.births["run-1"] = DEEP
    wide.client.births[DEEP] = VOTER
    end(wide, record, looks=4)

    assert wide.client.ended == ["run-1", DEEP, VOTER]


def rest(wide: Any, record: RunRecord) -> bool:
    """End what the run left behind."""
    ending = Ending(Reconciling(wide.parts), looks=(0,), long_looks=(0, 0, 0))
    return asyncio.run(ending.end_rest(record, "enough", DurableInstances(wide.client)))


def test_ends_what_a_run_left_behind_that_was_ended_alone(wide: Any) -> None:
    record = begin_research(wide)
    begin_vote(wide)
    wide.client.put("run-1", "Terminated")

    assert rest(wide, record) is True
    assert (wide.client.ended, status(wide, DEEP)) == ([DEEP, VOTER], Status.CANCELLED)
    assert rest(wide, record) is False


def test_says_that_a_run_has_not_ended_yet(bench: Any) -> None:
    class Deaf(DurableInstances):
        async def terminate(self, run: str, reason: str) -> None:
            pass

    record = begin(bench, bench.opening())
    ending = Ending(Reconciling(bench.parts), looks=(0, 0))

    assert asyncio.run(ending.end(record, "x", Deaf(bench.client))).status == Status.IN_PROGRESS


def test_does_not_mind_that_one_below_is_gone_before_it_is_told(wide: Any) -> None:
    class Late(DurableInstances):
        async def terminate(self, run: str, reason: str) -> None:
            if run == DEEP:
                wide.client.instances.pop(run, None)
            await super().terminate(run, reason)

    record = begin_research(wide)
    wide.client.put(DEEP, "Running")
    ending = Ending(Reconciling(wide.parts), long_looks=(0, 0, 0))

    assert asyncio.run(ending.end(record, "x", Late(wide.client))).status == Status.CANCELLED


def test_says_that_durable_would_not_end_one_below(wide: Any) -> None:
    class Stubborn(DurableInstances):
        async def terminate(self, run: str, reason: str) -> None:
            if run == DEEP:
                raise InstancesUnavailable("not this one")
            await super().terminate(run, reason)

    record = begin_research(wide)
    wide.client.put(DEEP, "Running")
    ending = Ending(Reconciling(wide.parts), long_looks=(0, 0, 0))

    with pytest.raises(InstancesUnavailable):
        asyncio.run(ending.end(record, "x", Stubborn(wide.client)))
