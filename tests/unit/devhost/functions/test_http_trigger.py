import asyncio
import json
import logging
from collections.abc import Callable
from types import MappingProxyType
from typing import Any

import azure.functions as func
import pytest

from devhost.functions.calls import Surroundings
from devhost.functions.catalog import CLIENT, HTTP, RETURN, Binding, Function
from devhost.functions.http_exchange import HttpCall, HttpReply
from devhost.functions.http_trigger import HttpTrigger, http_request
from devhost.functions.running import Runner

URL = "http://localhost:7071/api/x/5?a=1&A=2&b=&c=%C3%A9"


def function(call: Callable[..., Any], *more: Binding, wants_context: bool = False) -> Function:
    trigger = Binding(type=HTTP, name="req")
    return Function(
        name="hello",
        trigger=trigger,
        bindings=(trigger, Binding(type="http", name=RETURN, is_out=True), *more),
        call=call,
        is_async=asyncio.iscoroutinefunction(call),
        directory=".",
        wants_context=wants_context,
        returns="http",
    )


def returning(value: object) -> Callable[..., object]:
    def hello(req: func.HttpRequest) -> object:
        return value

    return hello


def replied(made: Function, *, closed: bool = False, call: HttpCall | None = None) -> HttpReply:
    async def run() -> HttpReply:
        runner = Runner(asyncio.get_running_loop(), threads=1)
        trigger = HttpTrigger(runner, Surroundings(client_json=lambda binding: f"client for {binding.name}"))
        if closed:
            await runner.close()
        reply = await trigger.answer(made, call or HttpCall.to("GET", URL), MappingProxyType({"id": "5"}))
        await runner.close()
        return reply

    return asyncio.run(run())


def test_a_function_gets_the_request_and_its_response_goes_back() -> None:
    def hello(req: func.HttpRequest) -> func.HttpResponse:
        return func.HttpResponse(f"{req.method} {req.url} {req.route_params['id']}", status_code=201)

    reply = replied(function(hello))

    assert (reply.status, reply.body.decode()) == (201, f"GET {URL} 5")


def test_an_async_function_gets_its_client_and_context() -> None:
    async def hello(req: func.HttpRequest, client: str, context: Any) -> str:
        return f"{client}, {context.function_name}, {context.trace_context.trace_parent}"

    call = HttpCall.to("GET", URL, headers=(("traceparent", "00-1-2-01"),))
    reply = replied(function(hello, Binding(type=CLIENT, name="client"), wants_context=True), call=call)

    assert reply.body == b"client for client, hello, 00-1-2-01"


def test_a_failure_tells_the_log_all_and_the_caller_nothing(caplog: pytest.LogCaptureFixture) -> None:
    def hello(req: func.HttpRequest) -> str:
        raise ValueError("secret")

    with caplog.at_level(logging.ERROR):
        reply = replied(function(hello))

    assert reply == HttpReply(status=500)
    assert "hello failed: ValueError: secret" in caplog.text
    assert "in hello" in caplog.text


class Odd(func.HttpResponse):
    def get_body(self) -> bytes:
        raise KeyError("nobody")


@pytest.mark.parametrize(
    ("returned", "words"),
    [
        (None, 'for Python type "NoneType"'),
        ({"a": 1}, 'for Python type "dict"'),
        (func.HttpResponse(status_code=99), "The status code 99 cannot end a response"),
        (Odd(), "KeyError: 'nobody'"),
    ],
)
def test_what_cannot_be_sent_is_a_failure(
    returned: object, words: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert replied(function(returning(returned))) == HttpReply(status=500)
    assert words in caplog.text


def test_a_host_that_stops_says_so() -> None:
    assert replied(function(returning("x")), closed=True) == HttpReply(status=503)


def test_the_request_is_as_the_worker_makes_it() -> None:
    headers = (("X-A", "1"), ("x-a", "2"), ("Content-Type", "application/json"))
    request = http_request(HttpCall.to("PATCH", URL, headers=headers, body=b'{"n":1}'), {"id": "5"})

    assert (request.method, request.url) == ("PATCH", URL)
    assert dict(request.headers) == {"x-a": "1,2", "content-type": "application/json"}
    assert dict(request.params) == {"a": "1,2", "c": "é"}
    assert dict(request.route_params) == {"id": "5"}
    assert request.get_body() == b'{"n":1}'
    assert request.get_json() == {"n": 1}


def test_a_body_that_is_no_json_says_so() -> None:
    request = http_request(HttpCall.to("POST", URL, body=b"a=1"), {})

    with pytest.raises(ValueError, match="does not contain valid JSON data"):
        json.dumps(request.get_json())
