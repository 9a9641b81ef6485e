"""The routes, and who may come in."""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from yarl import URL

from dirigent.adapters.model_script import Dictated, Rule, Script
from dirigent.adapters.system_clock import SystemClock
from dirigent.modelserver.door import LARGEST_BODY, Door
from dirigent.modelserver.server import Listener

ORDER = {"model": "large", "messages": [{"role": "user", "content": "Go."}]}


def served(
    use: Callable[[aiohttp.ClientSession], Awaitable[None]],
    *,
    script: Script | None = None,
    key: str | None = None,
) -> Door:
    door = Door(script or Script(), SystemClock(), key)

    async def run() -> None:
        listener = Listener(door, "127.0.0.1", 0)
        origin = (await listener.start()).removesuffix("v1")
        try:
            async with aiohttp.ClientSession(origin) as session:
                await use(session)
        finally:
            await listener.stop()

    asyncio.run(run())
    return door


async def origin(session: aiohttp.ClientSession) -> URL:
    async with session.get("/v1/models") as answer:
        return answer.url.origin()


async def pour(answer: aiohttp.ClientResponse, received: bytearray) -> None:
    async for piece in answer.content.iter_any():
        received += piece


async def error_of(answer: aiohttp.ClientResponse) -> dict[str, Any]:
    assert answer.content_type == "application/json"
    error: dict[str, Any] = (await answer.json())["error"]
    assert set(error) == {"message", "type", "param", "code"}
    return error


@pytest.mark.parametrize("prefix", ["/v1", "/openai/v1"])
def test_serves_openais_paths_and_azures(prefix: str) -> None:
    async def use(session: aiohttp.ClientSession) -> None:
        asked = (
            session.post(f"{prefix}/chat/completions?api-version=preview", json=ORDER),
            session.post(f"{prefix}/embeddings", json={"model": "v", "input": "a"}),
            session.get(f"{prefix}/models"),
            session.get(f"{prefix}/models/org/large"),
        )
        for request in asked:
            async with request as answer:
                assert answer.status == 200
                assert answer.content_type == "application/json"
                assert answer.headers["x-request-id"].startswith("req_")
                assert "error" not in await answer.json()

    served(use)


def test_every_answer_has_a_request_id_of_its_own() -> None:
    ids: list[str] = []

    async def use(session: aiohttp.ClientSession) -> None:
        for path in ("/v1/models", "/v1/models", "/nowhere"):
            async with session.get(path) as answer:
                ids.append(answer.headers["x-request-id"])

    served(use)

    assert len(set(ids)) == 3


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"),
        ("GET", "/v1/models/a%0D%0Ab"),
        ("DELETE", "/v1/models"),
        ("GET", "/v1/chat/completions"),
        ("POST", "/v1/responses"),
        ("GET", "/v1/%ff"),
    ],
)
def test_what_is_not_there_is_told_in_openais_form(method: str, path: str) -> None:
    async def use(session: aiohttp.ClientSession) -> None:
        async with session.request(method, path) as answer:
            error = await error_of(answer)
            assert (answer.status, error["code"]) == (404, "unknown_url")
            assert method in error["message"]

    served(use)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Authorization": "Bearer secret"}, 200),
        ({"Authorization": "bearer  secret"}, 200),
        ({"api-key": "secret"}, 200),
        ({"Authorization": "Bearer other"}, 401),
        ({"Authorization": "Basic secret"}, 401),
        ({"api-key": "schlüssel"}, 401),
        ({}, 401),
    ],
)
@pytest.mark.parametrize("path", ["/v1/models", "/counts", "/nowhere-at-all"])
def test_lets_nobody_in_without_the_key(headers: dict[str, str], status: int, path: str) -> None:
    async def use(session: aiohttp.ClientSession) -> None:
        async with session.get(path, headers=headers) as answer:
            if status == 401:
                error = await error_of(answer)
                assert "secret" not in json.dumps(error)
            assert answer.status == (404 if status == 200 and "nowhere" in path else status)

    served(use, key="secret")


def test_needs_no_key_where_none_was_given() -> None:
    async def use(session: aiohttp.ClientSession) -> None:
        async with session.get("/v1/models", headers={"Authorization": "Bearer anything"}) as answer:
            assert answer.status == 200

    served(use)


def test_tells_its_counts() -> None:
    async def use(session: aiohttp.ClientSession) -> None:
        async with session.post("/v1/chat/completions", json=ORDER, headers={"x-dirigent-agent": "a"}) as one:
            usage = (await one.json())["usage"]
        async with session.post("/v1/chat/completions", json={}) as malformed:
            assert malformed.status == 400
        async with session.get("/counts") as answer:
            counts = await answer.json()
        tally = {
            "calls": 1,
            "answered": 1,
            "input_tokens": usage["prompt_tokens"],
            "output_tokens": usage["completion_tokens"],
        }
        assert counts == {
            "total": tally,
            "agents": {"a": tally},
            "deployments": {"large": tally},
            "in_flight": 0,
            "most_in_flight": 1,
        }

    served(use)


@pytest.mark.parametrize("stream", [False, True])
def test_cuts_the_connection_in_the_middle_of_the_body(stream: bool) -> None:
    async def use(session: aiohttp.ClientSession) -> None:
        async with session.post("/v1/chat/completions", json={**ORDER, "stream": stream}) as answer:
            assert answer.status == 200
            received = bytearray()
            with pytest.raises(aiohttp.ClientPayloadError):
                await pour(answer, received)
            assert received.startswith(b"data: {" if stream else b'{"id":')

    served(use, script=Script(faults=(Rule(fault="cut"),)))


def test_a_journal_that_cannot_be_written_is_the_servers_own_trouble(tmp_path: Path) -> None:
    async def use(session: aiohttp.ClientSession) -> None:
        async with session.post("/v1/chat/completions", json=ORDER) as answer:
            assert answer.status == 500
            assert (await error_of(answer))["type"] == "server_error"

    served(use, script=Script(journal=str(tmp_path)))


def test_refuses_a_body_that_is_larger_than_any_question() -> None:
    async def body() -> Any:
        for _ in range(LARGEST_BODY // 2**20 + 1):
            yield b" " * 2**20

    async def use(session: aiohttp.ClientSession) -> None:
        async with session.post("/v1/chat/completions", data=body()) as answer:
            assert answer.status == 413
            assert (await error_of(answer))["code"] == "request_too_large"

    served(use)


def test_a_client_that_leaves_takes_its_call_along() -> None:
    async def use(session: aiohttp.ClientSession) -> None:
        limit = aiohttp.ClientTimeout(total=0.2)
        with pytest.raises(TimeoutError):
            await session.post("/v1/chat/completions", json=ORDER, timeout=limit)
        async with session.get("/counts") as answer:
            counts = await answer.json()
        assert counts["most_in_flight"] == 1

    door = served(use, script=Script(faults=(Rule(fault="timeout"),)))

    assert door.counter.counts().in_flight == 0
    assert door.counter.counts().total.calls == 1


def test_a_long_text_keeps_nobody_else_waiting() -> None:
    long = {"model": "large", "messages": [{"role": "user", "content": "Tea is green. " * 30_000}]}

    async def use(session: aiohttp.ClientSession) -> None:
        answer = asyncio.create_task(session.post("/v1/chat/completions", json=long))
        in_flight = 0
        while not answer.done() and not in_flight:
            async with session.get("/counts") as counted:
                in_flight = (await counted.json())["in_flight"]
        assert in_flight == 1
        assert (await answer).status == 200

    served(use)


def test_answers_two_hundred_at_once() -> None:
    async def one(session: aiohttp.ClientSession) -> int:
        async with session.post("/v1/chat/completions", json=ORDER) as answer:
            await answer.read()
            return answer.status

    async def use(session: aiohttp.ClientSession) -> None:
        connector = aiohttp.TCPConnector(limit=200)
        async with aiohttp.ClientSession(await origin(session), connector=connector) as crowd:
            assert await asyncio.gather(*(one(crowd) for _ in range(200))) == [200] * 200

    door = served(use)

    assert door.counter.counts().total.answered == 200


def test_a_client_that_leaves_a_stream_harms_nobody(caplog: pytest.LogCaptureFixture) -> None:
    text = "Tea is green. " * 50_000
    script = Script(answers=(Dictated(answer=text, times=1),))

    async def use(session: aiohttp.ClientSession) -> None:
        async with session.post("/v1/chat/completions", json={**ORDER, "stream": True}) as answer:
            assert await answer.content.read(100)
            answer.close()
        async with session.post("/v1/chat/completions", json={**ORDER, "stream": True}) as answer:
            assert (await answer.read()).endswith(b"data: [DONE]\n\n")

    door = served(use, script=script)

    assert door.counter.counts().in_flight == 0
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


def test_counts_are_told_whatever_bytes_name_an_agent() -> None:
    async def use(session: aiohttp.ClientSession) -> None:
        place = await origin(session)
        reader, writer = await asyncio.open_connection(place.host, place.port)
        body = json.dumps(ORDER).encode()
        head = f"POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nContent-Length: {len(body)}\r\n"
        writer.write(head.encode() + b"x-dirigent-agent: \xff\r\nConnection: close\r\n\r\n" + body)
        assert (await reader.read()).startswith(b"HTTP/1.1 200")
        writer.close()
        async with session.get("/counts") as answer:
            assert answer.status == 200

    served(use)
