"""Answering as JSON."""

from typing import Any

import azure.functions as func
import pytest

from triggers.replies import address, has_plain_origin, reply, tagged

VALUES = {"words": "schön"}


def test_replies_in_json() -> None:
    answer = reply(VALUES, status=202, headers={"Location": "there"})

    assert (answer.status_code, answer.mimetype) == (202, "application/json")
    assert answer.get_body() == '{"words":"schön"}'.encode()
    assert answer.headers["Location"] == "there"


def test_tags_a_body_the_same_as_long_as_it_is_the_same(bench: Any) -> None:
    tags = [
        tagged(bench.request("x"), values).headers["ETag"] for values in (VALUES, VALUES, {"words": "wahr"})
    ]

    assert tags[0] == tags[1] != tags[2]
    assert tags[0].startswith('"')


@pytest.mark.parametrize("header", ["{tag}", "W/{tag}", '"a", W/"b" ,{tag}', "*", " * "])
def test_sends_nothing_twice(bench: Any, header: str) -> None:
    tag = tagged(bench.request("x"), VALUES).headers["ETag"]
    answer = tagged(bench.request("x", headers={"If-None-Match": header.format(tag=tag)}), VALUES)

    assert (answer.status_code, answer.get_body(), answer.headers["ETag"]) == (304, b"", tag)


@pytest.mark.parametrize("header", ["", '"other"', "{bare}", '"x{bare}"', "**", '"*"'])
def test_sends_what_the_caller_does_not_have(bench: Any, header: str) -> None:
    tag = tagged(bench.request("x"), VALUES).headers["ETag"]
    answer = tagged(bench.request("x", headers={"If-None-Match": header.format(bare=tag.strip('"'))}), VALUES)

    assert (answer.status_code, answer.get_body()) == (200, '{"words":"schön"}'.encode())


@pytest.mark.parametrize(
    ("path", "route"),
    [("create-content", "create-content"), ("workflows/a?code=k", "workflows/{name}"), ("tasks/", "tasks")],
)
def test_tells_an_address_beside_that_of_the_request(bench: Any, path: str, route: str) -> None:
    assert address(bench.request(path), "task/1", route=route) == "http://host/api/task/1"


@pytest.mark.parametrize("origin", ["http://localhost:7071", "https://[::1]:80", "http://a-b.example"])
def test_repeats_a_plain_host(origin: str) -> None:
    request = func.HttpRequest("GET", f"{origin}/api/tasks?limit=1", body=b"")

    assert has_plain_origin(request)
    assert address(request, "task/1", route="tasks") == f"{origin}/api/task/1"


@pytest.mark.parametrize(
    "origin",
    ['http://ev"><script>', "http://é", "http://a@b", "http://", "http:///", "http://a\\b", "http://[::1"],
)
def test_does_not_repeat_a_host_that_somebody_made_up(origin: str) -> None:
    request = func.HttpRequest("GET", f"{origin}/api/tasks", body=b"")

    assert not has_plain_origin(request)
    assert address(request, "task/1", route="tasks") == "/api/task/1"


def test_makes_no_host_of_a_path() -> None:
    request = func.HttpRequest("GET", "http://é//evil.example/tasks", body=b"")

    assert address(request, "task/1", route="tasks") == "/evil.example/task/1"
