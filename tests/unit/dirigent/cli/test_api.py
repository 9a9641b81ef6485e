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


def test_a_workflow_that_is_gone_is_none(door: Any) -> None:
    assert Api(door, "http://app").workflow("gone") is None


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
    [(401, "--function-key or DIRIGENT_FUNCTION_KEY"), (404, "is this the right address?")],
)
def test_a_bare_refusal_names_what_may_help(door: Any, status: int, told: str) -> None:
    door.answers["/api/task/t1"] = [Answer(status=status)]

    with pytest.raises(Refused, match=told):
        Api(door, "http://app").task("t1")


@pytest.mark.parametrize(
    ("status", "body", "told"),
    [
        (500, b"", "it answered 500"),
        (503, b'{"error": "The records are away."}', "it answered 503: The records are away."),
        (200, b"<html>", "is it the right address?"),
        (302, b"", "is it the right address?"),
    ],
)
def test_an_app_that_is_broken_or_another_counts_as_unreachable(
    door: Any, status: int, body: bytes, told: str
) -> None:
    door.answers["/api/task/t1"] = [Answer(status=status, body=body)]

    with pytest.raises(Unreachable) as caught:
        Api(door, "http://app").task("t1")

    assert told in str(caught.value)
