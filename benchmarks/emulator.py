"""Azurite as a process of its own, and what it is asked how often."""

import json
import re
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path

import aiohttp
import yarl
from aiohttp import web
from multidict import CIMultiDict, CIMultiDictProxy

ROOT = Path(__file__).parents[1]
STARTER = ROOT / "tests" / "azurite" / "azurite.py"
SETTING = "export AzureWebJobsStorage="
#: What is counted, by the word that its address has in a connection string.
COUNTED = {"TableEndpoint": "tables", "BlobEndpoint": "blobs"}
#: Of one connection; whoever forwards a message makes them anew.
_OF_THE_HOP = frozenset({"connection", "content-length", "host", "keep-alive", "transfer-encoding"})
#: What the client would add by itself, though it may be signed that there is none.
_UNASKED = ("Accept", "Accept-Encoding", "Content-Type", "User-Agent")


def version() -> str:
    """Which one is installed, as it is locked."""
    locked = json.loads(STARTER.with_name("package.json").read_text(encoding="utf-8"))
    return str(locked["dependencies"]["azurite"])


@contextmanager
def emulated() -> Iterator[str]:
    """Run it, with everything in memory; the connection string."""
    with subprocess.Popen(
        [sys.executable, str(STARTER)], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline().strip()
            if not line.startswith(SETTING):
                raise RuntimeError(f"Azurite did not start; see what `python {STARTER}` says. {line}")
            yield line.removeprefix(SETTING).strip("'")
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(10)


@asynccontextmanager
async def counted(connection: str) -> AsyncIterator[tuple[str, Counter[str]]]:
    """A connection string that leads to the same account, and how many requests went there."""
    tally: Counter[str] = Counter()
    async with AsyncExitStack() as leave:
        session = await leave.enter_async_context(aiohttp.ClientSession(auto_decompress=False))
        for word, what in COUNTED.items():
            found = re.search(rf"{word}=(http://[^/;]+)", connection)
            assert found is not None, word
            url = await leave.enter_async_context(_forwarding(session, found[1], what, tally))
            connection = connection.replace(found[1], url)
        yield connection, tally


@asynccontextmanager
async def _forwarding(
    session: aiohttp.ClientSession, url: str, what: str, tally: Counter[str]
) -> AsyncIterator[str]:
    async def forward(request: web.Request) -> web.Response:
        tally[f"{what} {'read' if request.method in ('GET', 'HEAD') else 'written'}"] += 1
        body = await request.read()
        async with session.request(
            request.method,
            # As it came: what is signed is the address as it was written.
            yarl.URL(url + request.raw_path, encoded=True),
            headers=_passed_on(request.headers),
            skip_auto_headers=_UNASKED,
            data=body or None,
        ) as reply:
            return web.Response(
                status=reply.status, headers=_passed_on(reply.headers), body=await reply.read()
            )

    server = web.Application(client_max_size=2**26)
    server.router.add_route("*", "/{rest:.*}", forward)
    runner = web.AppRunner(server, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def _passed_on(headers: CIMultiDictProxy[str]) -> CIMultiDict[str]:
    return CIMultiDict((name, text) for name, text in headers.items() if name.lower() not in _OF_THE_HOP)
