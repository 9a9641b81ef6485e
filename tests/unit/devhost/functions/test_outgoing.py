"""What orchestrators ask of HTTP, and what they hear."""

import json
from typing import Any

import pytest

from devhost.engine.messages import ActivityFailed, ActivitySucceeded
from devhost.functions.outgoing import OutgoingReply, RequestFailed, RequestRefused, request_of, result_of


def asked(**members: Any) -> str:
    return json.dumps({"method": "post", "uri": "http://localhost/x", **members})


def heard(*headers: tuple[str, str]) -> Any:
    result = result_of(OutgoingReply(status=200, headers=headers, content="é"))
    assert isinstance(result, ActivitySucceeded)
    return json.loads(result.result_json or "")


def test_reads_the_request() -> None:
    request = request_of(asked(headers={"X-A": "1"}))

    assert (request.method, request.uri, request.content) == ("POST", "http://localhost/x", None)
    assert request.headers == {"X-A": "1"}


@pytest.mark.parametrize(
    ("headers", "sent"),
    [
        (None, {"Content-Type": "text/plain"}),
        ({"content-type": ""}, {"Content-Type": "text/plain"}),
        ({"content-type": "text/css"}, {"content-type": "text/css"}),
    ],
)
def test_content_is_plain_text_unless_it_says_otherwise(
    headers: dict[str, str] | None, sent: dict[str, str]
) -> None:
    assert request_of(asked(content="{}", headers=headers)).headers == sent


def test_refuses_managed_identities_with_a_remedy() -> None:
    with pytest.raises(RequestRefused, match="leave token_source out and give an Authorization header"):
        request_of(asked(tokenSource={"kind": "AzureManagedIdentity", "resource": "r"}))


def test_refuses_multipart_content() -> None:
    with pytest.raises(RequestRefused, match="call_http sends no multipart content, on Azure neither"):
        request_of(asked(content="x", headers={"Content-Type": "multipart/form-data; boundary=b"}))


def test_any_status_is_an_answer() -> None:
    assert heard() == {"statusCode": 200, "headers": {}, "content": "é"}


def test_values_of_one_name_become_a_list() -> None:
    headers = heard(("Set-Cookie", "a=1"), ("X-One", "1"), ("set-cookie", "b=2"))["headers"]

    assert headers == {"Set-Cookie": ["a=1", "b=2"], "X-One": "1"}


def test_no_answer_fails_the_task_in_words() -> None:
    failed = RequestFailed("GET", "http://localhost/x", "100 s have passed")

    assert result_of(failed) == ActivityFailed(
        error="RequestFailed: GET http://localhost/x got no answer: 100 s have passed", details=""
    )
