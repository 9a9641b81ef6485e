import asyncio
import json
import logging
from types import MappingProxyType
from typing import Any

import pytest

from devhost.functions.calls import Surroundings
from devhost.functions.catalog import ACTIVITY, HTTP, RETURN, SERVICE_BUS, Binding, Catalog, Function
from devhost.functions.client_binding import ClientBinding
from devhost.functions.http_exchange import HttpCall, HttpReply
from devhost.functions.running import Runner
from devhost.http.admin import Admin

# The SDK says so of every activity's argument, once a process.
pytestmark = pytest.mark.filterwarnings("ignore:azure.functions df_loads:DeprecationWarning")

HEARD: list[Any] = []


def work(n: object) -> object:
    HEARD.append(n)
    if n == "bad":
        raise ValueError("no such n")
    return n


def http_binding() -> Binding:
    attributes = MappingProxyType({"route": "x/{id}", "methods": ["GET"]})
    return Binding(type=HTTP, name="req", attributes=attributes)


def function(name: str, trigger: Binding, *more: Binding) -> Function:
    return Function(
        name=name,
        trigger=trigger,
        bindings=(trigger, *more),
        call=work,
        is_async=False,
        directory="app",
        wants_context=False,
        durable_name=name if trigger.type == ACTIVITY else None,
        returns=trigger.type if trigger.type == ACTIVITY else None,
    )


CATALOG = Catalog(
    [
        function("work", Binding(type=ACTIVITY, name="n")),
        function("page", http_binding(), Binding(type="http", name=RETURN, is_out=True)),
        function("odd", Binding(type=SERVICE_BUS, name="n", attributes=MappingProxyType({"n": (1, object)}))),
    ]
)


def ask(clients: ClientBinding, method: str, path: str, body: bytes = b"") -> HttpReply:
    async def put() -> HttpReply:
        runner = Runner(asyncio.get_running_loop(), threads=1)
        admin = Admin(
            CATALOG,
            runner,
            Surroundings(client_json=clients.json_for),
            url_of=lambda function, origin: f"{origin}/api/{function.name}",
        )
        call = HttpCall.to(method, f"http://localhost:7071/admin/{path}", body=body)
        reply = await admin.answer(call, tuple(path.split("/")))
        await asyncio.sleep(0)
        await runner.close()
        return reply

    HEARD.clear()
    return asyncio.run(put())


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
def test_answers_a_ping(clients: ClientBinding, method: str) -> None:
    reply = ask(clients, method, "host/ping")

    assert (reply.status, reply.body) == (200, b"")


def test_tells_that_it_runs(clients: ClientBinding) -> None:
    status = json.loads(ask(clients, "GET", "Host/Status").body)

    assert status["state"] == "Running"
    assert status["processUptime"] >= 0


def test_lists_the_functions(clients: ClientBinding) -> None:
    work_listed, page, odd = json.loads(ask(clients, "GET", "functions").body)

    assert work_listed["config"]["bindings"] == [{"type": ACTIVITY, "name": "n", "direction": "IN"}]
    assert work_listed["invoke_url_template"] is None
    assert page["invoke_url_template"] == "http://localhost:7071/api/page"
    assert page["href"] == "http://localhost:7071/admin/functions/page"
    assert page["config"]["bindings"] == [
        {"route": "x/{id}", "methods": ["GET"], "type": HTTP, "name": "req", "direction": "IN"},
        {"type": "http", "name": "$return", "direction": "OUT"},
    ]
    assert odd["config"]["bindings"][0]["n"] == [1, "<class 'object'>"]


def test_tells_of_one_function(clients: ClientBinding) -> None:
    assert json.loads(ask(clients, "GET", "functions/WORK").body)["name"] == "work"
    assert ask(clients, "GET", "functions/none") == HttpReply(status=404)


@pytest.mark.parametrize(
    ("body", "heard"),
    [(b'{"input": "{\\"a\\": 1}"}', {"a": 1}), (b'{"Input": "plain"}', "plain"), (b'{"input": 5}', 5)],
)
def test_runs_a_function_by_hand(clients: ClientBinding, body: bytes, heard: object) -> None:
    assert ask(clients, "POST", "functions/work", body) == HttpReply(status=202)
    assert [heard] == HEARD


def test_logs_that_what_it_ran_failed(clients: ClientBinding, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        assert ask(clients, "POST", "functions/work", b'{"input": "bad"}').status == 202

    assert "work, run by hand, failed: ValueError: no such n" in caplog.text
    assert "in work" in caplog.text


@pytest.mark.parametrize("body", [b"", b"{", b"{}", b"[]", b'{"input": null}', b'{"input": {"a": 1}}'])
def test_wants_a_body_with_an_input(clients: ClientBinding, body: bytes) -> None:
    reply = ask(clients, "POST", "functions/work", body)

    assert reply.status == 400
    assert "'input'" in json.loads(reply.body)["Message"]
    assert not HEARD


def test_sends_the_caller_of_an_http_function_to_its_url(clients: ClientBinding) -> None:
    reply = ask(clients, "POST", "functions/page", b'{"input": ""}')

    assert reply.status == 400
    assert "call its URL" in json.loads(reply.body)["Message"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "functions/none"),
        ("DELETE", "functions/work"),
        ("POST", "functions"),
        ("POST", "host/status"),
        ("GET", "host"),
        ("GET", "functions/work/status"),
    ],
)
def test_knows_nothing_else(clients: ClientBinding, method: str, path: str) -> None:
    assert ask(clients, method, path, b'{"input": ""}') == HttpReply(status=404)
