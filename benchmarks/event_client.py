"""Sends events and messages to a host of its own process, and reads of its runs when they began and ended."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import aiohttp

from benchmarks.posting import CONNECTIONS

HOOKS = "/runtime/webhooks/durabletask"
#: Messages of one request, where several go in one.
BATCH = 100
BATCHES = {"Content-Type": "application/vnd.microsoft.servicebus.json"}
#: Seconds between looks at what is not over yet.
LOOK = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One POST."""

    path: str
    body: Any
    headers: Mapping[str, str] = field(default_factory=dict)


class EventClient:
    """Talks to one host through a pool of connections; made by `connected`."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    async def post(self, requests: Iterable[Request], lanes: int = 1) -> None:
        """Send them all, so many at a time; whatever is answered must be good."""
        left = iter(requests)

        async def send_some() -> None:
            for one in left:
                headers = {"Content-Type": "application/json", **one.headers}
                async with self._session.post(one.path, data=json.dumps(one.body), headers=headers) as reply:
                    assert reply.status in (201, 202), (one.path, reply.status, await reply.text())
                    await reply.read()

        async with asyncio.TaskGroup() as group:
            for _ in range(lanes):
                group.create_task(send_some())

    async def get(self, path: str) -> Any:
        """What is answered, parsed."""
        async with self._session.get(path) as reply:
            assert reply.status == 200, (path, reply.status, await reply.text())
            return await reply.json()

    async def drained(self) -> None:
        """Return once nothing lies on the bus."""
        while True:
            places = (await self.get("/admin/servicebus"))["places"]
            if not any(place["active"] or place["locked"] for place in places):
                assert not any(place["dead"] for place in places), places
                return
            await asyncio.sleep(LOOK)

    async def ended(self, count: int) -> list[Any]:
        """All runs, once there are so many and all have ended well."""
        while True:
            # Entities are instances as well.
            listed = await self.get(f"{HOOKS}/instances?showInput=false")
            runs = [one for one in listed if not one["instanceId"].startswith("@")]
            if len(runs) >= count and all(one["runtimeStatus"] == "Completed" for one in runs):
                return runs
            assert not any(one["runtimeStatus"] == "Failed" for one in runs), runs
            await asyncio.sleep(10 * LOOK)

    async def purge(self) -> None:
        """Have the host forget all runs."""
        reply = self._session.delete(f"{HOOKS}/instances?createdTimeFrom=2000-01-01T00:00:00Z")
        async with reply as answer:
            assert answer.status in (200, 404), answer.status

    async def latency(self, request: Request) -> tuple[float, float]:
        """Seconds from the sending until the run that comes of it has begun, and until it has ended."""
        await self.purge()
        sent = time.time()
        await self.post([request])
        [run] = await self.ended(1)
        # A status has whole seconds only.
        told = await self.get(f"{HOOKS}/instances/{run['instanceId']}?showHistory=true")
        instants = {one["EventType"]: _instant(one["Timestamp"]) for one in told["historyEvents"]}
        return instants["ExecutionStarted"] - sent, instants["ExecutionCompleted"] - sent


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[EventClient]:
    """A client of as many connections as others have."""
    limits = aiohttp.TCPConnector(limit=CONNECTIONS)
    async with aiohttp.ClientSession(url, connector=limits) as session:
        yield EventClient(session)


def _instant(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
