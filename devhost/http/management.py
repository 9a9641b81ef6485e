"""The management API of Durable Functions, for clients outside and for the SDK."""

import json
import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

from devhost.engine.errors import HubError, InstanceEnded, InstanceNotFound, InvalidRequest
from devhost.engine.hub import InstanceStatus, TaskHub
from devhost.functions.client_binding import ClientBinding
from devhost.functions.http_exchange import HttpCall, HttpReply, json_reply
from devhost.http.chronicle import chronicle
from devhost.http.json_text import BadJson, compact, parsed, shown
from devhost.http.links import check_status_payload
from devhost.http.queries import Query, instance_filter

logger = logging.getLogger(__name__)

NOT_FOUND = HttpReply(status=404)
ACCEPTED = HttpReply(status=202)
GONE = HttpReply(status=410)

#: What an entity key stands for when it is empty.
EMPTY_KEY = "$"
_BAD_IN_KEY = frozenset("/\\#?")


def refusal(status: int, message: str, error: Exception | None = None) -> HttpReply:
    """A reply that says what is wrong; the SDK shows `ExceptionMessage` to the app."""
    said = {"Message": message}
    if error is not None:
        said |= {"ExceptionMessage": str(error), "ExceptionType": type(error).__name__, "StackTrace": ""}
    return json_reply(status, said)


def not_served(what: str) -> HttpReply:
    """Azure can do it and this host cannot yet."""
    return refusal(501, f"{what} is not served by this version of the local host.")


class Management:
    """Answers what comes in under the management roots."""

    def __init__(self, hub: TaskHub, clients: ClientBinding) -> None:
        self._hub = hub
        self._clients = clients
        self._steering: dict[str, Callable[[str, str | None], Awaitable[None]]] = {
            "terminate": hub.terminate,
            "suspend": hub.suspend,
            "resume": hub.resume,
        }

    async def answer(self, call: HttpCall, pieces: tuple[str, ...]) -> HttpReply:
        """The reply to a call whose path, below the root, has these decoded pieces."""
        try:
            return await self._dispatch(call, pieces)
        except InstanceNotFound:
            return NOT_FOUND
        except InstanceEnded:
            return GONE
        except BadJson as error:
            return refusal(400, "Invalid JSON content", error)
        except InvalidRequest as error:
            return refusal(400, "One or more of the arguments submitted is incorrect", error)
        except HubError as error:
            return refusal(500, "Something went wrong while processing your request", error)

    async def _dispatch(self, call: HttpCall, pieces: tuple[str, ...]) -> HttpReply:
        if not all(pieces):
            return NOT_FOUND
        controller = pieces[0].lower() if pieces else ""
        rest = pieces[1:]
        if controller == "orchestrators" and 1 <= len(rest) <= 2 and call.method == "POST":
            return await self._start(call, *rest)
        if controller == "instances":
            return await (self._message(call, *rest) if len(rest) > 1 else self._instance(call, *rest))
        if controller == "entities" and len(rest) <= 2:
            return await self._entities(call, *rest)
        return NOT_FOUND

    async def _start(self, call: HttpCall, name: str, instance_id: str | None = None) -> HttpReply:
        query = Query(call)
        if query.seconds("timeout") is not None and query.seconds("pollingInterval") is not None:
            return not_served("A start that waits for the end (timeout and pollingInterval)")
        value = parsed(call.body) if call.body.strip() else None
        _warn_of_input(name, value)
        started = await self._hub.start(
            name,
            instance_id=instance_id,
            input_json=None if value is None else compact(value),
            version=query.text("version"),
        )
        payload = check_status_payload(self._clients, call.origin, started)
        return json_reply(202, payload, ("Location", payload["statusQueryGetUri"]), ("Retry-After", "10"))

    async def _instances(self, call: HttpCall) -> HttpReply:
        query = Query(call)
        wanted = instance_filter(call, query)
        if wanted.top is not None and wanted.top < 1:
            return refusal(400, f"The parameter 'top' must be at least 1, not {wanted.top}.")
        page = await self._hub.instances(wanted)
        show_input = query.truth("showInput", otherwise=True)
        listed = [_status_object(status, show_input=show_input) for status in page.instances]
        if page.continuation is None:
            return json_reply(200, listed)
        return json_reply(200, listed, ("x-ms-continuation-token", page.continuation))

    async def _instance(self, call: HttpCall, instance_id: str = "") -> HttpReply:
        if call.method == "GET":
            return await (self._status(call, instance_id) if instance_id else self._instances(call))
        if call.method == "DELETE" and not instance_id:
            return not_served("Purging by filter")
        if call.method == "DELETE":
            # Asked first: what is not there is 404, and what is there may still count for none.
            await self._hub.status(instance_id)
            return json_reply(200, {"instancesDeleted": await self._hub.purge(instance_id)})
        return NOT_FOUND

    async def _status(self, call: HttpCall, instance_id: str) -> HttpReply:
        query = Query(call)
        if query.truth("returnInternalServerErrorOnFailure", otherwise=False):
            return not_served("returnInternalServerErrorOnFailure")
        show_input = query.truth("showInput", otherwise=True)
        status = await self._hub.status(instance_id)
        told = _status_object(status, show_input=show_input)
        if query.truth("showHistory", otherwise=False) and status.runtime_status != "Pending":
            told["historyEvents"] = chronicle(
                await self._hub.history(instance_id),
                show_input=show_input,
                show_output=query.truth("showHistoryOutput", otherwise=False),
            )
        if status.has_ended:
            return json_reply(200, told)
        return json_reply(202, told, ("Location", call.url), ("Retry-After", "5"))

    async def _message(
        self, call: HttpCall, instance_id: str, operation: str, event: str | None = None, *more: str
    ) -> HttpReply:
        operation = operation.lower()
        if call.method != "POST" or more:
            return NOT_FOUND
        if event is not None:
            is_known = operation == "raiseevent"
            return await self._raise_event(call, instance_id, event) if is_known else NOT_FOUND
        if operation in {"rewind", "restart"}:
            return not_served(operation.capitalize())
        steer = self._steering.get(operation)
        if steer is None:
            return NOT_FOUND
        await steer(instance_id, Query(call).text("reason"))
        return ACCEPTED

    async def _raise_event(self, call: HttpCall, instance_id: str, event: str) -> HttpReply:
        status = await self._hub.status(instance_id)
        if status.has_ended:
            return GONE
        if call.media_type != "application/json":
            return refusal(400, "Only application/json request content is supported")
        await self._hub.raise_event(instance_id, event, compact(parsed(call.body)))
        return ACCEPTED

    async def _entities(self, call: HttpCall, name: str = "", key: str = "") -> HttpReply:
        if call.method == "GET" and key:
            found = await self._hub.entity(name.lower(), "" if key == EMPTY_KEY else key)
            return NOT_FOUND if found is None else json_reply(200, shown(found.state_json))
        if call.method in {"GET", "DELETE"}:
            return not_served("Listing entities" if call.method == "GET" else "Deleting entities")
        if call.method != "POST":
            return NOT_FOUND
        wrong = _wrong_with_entity(name, key)
        if wrong is not None:
            return refusal(400, wrong)
        operation = Query(call).text("op") or ""
        await self._hub.signal_entity(name.lower(), key, operation, _operation_input(call))
        return ACCEPTED


def _wrong_with_entity(name: str, key: str) -> str | None:
    if not name:
        return "The name of the entity is missing."
    if any(letter in _BAD_IN_KEY or letter < " " or "\x7f" <= letter <= "\x9f" for letter in key):
        return "Entity keys must not contain /, \\, #, ?, or control characters."
    return None


def _operation_input(call: HttpCall) -> str | None:
    if not call.body:
        return None
    if call.media_type == "application/json":
        return compact(parsed(call.body))
    return compact(call.body.decode("utf-8", "replace"))


def _warn_of_input(name: str, value: Any) -> None:
    """Azure starts these too, and Python orchestrators stumble over them when they ask for their input."""
    if value is None or isinstance(value, dict):
        return
    if isinstance(value, str):
        try:
            json.loads(value)
        except (ValueError, RecursionError):
            kind = "a string that holds no JSON text"
        else:
            return
    else:
        kind = f"a bare {type(value).__name__}"
    logger.warning(
        "%s was started with %s: get_input() of a Python orchestrator fails on it, here as on Azure. "
        "Post a JSON object, or a JSON string whose content is JSON text.",
        name,
        kind,
    )


def _status_object(status: InstanceStatus, *, show_input: bool) -> dict[str, Any]:
    return {
        "name": status.name,
        "instanceId": status.instance_id,
        "runtimeStatus": status.runtime_status,
        "input": shown(status.input_json) if show_input else None,
        "customStatus": shown(status.custom_status_json),
        "output": shown(status.output_text),
        "createdTime": _second(status.created),
        "lastUpdatedTime": _second(status.updated),
    }


def _second(instant: datetime) -> str:
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
