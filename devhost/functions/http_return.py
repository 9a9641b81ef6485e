"""What an HTTP function returned, made into the reply that Azure would send."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

import azure.functions as func

from devhost.functions import conversions
from devhost.functions.http_exchange import HttpReply, Pairs

_PLAIN = ("Content-Type", "text/plain; charset=utf-8")


class UnusableReply(Exception):
    """A reply that Azure's host or server refuses to send."""


def reply_to(value: object) -> HttpReply:
    """The reply a function's return value stands for."""
    # The SDK's encoder takes the cookies out of the response's headers: they are read before it does.
    cookies = value.headers.get_all("Set-Cookie") if isinstance(value, func.HttpResponse) else []
    datum = conversions.encode("http", value)
    if datum.type == "string":
        return _from_text(datum.value)
    encoded: Mapping[str, Any] = datum.value
    headers = [(name, datum.value) for name, datum in encoded["headers"].items()]
    status = _status(encoded["status_code"].value)
    return _reply(status, _one_of_each(headers), encoded["body"].value, cookies)


def _reply(
    status: int, headers: Iterable[tuple[str, str]], body: bytes, cookies: Iterable[str] = ()
) -> HttpReply:
    pairs: Pairs = (*headers, *(("Set-Cookie", cookie) for cookie in cookies))
    for name, value in pairs:
        if not name or not _is_printable(name) or not _is_printable(value):
            raise UnusableReply(
                f"Invalid non-ASCII or control character in the response header {name!r}: encode its value."
            )
    if not 200 <= status <= 999:
        raise UnusableReply(f"The status code {status} cannot end a response: return one from 200 to 999.")
    # Kestrel lets these go out without the body the function gave them.
    return HttpReply(status=status, headers=pairs, body=b"" if status in {204, 205, 304} else body)


def _is_printable(text: str) -> bool:
    return all(" " <= letter <= "~" or letter == "\t" for letter in text)


def _one_of_each(headers: Iterable[tuple[str, str]]) -> Pairs:
    # Equal spellings were settled by the worker (the last wins); of two spellings the host keeps the first.
    kept: dict[str, tuple[str, str]] = {}
    for name, value in headers:
        kept.setdefault(name.lower(), (name, str(value)))
    return tuple(kept.values())


def _status(said: object) -> int:
    if isinstance(said, bool):
        return 200
    if isinstance(said, int):
        return said
    text = said.strip() if isinstance(said, str) else ""
    return int(text) if text.isascii() and text.removeprefix("-").isdecimal() else 200


def _from_text(text: str) -> HttpReply:
    """The host reads a returned str as JSON first; an object with a `body` is a response in itself."""
    try:
        content = json.loads(text) if text.strip() else None
    except (ValueError, RecursionError):
        return _reply(200, [_PLAIN], _bytes(text))
    if isinstance(content, dict):
        members = {key.lower(): value for key, value in reversed(content.items())}
        if "body" in members:
            return _described(members)
    if isinstance(content, dict | list):
        return _reply(200, [_PLAIN], _bytes(json.dumps(content, ensure_ascii=False, indent=2)))
    return _reply(200, [_PLAIN], _bytes(_dotnet_text(content)))


def _described(members: Mapping[str, Any]) -> HttpReply:
    said = members.get("statuscode", members.get("status"))
    asked = members.get("headers")
    headers = _one_of_each((k, _dotnet_text(v)) for k, v in asked.items()) if isinstance(asked, dict) else ()
    if not any(name.lower() == "content-type" for name, _ in headers):
        headers = (*headers, _PLAIN)
    return _reply(_status(said), headers, _bytes(_dotnet_text(members["body"])))


def _dotnet_text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    if isinstance(value, list):
        # What .NET prints of a list, here as there: a body of JSON has to be a string or an object.
        return "System.Collections.Generic.List`1[System.Object]"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "replace")
