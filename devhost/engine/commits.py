"""Group commit: everything changed in one turn of the loop goes to disk together."""

import asyncio
import logging
from collections.abc import Callable
from typing import ParamSpec

from devhost.storage.store import Store

log = logging.getLogger("devhost.engine")

Given = ParamSpec("Given")


class Commits:
    """Commits soon after a change, then lets out what had to wait for it."""

    def __init__(self, store: Store, loop: asyncio.AbstractEventLoop) -> None:
        self._store = store
        self._loop = loop
        self._scheduled = False
        self._waiting: list[Callable[[], None]] = []
        self._settled: asyncio.Future[None] | None = None
        #: What stopped the host from writing; nothing is promised after it.
        self.failure: BaseException | None = None
        #: Told of the first failure.
        self.on_failure: Callable[[BaseException], None] | None = None

    @property
    def pending(self) -> bool:
        """Whether something still waits for the disk."""
        return self._scheduled

    def soon(self) -> None:
        """See to it that what has been changed is committed in this turn of the loop."""
        if not self._scheduled:
            self._scheduled = True
            self._loop.call_soon(self._commit)

    def then(self, action: Callable[[], None]) -> None:
        """Run the action once everything changed so far is on disk."""
        self._waiting.append(action)
        self.soon()

    async def settled(self) -> None:
        """Return once everything changed so far is on disk."""
        if self.failure is not None:
            raise self.failure
        if not self._scheduled and not self._store.dirty:
            return
        if self._settled is None:
            self._settled = self._loop.create_future()
        self.soon()
        await asyncio.shield(self._settled)

    def now(self) -> None:
        """Commit at once."""
        if not self._scheduled:
            self._scheduled = True
        self._commit()

    def _commit(self) -> None:
        if not self._scheduled:
            return
        self._scheduled = False
        waiting, self._waiting = self._waiting, []
        settled, self._settled = self._settled, None
        if self.failure is None:
            try:
                self._store.commit()
            # Whatever stops a commit (disk full, file gone, a test's crash) ends the host's promises:
            # nobody is told that work was done, and the owner decides what becomes of the process.
            except BaseException as error:  # noqa: BLE001
                self._fail(error)
        for action in waiting:
            # Looked at each time: an action may be what fails.
            if self.failure is None:
                self.sealed(action)()
        self._tell(settled)

    def _tell(self, settled: asyncio.Future[None] | None) -> None:
        if settled is None or settled.done():
            return
        if self.failure is None:
            settled.set_result(None)
        else:
            settled.set_exception(self.failure)
            # Nobody may be waiting any more, and that is no fault to be logged.
            settled.exception()

    def sealed(self, action: Callable[Given, None]) -> Callable[Given, None]:
        """The action; if it fails, nothing of what it left half done reaches the disk."""

        def run(*args: Given.args, **kwargs: Given.kwargs) -> None:
            try:
                action(*args, **kwargs)
            # A fault of the host itself. Going on would write a state that no execution can have;
            # the file still holds the last sound one, and a new host takes it up from there.
            except Exception as error:
                log.critical("The host made a mistake and stops; restart it to go on.", exc_info=error)
                self._fail(error)

        return run

    def give_up(self, reason: BaseException) -> None:
        """Write nothing more; whoever waits is told the reason."""
        self._fail(reason)
        self._tell(self._settled)

    def _fail(self, error: BaseException) -> None:
        if self.failure is not None:
            return
        self.failure = error
        if self.on_failure is not None:
            self.on_failure(error)
