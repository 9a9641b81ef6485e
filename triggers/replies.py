"""Answers as JSON, with what lets a caller poll cheaply."""

import re
from collections.abc import Mapping
from hashlib import sha256
from urllib.parse import urlsplit

import azure.functions as func

from dirigent import codec

#: Of what is different a moment later: no cache is to keep it.
UNKEPT = {"Cache-Control": "no-store"}
#: Hosts and ports as they are; anything else that a `Host` header holds is not repeated.
_PLAIN = re.compile(r"[A-Za-z0-9.:\[\]-]+")
_TAG = re.compile(r'(?:W/)?("[^"]*")')


def reply(
    values: object, *, status: int = 200, headers: Mapping[str, str] | None = None
) -> func.HttpResponse:
    """The values as JSON."""
    return func.HttpResponse(
        codec.to_json(values), status_code=status, headers=headers, mimetype="application/json"
    )


def tagged(request: func.HttpRequest, values: object) -> func.HttpResponse:
    """The same with a strong ETag over the body; 304 to a caller who has this very body."""
    body = codec.to_json(values)
    tag = f'"{sha256(body).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
    if _has(request.headers.get("If-None-Match", ""), tag):
        return func.HttpResponse(status_code=304, headers=headers, mimetype="application/json")
    return func.HttpResponse(body, headers=headers, mimetype="application/json")


def _has(header: str, tag: str) -> bool:
    return header.strip() == "*" or tag in _TAG.findall(header)


def address(request: func.HttpRequest, path: str, *, route: str) -> str:
    """The URL of a path of this API, told from that of a request to that route; absolute if it can be."""
    origin, asked = _parts(request)
    depth = route.count("/") + 1
    # What stands before the route is the host's prefix: /api unless host.json says otherwise.
    prefix = "/".join(asked.rstrip("/").split("/")[:-depth])
    where = f"{prefix}/{path}"
    # Two slashes at its beginning would make a host of what follows.
    return f"{origin}{where}" if origin else f"/{where.lstrip('/')}"


def has_plain_origin(request: func.HttpRequest) -> bool:
    """Whether the host the request names can stand in an answer: a caller may have made it up."""
    return bool(_parts(request)[0])


def _parts(request: func.HttpRequest) -> tuple[str, str]:
    """The origin, empty when it is none to be repeated, and the path."""
    address = request.url.partition("?")[0]
    scheme, _, rest = address.partition("://")
    authority, slash, path = rest.partition("/")
    return f"{scheme}://{authority}" if _is_plain(authority) else "", slash + path


def _is_plain(authority: str) -> bool:
    if not _PLAIN.fullmatch(authority):
        return False
    try:
        urlsplit(f"//{authority}")
    except ValueError:
        # Brackets around what is no address: the SDK would stumble over it, after the run was started.
        return False
    return True
