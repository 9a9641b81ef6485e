"""The app's HTTP door, from outside."""

import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, OpenerDirector, ProxyHandler, Request, build_opener

#: Seconds to wait for an answer; an app that was scaled to zero takes some to wake up.
PATIENCE = 60.0
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class Unreachable(Exception):
    """Nobody answered, or not as this app does."""

    def __init__(self, url: str, why: str) -> None:
        self.url, self.why = url, why
        stop = "" if why.endswith((".", "?", "!")) else "."
        super().__init__(f"{url} cannot be reached: {why}{stop}")


class Stranger(Unreachable):
    """Something answered that is not this app, nor a front of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back; the names of headers are in lower case."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    def json(self) -> Any:
        """The body's JSON value; None when it holds none."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None


class Door(Protocol):
    """Carries requests to the app."""

    def send(
        self, method: str, path: str, *, body: object = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """The answer, whatever its status; `Unreachable` when there is none."""


class HttpDoor:
    """The door of the app at that address."""

    def __init__(self, url: str, function_key: str = "", token: str = "") -> None:
        self._url = url
        self._proofs = {"x-functions-key": function_key} if function_key else {}
        self._proofs |= {"Authorization": f"Bearer {token}"} if token else {}
        self._opener = _opener(url)

    def send(
        self, method: str, path: str, *, body: object = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """The answer, whatever its status; `Unreachable` when there is none."""
        asked = {"Accept": "application/json", **(headers or {}), **self._proofs}
        data = None
        if body is not None:
            data, asked["Content-Type"] = json.dumps(body).encode(), "application/json"
        request = Request(self._url + path, data=data, headers=asked, method=method)  # noqa: S310 - options.py lets http and https pass
        try:
            return self._sent(request)
        except (OSError, http.client.HTTPException) as error:
            # URLError is an OSError that holds the one that says something.
            why = str(getattr(error, "reason", "")) or str(error)
            raise Unreachable(self._url, why or type(error).__name__) from error

    def _sent(self, request: Request) -> Answer:
        try:
            with self._opener.open(request, timeout=PATIENCE) as reply:
                return _answer(reply.status, reply)
        except HTTPError as error:
            with error:
                return _answer(error.code, error)


class _Stay(HTTPRedirectHandler):
    """Follows no redirection, which would carry key and token to wherever it leads."""

    def redirect_request(self, *args: Any, **named: Any) -> None:
        return None


def _opener(url: str) -> OpenerDirector:
    # A proxy of the environment cannot reach this machine's own loopback.
    direct = [ProxyHandler({})] if urlsplit(url).hostname in LOOPBACK else []
    return build_opener(_Stay(), *direct)


def _answer(status: int, reply: Any) -> Answer:
    headers = {name.lower(): value for name, value in reply.headers.items()}
    return Answer(status=status, headers=headers, body=reply.read())
