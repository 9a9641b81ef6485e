"""The management API of Durable Functions, for clients outside and for the SDK."""

import logging
from typing import Any

from devhost.engine.errors import HubError, InstanceEnded, InstanceNotFound, InvalidRequest
from devhost.engine.hub import TaskHub
from devhost.functions.client_binding import ClientBinding
from devhost.functions.http_exchange import HttpCall, HttpReply, json_reply
from devhost.http.chronicle import chronicle
from devhost.http.entities import Entities
from devhost.http.json_text import BadJson, compact, parsed
from devhost.http.queries import Query, instance_filter, purge_filter
from devhost.http.replies import ACCEPTED, GONE, NOT_FOUND, refusal
from devhost.http.starts import Starts
from devhost.http.statuses import status_object, status_reply
from devhost.http.waits import Waits

logger = logging.getLogger(__name__)

#: How the JSON text of an object, a list, a text, a number, true, false and null begins.
_BEGINS_JSON = frozenset('{["-0123456789tfn')


class Management:
    """Answers what comes in under the management roots."""

    def __init__(self, hub: TaskHub, clients: ClientBinding) -> None:
        self._hub = hub
        self._waits = Waits(hub)
        self._starts = Starts(hub, clients, self._waits)
        self._entities = Entities(hub)

    @property
    def waiting(self) -> int:
        """How many calls wait for an instance to end and do nothing else."""
        return len(self._waits)

    def break_off(self) -> None:
        """Answer the calls that wait for an instance to end with where to ask for it later."""
        self._waits.break_off()

    async def answer(self, call: HttpCall, pieces: tuple[str, ...], *, is_rpc: bool = False) -> HttpReply:
        """The reply to a call whose path, below the root, has these decoded pieces."""
        try:
            return await self._dispatch(call, pieces, is_rpc=is_rpc)
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

    async def _dispatch(self, call: HttpCall, pieces: tuple[str, ...], *, is_rpc: bool) -> HttpReply:
        if not all(pieces):
            return NOT_FOUND
        controller = pieces[0].lower() if pieces else ""
        rest = pieces[1:]
        if controller == "orchestrators" and 1 <= len(rest) <= 2 and call.method == "POST":
            return await self._starts.anew(call, *rest)
        if controller == "instances" and len(rest) <= 1:
            return await self._instance(call, *rest)
        if controller == "instances" and call.method == "POST":
            return await self._message(call, rest, is_rpc=is_rpc)
        if controller == "entities" and len(rest) <= 2:
            return await self._entities.answer(call, *rest)
        return NOT_FOUND

    async def _instance(self, call: HttpCall, instance_id: str = "") -> HttpReply:
        if call.method == "GET":
            return await (self._status(call, instance_id) if instance_id else self._list(call))
        if call.method == "DELETE":
            return await (self._purge(instance_id) if instance_id else self._purge_many(call))
        return NOT_FOUND

    async def _status(self, call: HttpCall, instance_id: str) -> HttpReply:
        query = Query(call)
        show_input = query.truth("showInput", otherwise=True)
        status = await self._hub.status(instance_id)
        told = status_object(status, show_input=show_input)
        if query.truth("showHistory", otherwise=False) and status.runtime_status != "Pending":
            told["historyEvents"] = chronicle(
                await self._hub.history(instance_id),
                show_input=show_input,
                show_output=query.truth("showHistoryOutput", otherwise=False),
            )
        failure_is_error = query.truth("returnInternalServerErrorOnFailure", otherwise=False)
        return status_reply(call, status, told, failure_is_error=failure_is_error)

    async def _list(self, call: HttpCall) -> HttpReply:
        query = Query(call)
        page = await self._hub.instances(instance_filter(call, query))
        show_input = query.truth("showInput", otherwise=True)
        listed = [status_object(status, show_input=show_input) for status in page.instances]
        if page.continuation is None:
            return json_reply(200, listed)
        return json_reply(200, listed, ("x-ms-continuation-token", page.continuation))

    async def _purge(self, instance_id: str) -> HttpReply:
        # Asked first: what is not there is 404, and what is there may still count for none.
        await self._hub.status(instance_id)
        return json_reply(200, {"instancesDeleted": await self._hub.purge(instance_id)})

    async def _purge_many(self, call: HttpCall) -> HttpReply:
        purged = await self._hub.purge_matching(purge_filter(Query(call)))
        return json_reply(200, {"instancesDeleted": purged}) if purged else NOT_FOUND

    async def _message(self, call: HttpCall, rest: tuple[str, ...], *, is_rpc: bool) -> HttpReply:
        instance_id, operation = rest[0], rest[1].lower()
        if len(rest) == 3 and operation == "raiseevent":
            return await self._raise_event(call, instance_id, rest[2])
        if len(rest) != 2:
            return NOT_FOUND
        if operation == "restart":
            return await self._starts.again(call, instance_id, is_rpc=is_rpc)
        return await self._steer(operation, instance_id, Query(call).text("reason"))

    async def _steer(self, operation: str, instance_id: str, reason: str | None) -> HttpReply:
        match operation:
            case "terminate":
                await self._hub.terminate(instance_id, reason)
            case "suspend":
                await self._hub.suspend(instance_id, reason)
            case "resume":
                await self._hub.resume(instance_id, reason)
            case "rewind":
                await self._hub.rewind(instance_id, reason)
            case _:
                return NOT_FOUND
        return ACCEPTED

    async def _raise_event(self, call: HttpCall, instance_id: str, event: str) -> HttpReply:
        status = await self._hub.status(instance_id)
        if status.has_ended:
            return GONE
        if call.media_type != "application/json":
            return refusal(400, "Only application/json request content is supported")
        value = parsed(call.body)
        _tell_of_text(instance_id, event, value)
        await self._hub.raise_event(instance_id, event, compact(value))
        return ACCEPTED


def _tell_of_text(instance_id: str, event: str, value: Any) -> None:
    """The SDK's `raise_event` sends JSON text of JSON text, which is not an error but a surprise."""
    if isinstance(value, str) and value[:1] in _BEGINS_JSON:
        logger.debug(
            "The event '%s' brings instance '%s' the text %.80r, not a value: "
            "raise_event of the SDK sends JSON text. "
            "Read it with json.loads in the orchestrator, or post the value to sendEventPostUri.",
            event,
            instance_id,
            value,
        )
