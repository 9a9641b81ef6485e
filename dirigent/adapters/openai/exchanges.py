"""What the transport tells of a request on its way."""

import asyncio
from collections.abc import Mapping
from typing import Any

import httpx2


class SpokeUnasked(Exception):
    """An answer that was there before its question: it is nobody's."""


class Exchange:
    """One request; the transport calls it by each step's name."""

    def __init__(self) -> None:
        self._is_new = self._is_answered = self._has_waited = False

    @property
    def is_stale(self) -> bool:
        """Whether it went over a connection that others had used, and no answer to it has begun."""
        return not self._is_new and not self._is_answered

    async def __call__(self, step: str, _: Mapping[str, Any]) -> None:
        """Note the step; `SpokeUnasked` where the answer came before anybody listened."""
        if step.endswith(".connect_tcp.started"):
            self._is_new = True
        elif step == "http11.receive_response_headers.started":
            # Whoever listens lets the loop go on. Only what is left of an earlier answer is there at once,
            # kept by the transport, which would take it for this one's.
            self._has_waited = False
            asyncio.get_running_loop().call_soon(self._waited)
        elif step == "http11.receive_response_headers.complete":
            if not self._has_waited:
                raise SpokeUnasked
            self._is_answered = True

    def _waited(self) -> None:
        self._has_waited = True


async def watch(request: httpx2.Request) -> None:
    """Let the transport tell of the request's way."""
    request.extensions["trace"] = Exchange()


def exchange_of(request: httpx2.Request) -> Exchange | None:
    """What was told of the request's way."""
    found = request.extensions.get("trace")
    return found if isinstance(found, Exchange) else None
