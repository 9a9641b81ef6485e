"""What may be told of a request that had no result."""

from typing import Any

import aiohttp
import pytest
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError, ServiceRequestError

from dirigent.adapters.tables.answers import Verdict
from dirigent.adapters.tables.failures import FAILURES, code_of, failure_of

ADDRESS = "http://name.example/things?sig=secret"


class Answer:
    """As the SDK hands answers on: read to the end."""

    def __init__(self, status: int, body: Any, **headers: str) -> None:
        self.status_code = status
        self.reason = "a reason"
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}
        self._body = body

    def json(self) -> Any:
        if isinstance(self._body, Exception):
            raise self._body
        return self._body


def said(code: str) -> dict[str, Any]:
    return {"odata.error": {"code": code}}


def refusal(answer: Answer) -> HttpResponseError:
    error = HttpResponseError(message="said so")
    error.response = answer  # type: ignore[assignment]
    return error


def test_reads_the_services_own_code() -> None:
    failure = failure_of(refusal(Answer(503, said("ServerBusy"), Retry_After="3")))

    assert (failure.verdict, failure.reason) == (Verdict.PASSING, "ServerBusy, 503")
    assert failure.headers == {"retry-after": "3"}


def test_reads_the_code_that_the_sdk_found() -> None:
    error = refusal(Answer(403, ValueError("XML")))
    error.error_code = "AuthenticationFailed"  # type: ignore[attr-defined]

    assert failure_of(error).reason == "AuthenticationFailed, 403"


@pytest.mark.parametrize(
    "body",
    [None, [], "<html>", {}, {"odata.error": "so"}, {"odata.error": {}}, ValueError(), KeyError()],
    ids=repr,
)
def test_what_says_nothing_is_not_the_services(body: Any) -> None:
    answer = Answer(404, body)

    assert code_of(answer) == ""
    assert failure_of(refusal(answer)).verdict is Verdict.PASSING


def test_who_cannot_sign_in_is_denied() -> None:
    failure = failure_of(ClientAuthenticationError("No identity was found.\nAttempted: many"))

    assert (failure.verdict, failure.reason) == (Verdict.DENIED, "No identity was found.")


def test_an_answer_that_could_not_be_read_passes() -> None:
    assert failure_of(HttpResponseError("JSON is invalid")).verdict is Verdict.PASSING


def test_tells_no_address_with_its_parameters() -> None:
    inner = aiohttp.InvalidURL(ADDRESS)
    failures = [
        failure_of(ServiceRequestError(ADDRESS, error=inner)),
        failure_of(inner),
        failure_of(OSError(ADDRESS)),
    ]

    assert [failure.reason for failure in failures] == ["InvalidURL", "InvalidURL", "OSError"]
    assert {failure.verdict for failure in failures} == {Verdict.PASSING}


@pytest.mark.parametrize(
    "error", [refusal(Answer(500, {})), OSError(), ValueError(), TypeError(), KeyError()], ids=repr
)
def test_catches_whatever_the_sdk_raises(error: Exception) -> None:
    assert isinstance(error, FAILURES)
