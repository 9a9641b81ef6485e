"""What a function sees of its own invocation, and how it sets its out parameters."""

import secrets
from typing import Any

import azure.functions as func
from azure.functions import _abc as interfaces

from devhost.functions.running import thread_local_storage


class LastError(interfaces.RpcException):
    """The error a function-level retry follows; empty, for nothing retries functions here."""

    source = stack_trace = message = ""


class RetryContext(interfaces.RetryContext):
    """Azure sends zeros where no retry is under way."""

    retry_count = 0
    max_retry_count = 0
    exception = rpc_exception = LastError()


class TraceContext(interfaces.TraceContext):
    """The W3C trace the invocation belongs to."""

    def __init__(self, trace_parent: str, trace_state: str = "") -> None:
        self._parent, self._state = trace_parent, trace_state
        self._attributes: dict[str, str] = {}

    @property
    def trace_parent(self) -> str:
        return self._parent

    @property
    def trace_state(self) -> str:
        return self._state

    @property
    def attributes(self) -> dict[str, str]:
        return self._attributes

    # Azure's worker offers each of the three under this name too.
    Traceparent, Tracestate, Attributes = trace_parent, trace_state, attributes


class Context(func.Context):
    """The argument of a parameter `context` that no binding fills."""

    def __init__(
        self, *, function_name: str, function_directory: str, invocation_id: str, trace_parent: str = ""
    ) -> None:
        self._function_name = function_name
        self._function_directory = function_directory
        self._invocation_id = invocation_id
        self._trace = TraceContext(trace_parent or new_trace_parent())
        self._retry = RetryContext()

    @property
    def invocation_id(self) -> str:
        return self._invocation_id

    @property
    def thread_local_storage(self) -> Any:
        return thread_local_storage

    @property
    def function_name(self) -> str:
        return self._function_name

    @property
    def function_directory(self) -> str:
        return self._function_directory

    @property
    def trace_context(self) -> TraceContext:
        return self._trace

    @property
    def retry_context(self) -> RetryContext:
        return self._retry


class Out(func.Out[Any]):
    """An out parameter; the last value set goes out."""

    def __init__(self) -> None:
        self._value: Any = None

    def set(self, val: Any) -> None:
        self._value = val

    def get(self) -> Any:
        return self._value


def new_trace_parent() -> str:
    """A trace of its own, sampled."""
    return f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01"
