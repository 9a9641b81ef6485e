"""On virtual time a model behind a network keeps the hours of one in process, and nothing of it stays."""

import asyncio
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from content_host import content_host
from guarded_catalogue import declare
from model_time import ModelTime
from msgspec.structs import replace
from pattern_host import seconds

from devhost.testing import VirtualClock
from dirigent.modelserver import Counts, Tally

of_services = pytest.mark.services_only("a model in process is called, not sent for")

NOTHING = Counts(agents={}, deployments={})


def asked(folder: Path, *, slow: float) -> Any:
    """The task of one question to an agent that has 60 s to answer."""
    catalogue = declare(
        folder, agents={"clerk": {"model": "sound"}}, workflows={"ask": {"asks": "clerk", "max_wait": 0}}
    )
    script = {"faults": [{"agent": "clerk", "fault": {"slow": slow}}]}
    with content_host(folder, script=script, catalogue=catalogue) as host:
        return host.ended(host.start(workflow="ask")["task_id"])


def test_an_answer_at_the_very_instant_of_its_limit_counts(tmp_path: Path) -> None:
    task = asked(tmp_path, slow=60)

    assert (task["status"], seconds(task)) == ("completed", 60)


def test_an_answer_after_its_limit_does_not(tmp_path: Path) -> None:
    task = asked(tmp_path, slow=60.001)

    assert (task["status"], task["error"]["category"], seconds(task)) == ("failed", "TIMEOUT", 60)


def test_nothing_is_left_of_a_host(tmp_path: Path) -> None:
    asked(tmp_path, slow=1)
    before = threading.active_count(), sockets()

    for number in range(3):
        (tmp_path / str(number)).mkdir()
        asked(tmp_path / str(number), slow=1)

    assert (threading.active_count(), sockets()) == before


def sockets() -> int:
    """How many this process has open."""
    found = 0
    for descriptor in os.listdir("/proc/self/fd"):  # noqa: PTH208 - a listing's own descriptor is gone by now
        try:
            found += os.readlink(f"/proc/self/fd/{descriptor}").startswith("socket:")  # noqa: PTH115 - as above
        except FileNotFoundError:
            continue
    return found


def on_a_clock(scene: Callable[[VirtualClock], Any]) -> Any:
    async def run() -> Any:
        return await scene(VirtualClock(asyncio.get_running_loop()))

    return asyncio.run(run())


async def some_turns() -> None:
    for _ in range(60):
        await asyncio.sleep(0)


@of_services
@pytest.mark.parametrize(
    ("counts", "told"),
    [
        (NOTHING, "of 1 calls begun 0 arrived at the model"),
        (replace(NOTHING, total=Tally(calls=1)), "0 of 1 answers and 0 of 0 farewells"),
        (replace(NOTHING, total=Tally(calls=1), in_flight=1), "0 of 1 calls there wait for the time"),
        (replace(NOTHING, total=Tally(calls=2), in_flight=2), "of 1 calls begun 2 arrived at the model"),
    ],
)
def test_time_is_held_while_a_call_is_under_way_and_says_where_it_is(counts: Counts, told: str) -> None:
    async def scene(clock: VirtualClock) -> None:
        time = ModelTime(clock, lambda: counts)
        limit = asyncio.create_task(time.of_app.sleep(60))
        await some_turns()

        assert told in clock.held
        limit.cancel()

    on_a_clock(scene)


@of_services
def test_time_passes_while_whoever_was_asked_waits_for_it() -> None:
    counts = replace(NOTHING, total=Tally(calls=1), in_flight=1)

    async def scene(clock: VirtualClock) -> None:
        time = ModelTime(clock, lambda: counts)
        limit, wait = (
            asyncio.create_task(time.of_app.sleep(60)),
            asyncio.create_task(time.of_server.sleep(30)),
        )
        await some_turns()
        before = clock.held
        clock.jump_to(clock.next_due() or clock.now())

        # It gets up, and has not answered yet.
        assert (before, clock.held != "") == ("", True)
        await wait
        limit.cancel()

    on_a_clock(scene)


@of_services
def test_time_waits_until_a_caller_who_left_is_missed_nowhere() -> None:
    counts = [replace(NOTHING, total=Tally(calls=1), in_flight=1)]

    async def scene(clock: VirtualClock) -> None:
        time = ModelTime(clock, lambda: counts[0])
        limit, wait = (
            asyncio.create_task(time.of_app.sleep(60)),
            asyncio.create_task(time.of_server.sleep(90)),
        )
        for _ in range(2):
            await some_turns()
            clock.jump_to(clock.next_due() or clock.now())
        await limit
        await some_turns()
        held = clock.held
        wait.cancel()
        await asyncio.wait({wait})
        counts[0] = replace(counts[0], in_flight=0)
        await some_turns()

        assert "0 of 1 farewells" in held
        assert (clock.held, clock.next_due()) == ("", None)

    on_a_clock(scene)
