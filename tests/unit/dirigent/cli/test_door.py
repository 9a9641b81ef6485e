"""The door itself; most of what it carries is seen in tests/acceptance, over a whole app."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from dirigent.cli.door import Answer, HttpDoor, Unreachable


def test_a_body_that_is_no_json_holds_nothing() -> None:
    assert Answer(status=200, body=b"<html>").json() is None
    assert Answer(status=200, body=b"\xff").json() is None
    assert Answer(status=200, body=b'{"a": 1}').json() == {"a": 1}


@contextmanager
def listener(heard: list[dict[str, str]]) -> Iterator[str]:
    """The address of somebody who notes the headers of each request."""

    class Listener(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            heard.append({name.lower(): value for name, value in self.headers.items()})
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    with HTTPServer(("127.0.0.1", 0), Listener) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def test_carries_key_and_token_where_they_are_given() -> None:
    heard: list[dict[str, str]] = []
    with listener(heard) as url:
        HttpDoor(url, "k", "a.b").send("GET", "/api/tasks")
        HttpDoor(url).send("GET", "/api/tasks")

    told, bare = heard
    assert (told["x-functions-key"], told["authorization"]) == ("k", "Bearer a.b")
    assert not {"x-functions-key", "authorization"} & bare.keys()


def test_says_where_nobody_answers() -> None:
    with socket.socket() as taken:
        # Bound and not listening: whoever connects is refused.
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"

        with pytest.raises(Unreachable) as caught:
            HttpDoor(url).send("GET", "/api/health")

    assert str(caught.value).startswith(f"{url} cannot be reached: ")
    assert "refused" in caught.value.why
