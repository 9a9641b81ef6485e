"""The door itself; what it carries is seen in tests/acceptance, over real HTTP."""

import socket

import pytest

from dirigent.cli.door import Answer, HttpDoor, Unreachable


def test_a_body_that_is_no_json_holds_nothing() -> None:
    assert Answer(status=200, body=b"<html>").json() is None
    assert Answer(status=200, body=b"\xff").json() is None
    assert Answer(status=200, body=b'{"a": 1}').json() == {"a": 1}


def test_says_where_nobody_answers() -> None:
    with socket.socket() as taken:
        # Bound and not listening: whoever connects is refused.
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"

        with pytest.raises(Unreachable) as caught:
            HttpDoor(url).send("GET", "/api/health")

    assert str(caught.value).startswith(f"{url} cannot be reached: ")
    assert "refused" in caught.value.why
