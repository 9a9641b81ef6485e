"""What the faults of a script look like on the wire."""

import json

import pytest

from dirigent.adapters.model_script import Answered, Fault
from dirigent.modelserver import faults
from dirigent.modelserver.errors import ApiError


def refused(fault: Fault) -> ApiError:
    with pytest.raises(ApiError) as caught:
        faults.instead(fault, "large")
    return caught.value


@pytest.mark.parametrize(
    ("status", "kind", "code"),
    [
        (400, "invalid_request_error", None),
        (401, "invalid_request_error", "invalid_api_key"),
        (404, "invalid_request_error", "model_not_found"),
        (429, "requests", "rate_limit_exceeded"),
        (500, "server_error", "internal_error"),
        (529, "server_error", None),
    ],
)
def test_a_status_is_worded_as_openai_words_it(status: int, kind: str, code: str | None) -> None:
    error = refused(Answered(status=status))

    assert (error.status, error.kind, error.code) == (status, kind, code)
    assert error.headers == {}


@pytest.mark.parametrize(
    ("seconds", "headers"),
    [
        (7.0, {"retry-after": "7"}),
        (0.0, {"retry-after": "0"}),
        (1.25, {"retry-after": "2", "retry-after-ms": "1250"}),
    ],
)
def test_says_how_long_to_wait(seconds: float, headers: dict[str, str]) -> None:
    assert refused(Answered(status=429, retry_after=seconds)).headers == headers


def test_a_filter_stops_the_prompt() -> None:
    error = refused("filtered")

    assert (error.status, error.code, error.param) == (400, "content_filter", "prompt")


def test_garbage_is_a_page_that_is_no_json() -> None:
    reply = faults.instead("garbage", "large")

    assert reply is not None
    assert reply.content_type.startswith("text/html")
    with pytest.raises(json.JSONDecodeError):
        json.loads(reply.body[0])


def test_silence_that_ends_is_a_connection_that_ends() -> None:
    reply = faults.instead("timeout", "large")

    assert reply is not None
    assert reply.is_cut


@pytest.mark.parametrize("fault", [None, "cut", "refusal", "truncated"])
def test_the_others_have_an_answer(fault: Fault | None) -> None:
    assert faults.instead(fault, "large") is None
