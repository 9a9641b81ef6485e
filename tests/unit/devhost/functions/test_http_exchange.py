import json

import pytest

from devhost.functions.http_exchange import HttpCall, HttpReply, json_reply


@pytest.mark.parametrize(
    ("url", "path", "query", "origin"),
    [
        (
            "http://h:1/a%20b/c?x=1&x=&y=a+b%20c#z",
            "/a%20b/c",
            (("x", "1"), ("x", ""), ("y", "a b c#z")),
            "http://h:1",
        ),
        ("https://h", "/", (), "https://h"),
        ("http://h?x=%ff", "/", (("x", "\ufffd"),), "http://h"),
    ],
)
def test_a_url_is_taken_apart(url: str, path: str, query: tuple[tuple[str, str], ...], origin: str) -> None:
    call = HttpCall.to("get", url)

    assert (call.method, call.path, call.query, call.origin) == ("GET", path, query, origin)
    assert call.url == url


@pytest.mark.parametrize(
    ("value", "media"),
    [("Application/JSON; charset=utf-8", "application/json"), (" text/plain ", "text/plain"), ("", "")],
)
def test_the_media_type_is_the_bare_content_type(value: str, media: str) -> None:
    assert HttpCall.to("GET", "http://h/", headers=(("Content-Type", value),)).media_type == media


def test_headers_are_found_in_any_case() -> None:
    call = HttpCall.to("GET", "http://h/", headers=(("X-A", "1"), ("x-a", "2")))
    reply = HttpReply(status=200, headers=(("X-A", "1"), ("x-a", "2")))

    assert call.header("x-A") == reply.header("X-a") == "1"
    assert call.header("b") is reply.header("b") is None
    assert call.media_type == ""


@pytest.mark.parametrize("value", [{"a": "é"}, [None, 1.5], "\ud800", None])
def test_a_json_reply_reads_back(value: object) -> None:
    reply = json_reply(202, value, ("Retry-After", "5"))

    assert json.loads(reply.body) == value
    assert reply.headers == (("Content-Type", "application/json; charset=utf-8"), ("Retry-After", "5"))
