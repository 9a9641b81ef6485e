"""Answers of the app, taken or refused."""

import json
from typing import Any

import pytest

from dirigent.cli.api import Api, Refused
from dirigent.cli.door import Answer, Unreachable


def answer(status: int, value: object) -> Answer:
    return Answer(status=status, body=json.dumps(value).encode())


def test_starts_with_the_input_and_the_key(door: Any) -> None:
    door.answers["/api/workflows/a%2Fb"] = [answer(202, {"task_id": "t1"})]

    started = Api(door, "http://app").start("a/b", {"topic": "x"}, "k1")

    assert started == {"task_id": "t1"}
    assert (door.sent[0].method, door.sent[0].body) == ("POST", {"topic": "x"})
    assert door.sent[0].headers == {"Idempotency-Key": "k1"}


def test_asks_for_the_tasks_that_fit(door: Any) -> None:
    door.answers["/api/tasks?status=failed&limit=2"] = [answer(200, {"tasks": []})]

    assert Api(door, "http://app").tasks({"status": "failed", "workflow": None, "limit": 2}) == {"tasks": []}


def test_a_workflow_that_is_gone_is_refused(door: Any) -> None:
    with pytest.raises(Refused):
        Api(door, "http://app").workflow("gone")


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"error": "Topic required"}, "Topic required"),
        ({"error": "A wrong.", "errors": [{"field": "a", "message": "A wrong."}]}, "A wrong."),
        (
            {
                "error": "A wrong.",
                "errors": [{"field": "a", "message": "A wrong."}, {"field": "", "message": "B"}],
            },
            "A wrong.\n  a: A wrong.\n  input: B",
        ),
        ([], "The app answered 400 without a reason."),
    ],
)
def test_a_refusal_tells_every_field(door: Any, body: object, told: str) -> None:
    door.answers["/api/task/t1"] = [answer(400, body)]

    with pytest.raises(Refused) as refused:
        Api(door, "http://app").task("t1")

    assert (refused.value.status, str(refused.value)) == (400, told)


@pytest.mark.parametrize(
    ("status", "told"),
    [
        (401, "--function-key or DIRIGENT_FUNCTION_KEY, and a token with --token or DIRIGENT_TOKEN"),
        (404, "is this the right address?"),
    ],
)
def test_a_bare_refusal_names_what_may_help(door: Any, status: int, told: str) -> None:
    door.answers["/api/task/t1"] = [Answer(status=status)]

    with pytest.raises(Refused, match=told):
        Api(door, "http://app").task("t1")


@pytest.mark.parametrize(
    ("status", "body", "told"),
    [
        (500, b"", "it answered 500"),
        (502, b"<html>", "it answered 502."),
        (503, b'{"error": "The house is away."}', "it answered 503 (The house is away)."),
        (503, b'{"status": 503, "error": {"code": 7}}', "it answered 503."),
        (
            404,
            b'{"error": {"message": "No such path."}}',
            "answered 404 (No such path), and not as this app does.",
        ),
        (401, b'{"error": {"code": 7}}', "it answered 401, and not as this app does."),
        (200, b'{"object": "list"}', "is it the right address?"),
        (200, b"<html>", "is it the right address?"),
        (302, b"", "a redirection: is it the right address? Give a token with --token or DIRIGENT_TOKEN"),
    ],
)
def test_an_app_that_is_broken_or_another_counts_as_unreachable(
    door: Any, status: int, body: bytes, told: str
) -> None:
    door.answers["/api/task/t1"] = [Answer(status=status, body=body)]

    with pytest.raises(Unreachable) as caught:
        Api(door, "http://app").task("t1")

    assert told in str(caught.value)
    assert not str(caught.value).endswith(("..", "?."))
    assert "{" not in str(caught.value)


@pytest.mark.parametrize(
    ("error", "told"),
    [
        ("The records do not answer. Try again in 5 seconds.", ""),
        ("The start took too long. Send the request again.", " Come back in 5 s."),
    ],
)
def test_an_app_that_cannot_now_says_why_and_when_to_try_again(door: Any, error: str, told: str) -> None:
    problem = {"type": "about:blank", "title": "Service Unavailable", "status": 503, "error": error}
    body = json.dumps(problem).encode()
    door.answers["/api/task/t1"] = [Answer(status=503, headers={"retry-after": "5"}, body=body)]

    with pytest.raises(Refused) as refused:
        Api(door, "http://app").task("t1")

    assert str(refused.value) == f"{error}{told}"
    assert (refused.value.status, refused.value.body) == (503, problem)


def test_asks_for_circuits_and_limits_by_names_of_any_kind(door: Any) -> None:
    door.answers |= {
        "/api/circuits": [answer(200, {"circuits": []})],
        "/api/circuits/a%2Fb": [answer(200, {"state": "open"})],
        "/api/circuits/a%2Fb/reset": [answer(200, {"state": "closed"})],
        "/api/limits/user/a%20b": [answer(200, {"allowed": True})],
    }
    api = Api(door, "http://app")

    found = [api.circuits(), api.circuit("a/b"), api.reset("a/b"), api.limits("user", "a b")]

    assert found == [{"circuits": []}, {"state": "open"}, {"state": "closed"}, {"allowed": True}]
    assert [sent.method for sent in door.sent] == ["GET", "GET", "POST", "GET"]


@pytest.mark.parametrize(("reason", "body"), [("enough", {"reason": "enough"}), (None, None)])
def test_cancels_with_a_reason_or_without(door: Any, reason: str | None, body: object) -> None:
    door.answers["/api/task/t1/cancel"] = [answer(202, {"status": "cancelling"})]

    Api(door, "http://app").cancel("t1", reason)

    assert (door.sent[0].method, door.sent[0].body) == ("POST", body)


@pytest.mark.parametrize(
    ("status", "body", "told"),
    [
        (429, {"error": "Too often. Come back in 4.737 seconds.", "retry_after": 4.737}, "5"),
        (429, {"error": "Too often. Come back in 6 seconds.", "retry_after": 6.0}, "6"),
        (429, {"error": "Too often.", "retry_after": None}, ""),
        (429, {"error": "Too often."}, "7"),
        (429, [], "7"),
        (409, {"error": "Not now."}, ""),
    ],
)
def test_who_came_too_often_hears_once_when_to_come_back_in_whole_seconds(
    door: Any, status: int, body: Any, told: str
) -> None:
    headers = {"retry-after": "7"}
    door.answers["/api/workflows/a"] = [
        Answer(status=status, headers=headers, body=json.dumps(body).encode())
    ]

    with pytest.raises(Refused) as refused:
        Api(door, "http://app").start("a", {}, None)

    sentence = body["error"] if body else "The app answered 429 without a reason."
    again = f" Come back in {told} s." if told else ""
    assert str(refused.value) == sentence.partition(" Come back")[0] + again
