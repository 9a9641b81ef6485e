import asyncio
from typing import Any

import pytest

from devhost.engine.errors import InstanceNotFound
from devhost.http.waits import Waits


def test_tells_the_end_when_it_comes(hub: Any) -> None:
    hub.put("run-1")

    async def scene() -> Any:
        waits = Waits(hub)
        waiting = asyncio.create_task(waits.ended("run-1", 60))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        seen = len(waits)
        hub.end("run-1", output="5")
        return seen, await waiting, len(waits)

    seen, status, left = asyncio.run(scene())

    assert (seen, status.output_text, left) == (1, "5", 0)


def test_gives_up_in_real_time_and_leaves_no_watcher(hub: Any) -> None:
    hub.put("run-1")

    async def scene() -> Any:
        waits = Waits(hub)
        found = await waits.ended("run-1", 0.01)
        await asyncio.sleep(0)
        return found, len(waits)

    assert asyncio.run(scene()) == (None, 0)
    assert hub.watched == []


def test_a_caller_that_goes_away_takes_its_watcher_along(hub: Any) -> None:
    hub.put("run-1")

    async def scene() -> int:
        waits = Waits(hub)
        waiting = asyncio.create_task(waits.ended("run-1", 60))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        await asyncio.sleep(0)
        return len(waits)

    assert asyncio.run(scene()) == 0
    assert hub.watched == []


def test_waits_can_be_broken_off(hub: Any) -> None:
    hub.put("run-1")

    async def scene() -> Any:
        waits = Waits(hub)
        waiting = asyncio.create_task(waits.ended("run-1", 60))
        await asyncio.sleep(0)
        waits.break_off()
        return await waiting

    assert asyncio.run(scene()) is None


def test_what_the_hub_refuses_is_raised(hub: Any) -> None:
    async def scene() -> Any:
        return await Waits(hub).ended("none", 60)

    with pytest.raises(InstanceNotFound):
        asyncio.run(scene())
