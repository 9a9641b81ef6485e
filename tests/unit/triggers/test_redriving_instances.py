"""Durable instances that tell many dead letters again."""

import asyncio
from typing import Any

import pytest

from dirigent import codec
from dirigent.domain.dead_letters import Choice
from dirigent.domain.redrives import Course, Progress, Redrive
from triggers.instances import InstancesUnavailable
from triggers.redriving_instances import RedrivingInstances, Standing


def redrive(bench: Any, **others: Any) -> Redrive:
    values: dict[str, Any] = {
        "id": "redrive-1",
        "account": "default",
        "choice": Choice(topic="data"),
        "rate": 10.0,
        "began_at": bench.clock.now(),
    }
    return Redrive(**(values | others))


def find(bench: Any, account: str = "default", replay: str = "redrive-1") -> Standing | None:
    return asyncio.run(RedrivingInstances(bench.client).find(account, replay))


def start(bench: Any, **others: Any) -> None:
    asyncio.run(RedrivingInstances(bench.client).start(redrive(bench, **others)))


def test_what_is_started_is_found_with_its_wish(bench: Any) -> None:
    start(bench)

    found = find(bench)

    assert found is not None
    assert (found.redrive, found.progress, found.has_ended) == (redrive(bench), Progress(), False)


def test_it_tells_how_far_it_is(bench: Any) -> None:
    start(bench)
    bench.client.instances["redrive-1"]["customStatus"] = codec.encode(Progress(replayed=20, returned=1))

    found = find(bench)

    assert found is not None
    assert found.progress == Progress(replayed=20, returned=1)


def test_a_new_generation_has_come_as_far_as_the_one_before(bench: Any) -> None:
    start(bench, progress=Progress(replayed=300), behind="k")

    found = find(bench)

    assert found is not None
    assert found.progress.replayed == 300


def test_what_was_ended_from_outside_is_stopped_and_says_why(bench: Any) -> None:
    start(bench)
    bench.client.instances["redrive-1"]["customStatus"] = codec.encode(Progress(replayed=20))
    asyncio.run(RedrivingInstances(bench.client).stop("redrive-1", "It was stopped."))

    found = find(bench)

    assert found is not None
    assert found.progress == Progress(course=Course.STOPPED, replayed=20, because="It was stopped.")


def test_another_accounts_replay_is_none(bench: Any) -> None:
    start(bench)

    assert find(bench, "other") is None


def test_what_nobody_started_is_none(bench: Any) -> None:
    assert find(bench) is None


@pytest.mark.parametrize("name", ["sequential", "redriving"])
def test_a_run_is_no_replay(bench: Any, name: str) -> None:
    bench.client.put("run-1", "Running", name=name, client_input=codec.encode(bench.opening()))

    assert find(bench, replay="run-1") is None


def test_a_host_that_does_not_answer_is_told_so(bench: Any) -> None:
    bench.client.is_down = True

    with pytest.raises(InstancesUnavailable):
        start(bench)
