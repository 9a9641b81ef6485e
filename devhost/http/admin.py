"""The host's own API under /admin: is it there, what does it hold, run this by hand."""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

from devhost.functions.admin import NotByHand, admin_call
from devhost.functions.calls import Surroundings
from devhost.functions.catalog import HTTP, Binding, Catalog, Function
from devhost.functions.failures import describe
from devhost.functions.http_exchange import HttpCall, HttpReply, json_reply
from devhost.functions.running import Invocation, Raised, Runner, RunnerClosed
from devhost.http.json_text import BadJson, compact, parsed
from devhost.http.replies import NOT_FOUND, refusal

logger = logging.getLogger(__name__)


class Admin:
    """Answers what comes in under /admin."""

    def __init__(
        self,
        catalog: Catalog,
        runner: Runner,
        surroundings: Surroundings,
        *,
        url_of: Callable[[Function, str], str | None],
        version: str = "4.0.0",
    ) -> None:
        self._catalog = catalog
        self._runner = runner
        self._surroundings = surroundings
        self._url_of = url_of
        self._version = version
        loop = asyncio.get_running_loop()
        self._now, self._started = loop.time, loop.time()
        # A task nobody holds may be collected before it ends.
        self._running: set[asyncio.Task[None]] = set()

    async def answer(self, call: HttpCall, pieces: tuple[str, ...]) -> HttpReply:
        """The reply to a call whose path, below /admin, has these decoded pieces."""
        match [*(piece.lower() for piece in pieces[:2]), *pieces[2:]]:
            case ["host", "ping"] if call.method in {"GET", "HEAD", "POST"}:
                return HttpReply(status=200, headers=(("Cache-Control", "no-store"),))
            case ["host", "status"] if call.method == "GET":
                return json_reply(200, self._status())
            case ["functions"] if call.method == "GET":
                return json_reply(200, [self._described(f, call.origin) for f in self._catalog.functions])
            case ["functions", _]:
                return self._function(call, pieces[1])
        return NOT_FOUND

    async def close(self) -> None:
        """Stop waiting for functions that were run by hand; what they do is no longer reported."""
        for task in tuple(self._running):
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    def _status(self) -> dict[str, Any]:
        return {
            "id": "devhost",
            "state": "Running",
            "version": self._version,
            "versionDetails": f"{self._version} (local host)",
            "processUptime": int((self._now() - self._started) * 1000),
            "functionAppContentEditingState": "NotAllowed",
        }

    def _function(self, call: HttpCall, name: str) -> HttpReply:
        function = self._catalog.by_name(name)
        if call.method == "GET":
            return NOT_FOUND if function is None else json_reply(200, self._described(function, call.origin))
        if call.method != "POST":
            return NOT_FOUND
        try:
            text = _input_of(call)
        except BadJson as error:
            return refusal(400, "The body must be a JSON object with a member 'input'.", error)
        if function is None:
            return NOT_FOUND
        try:
            invocation = admin_call(function, text, self._surroundings)
        except NotByHand as error:
            return refusal(400, str(error), error)
        task = asyncio.create_task(self._run(function, invocation), name=f"admin {function.name}")
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return HttpReply(status=202)

    async def _run(self, function: Function, invocation: Invocation) -> None:
        try:
            ending = await self._runner.run(invocation)
        except RunnerClosed as error:
            logger.warning("%s", error)
            return
        if isinstance(ending, Raised):
            failure = describe(ending.error)
            logger.error("%s, run by hand, failed: %s", function.name, failure.logged())

    def _described(self, function: Function, origin: str) -> dict[str, Any]:
        return {
            "name": function.name,
            "href": f"{origin}/admin/functions/{function.name}",
            "invoke_url_template": self._url_of(function, origin) if function.trigger.type == HTTP else None,
            "language": "python",
            "config": {
                "name": function.name,
                "entryPoint": function.name,
                "scriptFile": "function_app.py",
                "language": "python",
                "functionDirectory": function.directory,
                "bindings": [_binding(binding) for binding in function.bindings],
            },
            "isDisabled": False,
            "isDirect": False,
            "isProxy": False,
        }


def _binding(binding: Binding) -> dict[str, Any]:
    named = {name: _plain(value) for name, value in binding.attributes.items()}
    return named | {
        "type": binding.type,
        "name": binding.name,
        "direction": "OUT" if binding.is_out else "IN",
    }


def _plain(value: object) -> object:
    if isinstance(value, str | int | float | None):
        return value
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else str(value)


def _input_of(call: HttpCall) -> str:
    body = parsed(call.body)
    said = None
    if isinstance(body, dict):
        said = next((value for name, value in body.items() if name.lower() == "input"), None)
    if said is None:
        raise BadJson("The member 'input' is missing.")
    if isinstance(said, dict | list):
        raise BadJson("The member 'input' must be a string: put JSON into it as text.")
    return said if isinstance(said, str) else compact(said)
