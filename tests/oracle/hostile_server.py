"""A service that answers as no service should: what it does with a request is a play of bytes and waits."""

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """One request."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass(slots=True)
class Guest:
    """One connection, and what was sent over it."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    heard: Heard | None = None
    sent: int = 0

    async def say(self, *parts: bytes) -> None:
        """Send that much, as fast as it is taken."""
        for part in parts:
            self.writer.write(part)
            await self.writer.drain()
            self.sent += len(part)

    def hang_up(self) -> None:
        """Cut the connection, as a process does that dies."""
        self.writer.transport.abort()

    async def gone(self) -> None:
        """Wait until the other side has hung up."""
        while await self.reader.read(65_536):
            pass


Play = Callable[[Guest], Awaitable[None]]


@dataclass(slots=True)
class HostileServer:
    """Plays to every request; tells afterwards what it heard."""

    play: Play
    url: str = ""
    heard: list[Heard] = field(default_factory=list)
    guests: list[Guest] = field(default_factory=list)
    #: Somebody hung up on a play that was still going on.
    left: threading.Event = field(default_factory=threading.Event)
    begun: threading.Event = field(default_factory=threading.Event)

    async def receive(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Play to each request on this connection."""
        guest = Guest(reader, writer)
        self.guests.append(guest)
        try:
            async for heard in _requests(reader):
                guest.heard = heard
                self.heard.append(heard)
                self.begun.set()
                await self.play(guest)
        except (ConnectionError, asyncio.IncompleteReadError):
            self.left.set()
        except asyncio.CancelledError:
            # The server ends; asyncio of Python 3.11 would report a handler that ends cancelled.
            return
        finally:
            writer.transport.abort()


async def _requests(reader: asyncio.StreamReader) -> AsyncIterator[Heard]:
    while True:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
        except asyncio.IncompleteReadError:
            return
        first, *lines = head.strip().split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        yield Heard(path=first.split()[1], headers=headers, body=body)


@contextmanager
def hostile(play: Play) -> Iterator[HostileServer]:
    """The server on a thread of its own, which is gone in the end."""
    server, loop = HostileServer(play), asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="hostile-server", daemon=True)
    thread.start()

    async def begin() -> asyncio.Server:
        listening = await asyncio.start_server(server.receive, "127.0.0.1", 0, limit=2**20)
        server.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/v1"
        return listening

    async def end() -> None:
        listening.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        # Connections that were cut say so to their protocols on the next round.
        await asyncio.sleep(0)

    listening = asyncio.run_coroutine_threadsafe(begin(), loop).result(5)
    try:
        yield server
    finally:
        asyncio.run_coroutine_threadsafe(end(), loop).result(5)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)
        loop.close()


def answer(status: int, body: bytes, *headers: str, kind: str = "application/json") -> bytes:
    """A whole answer of HTTP."""
    lines = [
        f"HTTP/1.1 {status} {HTTPStatus(status).phrase}",
        f"Content-Type: {kind}",
        f"Content-Length: {len(body)}",
        *headers,
    ]
    return "\r\n".join([*lines, "", ""]).encode() + body


def completion(text: object = "Tea is old.", finish: str = "stop", **message: object) -> bytes:
    """A chat completion, with more in its message or something else as its text."""
    choice = {
        "index": 0,
        "finish_reason": finish,
        "message": {"role": "assistant", "content": text, **message},
    }
    usage = {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18}
    return json.dumps({"id": "c1", "model": "large-7", "choices": [choice], "usage": usage}).encode()


def error(message: str, code: str | None = None, **more: object) -> bytes:
    """An error as OpenAI tells it."""
    return json.dumps({"error": {"message": message, "type": code, "code": code, **more}}).encode()


FINE = answer(200, completion())


def saying(*parts: bytes) -> Play:
    """Says this to every request."""

    async def play(guest: Guest) -> None:
        await guest.say(*parts)

    return play


def breaking_off(*parts: bytes) -> Play:
    """Says this, and hangs up."""

    async def play(guest: Guest) -> None:
        await guest.say(*parts)
        guest.hang_up()

    return play


async def silence(guest: Guest) -> None:
    """Listens for as long as there is anybody, and says nothing."""
    await guest.gone()
    raise ConnectionResetError


def trickling(beginning: bytes, drop: bytes, seconds: float) -> Play:
    """Says the beginning, and then goes on drop by drop without end."""

    async def play(guest: Guest) -> None:
        await guest.say(beginning)
        while True:
            await guest.say(drop)
            await asyncio.sleep(seconds)

    return play


def together(count: int, said: bytes) -> Play:
    """Answers nobody before so many wait at once."""
    waiting: list[asyncio.Event] = []

    async def play(guest: Guest) -> None:
        event = asyncio.Event()
        waiting.append(event)
        if len(waiting) == count:
            for one in waiting:
                one.set()
        await event.wait()
        await guest.say(said)

    return play
