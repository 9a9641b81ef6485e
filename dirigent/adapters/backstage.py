"""A client of something outside, on an event loop and a thread of its own."""

import asyncio
import logging
import threading
from collections.abc import Callable, Coroutine
from typing import Any, Generic, TypeVar

Client = TypeVar("Client")
Result = TypeVar("Result")

#: Seconds in which a client says goodbye to whom it is connected with.
FAREWELL = 5.0

log = logging.getLogger(__name__)


class Backstage(Generic[Client]):
    """Lets callers of any event loop share one client; it is made when it is first needed.

    Connections belong to the loop they were made on, and the first import of a client's package takes half
    a second: on this loop neither is anybody else's concern.
    """

    def __init__(
        self, name: str, make: Callable[[], Client], leave: Callable[[Client], Coroutine[Any, Any, object]]
    ) -> None:
        self._name, self._make, self._leave = name, make, leave
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        #: By their loops: while one is wound up the next may have begun.
        self._clients: dict[asyncio.AbstractEventLoop, Client] = {}

    async def do(self, act: Callable[[Client], Coroutine[Any, Any, Result]]) -> Result:
        """What the act on the client returned or raised; it is cancelled with its caller."""
        with self._lock:
            # Under the lock: nobody closes the loop between the look and the wish.
            future = asyncio.run_coroutine_threadsafe(self._acted(act), self._begun())
        return await asyncio.wrap_future(future)

    def close(self) -> None:
        """Give up what is under way and let go of the client; the next wish makes another."""
        with self._lock:
            loop, thread = self._loop, self._thread
            self._loop = self._thread = None
        if loop is None or thread is None:
            return
        try:
            asyncio.run_coroutine_threadsafe(self._wound_up(loop), loop).result()
        finally:
            loop.call_soon_threadsafe(loop.stop)
            thread.join()

    def _begun(self) -> asyncio.AbstractEventLoop:
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            # A daemon: a process that ends does not wait for connections that nobody uses.
            self._thread = threading.Thread(target=_run, args=(self._loop,), name=self._name, daemon=True)
            self._thread.start()
        return self._loop

    async def _acted(self, act: Callable[[Client], Coroutine[Any, Any, Result]]) -> Result:
        loop = asyncio.get_running_loop()
        if loop not in self._clients:
            self._clients[loop] = self._make()
        return await act(self._clients[loop])

    async def _wound_up(self, loop: asyncio.AbstractEventLoop) -> None:
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        client = self._clients.pop(loop, None)
        try:
            if client is not None:
                await asyncio.wait_for(self._leave(client), FAREWELL)
        except TimeoutError:
            log.warning("%s: whoever is connected did not say goodbye within %g s.", self._name, FAREWELL)
        await loop.shutdown_asyncgens()
        # It looks up names of hosts, in threads.
        await loop.shutdown_default_executor()


def _run(loop: asyncio.AbstractEventLoop) -> None:
    asyncio.set_event_loop(loop)
    try:
        loop.run_forever()
    finally:
        loop.close()
