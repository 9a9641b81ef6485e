"""Asking a service again for what it could not do at once, within a time its callers can wait."""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

from azure.core.exceptions import (
    AzureError,
    ClientAuthenticationError,
    DecodeError,
    HttpResponseError,
    ServiceRequestError,
    ServiceResponseError,
)

from dirigent.adapters.services.patience import Patience
from dirigent.adapters.waits import wait_asked

Result = TypeVar("Result")

#: What is over in a moment although the status does not say so.
_PASSING = ("ConditionNotMet", "ContainerBeingDeleted", "TableBeingDeleted")


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """Why a try came to nothing."""

    #: Ends a sentence, and holds neither keys nor names of files.
    reason: str
    passes: bool = False
    is_refusal: bool = False
    #: Seconds for which the service asked.
    pause: float | None = None


class Troubled(Exception):
    """A try came to nothing, as whoever read the answer found."""

    def __init__(self, trouble: Trouble) -> None:
        self.trouble = trouble
        super().__init__(trouble.reason)


class AttemptsFailed(Exception):
    """The service did not do it."""

    def __init__(self, trouble: Trouble) -> None:
        self.trouble = trouble
        super().__init__(trouble.reason)


@dataclass(slots=True)
class Attempt:
    """One try of an operation."""

    _end: float
    _limit: asyncio.Timeout
    _slowest: int

    def carries(self, size: int) -> None:
        """Give the operation the time that so many bytes may take."""
        self._limit.reschedule(self._end + size / self._slowest)


def client_options() -> dict[str, Any]:
    """What a client of storage is made with."""
    return {
        # Its own retries know no limit in time.
        "retry_total": 0,
        # It would tell of every request.
        "http_logging_level": logging.DEBUG,
    }


async def tried(
    act: Callable[[Attempt], Awaitable[Result]],
    patience: Patience,
    *,
    wait: Callable[[float], Awaitable[object]] = asyncio.sleep,
) -> Result:
    """What the act returned at last; every try must be safe to repeat, for one may have worked unseen."""
    now = asyncio.get_running_loop().time
    end = now() + patience.limit
    limit = asyncio.timeout_at(end)
    trouble = Trouble(reason="it did not answer", passes=True)
    try:
        async with limit:
            for number in range(1, patience.tries + 1):
                try:
                    return await act(Attempt(end, limit, patience.slowest))
                except Troubled as error:
                    trouble = error.trouble
                except AzureError as error:
                    trouble = trouble_of(error)
                pause = _pause(patience, number, trouble)
                if not trouble.passes or number == patience.tries or now() + pause >= end:
                    break
                await wait(pause)
    except TimeoutError as error:
        late = Trouble(reason=f"its time of {patience.limit:g} s ran out; before that, {trouble.reason}")
        raise AttemptsFailed(late) from error
    raise AttemptsFailed(trouble)


def trouble_of(error: AzureError) -> Trouble:
    """What an error of the client means."""
    if isinstance(error, DecodeError):
        return Trouble(reason="what answered is another service", passes=True)
    if isinstance(error, HttpResponseError) and error.status_code is not None:
        return _answered(error, error.status_code)
    if isinstance(error, ClientAuthenticationError):
        # Its text tells of every way of signing in that was tried, over many lines.
        first, *_ = str(error.message).strip().splitlines() or [""]
        return Trouble(reason=f"it could not sign in ({first:.200})", is_refusal=True)
    if isinstance(error, ServiceRequestError):
        return Trouble(reason="it could not be reached", passes=True)
    if isinstance(error, ServiceResponseError):
        return Trouble(reason="the connection was lost before its answer", passes=True)
    return Trouble(reason=f"the answer broke off ({type(error).__name__})", passes=True)


def _answered(error: HttpResponseError, status: int) -> Trouble:
    code = getattr(error, "error_code", None)
    said = f"it answered {status} {code}" if code else f"it answered {status}"
    # A success that the client did not take for one is nobody's final word.
    passes = status < 400 or status in (408, 429) or status >= 500 or code in _PASSING
    return Trouble(reason=said, passes=passes, is_refusal=status in (401, 403), pause=_asked_for(error))


def _asked_for(error: HttpResponseError) -> float | None:
    headers: Mapping[str, str] = getattr(error.response, "headers", {})
    return wait_asked({name.lower(): value for name, value in headers.items()}, datetime.now(UTC))


def _pause(patience: Patience, number: int, trouble: Trouble) -> float:
    # Many who were refused together would come again together.
    usual = patience.pause * 3.0 ** (number - 1) * random.uniform(0.8, 1.2)  # noqa: S311 - no secret
    return max(usual, trouble.pause or 0.0)
