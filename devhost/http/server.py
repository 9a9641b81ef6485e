"""The web server: a thin shell of aiohttp round whoever answers."""

import logging
import os
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from multidict import CIMultiDict

from devhost.functions.http_exchange import HttpCall, HttpReply
from devhost.http.paths import LONGEST
from devhost.http.replies import refusal

logger = logging.getLogger(__name__)

Answer = Callable[[HttpCall], Awaitable[HttpReply]]

#: The Functions host's own limit for a request's body.
LARGEST_BODY = 100 * 1024 * 1024
#: How long calls under way may take once the server is told to stop; aiohttp waits for it twice.
PATIENCE = 0.5

_EVERYWHERE = frozenset({"", "0.0.0.0", "::"})  # noqa: S104 - recognised, not bound

#: The server's own business, whatever a function says of them.
_WIRE = frozenset({"content-length", "transfer-encoding", "connection"})


class AddressInUse(Exception):
    """Another program listens there."""

    def __init__(self, host: str, port: int, error: OSError) -> None:
        self.host, self.port = host, port
        super().__init__(
            f"Cannot listen on {host}:{port} ({error.strerror or error}): "
            "stop what listens there, or choose another port with --port."
        )


class Server:
    """Serves one `answer` on one address; port 0 takes a free one."""

    def __init__(
        self, answer: Answer, *, host: str = "127.0.0.1", port: int = 7071, largest_body: int = LARGEST_BODY
    ) -> None:
        self._answer = answer
        self._host, self._port = host, port
        self._largest_body = largest_body
        logging.getLogger("aiohttp.server").addFilter(_without_stack)
        # Azure hands compressed bodies on as they come.
        handling = {"max_line_size": 4 * LONGEST, "auto_decompress": False}
        app = web.Application(client_max_size=largest_body, handler_args=handling)
        app.router.add_route("*", "/{rest:.*}", self._handle)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=PATIENCE, handle_signals=False)

    async def start(self) -> int:
        """Listen; the port that was taken."""
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, self._host, self._port).start()
        except OSError as error:
            await self._runner.cleanup()
            raise AddressInUse(self._host, self._port, error) from error
        self._port = int(self._runner.addresses[0][1])
        return self._port

    @property
    def origin(self) -> str:
        """How this machine reaches the server."""
        # All interfaces is no address to call; a bare IPv6 address needs brackets.
        host = "localhost" if self._host in _EVERYWHERE else self._host
        return f"http://{f'[{host}]' if ':' in host else host}:{self._port}"

    def disown(self) -> None:
        """In a forked child: close the sockets and leave them to the parent."""
        for site in self._runner.sites:
            for listening in getattr(getattr(site, "_server", None), "sockets", ()):
                os.close(listening.fileno())

    async def stop(self) -> None:
        """Take no more calls; those under way have a second to end."""
        await self._runner.cleanup()

    async def _handle(self, request: web.Request) -> web.Response:
        if (request.content_length or 0) > self._largest_body:
            return self._too_large()
        try:
            body = await request.read()
        except web.HTTPRequestEntityTooLarge:
            return self._too_large()
        except (web.RequestPayloadError, ConnectionError) as error:
            return _response(refusal(400, "The body does not end as the headers say.", error))
        try:
            call = self._call(request, body)
        except ValueError as error:
            return _response(refusal(400, "The request's address or Host header is no URL.", error))
        return _response(await self._answer(call))

    def _call(self, request: web.Request, body: bytes) -> HttpCall:
        target = request.raw_path
        if not target.startswith("/"):
            parts = urlsplit(target)
            target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        host = request.headers.get("Host") or self.origin.partition("://")[2]
        return HttpCall.to(
            request.method,
            f"{request.scheme}://{host}{target}",
            headers=tuple(request.headers.items()),
            body=body,
        )

    def _too_large(self) -> web.Response:
        limit = f"{self._largest_body:,} bytes"
        response = _response(refusal(413, f"The body is larger than {limit}, the limit on Azure too."))
        # The rest of the body is not read, so nothing more can be understood on this connection.
        response.force_close()
        return response


def _without_stack(record: logging.LogRecord) -> bool:
    """A request that is no HTTP, or whose client has gone, is not the host's fault: a line and no stack."""
    error = record.exc_info[1] if record.exc_info else None
    if isinstance(error, HttpProcessingError | ConnectionError):
        reason = " ".join(str(error).split())
        record.msg, record.args = "A request was not answered as it came: %.200s", (reason,)
        record.exc_info, record.levelno, record.levelname = None, logging.WARNING, "WARNING"
    return True


def _response(reply: HttpReply) -> web.Response:
    headers = CIMultiDict((name, value) for name, value in reply.headers if name.lower() not in _WIRE)
    return web.Response(status=reply.status, headers=headers, body=reply.body or None)
