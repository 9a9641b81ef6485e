"""One HTTP call and its reply, free of any server and of any SDK."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

Pairs = tuple[tuple[str, str], ...]


def _first(pairs: Pairs, name: str) -> str | None:
    wanted = name.lower()
    return next((value for key, value in pairs if key.lower() == wanted), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpCall:
    """A request as it came in; `path` is still percent-encoded, `query` is decoded and keeps repeats."""

    method: str
    #: Absolute, with its query: durable clients take their origin from it.
    url: str
    path: str
    query: Pairs = ()
    headers: Pairs = ()
    body: bytes = b""

    @classmethod
    def to(cls, method: str, url: str, *, headers: Pairs = (), body: bytes = b"") -> Self:
        """A call of an absolute URL, with path and query taken from it."""
        parts = urlsplit(url, allow_fragments=False)
        query = parse_qsl(parts.query, keep_blank_values=True, errors="replace")
        return cls(
            method=method.upper(),
            url=url,
            path=parts.path or "/",
            query=tuple(query),
            headers=headers,
            body=body,
        )

    def header(self, name: str) -> str | None:
        """The first header of that name, in any case."""
        return _first(self.headers, name)

    @property
    def media_type(self) -> str:
        """The content type without its parameters, in lower case; empty when there is none."""
        return (self.header("content-type") or "").partition(";")[0].strip().lower()

    @property
    def origin(self) -> str:
        """Scheme, host and port, without a slash at the end."""
        scheme, _, rest = self.url.partition("://")
        return f"{scheme}://{rest.partition('/')[0].partition('?')[0]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpReply:
    """What goes back; header names may repeat."""

    status: int
    headers: Pairs = ()
    body: bytes = b""

    def header(self, name: str) -> str | None:
        """The first header of that name, in any case."""
        return _first(self.headers, name)


#: Answers a call; it is also given the decoded pieces of the path below the root it was opened for.
Webhook = Callable[[HttpCall, tuple[str, ...]], Awaitable[HttpReply]]


def json_reply(status: int, value: Any, *headers: tuple[str, str]) -> HttpReply:
    """A reply whose body is the value's JSON text."""
    return HttpReply(
        status=status,
        headers=(("Content-Type", "application/json; charset=utf-8"), *headers),
        body=_json_bytes(value),
    )


def _json_bytes(value: Any) -> bytes:
    try:
        return json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        # Half a surrogate pair, which JSON can escape and UTF-8 cannot hold.
        return json.dumps(value).encode()
