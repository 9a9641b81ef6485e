"""Orchestrators that make HTTP requests, here to the app's own routes."""

import http.server
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from driver import APPS, Driver, InProcess, OverHttp, StoryFailed, shape

from devhost.testing import LocalHost

APP = "calls_http"


def address(driver: Driver) -> str:
    if isinstance(driver, InProcess):
        return driver.host.url
    assert isinstance(driver, OverHttp)
    return str(driver.server.address.geturl()).rstrip("/")


def test_hears_status_headers_and_content(driver: Driver) -> None:
    uri = f"{address(driver)}/api/echo?status=418"
    answer = driver.result(driver.start("ask", {"uri": uri, "headers": {"X-Colour": "blue"}}))

    assert answer["statusCode"] == 418
    assert answer["headers"]["X-Shop"] == "open"
    # Azure keeps the content's headers to itself.
    assert "content-type" not in {name.lower() for name in answer["headers"]}
    assert answer["content"] == '{"method": "GET", "colour": "blue", "type": null, "body": ""}'


def test_sends_json_unless_the_text_is_raw(driver: Driver) -> None:
    uri = f"{address(driver)}/api/echo"
    asked = {"method": "post", "uri": uri, "content": {"what": "désk"}}

    json_sent = driver.result(driver.start("ask", asked))["content"]
    raw_sent = driver.result(
        driver.start(
            "ask",
            {**asked, "content": "a=b", "raw": True, "headers": {"content-type": "application/x-form"}},
        )
    )["content"]

    assert '"type": "text/plain"' in json_sent
    assert r"{\"what\": \"d\\u00e9sk\"}" in json_sent
    assert '"type": "application/x-form", "body": "a=b"' in raw_sent


def test_follows_redirects_and_turns_a_post_into_a_get(driver: Driver) -> None:
    asked = {"method": "POST", "uri": f"{address(driver)}/api/moved", "content": "x"}

    answer = driver.result(driver.start("ask", asked))

    assert (answer["statusCode"], '"method": "GET"' in answer["content"]) == (200, True)


def test_takes_a_202_for_the_answer(driver: Driver) -> None:
    answer = driver.result(driver.start("ask", {"method": "POST", "uri": f"{address(driver)}/api/long"}))

    assert (answer["statusCode"], answer["headers"]["Location"]) == (202, "/api/echo")


def test_asks_many_at_once(driver: Driver) -> None:
    uris = [f"{address(driver)}/api/echo?status={status}" for status in range(200, 210)]

    assert driver.result(driver.start("ask_many", uris)) == list(range(200, 210))


def test_fails_where_nobody_answers(driver: Driver) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        uri = f"http://127.0.0.1:{free.getsockname()[1]}/"

        with pytest.raises(StoryFailed, match=f"GET {uri} got no answer: .*[Cc]onnect"):
            driver.result(driver.start("ask", {"uri": uri}))
        assert driver.result(driver.start("ask_or_shrug", uri)).startswith("shrug: ")


def test_refuses_what_is_no_url(driver: Driver) -> None:
    with pytest.raises(StoryFailed, match="got no answer: it is no absolute URL"):
        driver.result(driver.start("ask", {"uri": "/api/echo"}))


def test_refuses_a_managed_identity_with_a_remedy(driver: Driver) -> None:
    with pytest.raises(StoryFailed, match="a token of a managed identity, which this machine does not have"):
        driver.result(driver.start("ask_as_somebody", f"{address(driver)}/api/echo"))


def test_is_an_activity_in_the_history(virtual: InProcess) -> None:
    instance = virtual.start("ask", {"uri": f"{address(virtual)}/api/echo"})
    virtual.result(instance)

    history = virtual.host.history(instance)
    assert shape(history) == [
        "ExecutionStarted",
        "TaskScheduled 0",
        "TaskCompleted 0",
        "ExecutionCompleted",
    ]
    assert [event["Name"] for event in history if event["EventType"] == 4] == ["BuiltIn::HttpActivity"]


@pytest.fixture
def slow_neighbour() -> Iterator[tuple[str, threading.Event]]:
    """A server outside of the host that answers when it is told to."""
    may_answer = threading.Event()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            may_answer.wait(10)
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            """Say nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/", may_answer
        may_answer.set()
        server.shutdown()
        thread.join()


def test_asks_again_after_a_crash(slow_neighbour: tuple[str, threading.Event], tmp_path: Path) -> None:
    uri, may_answer = slow_neighbour
    with LocalHost(APPS / APP, state=tmp_path) as host:
        instance = host.start("ask", input={"uri": uri})
        host.crash()

    may_answer.set()
    with LocalHost(APPS / APP, state=tmp_path) as host:
        assert host.result(instance)["statusCode"] == 200


def test_holds_virtual_time_while_it_waits(
    virtual: InProcess, slow_neighbour: tuple[str, threading.Event]
) -> None:
    uri, may_answer = slow_neighbour
    began = virtual.host.clock.now()
    threading.Timer(0.2, may_answer.set).start()

    assert virtual.result(virtual.start("ask", {"uri": uri}))["statusCode"] == 200
    assert virtual.host.clock.now() == began
