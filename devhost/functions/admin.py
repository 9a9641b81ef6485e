"""Runs a function by hand, as POST /admin/functions/{name} does."""

import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from azure.functions.meta import Datum

from devhost.functions import activities, conversions
from devhost.functions.calls import Surroundings, invocation_of
from devhost.functions.catalog import ACTIVITY, ENTITY, HTTP, ORCHESTRATION, SERVICE_BUS, TIMER, Function
from devhost.functions.running import Ending, Invocation, Runner
from devhost.functions.trigger_values import BusMessage, TimerTick, bus_value, timer_value

_ELSEWHERE = {
    HTTP: "call its URL",
    ORCHESTRATION: "start it with POST /runtime/webhooks/durabletask/orchestrators/{name}",
    ENTITY: "signal it with POST /runtime/webhooks/durabletask/entities/{name}/{{key}}?op=…",
}


class NotByHand(ValueError):
    """A function of this kind cannot be run through the admin door."""

    def __init__(self, function: Function) -> None:
        self.function_name, self.trigger_type = function.name, function.trigger.type
        remedy = _ELSEWHERE[function.trigger.type].format(name=function.durable_name)
        super().__init__(f"{function.name!r} is run by its {function.trigger.type}: {remedy}.")


async def invoke_admin(
    runner: Runner,
    function: Function,
    input: str,  # noqa: A002 - the name the admin API gives it
    surroundings: Surroundings,
) -> Ending:
    """Run a function that is not reached over HTTP with a text in place of its event."""
    return await runner.run(admin_call(function, input, surroundings))


def admin_call(function: Function, input_text: str, surroundings: Surroundings) -> Invocation:
    """The invocation that a text sets off."""
    if function.trigger.type in _ELSEWHERE:
        raise NotByHand(function)
    encode = activities.encoded if function.trigger.type == ACTIVITY else None
    return invocation_of(function, _value(function, input_text), surroundings, encode=encode)


def _value(function: Function, text: str) -> Callable[[], Any]:
    if function.trigger.type == ACTIVITY:
        return lambda: activities.decoded(text)
    if function.trigger.type == TIMER:
        now = datetime.now(UTC)
        return lambda: timer_value(function, TimerTick(last=now, next=now, last_updated=now))
    if function.trigger.type == SERVICE_BUS:
        message = BusMessage(body=text.encode(), message_id=uuid.uuid4().hex, enqueued=datetime.now(UTC))
        return lambda: bus_value(function, [message])
    raw = function.trigger.name in function.raw_parameters
    return lambda: conversions.decode(
        conversions.GENERIC if raw else function.trigger.type, Datum(text, "string")
    )
