from typing import Any

import azure.functions as func
import pytest

from devhost.functions.http_return import UnusableReply, reply_to

PLAIN = "text/plain; charset=utf-8"


@pytest.mark.parametrize(
    ("options", "status", "content_type", "body"),
    [
        ({}, 200, PLAIN, b""),
        ({"body": "é"}, 200, PLAIN, b"\xc3\xa9"),
        ({"body": "é", "charset": "latin-1"}, 200, "text/plain; charset=latin-1", b"\xe9"),
        ({"body": b"\x00", "mimetype": "application/json"}, 200, "application/json", b"\x00"),
        ({"body": "x", "headers": {"content-type": "a/b"}}, 200, "a/b", b"x"),
        ({"body": '{"body": 1}'}, 200, PLAIN, b'{"body": 1}'),
        ({"status_code": 204}, 204, PLAIN, b""),
        ({"status_code": 204, "body": "dropped"}, 204, PLAIN, b""),
        ({"status_code": 304, "body": "dropped"}, 304, PLAIN, b""),
        ({"status_code": None}, 200, PLAIN, b""),
        ({"status_code": "201"}, 201, PLAIN, b""),
        ({"status_code": "odd"}, 200, PLAIN, b""),
        ({"status_code": 418, "body": "tea"}, 418, PLAIN, b"tea"),
    ],
)
def test_a_response_is_sent_as_it_is(
    options: dict[str, Any], status: int, content_type: str, body: bytes
) -> None:
    reply = reply_to(func.HttpResponse(**options))

    assert (reply.status, reply.header("content-type"), reply.body) == (status, content_type, body)


def test_of_two_equal_headers_the_last_is_kept_and_of_cookies_all_are() -> None:
    response = func.HttpResponse("x", headers={"X-A": "1"})
    response.headers.add("X-A", "2")
    response.headers.add("Set-Cookie", "a=1; Path=/")
    response.headers.add("Set-Cookie", "b=2; HttpOnly")

    reply = reply_to(response)

    assert [pair for pair in reply.headers if pair[0].lower() == "x-a"] == [("X-A", "2")]
    assert reply.headers[-2:] == (("Set-Cookie", "a=1; Path=/"), ("Set-Cookie", "b=2; HttpOnly"))


@pytest.mark.parametrize("returned", [None, {}, b"x", 1, ("x", 200), object()])
def test_anything_else_fails_as_on_azure(returned: object) -> None:
    with pytest.raises(TypeError, match=f'for Python type "{type(returned).__name__}"'):
        reply_to(returned)


@pytest.mark.parametrize(
    ("name", "value"), [("X-A", "a\nb"), ("X-A", "é"), ("X\n", "a"), ("", "a"), ("Set-Cookie", "a=\x01")]
)
def test_a_header_that_no_server_sends_is_refused(name: str, value: str) -> None:
    response = func.HttpResponse("x")
    try:
        response.headers.add(name, value)
    except ValueError:
        # The SDK itself will not have it.
        return

    with pytest.raises((UnusableReply, ValueError)):
        reply_to(response)


@pytest.mark.parametrize("status", [0, 99, 101, 1000, -1])
def test_a_status_that_ends_nothing_is_refused(status: int) -> None:
    with pytest.raises(UnusableReply, match=str(status)):
        reply_to(func.HttpResponse(status_code=status))


@pytest.mark.parametrize(
    ("text", "body"),
    [
        ("Hello", "Hello"),
        ("", ""),
        (" ", ""),
        ("null", ""),
        ("true", "True"),
        ("false", "False"),
        ('"x"', "x"),
        ("5", "5"),
        ("1.0", "1"),
        ("1.5", "1.5"),
        ('{"a":1}', '{\n  "a": 1\n}'),
        ("[1,2]", "[\n  1,\n  2\n]"),
        ("{}", "{}"),
        ("{not json", "{not json"),
        ("[" * 50_000, "[" * 50_000),
        ('{"body":"b"}', "b"),
        ('{"Body":{"a":1}}', '{"a":1}'),
        ('{"body":null}', ""),
        ('{"body":[1]}', "System.Collections.Generic.List`1[System.Object]"),
    ],
)
def test_a_returned_text_is_read_as_json_first(text: str, body: str) -> None:
    reply = reply_to(text)

    assert (reply.status, reply.header("content-type"), reply.body.decode()) == (200, PLAIN, body)


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ('{"body":"b","status":201}', 201),
        ('{"body":"b","statusCode":"202","status":201}', 202),
        ('{"body":"b","STATUS":"x"}', 200),
        ('{"body":"b","status":true}', 200),
        ('{"status":201}', 200),
    ],
)
def test_an_object_with_a_body_is_a_response(text: str, status: int) -> None:
    assert reply_to(text).status == status


def test_such_an_object_may_have_headers() -> None:
    reply = reply_to('{"body":"{}","headers":{"Content-Type":"application/json","X-N":5}}')

    assert reply.headers == (("Content-Type", "application/json"), ("X-N", "5"))
