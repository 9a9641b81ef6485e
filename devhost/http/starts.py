"""Starting instances over HTTP: anew or again, and waiting for the end where that is asked for."""

import json
import logging
import math
from dataclasses import dataclass
from typing import Any

from devhost.engine.errors import InstanceNotFound, InvalidRequest
from devhost.engine.hub import TaskHub
from devhost.functions.client_binding import ClientBinding
from devhost.functions.http_exchange import HttpCall, HttpReply, json_reply
from devhost.http.json_text import compact, parsed, shown
from devhost.http.links import check_status_payload
from devhost.http.queries import Query
from devhost.http.replies import NOT_FOUND, refusal
from devhost.http.statuses import status_object, status_reply
from devhost.http.waits import Waits

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Starts:
    """Answers calls that start an instance."""

    hub: TaskHub
    clients: ClientBinding
    waits: Waits

    async def anew(self, call: HttpCall, name: str, instance_id: str | None = None) -> HttpReply:
        """Start an orchestration with the body as its input."""
        query = Query(call)
        # Azure starts first and refuses then; a refusal that has started something misleads.
        patience = _patience(query)
        value = parsed(call.body) if call.body.strip() else None
        _warn_of_input(name, value)
        started = await self.hub.start(
            name,
            instance_id=instance_id,
            input_json=None if value is None else compact(value),
            version=query.text("version"),
        )
        return await self._told(call, started, patience)

    async def again(self, call: HttpCall, instance_id: str, *, is_rpc: bool) -> HttpReply:
        """Start an instance again with its own input."""
        query = Query(call)
        patience = _patience(query)
        with_new_id = query.truth("restartWithNewInstanceId", otherwise=True)
        try:
            started = await self.hub.restart(instance_id, with_new_id=with_new_id)
        except InstanceNotFound as error:
            # The SDK expects 404, which Azure does not give; clients outside get what Azure gives.
            message = "InstanceId does not match a valid orchestration instance."
            return NOT_FOUND if is_rpc else refusal(400, message, error)
        return await self._told(call, started, patience)

    async def _told(self, call: HttpCall, instance_id: str, patience: float | None) -> HttpReply:
        if patience is not None:
            found = await self._ending(call, instance_id, patience)
            if found is not None:
                return found
        payload = check_status_payload(self.clients, call.origin, instance_id)
        return json_reply(202, payload, ("Location", payload["statusQueryGetUri"]), ("Retry-After", "10"))

    async def _ending(self, call: HttpCall, instance_id: str, patience: float) -> HttpReply | None:
        try:
            status = await self.waits.ended(instance_id, patience)
        except InstanceNotFound:  # purged meanwhile
            return None
        if status is None:
            return None
        if status.runtime_status == "Completed":
            return json_reply(200, shown(status.output_text))
        query = Query(call)
        told = status_object(status, show_input=query.truth("showInput", otherwise=True))
        failure_is_error = query.truth("returnInternalServerErrorOnFailure", otherwise=False)
        return status_reply(call, status, told, failure_is_error=failure_is_error)


def _patience(query: Query) -> float | None:
    """Seconds to wait for the end; None when the call does not ask for it with both parameters."""
    timeout, interval = query.seconds("timeout"), query.seconds("pollingInterval")
    if timeout is None or interval is None:
        return None
    if not (math.isfinite(timeout) and math.isfinite(interval)):
        raise InvalidRequest("The parameters 'timeout' and 'pollingInterval' must be numbers of seconds.")
    if interval > timeout:
        raise InvalidRequest(
            f"'timeout' ({timeout:g} s) must not be less than 'pollingInterval' ({interval:g} s); "
            "nothing was started."
        )
    return max(timeout, 0)


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
