"""Why a request to Azure Tables had no result, as far as may be told."""

from dataclasses import dataclass
from typing import Any

import aiohttp
from azure.core.exceptions import AzureError, ClientAuthenticationError, HttpResponseError

from dirigent.adapters.tables.answers import Verdict, verdict

#: Whatever the SDK raises; the last ones, when it trips over what is no answer of the service.
FAILURES = (AzureError, OSError, ValueError, TypeError, KeyError, AttributeError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """What became of an attempt."""

    verdict: Verdict
    #: Fit for a log: neither keys nor addresses with their parameters.
    reason: str
    #: By their names in small letters.
    headers: dict[str, str]
    error: BaseException


def failure_of(error: BaseException) -> Failure:
    """What the error means."""
    if isinstance(error, HttpResponseError):
        return _refusal(error)
    inner = error.inner_exception if isinstance(error, AzureError) else None
    # Whom no connection leads to may be said; other errors may tell the address with all its parameters.
    reason = str(inner) if isinstance(inner, aiohttp.ClientConnectorError) else type(inner or error).__name__
    return Failure(verdict=Verdict.PASSING, reason=reason, headers={}, error=error)


def _refusal(error: HttpResponseError) -> Failure:
    response: Any = error.response
    if response is None:
        # Nobody could be signed in, so nothing was asked; or the answer could not be read.
        said = Verdict.DENIED if isinstance(error, ClientAuthenticationError) else Verdict.PASSING
        first_line = str(error).partition("\n")[0]
        return Failure(verdict=said, reason=f"{first_line:.300}", headers={}, error=error)
    status, code = response.status_code, code_of(response) or _decoded(error)
    reason = f"{code or 'no answer of Azure Tables'}, {status}"
    headers = {name.lower(): value for name, value in response.headers.items()}
    return Failure(verdict=verdict(status, code), reason=reason, headers=headers, error=error)


def _decoded(error: HttpResponseError) -> str:
    # Who is not let in, is told so in XML, which the SDK reads; but it does not read every answer.
    code = getattr(error, "error_code", None)
    return str(getattr(code, "value", code) or "")


def code_of(response: Any) -> str:
    """What the service calls its answer; empty where it is not the service's."""
    try:
        return str(response.json()["odata.error"]["code"])
    except (AttributeError, KeyError, TypeError, ValueError, AzureError):
        return ""
