import asyncio
import socket
import time
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

import aiohttp
import pytest

from devhost.functions.http_exchange import HttpCall, HttpReply
from devhost.http.server import LARGEST_BODY, AddressInUse, Server

Answer = Callable[[HttpCall], Awaitable[HttpReply]]


def served(answer: Answer, use: Callable[[Server, aiohttp.ClientSession], Awaitable[None]]) -> None:
    async def run() -> None:
        server = Server(answer, port=0)
        await server.start()
        try:
            async with aiohttp.ClientSession(server.origin) as session:
                await use(server, session)
        finally:
            await server.stop()

    asyncio.run(run())


def test_hands_over_the_whole_call_and_sends_the_whole_reply() -> None:
    heard: list[HttpCall] = []

    async def answer(call: HttpCall) -> HttpReply:
        heard.append(call)
        headers = (("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"), ("X-Said", "yes"), ("Content-Length", "99"))
        return HttpReply(status=207, headers=headers, body=b"\x00\xff")

    async def use(server: Server, session: aiohttp.ClientSession) -> None:
        async with session.put("/a/b?x=1&x=&y=a+b", data=b"body", headers={"X-Ask": "now"}) as response:
            assert response.status == 207
            assert await response.read() == b"\x00\xff"
            assert response.headers.getall("Set-Cookie") == ["a=1", "b=2"]
            assert response.headers["X-Said"] == "yes"
        [call] = heard
        assert (call.method, call.path, call.body, call.header("x-ask")) == ("PUT", "/a/b", b"body", "now")
        assert call.url == f"{server.origin}/a/b?x=1&x=&y=a+b"
        assert call.origin == server.origin
        assert call.query == (("x", "1"), ("x", ""), ("y", "a b"))

    served(answer, use)


async def nothing(_: HttpCall) -> HttpReply:
    return HttpReply(status=404)


def test_an_empty_reply_is_empty() -> None:
    async def use(_: Server, session: aiohttp.ClientSession) -> None:
        for method in ("GET", "POST", "HEAD", "OPTIONS", "DELETE"):
            async with session.request(method, "/x") as response:
                assert (response.status, await response.read()) == (404, b"")

    served(nothing, use)


@pytest.mark.parametrize("length", [b"Content-Length: 104857601", b"Transfer-Encoding: chunked"])
def test_refuses_a_body_that_azure_refuses(length: bytes) -> None:
    async def run() -> bytes:
        # Only what is announced has to reach the real limit; what is sent in pieces meets a small one.
        server = Server(nothing, port=0, largest_body=LARGEST_BODY if b"1" in length else 4)
        reader, writer = await asyncio.open_connection("127.0.0.1", await server.start())
        writer.write(b"POST /x HTTP/1.1\r\nHost: h\r\n" + length + b"\r\n\r\n5\r\nabcde\r\n0\r\n\r\n")
        answer = await reader.readuntil(b"}")
        writer.close()
        await server.stop()
        return answer

    answer = asyncio.run(run())

    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"The body is larger than" in answer


def exchanged(server: Server, raw: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", urlsplit(server.origin).port or 0), timeout=10) as line:
        line.sendall(raw)
        return line.recv(65536)


@pytest.mark.parametrize("host", [b"[::1", b"]"])
def test_refuses_a_host_header_that_makes_no_url(host: bytes) -> None:
    async def use(server: Server, _: aiohttp.ClientSession) -> None:
        raw = b"GET /x HTTP/1.1\r\nHost: " + host + b"\r\n\r\n"
        told = await asyncio.to_thread(exchanged, server, raw)
        assert told.startswith(b"HTTP/1.1 400 ")
        assert b"is no URL" in told

    served(nothing, use)


def test_a_compressed_body_is_handed_over_as_it_came() -> None:
    heard: list[HttpCall] = []

    async def answer(call: HttpCall) -> HttpReply:
        heard.append(call)
        return HttpReply(status=204)

    async def use(_: Server, session: aiohttp.ClientSession) -> None:
        async with session.post("/x", data=b"no gzip", headers={"Content-Encoding": "gzip"}) as response:
            assert response.status == 204
        assert heard[0].body == b"no gzip"

    served(answer, use)


def test_a_request_that_is_no_http_is_worth_a_line_without_stack(caplog: pytest.LogCaptureFixture) -> None:
    async def use(server: Server, _: aiohttp.ClientSession) -> None:
        told = await asyncio.to_thread(exchanged, server, b"GET /x HTTP/1.1\r\nNo colon\r\n\r\n")
        assert b" 400 " in told

    served(nothing, use)
    [record] = [record for record in caplog.records if record.name == "aiohttp.server"]
    assert (record.levelname, record.exc_info) == ("WARNING", None)
    assert "No colon" in record.getMessage()


def test_a_taken_port_is_named_with_the_way_out() -> None:
    async def use(server: Server, _: aiohttp.ClientSession) -> None:
        port = int(server.origin.rpartition(":")[2])
        with pytest.raises(AddressInUse, match=f"127.0.0.1:{port} .*--port") as caught:
            await Server(nothing, port=port).start()
        assert caught.value.port == port

    served(nothing, use)


def test_stops_though_a_call_never_ends() -> None:
    async def run() -> float:
        arrived = asyncio.Event()

        async def never(_: HttpCall) -> HttpReply:
            arrived.set()
            await asyncio.Event().wait()
            raise AssertionError

        server = Server(never, port=0)
        await server.start()
        async with aiohttp.ClientSession(server.origin) as session:
            call = asyncio.create_task(session.get("/x"))
            await arrived.wait()
            before = time.monotonic()
            await server.stop()
            took = time.monotonic() - before
            await asyncio.gather(call, return_exceptions=True)
        return took

    assert asyncio.run(run()) < 2


@pytest.mark.parametrize(
    ("host", "origin"),
    [("127.0.0.1", "http://127.0.0.1:9"), ("0.0.0.0", "http://localhost:9"), ("::1", "http://[::1]:9")],
)
def test_the_origin_can_be_called(host: str, origin: str) -> None:
    assert Server(nothing, host=host, port=9).origin == origin
