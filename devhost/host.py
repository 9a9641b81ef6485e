"""The host itself: puts app, engine and HTTP together, and takes them down again."""

import asyncio
import os
import sys
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any, Self

from devhost.bus.broker import LocalBroker
from devhost.engine.clock import RealClock
from devhost.engine.engine import Engine
from devhost.engine.hub import InstanceStatus
from devhost.engine.journal import ReadableJournal
from devhost.engine.limits import LimitedWorker
from devhost.engine.ports import Clock, Worker
from devhost.functions.calls import Surroundings, invocation_of
from devhost.functions.catalog import Function
from devhost.functions.client_binding import ClientBinding
from devhost.functions.http_exchange import HttpCall, HttpReply
from devhost.functions.loading import LoadedApp, load_on
from devhost.functions.logs import HostLogHandler
from devhost.functions.running import Done, Runner, pool_size
from devhost.functions.settings import AppSettings
from devhost.http.bus_admin import BusAdmin
from devhost.http.bus_doors import BusDoors
from devhost.http.front_door import FrontDoor
from devhost.http.links import client_binding
from devhost.http.outgoing import Outgoing
from devhost.http.overview import Vitals
from devhost.http.server import Server
from devhost.http.service_bus import ServiceBusDoor
from devhost.options import DEFAULT_PORT, HostOptions
from devhost.storage.store import Store
from devhost.triggers import SOURCES
from devhost.triggers.bus_file import declared
from devhost.triggers.bus_plan import BusPlan, planned
from devhost.triggers.memory import Memory
from devhost.triggers.ports import BusLink, Provisions
from devhost.triggers.switchboard import Switchboard

#: How long one thread may keep the interpreter from the others: a busy activity must not stop the host.
SWITCH_INTERVAL = 0.0005


class Host:
    """One running app; made by `open`, ended by `close` or `abandon`."""

    def __init__(self, options: HostOptions, clock: Clock) -> None:
        self.options = options
        self.settings: AppSettings
        self.clock = clock
        self._is_ready = False
        self._answering = 0
        self._log_handler: HostLogHandler | None = None
        self.app: LoadedApp
        self.hub: Engine
        self.broker: LocalBroker
        self.plan: BusPlan
        self.door: FrontDoor
        self._store: Store
        self._runner: Runner
        self._server: Server
        self._outgoing = Outgoing()
        self.triggers: Switchboard
        self._process = ExitStack()
        #: Set when the host can go on no longer, with the reason.
        self.broken: asyncio.Future[BaseException] = asyncio.get_running_loop().create_future()

    @classmethod
    async def open(
        cls,
        options: HostOptions,
        *,
        clock: Clock | None = None,
        on_commit: Callable[[int], None] | None = None,
        log_handler: HostLogHandler | None = None,
    ) -> Self:
        """Load the app, take up its state and answer requests; what stands in the way is raised."""
        host = cls(options, clock or RealClock(asyncio.get_running_loop()))
        host._log_handler = log_handler
        try:
            await host._open(on_commit)
        except BaseException:
            await host.abandon()
            raise
        return host

    async def _open(self, on_commit: Callable[[int], None] | None) -> None:
        self._prepare_process()
        wanted = self.options.port if self.options.port is not None else self.settings.port
        self._server = Server(self.answer, port=DEFAULT_PORT if wanted is None else wanted)
        await self._server.start()
        self._say_where()
        self._store = Store(self.options.state_folder, synchronous=self.options.synchronous)
        self._process.callback(self._store.close)
        self._store.after_commit = on_commit
        loop = asyncio.get_running_loop()
        self._runner = Runner(loop, pool_size(os.environ))
        if self._log_handler is not None:
            self._log_handler.live = self._runner.live
        self.app = await load_on(self._runner, self.settings)
        self._process.callback(self.app.unload)
        clients = client_binding(self.url, self.settings.hub_name)
        surroundings = Surroundings(client_json=clients.json_for)
        self.hub = self._engine(surroundings, loop)
        self.hub.on_failure = self._break
        self._store.on_damage = self.hub.commits.give_up
        self.plan = planned(self.app.catalog, declared(self.settings.app_dir), os.environ)
        self.broker = LocalBroker(self._store, self.clock, self.hub.commits, self.plan.topology)
        with self._store.reading():
            self.hub.recover()
            self.broker.recover()
        self.door = self._front_door(surroundings, clients)
        self.triggers = Switchboard(SOURCES, partial(self._provisions, surroundings))
        self._is_ready = True
        with self._store.reading():
            self.triggers.start()

    def _front_door(self, surroundings: Surroundings, clients: ClientBinding) -> FrontDoor:
        settled = self.hub.commits.settled
        return FrontDoor(
            self.app.catalog,
            self.hub,
            self._runner,
            surroundings,
            clients,
            route_prefix=self.settings.route_prefix,
            vitals=lambda: Vitals(live=self.hub.live_instances, commits=self._store.commits),
            bus=BusDoors(service=ServiceBusDoor(self.broker, settled), admin=BusAdmin(self.broker, settled)),
        )

    def _engine(self, surroundings: Surroundings, loop: asyncio.AbstractEventLoop) -> Engine:
        worker = _durable_worker(self.app, self._runner, surroundings, self._outgoing)
        return Engine(
            self._store,
            LimitedWorker(
                worker,
                activities=self.settings.durable.most_activities,
                orchestrators=self.settings.durable.most_orchestrators,
            ),
            self.clock,
            loop,
            always_replay=self.options.replay == "always",
            versions=self.settings.durable.versions,
            journal=ReadableJournal() if self.options.verbose else None,
        )

    def _provisions(self, surroundings: Surroundings, source: str) -> Provisions:
        def invoke(
            function: Function, make_value: Callable[[], Any], done: Done, *, trace_parent: str = ""
        ) -> None:
            call = invocation_of(function, make_value, surroundings, trace_parent=trace_parent)
            self._runner.submit(call, done)

        commits = self.hub.commits
        return Provisions(
            catalog=self.app.catalog,
            clock=self.clock,
            environ=os.environ,
            invoke=invoke,
            rows=Memory(
                source=source,
                store=self._store,
                clock=self.clock,
                changed=commits.soon,
                after_commit=commits.then,
            ),
            open_path=self.door.open_path,
            bus=BusLink(broker=self.broker, settings=self.settings.bus, plan=self.plan),
        )

    def _prepare_process(self) -> None:
        before = sys.getswitchinterval()
        sys.setswitchinterval(SWITCH_INTERVAL)
        self._process.callback(sys.setswitchinterval, before)
        for name, value in self.options.extra_settings.items():
            self._process.callback(_restore, name, os.environ.get(name))
            os.environ[name] = value
        # After the extra settings: host.json may refer to one of them.
        self.settings = AppSettings.read(self.options.app, self.options.settings)
        self._process.callback(self.settings.apply(os.environ))

    def _say_where(self) -> None:
        """Tell the app its own address, as Core Tools does."""
        if "WEBSITE_HOSTNAME" not in os.environ:
            self._process.callback(_restore, "WEBSITE_HOSTNAME", None)
            os.environ["WEBSITE_HOSTNAME"] = self.url.partition("://")[2]

    @property
    def url(self) -> str:
        """Where the host listens."""
        return self._server.origin

    @property
    def module(self) -> ModuleType:
        """The app's module."""
        script = os.environ.get("PYTHON_SCRIPT_FILE_NAME") or "function_app.py"
        return sys.modules[script.removesuffix(".py")]

    @property
    def state_file(self) -> Path:
        return self._store.file

    @property
    def running_calls(self) -> int:
        """Calls of the app's functions that have not come back."""
        return self._runner.in_flight

    @property
    def is_quiet(self) -> bool:
        """Whether nothing happens unless a call comes back, a timer rings or a request arrives."""
        return (
            self.hub.is_quiet
            and self.triggers.is_quiet
            and self.broker.is_quiet
            and self._answering <= self.door.waiting
            and not self._outgoing.in_flight
        )

    def waits_of(self, instance_id: str) -> list[str]:
        return self.hub.waits_of(instance_id)

    def has_ended(self, instance_id: str) -> bool:
        """Whether the instance is known and no longer live."""
        return self.hub.has_ended(instance_id)

    async def ended(self, instance_id: str) -> InstanceStatus:
        return await self.hub.ended(instance_id)

    async def answer(self, call: HttpCall) -> HttpReply:
        """Answer a request as the server would."""
        if not self._is_ready:
            return HttpReply(status=503, headers=(("Retry-After", "1"),))
        self._answering += 1
        try:
            return await self.door.answer(call)
        finally:
            self._answering -= 1

    async def close(self, patience: float = 2.0) -> None:
        """Let running calls end for a while, commit, and let go of everything."""
        self.triggers.stop()
        self.door.break_off()
        self.hub.wind_down()
        # Before the server: what calls this very host must not be told that nobody answers.
        await self._outgoing.close()
        await self._server.stop()
        await self._runner.close(patience)
        self.broker.stop()
        await self.door.close()
        self.hub.stop()
        self._process.close()

    async def abandon(self) -> None:
        """Let go of everything as a killed process would: nothing more is written."""
        if hasattr(self, "hub"):
            self.hub.abandon()
        if hasattr(self, "triggers"):
            self.triggers.stop()
        if hasattr(self, "broker"):
            self.broker.stop()
        await self._outgoing.close()
        if hasattr(self, "_server"):
            await self._server.stop()
        if hasattr(self, "_runner"):
            await self._runner.close(0)
        self._process.close()

    def disown(self) -> None:
        """In a forked child: let go of lock and sockets, or they would stay taken while the child lives."""
        self._store.disown()
        self._server.disown()

    def _break(self, reason: BaseException) -> None:
        if not self.broken.done():
            self.broken.set_result(reason)


def _durable_worker(app: LoadedApp, runner: Runner, surroundings: Surroundings, outgoing: Outgoing) -> Worker:
    # Imported after the app, which must be the first to import the SDK: that reads files of the app's folder.
    from devhost.functions.durable_worker import DurableWorker  # noqa: PLC0415

    return DurableWorker(app.catalog, runner, surroundings, outgoing)


def _restore(name: str, value: str | None) -> None:
    if value is None:
        os.environ.pop(name, None)
    else:
        os.environ[name] = value
