"""A line between an adapter and a service of HTTP that fails as it is told."""

import asyncio
import threading
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum, auto
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit


class Way(Enum):
    """How a request goes wrong."""

    #: Somebody on the way answers, and the service never hears of it.
    ANSWERED = auto()
    #: The connection ends, and the service never hears of it.
    LOST = auto()
    #: The service did it; the connection ends before its answer, or within it.
    UNHEARD = auto()
    HALF_HEARD = auto()
    #: Nothing comes, and the connection stays.
    SILENT = auto()


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What one request meets."""

    way: Way
    status: int = 503
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


def answer(status: int, body: bytes = b"", **headers: str) -> Fault:
    """Somebody's answer; names of headers are written with underscores."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Fault(way=Way.ANSWERED, status=status, headers=named, body=body)


class FaultyLine:
    """Stands at `url` for the service; one request a connection."""

    def __init__(self, service: str) -> None:
        address = urlsplit(service)
        self._service = (str(address.hostname), address.port or 80)
        self._faults: deque[Fault] = deque()
        self._always: Fault | None = None
        self._only: tuple[str, ...] = ()
        #: Method and address of every request, in the order in which they came.
        self.requests: list[str] = []
        #: Versions of the protocol of Azure Storage in which they were worded.
        self.versions: set[str] = set()
        self._came = threading.Condition()
        # Of a task whose other end has hung up, the loop alone knows, and that does not keep it alive.
        self._serving: set[asyncio.Task[object] | None] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="line")
        self._thread.start()
        self._server = asyncio.run_coroutine_threadsafe(self._begin(), self._loop).result()
        host, port = self._server.sockets[0].getsockname()
        self.url = f"http://{host}:{port}"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def fail(self, *faults: Fault, only: tuple[str, ...] = ()) -> None:
        """Let the next requests meet these, one each, or those of the methods named."""
        self._faults, self._only, self._always = deque(faults), only, None

    def fail_always(self, fault: Fault, only: tuple[str, ...] = ()) -> None:
        """Let every request meet it, or every one of the methods named."""
        self._faults, self._only, self._always = deque(), only, fault

    def mend(self) -> None:
        """Let every request through."""
        self.fail()

    def wait_for(self, requests: int) -> None:
        """Return when so many have come, ever since the line stands."""
        with self._came:
            self._came.wait_for(lambda: len(self.requests) >= requests)

    def close(self) -> None:
        """Cut what is connected."""
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _begin(self) -> asyncio.Server:
        return await asyncio.start_server(self._serve, "127.0.0.1", 0)

    async def _end(self) -> None:
        self._server.close()
        # Who was let in a moment ago becomes a task, and who is cut is gone, in the loop's next rounds.
        for _ in range(5):
            others = asyncio.all_tasks() - {asyncio.current_task()}
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)
            await asyncio.sleep(0)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        self._serving.add(task)
        try:
            await self._pass_on(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # Whoever asked has hung up: adapters do so when they are cancelled or lose patience.
        finally:
            self._serving.discard(task)
            writer.close()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        request, *headers = head.decode("latin-1").rstrip().split("\r\n")
        self.versions |= {line.split()[1] for line in headers if line.lower().startswith("x-ms-version:")}
        sizes = [line.split(":")[1] for line in headers if line.lower().startswith("content-length:")]
        body = await reader.readexactly(int(sizes[0]) if sizes else 0)
        fault = self._next(request)
        if fault is None:
            writer.write(await self._answer_of_the_service(request, headers, body))
        elif fault.way is Way.ANSWERED:
            writer.write(_written(fault))
        elif fault.way is Way.UNHEARD:
            await self._answer_of_the_service(request, headers, body)
        elif fault.way is Way.HALF_HEARD:
            whole = await self._answer_of_the_service(request, headers, body)
            writer.write(whole[: max(len(whole) // 2, whole.index(b"\r\n\r\n"))])
        elif fault.way is Way.SILENT:
            await reader.read()
        await writer.drain()

    def _next(self, request: str) -> Fault | None:
        method, path, _ = request.split(" ", 2)
        with self._came:
            self.requests.append(f"{method} {path}")
            self._came.notify_all()
        if self._only and method not in self._only:
            return None
        return self._faults.popleft() if self._faults else self._always

    async def _answer_of_the_service(self, request: str, headers: list[str], body: bytes) -> bytes:
        reader, writer = await asyncio.open_connection(*self._service)
        try:
            kept = [line for line in headers if not line.lower().startswith(("connection:", "keep-alive:"))]
            head = "\r\n".join([request, *kept, "Connection: close", "", ""])
            writer.write(head.encode("latin-1") + body)
            await writer.drain()
            return await reader.read()
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()


def _written(fault: Fault) -> bytes:
    headers = {"content-length": str(len(fault.body)), "connection": "close", **fault.headers}
    lines = [f"HTTP/1.1 {fault.status} Said", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + fault.body
