"""Requests go out as .NET's HttpClient sends them, and what it does not tell is not told."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from devhost.functions.http_exchange import HttpCall, HttpReply
from devhost.functions.outgoing import OutgoingReply, OutgoingRequest, RequestFailed
from devhost.http.outgoing import Outgoing
from devhost.http.server import Server

Answer = Callable[[HttpCall], Awaitable[HttpReply]]
ASKED = OutgoingRequest(method="GET", uri="/", headers={}, content=None)


def sent(
    request: OutgoingRequest, answer: Answer, timeout: float = 5
) -> tuple[OutgoingReply | RequestFailed, int]:
    """What comes back from a server that answers so, and how many requests are left under way."""

    async def scene() -> tuple[OutgoingReply | RequestFailed, int]:
        server, outgoing = Server(answer, port=0), Outgoing(timeout=timeout)
        await server.start()
        future = asyncio.get_running_loop().create_future()
        try:
            absolute = request.uri.startswith("/")
            outgoing.send(
                replace(request, uri=server.origin + request.uri) if absolute else request, future.set_result
            )
            assert outgoing.in_flight == 1
            found = await future
            await asyncio.sleep(0)
            return found, outgoing.in_flight
        finally:
            await outgoing.close()
            await server.stop()

    return asyncio.run(scene())


async def nobody(call: HttpCall) -> HttpReply:
    raise AssertionError(f"{call.url} was not to be called")


def test_tells_status_content_and_the_headers_azure_tells() -> None:
    async def answer(_: HttpCall) -> HttpReply:
        headers = (("Content-Type", "text/plain"), ("X-A", "1"), ("X-A", "2"), ("Expires", "0"))
        return HttpReply(status=404, headers=headers, body="é".encode())

    found, left = sent(ASKED, answer)

    assert isinstance(found, OutgoingReply)
    assert (found.status, found.content, left) == (404, "é", 0)
    names = [name for name, _ in found.headers]
    assert names.count("X-A") == 2
    assert not {"Content-Type", "Content-Length", "Expires"} & set(names)


def test_adds_no_header_that_was_not_asked_for() -> None:
    heard: list[HttpCall] = []

    async def answer(call: HttpCall) -> HttpReply:
        heard.append(call)
        return HttpReply(status=200)

    sent(replace(ASKED, method="PUT", content="é", headers={"Content-Type": "text/css", "X-A": "1"}), answer)

    names = {name.lower() for name, _ in heard[0].headers}
    assert names == {"host", "content-type", "content-length", "user-agent", "x-a"}
    assert (heard[0].method, heard[0].body, heard[0].media_type) == ("PUT", "é".encode(), "text/css")


def test_follows_redirects_and_keeps_no_cookies() -> None:
    heard: list[tuple[str, str, str | None]] = []

    async def answer(call: HttpCall) -> HttpReply:
        heard.append((call.method, call.path, call.header("Cookie")))
        if call.path == "/end":
            return HttpReply(status=200)
        status = 307 if call.path == "/" else 302
        headers = (("Location", "/next" if call.path == "/" else "/end"), ("Set-Cookie", "a=1"))
        return HttpReply(status=status, headers=headers)

    found, _ = sent(replace(ASKED, method="POST", content="x"), answer)

    assert isinstance(found, OutgoingReply)
    assert heard == [("POST", "/", None), ("POST", "/next", None), ("GET", "/end", None)]


def test_gives_up_after_its_time() -> None:
    async def answer(_: HttpCall) -> HttpReply:
        await asyncio.Event().wait()
        return HttpReply(status=200)

    found, left = sent(ASKED, answer, timeout=0.05)

    assert isinstance(found, RequestFailed)
    assert (found.reason, left) == ("0.05 s have passed", 0)


@pytest.mark.parametrize(
    ("request_", "reason"),
    [
        (replace(ASKED, uri="no/url"), "it is no absolute URL"),
        (replace(ASKED, uri="http://"), "it is no absolute URL"),
        (replace(ASKED, headers={"X-A": "1\r\nX-B: 2"}), ""),
        (replace(ASKED, method="NOT A METHOD"), ""),
        (replace(ASKED, uri="ftp://localhost/x"), ""),
    ],
)
def test_says_why_a_request_cannot_be_sent(request_: OutgoingRequest, reason: str) -> None:
    found, _ = sent(request_, nobody)

    assert isinstance(found, RequestFailed)
    assert found.reason.startswith(reason)
    assert found.reason


def test_breaks_off_in_silence_when_it_is_closed() -> None:
    async def scene() -> list[object]:
        reached, told = asyncio.Event(), list[object]()

        async def answer(_: HttpCall) -> HttpReply:
            reached.set()
            await asyncio.Event().wait()
            return HttpReply(status=200)

        server, outgoing = Server(answer, port=0), Outgoing()
        await server.start()
        outgoing.send(replace(ASKED, uri=server.origin), told.append)
        await reached.wait()
        await outgoing.close()
        await server.stop()
        return told

    assert asyncio.run(scene()) == []
