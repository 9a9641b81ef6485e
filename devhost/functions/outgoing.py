"""HTTP requests that orchestrators make with `call_http`: what is asked of whoever sends them."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from devhost.engine.messages import ActivityFailed, ActivityResult, ActivitySucceeded
from devhost.functions.http_exchange import Pairs

#: Azure's engine runs `call_http` as an activity of this name; no function of an app can have it.
HTTP_ACTIVITY = "BuiltIn::HttpActivity"

_CONTENT_TYPE = "content-type"


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingRequest:
    """A request to be sent."""

    method: str
    uri: str
    headers: Mapping[str, str]
    content: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingReply:
    """What came back; header names may repeat."""

    status: int
    headers: Pairs
    content: str


class RequestFailed(Exception):
    """There is no answer to tell of."""

    def __init__(self, method: str, uri: str, reason: str) -> None:
        self.method, self.uri, self.reason = method, uri, reason
        super().__init__(f"{method} {uri} got no answer: {reason}")


class RequestRefused(ValueError):
    """The request cannot be sent as it is."""


class Outgoing(Protocol):
    """Sends requests from the host's loop."""

    def send(self, request: OutgoingRequest, done: Callable[[OutgoingReply | RequestFailed], None]) -> None:
        """Send it; `done` is called later, on the same loop, and never once the host closes."""


def request_of(input_json: str | None) -> OutgoingRequest:
    """The request an orchestrator asked for."""
    said: dict[str, Any] = json.loads(input_json or "{}")
    method, uri = str(said.get("method", "")).upper(), str(said.get("uri", ""))
    if said.get("tokenSource") is not None:
        raise RequestRefused(
            f"call_http to {uri} asks for a token of a managed identity, which this machine does not have: "
            "locally, leave token_source out and give an Authorization header, or call an activity that "
            "signs in with azure-identity"
        )
    headers = {str(name): str(value) for name, value in (said.get("headers") or {}).items()}
    kind = next((value for name, value in headers.items() if name.lower() == _CONTENT_TYPE), None)
    if kind is not None and "multipart" in kind:
        raise RequestRefused(
            "call_http sends no multipart content, on Azure neither: call an activity that sends it"
        )
    content = said.get("content")
    if content is not None and not kind:
        headers = {name: value for name, value in headers.items() if name.lower() != _CONTENT_TYPE}
        headers["Content-Type"] = "text/plain"
    return OutgoingRequest(method=method, uri=uri, headers=headers, content=content)


def result_of(answer: OutgoingReply | RequestFailed) -> ActivityResult:
    """What the orchestrator hears of it: any status is an answer."""
    if isinstance(answer, RequestFailed):
        return ActivityFailed(error=f"{type(answer).__name__}: {answer}", details="")
    # Names differ in case between servers; values of one name are one value or a list.
    values: dict[str, list[str]] = {}
    spelled: dict[str, str] = {}
    for name, value in answer.headers:
        values.setdefault(spelled.setdefault(name.lower(), name), []).append(value)
    headers = {name: found[0] if len(found) == 1 else found for name, found in values.items()}
    said = {"statusCode": answer.status, "headers": headers, "content": answer.content}
    return ActivitySucceeded(result_json=json.dumps(said))
