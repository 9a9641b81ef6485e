"""The engine: instances, entities and timers of one task hub on one state file."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import partial
from itertools import islice

from devhost.engine import history
from devhost.engine.alarms import Alarms
from devhost.engine.births import Births, check_id
from devhost.engine.commits import Commits
from devhost.engine.deliveries import Deliveries
from devhost.engine.endings import Endings
from devhost.engine.entities import Entities
from devhost.engine.errors import (
    InstanceConflict,
    InstanceEnded,
    InstanceNotFound,
    UnknownFunction,
)
from devhost.engine.hub import (
    ENDED,
    EntityFilter,
    EntityPage,
    EntityState,
    InstanceFilter,
    InstancePage,
    InstanceStatus,
)
from devhost.engine.identities import Identities
from devhost.engine.instances import Instance
from devhost.engine.issuing import Issuer, Neighbours
from devhost.engine.journal import Journal, SilentJournal
from devhost.engine.listing import entities_page, instance_named, instances_page
from devhost.engine.messages import Event
from devhost.engine.orchestrations import Orchestrations
from devhost.engine.ports import Clock, Worker
from devhost.engine.recovery import recover
from devhost.engine.resources import Resources
from devhost.engine.revivals import Revivals
from devhost.engine.versions import VersionPolicy
from devhost.storage.store import Store

log = logging.getLogger("devhost.engine")


class Engine:
    """A `TaskHub`; every method runs on the loop it was made for."""

    def __init__(
        self,
        store: Store,
        worker: Worker,
        clock: Clock,
        loop: asyncio.AbstractEventLoop,
        *,
        always_replay: bool = False,
        versions: VersionPolicy | None = None,
        journal: Journal | None = None,
    ) -> None:
        self.commits = Commits(store, loop)
        self.commits.on_failure = self._fail
        #: Told when the state file can no longer be written: the owner decides what becomes of the host.
        self.on_failure: Callable[[BaseException], None] | None = None
        self._loop = loop
        self._watchers: dict[str, list[asyncio.Future[InstanceStatus]]] = {}
        self._resources = Resources(
            store=store,
            commits=self.commits,
            clock=clock,
            worker=worker,
            versions=versions or VersionPolicy(),
            journal=journal or SilentJournal(),
            identities=Identities(clock),
        )
        self._join(clock, always_replay=always_replay)

    def _join(self, clock: Clock, *, always_replay: bool) -> None:
        """Make the parts and tell each whom it hands its results to."""
        resources = self._resources
        orchestrations = Orchestrations(resources, self._loop, always_replay=always_replay)
        deliveries = Deliveries(resources, orchestrations)
        alarms = Alarms(clock, deliveries.timer)
        entities = Entities(resources, answer=deliveries.entity)
        endings = Endings(
            resources,
            orchestrations,
            set_timer=alarms.set,
            cancel_timer=alarms.cancel,
            ended=self._instance_ended,
        )
        births = Births(resources, orchestrations.live, endings)
        neighbours = Neighbours(
            set_timer=alarms.set,
            start_child=births.open_child,
            deliver=entities.deliver,
            answer=deliveries.activity,
            is_waiting=orchestrations.is_waiting,
        )
        issuer = Issuer(resources, neighbours)
        orchestrations.join(issuer, endings, cancel_timer=alarms.cancel)
        self._revivals = Revivals(resources, orchestrations, births, issuer, set_timer=alarms.set)
        self.orchestrations, self._alarms, self._entities = orchestrations, alarms, entities
        self._births, self._live = births, orchestrations.live

    @property
    def is_quiet(self) -> bool:
        """Whether the engine itself has nothing left to do before something outside happens."""
        return self.orchestrations.is_quiet and not self.commits.pending

    @property
    def live_instances(self) -> int:
        return len(self._live)

    def some_live(self, most: int) -> list[str]:
        """The ids of the first few live instances."""
        return list(islice(self._live, most))

    def has_ended(self, instance_id: str) -> bool:
        """Whether the instance is in the file and no longer live."""
        return (
            instance_id not in self._live and instance_named(self._resources.store, instance_id) is not None
        )

    def waits_of(self, instance_id: str) -> list[str]:
        """What a live instance waits for, in words."""
        instance = self._live.get(instance_id)
        if instance is None:
            return []
        events = [f"the event '{name}'" for name in instance.waits or ()]
        return [*instance.open_tasks.values(), *events]

    def recover(self) -> None:
        """Take up what the state file holds."""
        recover(self._resources, self.orchestrations, self._entities, self._alarms)

    def wind_down(self) -> None:
        """Start nothing more; what comes back is still taken in."""
        self._alarms.stop()
        self._resources.winding_down = True

    def stop(self) -> None:
        """Commit what is done."""
        self.wind_down()
        self.commits.now()

    def abandon(self) -> None:
        """Write and start nothing more."""
        self.wind_down()
        self.commits.give_up(RuntimeError("The host was abandoned; what was not on disk is lost."))

    async def start(
        self,
        name: str,
        *,
        instance_id: str | None = None,
        input_json: str | None = None,
        version: str | None = None,
        at: datetime | None = None,
    ) -> str:
        registered = self._resources.worker.orchestrator_named(name)
        if registered is None:
            raise self._unknown("orchestrator", name)
        there = None
        if instance_id is not None:
            check_id(instance_id)
            there = await self._found(instance_id)
            if there is not None and not there.has_ended:
                raise InstanceConflict(
                    f"An Orchestration instance with the status {there.runtime_status} already exists."
                )
        identity = self._resources.identities.next() if instance_id is None else instance_id
        self._births.open(
            registered, identity, input_json=input_json, version=version, at=at, is_new=there is None
        )
        await self.commits.settled()
        return identity

    async def status(self, instance_id: str) -> InstanceStatus:
        found = await self._found(instance_id)
        if found is None:
            raise InstanceNotFound(instance_id)
        return found

    async def _found(self, instance_id: str) -> InstanceStatus | None:
        await self.commits.settled()
        # It may have ended after that commit and before this line runs: then the file is not up to date yet.
        while instance_id in self._births.fading:
            await self.commits.settled()
        live = self._live.get(instance_id)
        if live is not None:
            return live.seen()
        ended = instance_named(self._resources.store, instance_id)
        return None if ended is None else ended.seen()

    async def history(self, instance_id: str) -> list[Event]:
        await self.status(instance_id)
        return self.orchestrations.past(instance_id)

    async def instances(self, wanted: InstanceFilter) -> InstancePage:
        await self.commits.settled()
        return instances_page(self._resources.store, wanted)

    async def ended(self, instance_id: str) -> InstanceStatus:
        """The instance once it has ended."""
        status = await self.status(instance_id)
        if status.has_ended:
            return status
        watcher: asyncio.Future[InstanceStatus] = self._loop.create_future()
        watchers = self._watchers.setdefault(instance_id, [])
        watchers.append(watcher)
        try:
            return await watcher
        finally:
            # One who stops waiting must not stay on the list of an instance that never ends.
            if watcher.cancelled() and watcher in watchers:
                watchers.remove(watcher)

    async def raise_event(self, instance_id: str, name: str, input_json: str | None) -> None:
        instance = await self._steerable(instance_id)
        if not (instance.waits or {}).get(name):
            log.debug(
                "Instance '%s' does not wait for '%s' yet: the event is held back. On Azure the SDK keeps "
                "only the last of a name, and answer every later wait with it.",
                instance_id,
                name,
            )
        event = history.event_raised(self._resources.stamp(), name, input_json)
        self.orchestrations.post(instance, self._resources.letter(instance_id, event))
        await self.commits.settled()

    async def terminate(self, instance_id: str, reason: str | None) -> None:
        instance = await self._steerable(instance_id)
        await self._control(instance, history.execution_terminated(self._resources.stamp(), reason))

    async def suspend(self, instance_id: str, reason: str | None) -> None:
        instance = await self._steerable(instance_id)
        if _will_be_suspended(instance):
            raise InstanceConflict(f"The instance '{instance_id}' is suspended already.")
        await self._control(instance, history.execution_suspended(self._resources.stamp(), reason))

    async def resume(self, instance_id: str, reason: str | None) -> None:
        instance = await self._steerable(instance_id)
        if not _will_be_suspended(instance):
            raise InstanceConflict(f"The instance '{instance_id}' is not suspended.")
        await self._control(instance, history.execution_resumed(self._resources.stamp(), reason))

    async def _control(self, instance: Instance, event: Event) -> None:
        self.orchestrations.command(instance, self._resources.letter(instance.id, event))
        await self.commits.settled()

    async def purge(self, instance_id: str) -> int:
        found = await self._found(instance_id)
        if found is None or not found.has_ended:
            return 0
        self._births.erase(instance_id)
        await self.commits.settled()
        return 1

    async def purge_matching(self, wanted: InstanceFilter) -> int:
        ended = (wanted.runtime_statuses & ENDED) if wanted.runtime_statuses else ENDED
        if not ended:
            return 0
        page = await self.instances(replace(wanted, runtime_statuses=ended))
        # One may have been started again or rewound since the last commit, which the page shows.
        gone = [one.instance_id for one in page.instances if one.instance_id not in self._live]
        for instance_id in gone:
            self._births.erase(instance_id)
        await self.commits.settled()
        return len(gone)

    async def rewind(self, instance_id: str, reason: str | None) -> None:
        status = await self.status(instance_id)
        if not status.has_ended:
            raise InstanceConflict(
                f"The instance '{instance_id}' is {status.runtime_status}: only a failed one can be rewound."
            )
        failed = instance_named(self._resources.store, instance_id)
        if failed is None or failed.status != "Failed":
            raise InstanceEnded(instance_id, status.runtime_status)
        log.info("Instance '%s' is rewound: %s", instance_id, reason or "no reason was given")
        self._revivals.revive(failed)
        await self.commits.settled()

    async def restart(self, instance_id: str, *, with_new_id: bool = True) -> str:
        status = await self.status(instance_id)
        return await self.start(
            status.name,
            instance_id=None if with_new_id else instance_id,
            input_json=status.input_json,
            version=status.version,
        )

    async def entities(self, wanted: EntityFilter) -> EntityPage:
        await self.commits.settled()
        return entities_page(self._resources.store, wanted)

    async def signal_entity(self, name: str, key: str, operation: str, input_json: str | None) -> None:
        registered = self._resources.worker.entity_named(name)
        if registered is None:
            raise self._unknown("entity", name)
        self._entities.deliver(
            f"@{name.lower()}@{key}", {"op": operation, "signal": True, "input": input_json}
        )
        await self.commits.settled()

    async def entity(self, name: str, key: str) -> EntityState | None:
        await self.commits.settled()
        return self._entities.state(f"@{name.lower()}@{key}")

    async def _steerable(self, instance_id: str) -> Instance:
        live = self._live.get(instance_id)
        if live is not None:
            return live
        status = await self.status(instance_id)
        if status.has_ended:
            raise InstanceEnded(instance_id, status.runtime_status)
        return self._live[instance_id]

    def _unknown(self, kind: str, name: str) -> UnknownFunction:
        worker = self._resources.worker
        return UnknownFunction(kind, name, worker.names(kind), registered_as=worker.python_named(kind, name))

    def _instance_ended(self, instance: Instance) -> None:
        self._births.note_end(instance)
        if instance.id in self._watchers:
            # They stay listed until then: if the commit fails, it is `_fail` that they hear from.
            self.commits.then(partial(self._release, instance.seen()))

    def _release(self, status: InstanceStatus) -> None:
        for watcher in self._watchers.pop(status.instance_id, ()):
            if not watcher.done():
                watcher.set_result(status)

    def _fail(self, error: BaseException) -> None:
        for watchers in self._watchers.values():
            for watcher in watchers:
                if not watcher.done():
                    watcher.set_exception(error)
        self._watchers.clear()
        if self.on_failure is not None:
            self.on_failure(error)


def _will_be_suspended(instance: Instance) -> bool:
    """Whether the instance is suspended once it has obeyed what lies before it."""
    suspended = instance.status == "Suspended"
    for letter in instance.controls:
        suspended = letter.event["EventType"] == history.EventType.EXECUTION_SUSPENDED
    return suspended
