"""A host inside a test: the app and the engine on threads of their own, driven by plain calls."""

import asyncio
import json
import tempfile
import threading
from collections.abc import Coroutine, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from types import ModuleType, TracebackType
from typing import Any, ClassVar, Literal, Self, TypeVar, get_args

from devhost.engine.clock import RealClock
from devhost.engine.errors import UnknownFunction
from devhost.engine.history import instant
from devhost.engine.hub import InstanceFilter, InstanceStatus
from devhost.engine.messages import Event
from devhost.functions.catalog import ENTITY
from devhost.functions.http_exchange import HttpCall
from devhost.host import Host
from devhost.options import HostOptions, Replay
from devhost.storage import queries
from devhost.storage.store import Store
from devhost.testing.reply import Reply
from devhost.testing.time_keeper import TimeKeeper
from devhost.testing.virtual_clock import START, VirtualClock

Result = TypeVar("Result")
ClockKind = Literal["virtual", "real"]

#: What a call that only talks to the host may take before the host is taken for hung.
PATIENCE = 30.0


class OrchestrationFailed(Exception):
    """The orchestration ended without a result."""

    def __init__(self, status: InstanceStatus) -> None:
        self.instance_id = status.instance_id
        self.status = status.runtime_status
        super().__init__(status.output_text or f"Instance '{status.instance_id}' is {status.runtime_status}.")


class HostDied(Exception):
    """The host was made to die right after a commit; what was not on disk is lost."""


class LocalHost:
    """Hosts one app; use it as a context manager, and only one at a time in a process."""

    _entered: ClassVar[Self | None] = None

    def __init__(
        self,
        app: Path | str,
        *,
        clock: ClockKind = "virtual",
        replay: Replay = "sticky",
        state: Path | str | None = None,
        settings: Mapping[str, str] | None = None,
        die_after_commits: int | None = None,
    ) -> None:
        _check_choice("clock", clock, get_args(ClockKind))
        _check_choice("replay", replay, get_args(Replay))
        self._options = HostOptions(
            app=Path(app),
            port=0,
            state=None if state is None else Path(state),
            replay=replay,
            extra_settings=_texts(settings or {}),
        )
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._is_virtual = clock == "virtual"
        self._die_after = die_after_commits
        self._loop: asyncio.AbstractEventLoop
        self._thread: threading.Thread
        self._host: Host | None = None
        self._clock: VirtualClock | RealClock
        self._time: TimeKeeper

    def __enter__(self) -> Self:
        if LocalHost._entered is not None:
            raise RuntimeError("One LocalHost at a time in a process: leave the other LocalHost first.")
        LocalHost._entered = self
        if self._options.state is None:
            self._folder = tempfile.TemporaryDirectory(prefix="devhost-")
            self._options = replace(self._options, state=Path(self._folder.name))
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="devhost", daemon=True)
        self._thread.start()
        try:
            self._call(self._open())
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._host is None:  # it crashed
            return
        try:
            self._call(self.host.close(patience=2.0))
        finally:
            self._end()

    @property
    def host(self) -> Host:
        """The host itself, for what this class does not offer; it lives on a loop of its own."""
        return self._check_running()

    @property
    def clock(self) -> VirtualClock | RealClock:
        """The host's clock; give it to code of the app that sleeps."""
        self._check_running()
        return self._clock

    @property
    def module(self) -> ModuleType:
        """The app's loaded `function_app` module."""
        return self.host.module

    @property
    def url(self) -> str:
        """Where the host listens on the loopback interface."""
        return self.host.url

    def start(
        self,
        name: str,
        *,
        input: Any = None,  # noqa: A002 - the word the SDK's users know
        instance_id: str | None = None,
        version: str | None = None,
    ) -> str:
        """Start an orchestration as the SDK's client does, and return its id."""
        input_json = None if input is None else json.dumps(json.dumps(input))
        hub = self.host.hub
        return self._call(hub.start(name, instance_id=instance_id, input_json=input_json, version=version))

    def result(self, instance_id: str, *, timeout: float = 30.0) -> Any:
        """The orchestration's output; on the virtual clock time moves until it has ended."""
        status = self._call(self._keeper().ended(instance_id, timeout), timeout + PATIENCE)
        if status.runtime_status != "Completed":
            raise OrchestrationFailed(status)
        return None if status.output_text is None else json.loads(status.output_text)

    def status(self, instance_id: str) -> InstanceStatus:
        """The instance as it stands."""
        return self._call(self.host.hub.status(instance_id))

    def statuses(self) -> tuple[InstanceStatus, ...]:
        """Every instance, oldest first."""
        return self._call(self.host.hub.instances(InstanceFilter())).instances

    def history(self, instance_id: str) -> list[Event]:
        """The events of the instance's present execution, as stored."""
        return self._call(self.host.hub.history(instance_id))

    def raise_event(self, instance_id: str, name: str, data: Any = None) -> None:
        """Raise an external event; the orchestrator gets `data` as the value it is."""
        self._call(self.host.hub.raise_event(instance_id, name, json.dumps(data)))

    def terminate(self, instance_id: str, reason: str = "") -> None:
        """End the instance."""
        self._call(self.host.hub.terminate(instance_id, reason))

    def rewind(self, instance_id: str, reason: str = "") -> None:
        """Let a failed instance go on from before its failure."""
        self._call(self.host.hub.rewind(instance_id, reason))

    def suspend(self, instance_id: str, reason: str = "") -> None:
        """Pause the instance."""
        self._call(self.host.hub.suspend(instance_id, reason))

    def resume(self, instance_id: str, reason: str = "") -> None:
        """Let a paused instance go on."""
        self._call(self.host.hub.resume(instance_id, reason))

    def purge(self, instance_id: str) -> int:
        """Forget an ended instance."""
        return self._call(self.host.hub.purge(instance_id))

    def signal(self, name: str, key: str, operation: str, data: Any = None) -> None:
        """Signal an entity as the SDK's client does."""
        input_json = None if data is None else json.dumps(json.dumps(data))
        self._call(self.host.hub.signal_entity(name, key, operation, input_json))

    def entity(self, name: str, key: str) -> Any:
        """The entity's state, None when it does not exist."""
        found = self._call(self.host.hub.entity(name, key))
        catalog = self.host.app.catalog
        if found is None and catalog.entity(name) is None:
            known = catalog.durable_names(ENTITY)
            raise UnknownFunction("entity", name, known, registered_as=catalog.python_named(ENTITY, name))
        return None if found is None or found.state_json is None else json.loads(found.state_json)

    def settle(self, *, timeout: float = PATIENCE) -> None:
        """Wait until nothing runs; the time stays as it is."""
        self._call(self._keeper().settle(timeout), timeout + PATIENCE)

    def advance(self, seconds: float, *, timeout: float = PATIENCE) -> None:
        """Let that much virtual time pass, stopping at each due timer on the way."""
        if seconds < 0:
            raise ValueError(f"Time does not go back: advance by 0 seconds or more, not by {seconds:g}.")
        self._call(self._keeper().advance(timedelta(seconds=seconds), timeout), timeout + PATIENCE)

    def request(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        timeout: float = PATIENCE,
    ) -> Reply:
        """Send the host a request without a socket, to any of its routes."""
        if not path.startswith("/"):
            bare = path.removeprefix(self.url).lstrip("/")
            raise ValueError(f"A path begins with '/', and {path!r} does not: write {'/' + bare!r}.")
        sent = list((headers or {}).items())
        if json is not None:
            body = _json_bytes(json)
            sent.append(("Content-Type", "application/json"))
        call = HttpCall.to(method, self.url + path, headers=tuple(sent), body=body)
        return Reply.of(self._call(self.host.answer(call), timeout))

    def crash(self) -> None:
        """Abandon everything that is not on disk, as a killed process would."""
        self._call(self.host.abandon())
        self._end()

    async def _open(self) -> None:
        loop = self._loop
        self._clock = VirtualClock(loop, self._beginning()) if self._is_virtual else RealClock(loop)
        self._host = await Host.open(self._options, clock=self._clock, on_commit=self._committed)
        self._time = TimeKeeper(self._host, self._clock)

    def _beginning(self) -> datetime:
        # Where the last host on this state stood: a clock set back would let later timers overtake earlier.
        store = Store(self._options.state_folder)
        try:
            latest = queries.latest_change(store)
        finally:
            store.close()
        return START if latest is None else max(START, instant(latest))

    def _committed(self, commits: int) -> None:
        if self._die_after is not None and commits >= self._die_after:
            raise HostDied(f"died after commit {commits}, as asked")

    def _keeper(self) -> TimeKeeper:
        self._check_running()
        return self._time

    def _check_running(self) -> Host:
        if self._host is None:
            raise RuntimeError(
                "This LocalHost is not running: use it inside of `with LocalHost(…) as host:`, and not after "
                "crash() or the end of the block."
            )
        return self._host

    def _call(self, work: Coroutine[Any, Any, Result], timeout: float = PATIENCE) -> Result:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout)

    def _end(self) -> None:
        self._host = None
        LocalHost._entered = None
        if self._loop.is_running():
            self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE)
        if not self._loop.is_running() and not self._loop.is_closed():
            self._loop.close()
        if self._folder is not None:
            self._folder.cleanup()


def _check_choice(name: str, given: object, choices: tuple[str, ...]) -> None:
    if given not in choices:
        offered = " or ".join(map(repr, choices))
        raise ValueError(f"LocalHost takes {name}={offered}, not {given!r}.")


def _texts(settings: Mapping[str, str]) -> dict[str, str]:
    """The settings, once it is known that the environment can hold them."""
    for name, value in settings.items():
        if not isinstance(value, str):
            raise TypeError(f"The setting {name!r} is {value!r}: settings are text, write {str(value)!r}.")
    return dict(settings)


def _json_bytes(value: Any) -> bytes:
    return json.dumps(value).encode()
