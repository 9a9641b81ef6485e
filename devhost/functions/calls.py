"""Makes an invocation: the user's function with all that its bindings ask for."""

import logging
import random
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from azure.functions.meta import Datum

from devhost.functions import conversions
from devhost.functions.catalog import CLIENT, HTTP, RETURN, Binding, Function
from devhost.functions.context import Context, Out
from devhost.functions.running import Invocation

logger = logging.getLogger(__name__)
_chance = random.Random()  # noqa: S311 - ids of invocations keep no secret

#: Receives what a function put into an out parameter, on the thread that ran it.
Deliver = Callable[[Function, Binding, Datum], None]


def log_undelivered(function: Function, binding: Binding, value: Datum) -> None:
    """Say that an output goes nowhere on this host."""
    size = f"{len(value.value)} bytes" if isinstance(value.value, str | bytes) else "a value"
    logger.warning(
        "%s set its output %r: this host delivers nothing to a %s, and drops %s",
        function.name,
        binding.name,
        binding.type,
        size,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What every invocation needs of its host."""

    #: The text of a durableClient binding, such as `ClientBinding.json_for`.
    client_json: Callable[[Binding], str]
    deliver: Deliver = log_undelivered


def invocation_for(
    function: Function,
    value: Any,
    surroundings: Surroundings,
    *,
    invocation_id: str | None = None,
    trace_parent: str = "",
) -> Invocation:
    """One run of a function whose trigger's argument is at hand."""
    return invocation_of(
        function, lambda: value, surroundings, invocation_id=invocation_id, trace_parent=trace_parent
    )


def new_invocation_id() -> str:
    """A UUID; asking the system for chance each time would take longer than a short function."""
    return str(uuid.UUID(int=_chance.getrandbits(128), version=4))


def invocation_of(
    function: Function,
    make_value: Callable[[], Any],
    surroundings: Surroundings,
    *,
    encode: Callable[[Any], Any] | None = None,
    invocation_id: str | None = None,
    trace_parent: str = "",
) -> Invocation:
    """One run of a function.

    `make_value` makes the trigger's argument and `encode` turns what is returned into the ending's value;
    both run where the function runs, so that what they raise is the invocation's failure.
    """
    invocation_id = invocation_id or new_invocation_id()
    call = _Call(
        function=function,
        make_value=make_value,
        surroundings=surroundings,
        encode=encode,
        invocation_id=invocation_id,
        trace_parent=trace_parent,
    )
    if function.is_async:
        return Invocation(function_name=function.name, invocation_id=invocation_id, coroutine=call.run_async)
    return Invocation(function_name=function.name, invocation_id=invocation_id, call=call.run)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Call:
    function: Function
    make_value: Callable[[], Any]
    surroundings: Surroundings
    encode: Callable[[Any], Any] | None
    invocation_id: str
    trace_parent: str

    def run(self) -> Any:
        arguments = self._arguments()
        return self._finished(self.function.call(**arguments), arguments)

    async def run_async(self) -> Any:
        arguments = self._arguments()
        return self._finished(await self.function.call(**arguments), arguments)

    def _arguments(self) -> dict[str, Any]:
        function = self.function
        arguments = {function.trigger.name: self._trigger_value()}
        if function.wants_context:
            arguments["context"] = Context(
                function_name=function.name,
                function_directory=function.directory,
                invocation_id=self.invocation_id,
                trace_parent=self.trace_parent,
            )
        for binding in function.bindings:
            if binding.type == CLIENT:
                arguments[binding.name] = self.surroundings.client_json(binding)
            elif binding.name not in arguments and binding.name != RETURN:
                # Other inputs are None here; loading has warned of them.
                arguments[binding.name] = Out() if binding.is_out else None
        return arguments

    def _trigger_value(self) -> Any:
        trigger = self.function.trigger
        if trigger.type == HTTP and trigger.name in self.function.raw_parameters:
            # Azure lets `req: str` pass when it reads the signature, and fails every call.
            return conversions.decode(conversions.GENERIC, Datum(None, "http"))
        return self.make_value()

    def _finished(self, returned: Any, arguments: dict[str, Any]) -> Any:
        function = self.function
        if function.returns is None and returned is not None:
            # The missing blank is Azure's: one searches for the text as it is.
            raise RuntimeError(
                f"function {function.name!r} without a $return bindingreturned a non-None value"
            )
        for binding in function.outputs:
            value = arguments[binding.name].get()
            if value is not None:
                self.surroundings.deliver(function, binding, conversions.encode(binding.type, value))
        return returned if self.encode is None else self.encode(returned)
