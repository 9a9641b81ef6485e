"""Sends the requests of `call_http`, as .NET's HttpClient would."""

import asyncio
from collections.abc import Callable

import aiohttp

from devhost.functions.http_exchange import Pairs
from devhost.functions.outgoing import OutgoingReply, OutgoingRequest, RequestFailed

#: HttpClient's own limit for a whole exchange, in seconds.
TIMEOUT = 100.0
#: HttpClientHandler's own limit.
MOST_REDIRECTS = 50

#: HttpClient keeps these apart as headers of the content, and Azure hands on the others only.
_OF_THE_CONTENT = frozenset(
    {
        "allow",
        "content-disposition",
        "content-encoding",
        "content-language",
        "content-length",
        "content-location",
        "content-md5",
        "content-range",
        "content-type",
        "expires",
        "last-modified",
    }
)
#: What aiohttp would add and HttpClient does not.
_UNSAID = ("Accept", "Accept-Encoding", "Content-Type")


class Outgoing:
    """One session for all requests, opened with the first; needs a running loop."""

    def __init__(self, *, timeout: float = TIMEOUT) -> None:
        self._timeout = timeout
        self._session: aiohttp.ClientSession | None = None
        # A task nobody holds may be collected before it ends.
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def in_flight(self) -> int:
        """How many requests have not been answered."""
        return len(self._tasks)

    def send(self, request: OutgoingRequest, done: Callable[[OutgoingReply | RequestFailed], None]) -> None:
        task = asyncio.get_running_loop().create_task(
            self._run(request, done), name=f"call_http {request.uri}"
        )
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Break off what is under way; nobody is told, so that it is sent again at the next start."""
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._session is not None:
            await self._session.close()

    async def _run(
        self, request: OutgoingRequest, done: Callable[[OutgoingReply | RequestFailed], None]
    ) -> None:
        answer: OutgoingReply | RequestFailed
        try:
            answer = await self._exchange(request)
        except TimeoutError:
            answer = RequestFailed(request.method, request.uri, f"{self._timeout:g} s have passed")
        except aiohttp.InvalidURL:
            answer = RequestFailed(
                request.method, request.uri, "it is no absolute URL, such as http://localhost:7071/api/x"
            )
        # ValueError and UnicodeError: a method or a header that cannot be put on the wire.
        except (aiohttp.ClientError, OSError, ValueError) as error:
            answer = RequestFailed(request.method, request.uri, str(error) or type(error).__name__)
        done(answer)

    async def _exchange(self, request: OutgoingRequest) -> OutgoingReply:
        async with self._open_session().request(
            request.method,
            request.uri,
            headers=request.headers,
            data=None if request.content is None else request.content.encode(),
            max_redirects=MOST_REDIRECTS,
        ) as response:
            return OutgoingReply(
                status=response.status,
                headers=_told(tuple(response.headers.items())),
                content=await response.text(errors="replace"),
            )

    def _open_session(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                timeout=aiohttp.ClientTimeout(total=self._timeout),
                # No memory from one request to the next: a replayed orchestrator must not depend on it.
                cookie_jar=aiohttp.DummyCookieJar(),
                skip_auto_headers=_UNSAID,
                auto_decompress=False,
            )
        return self._session


def _told(headers: Pairs) -> Pairs:
    return tuple((name, value) for name, value in headers if name.lower() not in _OF_THE_CONTENT)
