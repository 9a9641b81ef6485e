"""The server: as long as it is open it listens, on a thread of its own or on the caller's loop."""

import asyncio
import threading
from functools import partial
from types import TracebackType
from typing import Any, Self, cast

from aiohttp import web

from dirigent.adapters.model_script import Script
from dirigent.adapters.system_clock import SystemClock
from dirigent.modelserver.connections import Connection
from dirigent.modelserver.counts import Counts
from dirigent.modelserver.door import Door
from dirigent.ports.clock import Clock

#: Seconds in which what is under way may end once the server is told to stop; aiohttp waits for it twice.
PATIENCE = 0.05
#: Clients keep connections for as long as they like.
IDLE = 3_600.0
#: Connections that may wait to be let in: benchmarks begin hundreds at once.
WAITING = 1_024


class AddressInUse(Exception):
    """Another program listens there, or the machine has no such address."""

    def __init__(self, host: str, port: int, error: OSError) -> None:
        self.host, self.port = host, port
        super().__init__(
            f"Cannot listen on {host}:{port} ({error.strerror or error}): "
            "stop what listens there, or choose another port with --port."
        )


class Listener:
    """Listens on the loop that starts it; port 0 takes a free one."""

    def __init__(self, door: Door, host: str, port: int) -> None:
        self._host, self._port = host, port
        self._listening: asyncio.Server | None = None
        # Whoever leaves takes the handler along: a scripted model that never answers would wait for ever.
        self._runner = web.AppRunner(
            door.application(), handle_signals=False, handler_cancellation=True, shutdown_timeout=PATIENCE
        )

    async def start(self) -> str:
        """Listen; the address for clients of OpenAI's protocol."""
        await self._runner.setup()
        loop = asyncio.get_running_loop()
        options: dict[str, Any] = {"access_log": None, "keepalive_timeout": IDLE}
        connection = partial(Connection, cast("web.Server", self._runner.server), loop=loop, **options)
        try:
            self._listening = await loop.create_server(connection, self._host, self._port, backlog=WAITING)
        except OSError as error:
            await self._runner.cleanup()
            raise AddressInUse(self._host, self._port, error) from error
        port = self._listening.sockets[0].getsockname()[1]
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{port}/v1"

    async def stop(self) -> None:
        """Let go of every connection and give up what is under way."""
        if self._listening is not None:
            self._listening.close()
        await self._runner.cleanup()


class ModelServer:
    """For tests and benchmarks: a server on a thread, from `with` to its end."""

    def __init__(
        self,
        script: Script | None = None,
        *,
        clock: Clock | None = None,
        key: str | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        self._door = Door(script or Script(), clock or SystemClock(), key)
        self._host, self._port = host, port
        self._listener: Listener | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._url = ""

    def __enter__(self) -> Self:
        self._listener = Listener(self._door, self._host, self._port)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=_run, args=(self._loop,), name="modelserver", daemon=True)
        self._thread.start()
        try:
            self._url = asyncio.run_coroutine_threadsafe(self._listener.start(), self._loop).result()
        except BaseException:
            self._leave()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def url(self) -> str:
        """What OPENAI_BASE_URL is set to."""
        return self._url

    def counts(self) -> Counts:
        """What was asked and told since it began; from any thread."""
        return self._door.counter.counts()

    def close(self) -> None:
        """Stop; once it is back there is neither thread nor socket."""
        if self._loop is None or self._listener is None:
            return
        asyncio.run_coroutine_threadsafe(self._listener.stop(), self._loop).result()
        self._leave()

    def _leave(self) -> None:
        loop, thread, self._loop, self._thread = self._loop, self._thread, None, None
        if loop is not None and thread is not None:
            loop.call_soon_threadsafe(loop.stop)
            thread.join()


def _run(loop: asyncio.AbstractEventLoop) -> None:
    asyncio.set_event_loop(loop)
    try:
        loop.run_forever()
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.run_until_complete(loop.shutdown_default_executor())
    finally:
        loop.close()
