"""What the faults of a script look like on the wire."""

import math

from dirigent.adapters.model_script import Answered, Fault
from dirigent.modelserver.errors import INVALID, ApiError, unknown_model, wrong_key
from dirigent.modelserver.replies import Reply

#: In the place of JSON: what a proxy says that knows nothing of models.
GARBAGE = b"<!DOCTYPE html>\n<html><head><title>OK</title></head><body><h1>It works!</h1></body></html>\n"
#: What a model says that declines.
REFUSAL = "I'm sorry, but I can't help with that (scripted)."

#: Status → its type and its code.
_TOLD = {
    403: (INVALID, "forbidden"),
    408: ("timeout", "request_timeout"),
    409: (INVALID, "conflict"),
    429: ("requests", "rate_limit_exceeded"),
    500: ("server_error", "internal_error"),
    503: ("server_error", "service_unavailable"),
}


def instead(fault: Fault | None, deployment: str) -> Reply | None:
    """What is sent in the place of an answer; an `ApiError` where it is an error, None where there is one."""
    if fault == "garbage":
        return Reply(body=(GARBAGE,), content_type="text/html; charset=utf-8")
    if fault == "timeout":
        # Time has run out for everybody, as it does on a clock that jumps.
        return Reply(body=(b"",), is_cut=True)
    if fault == "filtered":
        message = "The prompt was stopped by the content filter (scripted): change it and try again."
        raise ApiError(400, message, param="prompt", code="content_filter")
    if isinstance(fault, Answered):
        raise _refused(fault, fault.status or 500, deployment)
    return None


def _refused(fault: Answered, status: int, deployment: str) -> ApiError:
    if status == 401:
        return wrong_key()
    if status == 404:
        return unknown_model(deployment)
    usual = ("server_error" if status >= 500 else INVALID, None)
    kind, code = _TOLD.get(status, usual)
    message = f"The script says that {deployment!r} answers {status}."
    return ApiError(status, message, kind=kind, code=code, headers=_waits(fault.retry_after))


def _waits(seconds: float | None) -> dict[str, str]:
    if seconds is None:
        return {}
    # The header counts whole seconds; who knows the other one may come back sooner.
    exact = {} if float(seconds).is_integer() else {"retry-after-ms": f"{seconds * 1_000:g}"}
    return {**exact, "retry-after": f"{math.ceil(seconds)}"}
