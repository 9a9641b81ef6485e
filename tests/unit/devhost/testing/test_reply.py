"""An answer as tests like to read it."""

import json

import pytest

from devhost.functions.http_exchange import HttpReply
from devhost.testing import Reply


def test_writes_header_names_small_and_keeps_the_last() -> None:
    sent = HttpReply(status=202, headers=(("Retry-After", "1"), ("X-A", "old"), ("x-a", "new")), body=b"{}")

    assert Reply.of(sent) == Reply(status=202, headers={"retry-after": "1", "x-a": "new"}, body=b"{}")


def test_reads_json() -> None:
    reply = Reply.of(HttpReply(status=200, headers=(), body=b'{"a": [1, null]}'))

    assert reply.json() == {"a": [1, None]}


def test_reads_text() -> None:
    assert Reply.of(HttpReply(status=200, headers=(), body="grüß dich".encode())).text == "grüß dich"


def test_refuses_to_read_what_is_no_json() -> None:
    with pytest.raises(json.JSONDecodeError):
        Reply.of(HttpReply(status=200, headers=(), body=b"hello")).json()
