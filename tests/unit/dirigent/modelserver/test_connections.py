"""A client's connection, on which errors have OpenAI's form even where no request could be read."""

import asyncio
import json
import logging
from typing import Any
from urllib.parse import urlsplit

import pytest
from aiohttp import web

from dirigent.adapters.model_script import Script
from dirigent.adapters.system_clock import SystemClock
from dirigent.modelserver.door import Door
from dirigent.modelserver.server import Listener


class Broken(Door):
    """What is asked of it fails as nobody foresaw."""

    def application(self) -> web.Application:
        async def fail(request: web.Request) -> web.Response:
            raise KeyError(request.path)

        async def lose(request: web.Request) -> web.Response:
            raise ConnectionResetError("The client has left.")

        app = web.Application()
        app.router.add_get("/broken", fail)
        app.router.add_get("/left", lose)
        return app


def received(request: bytes, kind: type[Door] = Door) -> bytes:
    """What is sent back until the connection ends."""

    async def run() -> bytes:
        listener = Listener(kind(Script(), SystemClock(), None), "127.0.0.1", 0)
        place = urlsplit(await listener.start())
        reader, writer = await asyncio.open_connection(place.hostname, place.port)
        try:
            writer.write(request)
            return await reader.read()
        finally:
            writer.close()
            await listener.stop()

    return asyncio.run(run())


def answered(request: bytes, kind: type[Door] = Door) -> tuple[int, dict[str, Any]]:
    """The status and the error with which bytes are answered."""
    head, _, body = received(request, kind).partition(b"\r\n\r\n")
    assert b"content-type: application/json" in head.lower()
    assert b"x-request-id: req_" in head.lower()
    error: dict[str, Any] = json.loads(body)["error"]
    assert set(error) == {"message", "type", "param", "code"}
    return int(head.split()[1]), error


@pytest.mark.parametrize(
    "request_line", [b"GET /v1/models HTTP/1.1\r\nx: " + b"a" * 9_000, b"GET /" + b"a" * 9_000 + b" HTTP/1.1"]
)
def test_a_header_or_an_address_that_is_too_long_is_refused_in_openais_form(request_line: bytes) -> None:
    status, error = answered(request_line + b"\r\n\r\n")

    assert (status, error["code"]) == (431, "headers_too_large")


@pytest.mark.parametrize(
    "request_line", [b"what is this", b"GET / HTTP/1.1\r\nContent-Length: a secret", b"GET / HTTP/9.9"]
)
def test_what_is_no_http_is_refused_in_openais_form_and_not_repeated(request_line: bytes) -> None:
    status, error = answered(request_line + b"\r\n\r\n")

    assert (status, error["type"]) == (400, "invalid_request_error")
    assert "secret" not in error["message"]


def test_what_nobody_foresaw_is_told_in_openais_form_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    status, error = answered(b"GET /broken HTTP/1.1\r\nHost: a\r\n\r\n", Broken)

    assert (status, error["type"], error["code"]) == (500, "server_error", "internal_error")
    [line] = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert line.getMessage() == "GET /broken failed"
    assert line.exc_info


def test_whoever_left_is_no_fault(caplog: pytest.LogCaptureFixture) -> None:
    assert received(b"GET /left HTTP/1.1\r\nHost: a\r\n\r\n", Broken) == b""

    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []
