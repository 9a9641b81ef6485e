"""A task hub without an app: the real engine and state file, a virtual clock and a scripted worker."""

import asyncio
import json
from collections.abc import Coroutine
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from devhost.engine.engine import Engine
from devhost.engine.hub import InstanceStatus
from devhost.engine.messages import Event
from devhost.engine.versions import VersionPolicy
from devhost.storage.store import Store
from devhost.testing.scripted_worker import ScriptedWorker
from devhost.testing.virtual_clock import VirtualClock

Result = TypeVar("Result")

#: Turns of the loop after which a hub that is still busy is called endless.
MOST_TURNS = 10_000


class ScriptedHub:
    """Everything runs on one loop that only turns while a test waits for it, so runs are repeatable."""

    def __init__(self, folder: Path, *, always_replay: bool = False) -> None:
        self._folder = folder
        self._always_replay = always_replay
        #: Takes effect when the hub is next opened.
        #: Unlike a host, it runs every version unless a test sets a policy.
        self.versions = VersionPolicy(strategy="None")
        self.loop = asyncio.new_event_loop()
        self.clock = VirtualClock(self.loop)
        self.worker = ScriptedWorker(self.loop)
        self._open()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.store.close()
        self.loop.close()

    def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Wait for one of the engine's promises."""
        return self.loop.run_until_complete(work)

    def start(
        self, name: str, value: Any = None, *, instance_id: str | None = None, version: str | None = None
    ) -> str:
        """Start an orchestration as the SDK's client does, and return its id."""
        input_json = None if value is None else json.dumps(json.dumps(value))
        return self.run(
            self.engine.start(name, instance_id=instance_id, input_json=input_json, version=version)
        )

    def settle(self) -> None:
        """Turn the loop until nothing happens any more; the time stays as it is."""
        self.run(self._settle())

    def turn(self, times: int = 1) -> None:
        """Turn the loop that often."""
        self.run(self._turn(times))

    def advance(self, seconds: float) -> None:
        """Let virtual time pass, stopping at each due timer on the way."""
        self.settle()
        goal = self.clock.now() + timedelta(seconds=seconds)
        while (due := self.clock.next_due()) is not None and due <= goal:
            self.clock.jump_to(due)
            self.settle()
        self.clock.jump_to(goal)
        self.settle()

    def raise_event(self, instance_id: str, name: str, value: Any = None) -> None:
        """Raise an event and let the instance hear it."""
        self.run(self.engine.raise_event(instance_id, name, json.dumps(value)))
        self.settle()

    def status(self, instance_id: str) -> InstanceStatus:
        """The instance as it stands."""
        return self.run(self.engine.status(instance_id))

    def output(self, instance_id: str) -> Any:
        """What the instance returned; an instance that did not complete is an error that tells its status."""
        self.settle()
        status = self.status(instance_id)
        if status.runtime_status != "Completed":
            raise NotCompleted(status)
        return None if status.output_text is None else json.loads(status.output_text)

    def history(self, instance_id: str) -> list[Event]:
        """The events of the instance's present execution."""
        return self.run(self.engine.history(instance_id))

    def entity(self, name: str, key: str) -> Any:
        """The entity's state, None when it does not exist."""
        found = self.run(self.engine.entity(name, key))
        return None if found is None or found.state_json is None else json.loads(found.state_json)

    def restart(self) -> None:
        """Stop in order and start again on what is on disk."""
        self.engine.stop()
        self._reopen()

    def crash(self) -> None:
        """Lose whatever is not on disk, and start again."""
        self.engine.abandon()
        self._reopen()

    def _reopen(self) -> None:
        self.worker.die()
        self.store.close()
        self._open()

    def _open(self) -> None:
        # Nothing here outlives the machine: a process that dies loses nothing that SQLite handed over.
        self.store = Store(self._folder, synchronous="NORMAL")
        self.engine = Engine(
            self.store,
            self.worker,
            self.clock,
            self.loop,
            always_replay=self._always_replay,
            versions=self.versions,
        )
        self.engine.recover()

    async def _turn(self, times: int) -> None:
        for _ in range(times):
            await asyncio.sleep(0)

    async def _settle(self) -> None:
        for _ in range(MOST_TURNS):
            await asyncio.sleep(0)
            if self.engine.is_quiet and not self.worker.running:
                return
        raise RuntimeError(f"The hub is still busy after {MOST_TURNS} turns: something goes in circles.")


class NotCompleted(AssertionError):
    """An instance was to have completed."""

    def __init__(self, status: InstanceStatus) -> None:
        self.status = status
        which = f"Instance '{status.instance_id}' ({status.name})"
        super().__init__(f"{which} is {status.runtime_status}: {status.output_text}")
