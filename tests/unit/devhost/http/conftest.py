"""A small task hub in memory, and calls without a socket."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest

from devhost.bus.broker import LocalBroker
from devhost.bus.topology import Queue, Topology
from devhost.engine.commits import Commits
from devhost.engine.errors import (
    InstanceConflict,
    InstanceEnded,
    InstanceNotFound,
    InvalidInstanceId,
    UnknownFunction,
)
from devhost.engine.hub import (
    EntityFilter,
    EntityPage,
    EntityState,
    InstanceFilter,
    InstancePage,
    InstanceStatus,
    TaskHub,
)
from devhost.engine.messages import Event
from devhost.functions.client_binding import ClientBinding
from devhost.functions.http_exchange import HttpCall, HttpReply
from devhost.http.management import Management
from devhost.storage.store import Store
from devhost.testing.virtual_clock import VirtualClock

BORN = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)


class HubInMemory:
    """Knows the orchestrator `chain` and the entity `counter`; remembers what it was told."""

    def __init__(self) -> None:
        self.instances_by_id: dict[str, InstanceStatus] = {}
        self.events: list[Event] = []
        self.entity_states: dict[tuple[str, str], EntityState] = {}
        self.told: list[tuple[Any, ...]] = []
        self.wanted: list[InstanceFilter] = []
        self.wanted_entities: list[EntityFilter] = []
        self._watchers: dict[str, list[asyncio.Future[None]]] = {}

    def put(self, instance_id: str, status: str = "Running", **members: Any) -> None:
        blank = InstanceStatus(
            instance_id=instance_id,
            name="chain",
            version="",
            runtime_status=status,
            input_json=None,
            output_text=None,
            custom_status_json=None,
            created=BORN,
            updated=BORN,
            parent_instance_id=None,
        )
        self.instances_by_id[instance_id] = replace(blank, **members)

    def end(self, instance_id: str, status: str = "Completed", output: str | None = None) -> None:
        """Let the instance end, and tell those who wait for it."""
        there = self.instances_by_id[instance_id]
        self.instances_by_id[instance_id] = replace(there, runtime_status=status, output_text=output)
        for watcher in self._watchers.pop(instance_id, []):
            watcher.set_result(None)

    @property
    def watched(self) -> list[str]:
        """Whose end somebody still waits for."""
        return [name for name, watchers in self._watchers.items() if not all(w.done() for w in watchers)]

    async def start(
        self,
        name: str,
        *,
        instance_id: str | None = None,
        input_json: str | None = None,
        version: str | None = None,
        at: datetime | None = None,
    ) -> str:
        if name.lower() != "chain":
            raise UnknownFunction("orchestrator", name, ("chain",))
        identity = instance_id or "0123456789abcdef0123456789abcdef"
        if identity.startswith("@") or set(identity) & set("/\\#?") or len(identity) > 256:
            raise InvalidInstanceId(identity, "breaks a rule")
        if identity in self.instances_by_id and not self.instances_by_id[identity].has_ended:
            raise InstanceConflict("An Orchestration instance with the status Running already exists.")
        self.put(identity, "Pending", input_json=input_json, version=version or "")
        self.told.append(("start", name, identity, input_json, version))
        return identity

    async def status(self, instance_id: str) -> InstanceStatus:
        if instance_id not in self.instances_by_id:
            raise InstanceNotFound(instance_id)
        return self.instances_by_id[instance_id]

    async def history(self, instance_id: str) -> list[Event]:
        await self.status(instance_id)
        return self.events

    async def ended(self, instance_id: str) -> InstanceStatus:
        while not (await self.status(instance_id)).has_ended:
            watcher = asyncio.get_running_loop().create_future()
            self._watchers.setdefault(instance_id, []).append(watcher)
            await watcher
        return await self.status(instance_id)

    async def instances(self, wanted: InstanceFilter) -> InstancePage:
        """Its tokens are numbers: how many of what the filter lets through lie before the page."""
        self.wanted.append(wanted)
        found = [one for one in self.instances_by_id.values() if _is_wanted(one, wanted)]
        found.sort(key=lambda one: (one.created, one.instance_id))
        start = int(wanted.continuation or 0)
        end = len(found) if wanted.top is None else start + wanted.top
        return InstancePage(
            instances=tuple(found[start:end]), continuation=str(end) if end < len(found) else None
        )

    async def raise_event(self, instance_id: str, name: str, input_json: str | None) -> None:
        await self._message("raise_event", instance_id, name, input_json)

    async def terminate(self, instance_id: str, reason: str | None) -> None:
        await self._message("terminate", instance_id, reason)

    async def suspend(self, instance_id: str, reason: str | None) -> None:
        if (await self.status(instance_id)).runtime_status == "Suspended":
            raise InstanceConflict(f"The instance '{instance_id}' is suspended already.")
        await self._message("suspend", instance_id, reason)
        self._set(instance_id, "Suspended")

    async def resume(self, instance_id: str, reason: str | None) -> None:
        there = await self.status(instance_id)
        if not there.has_ended and there.runtime_status != "Suspended":
            raise InstanceConflict(f"The instance '{instance_id}' is not suspended.")
        await self._message("resume", instance_id, reason)
        self._set(instance_id, "Running")

    async def purge(self, instance_id: str) -> int:
        ended = (await self.status(instance_id)).has_ended
        if ended:
            del self.instances_by_id[instance_id]
        return int(ended)

    async def purge_matching(self, wanted: InstanceFilter) -> int:
        found = [one for one in self.instances_by_id.values() if one.has_ended and _is_wanted(one, wanted)]
        self.wanted.append(wanted)
        for one in found:
            del self.instances_by_id[one.instance_id]
        return len(found)

    async def rewind(self, instance_id: str, reason: str | None) -> None:
        there = await self.status(instance_id)
        if not there.has_ended:
            raise InstanceConflict(f"The instance '{instance_id}' is {there.runtime_status}.")
        if there.runtime_status != "Failed":
            raise InstanceEnded(instance_id, there.runtime_status)
        self._set(instance_id, "Running")
        self.told.append(("rewind", instance_id, reason))

    async def restart(self, instance_id: str, *, with_new_id: bool = True) -> str:
        there = await self.status(instance_id)
        return await self.start(
            there.name, instance_id=None if with_new_id else instance_id, input_json=there.input_json
        )

    async def entities(self, wanted: EntityFilter) -> EntityPage:
        self.wanted_entities.append(wanted)
        found = [
            one for _, one in sorted(self.entity_states.items()) if one.name == (wanted.name or one.name)
        ]
        start = int(wanted.continuation or 0)
        end = len(found) if wanted.top is None else start + wanted.top
        return EntityPage(
            entities=tuple(found[start:end]), continuation=str(end) if end < len(found) else None
        )

    async def signal_entity(self, name: str, key: str, operation: str, input_json: str | None) -> None:
        if name != "counter":
            raise UnknownFunction("entity", name, ("counter",))
        self.told.append(("signal", name, key, operation, input_json))

    async def entity(self, name: str, key: str) -> EntityState | None:
        return self.entity_states.get((name, key))

    def _set(self, instance_id: str, status: str) -> None:
        there = self.instances_by_id[instance_id]
        self.instances_by_id[instance_id] = replace(there, runtime_status=status)

    async def _message(self, *message: Any) -> None:
        status = await self.status(message[1])
        if status.has_ended:
            raise InstanceEnded(status.instance_id, status.runtime_status)
        self.told.append(message)


def _is_wanted(one: InstanceStatus, wanted: InstanceFilter) -> bool:
    return (
        one.runtime_status in (wanted.runtime_statuses or {one.runtime_status})
        and (wanted.created_from is None or wanted.created_from <= one.created)
        and (wanted.created_to is None or one.created <= wanted.created_to)
        and one.instance_id.startswith(wanted.id_prefix)
    )


@pytest.fixture
def hub() -> HubInMemory:
    made = HubInMemory()
    typed: TaskHub = made
    assert typed is made
    return made


@pytest.fixture
def clients() -> ClientBinding:
    return ClientBinding(
        base_url="http://localhost:7071/runtime/webhooks/durabletask",
        rpc_base_url="http://127.0.0.1:7071/durabletask",
        hub_name="TestHub",
    )


Ask = Callable[..., HttpReply]


@pytest.fixture
def ask(hub: HubInMemory, clients: ClientBinding) -> Ask:
    """Put a call to the management API: verb, path below the root with its query, body, headers."""
    management = Management(hub, clients)

    def put(method: str, rest: str, body: bytes = b"", **headers: str) -> HttpReply:
        call = HttpCall.to(
            method,
            f"http://localhost:7071/durabletask/{rest}",
            headers=tuple((name.replace("_", "-"), value) for name, value in headers.items()),
            body=body,
        )
        path = rest.partition("?")[0].strip("/")
        return asyncio.run(management.answer(call, tuple(path.split("/")) if path else ()))

    return put


Result = TypeVar("Result")


class BusInHand:
    """A bus of its own: the queue `orders`, and the topic `events` with subscriptions `audit` and `paid`."""

    def __init__(self, folder: Path) -> None:
        self.loop = asyncio.new_event_loop()
        self.clock = VirtualClock(self.loop)
        self.store = Store(folder)
        self.commits = Commits(self.store, self.loop)
        topology = Topology(queues={"orders": Queue(lock_duration=timedelta(minutes=1))})
        topology = topology.with_subscription("events", "audit")
        topology = topology.with_subscription("events", "paid", "type = 'Paid'")
        self.broker = LocalBroker(self.store, self.clock, self.commits, topology)

    def do(self, work: Awaitable[Result]) -> Result:
        return self.loop.run_until_complete(work)

    def close(self) -> None:
        self.broker.stop()
        self.store.close()
        self.loop.close()


@pytest.fixture
def bus(tmp_path: Path) -> Iterator[BusInHand]:
    made = BusInHand(tmp_path)
    yield made
    made.close()
