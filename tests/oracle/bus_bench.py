"""A broker without a host, which can be committed, killed and taken up again."""

import asyncio
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

from devhost.bus.broker import LocalBroker
from devhost.bus.messages import Received, Sent
from devhost.bus.topology import Topology
from devhost.engine.commits import Commits
from devhost.storage.store import Store
from devhost.testing.virtual_clock import VirtualClock


class Killed(BaseException):
    """The process ended here."""


class BusBench:
    """A broker, its file, its clock; what it has told listeners."""

    def __init__(
        self, folder: Path, loop: asyncio.AbstractEventLoop, topology: Topology | None = None
    ) -> None:
        self._folder = folder
        self._loop = loop
        self.clock = VirtualClock(loop)
        self.topology = topology or Topology().with_queue("q").with_subscription("t", "s")
        self.woken: Counter[str] = Counter()
        self.store: Store
        self.commits: Commits
        self.broker: LocalBroker
        self._open()

    def _open(self) -> None:
        self.store = Store(self._folder, synchronous="NORMAL")
        self.commits = Commits(self.store, self._loop)
        self.broker = LocalBroker(self.store, self.clock, self.commits, self.topology)
        with self.store.reading():
            self.broker.recover()

    def listen(self, place: str) -> Callable[[], None]:
        def wake() -> None:
            self.woken[place] += 1

        return self.broker.listen(place, wake)

    def send(self, name: str, *ids: str, **members: Any) -> None:
        self.broker.send(name, [Sent(body=b"{}", message_id=one, **members) for one in ids])

    def take(self, place: str) -> Received:
        """The one message that can be received first."""
        [found] = self.broker.receive(place)
        return found

    def ids(self, place: str) -> list[str]:
        """The ids of what lies there."""
        return [found.message.message_id for found in self.broker.peek(place)]

    def commit(self) -> None:
        self.commits.now()

    def pass_time(self, **span: float) -> None:
        self.clock.jump_to(self.clock.now() + timedelta(**span))

    def oversleep(self, **span: float) -> None:
        """Let time pass without the clock's ringing, as on a busy machine."""
        self.clock._now += timedelta(**span)

    def die_after_commit(self) -> None:
        """Commit, and be killed before anybody hears of it."""

        def die(_: int) -> None:
            raise Killed

        self.store.after_commit = die
        with suppress(Killed):
            self.commit()
        self.kill()

    def kill(self, topology: Topology | None = None) -> None:
        """Lose what is not on disk, and begin again with the file."""
        self.close()
        self.topology = topology or self.topology
        self._open()

    def close(self) -> None:
        self.broker.stop()
        self.commits.give_up(Killed())
        self.store.close()
