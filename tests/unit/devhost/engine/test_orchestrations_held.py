"""More waiting orchestrators than are kept running in memory."""

import asyncio
from typing import Any

from devhost.engine.orchestrations import MOST_HELD
from devhost.testing.scripted_hub import ScriptedHub


def listening(context: Any) -> Any:
    first = yield context.wait_for_external_event("first")
    second = yield context.wait_for_external_event("second")
    return [first, second]


def test_those_longest_idle_are_dropped_and_replayed_when_they_are_needed(sticky_hub: ScriptedHub) -> None:
    hub = sticky_hub
    hub.worker.serve(orchestrators=[listening])
    ids = [f"i{number}" for number in range(MOST_HELD + 20)]

    async def start_all() -> None:
        await asyncio.gather(*(hub.engine.start("listening", instance_id=identity) for identity in ids))

    hub.run(start_all())
    hub.settle()
    before = len(hub.worker.deliveries)
    for identity in (ids[0], ids[10], ids[-1]):
        hub.raise_event(identity, "first", 1)
        hub.raise_event(identity, "second", 2)

    assert [hub.output(identity) for identity in (ids[0], ids[10], ids[-1])] == [[1, 2]] * 3
    # Two of the three were dropped: each is replayed once before it hears its two events.
    assert len(hub.worker.deliveries) - before == 2 * 3 + 2
