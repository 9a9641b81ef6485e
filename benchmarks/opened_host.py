"""The host inside the measuring process, on the measuring loop: no call to it crosses a thread."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from devhost.engine.history import EventType
from devhost.engine.hub import InstanceStatus
from devhost.host import Host
from devhost.options import HostOptions, Replay
from devhost.storage.store import Synchronous

APP = Path(__file__).parent / "app"


class Tally:
    """Remembers how many commits there were."""

    def __init__(self) -> None:
        self.commits = 0

    def count(self, number: int) -> None:
        self.commits = number


class OpenedHost:
    """The benchmarks' app, running; made by `opened`."""

    def __init__(self, host: Host, seconds: float, tally: Tally) -> None:
        self.host = host
        #: What opening took.
        self.seconds = seconds
        self._tally = tally

    @property
    def commits(self) -> int:
        """Commits since the host was opened."""
        return self._tally.commits

    async def start(self, name: str, value: Any = None, instance_id: str | None = None) -> str:
        """Start an orchestration as the SDK's client would."""
        input_json = json.dumps(json.dumps(value))
        return await self.host.hub.start(name, instance_id=instance_id, input_json=input_json)

    async def result(self, instance_id: str) -> InstanceStatus:
        """The orchestration's end, which must be a good one."""
        status = await self.host.ended(instance_id)
        assert status.runtime_status == "Completed", status
        return status

    async def episodes(self, instance_id: str) -> tuple[int, int]:
        """How many events its history has, and how many episodes they came about in."""
        events = await self.host.hub.history(instance_id)
        starts = [event for event in events if event["EventType"] == EventType.ORCHESTRATOR_STARTED]
        return len(events), len(starts)

    async def drive(self, name: str, count: int, in_flight: int, value: Any = None) -> list[str]:
        """Run so many to their ends, so many at a time; their ids."""
        left, ids = iter(range(count)), []

        async def run_some() -> None:
            for _ in left:
                ids.append(await self.start(name, value))
                await self.result(ids[-1])

        async with asyncio.TaskGroup() as lanes:
            for _ in range(min(in_flight, count)):
                lanes.create_task(run_some())
        return ids


@asynccontextmanager
async def opened(
    state: Path,
    *,
    app: Path = APP,
    settings: Mapping[str, str] | None = None,
    replay: Replay = "sticky",
    synchronous: Synchronous = "FULL",
) -> AsyncIterator[OpenedHost]:
    """Open the host on a state folder, count its commits, and close it."""
    options = HostOptions(
        app=app,
        port=0,
        state=state,
        replay=replay,
        synchronous=synchronous,
        extra_settings=dict(settings or {}),
    )
    tally = Tally()
    began = time.perf_counter()
    host = await Host.open(options, on_commit=tally.count)
    try:
        yield OpenedHost(host, time.perf_counter() - began, tally)
    finally:
        await host.close()
