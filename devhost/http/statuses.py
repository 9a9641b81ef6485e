"""An instance's status as the management API tells it."""

from datetime import UTC, datetime
from typing import Any

from devhost.engine.hub import InstanceStatus
from devhost.functions.http_exchange import HttpCall, HttpReply, json_reply
from devhost.http.json_text import shown


def status_object(status: InstanceStatus, *, show_input: bool) -> dict[str, Any]:
    """The members clients get to see; those without a value are there all the same."""
    return {
        "name": status.name,
        "instanceId": status.instance_id,
        "runtimeStatus": status.runtime_status,
        "input": shown(status.input_json) if show_input else None,
        "customStatus": shown(status.custom_status_json),
        "output": shown(status.output_text),
        "createdTime": to_the_second(status.created),
        "lastUpdatedTime": to_the_second(status.updated),
    }


def status_reply(
    call: HttpCall, status: InstanceStatus, told: dict[str, Any], *, failure_is_error: bool
) -> HttpReply:
    """The status with the code that tells a client whether to ask again."""
    if status.has_ended:
        return json_reply(500 if failure_is_error and status.runtime_status == "Failed" else 200, told)
    return json_reply(202, told, ("Location", call.url), ("Retry-After", "5"))


def to_the_second(instant: datetime) -> str:
    """The instant as Azure writes the times of instances."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
