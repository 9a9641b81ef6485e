import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest

from devhost.functions.client_binding import ClientBinding
from devhost.functions.http_exchange import HttpCall, HttpReply
from devhost.http.management import Management

#: Longer than any test takes: what ends earlier did not wait for the time to run out.
LONG = "timeout=60&pollingInterval=1"
START = "orchestrators/chain/run-1"


def waited(
    hub: Any, clients: ClientBinding, path: str, meanwhile: Callable[[Management], None] | None = None
) -> HttpReply:
    """The reply to a start that waits; `meanwhile` is called while it does."""

    async def scene() -> HttpReply:
        management = Management(hub, clients)
        call = HttpCall.to("POST", f"http://localhost:7071/durabletask/{path}")
        pieces = tuple(path.partition("?")[0].split("/"))
        answer = asyncio.create_task(management.answer(call, pieces, is_rpc=True))
        if meanwhile is not None:
            for _ in range(5):
                await asyncio.sleep(0)
            assert management.waiting == 1
            meanwhile(management)
        return await answer

    return asyncio.run(scene())


@pytest.mark.parametrize(
    ("output", "body"), [("5", b"5"), ('{"a":1}', b'{"a": 1}'), ('"word"', b'"word"'), (None, b"null")]
)
def test_a_start_that_waits_answers_with_the_output(
    hub: Any, clients: ClientBinding, output: str | None, body: bytes
) -> None:
    reply = waited(hub, clients, f"{START}?{LONG}", lambda _: hub.end("run-1", output=output))

    assert (reply.status, reply.body) == (200, body)


@pytest.mark.parametrize(
    ("more", "runtime", "status"),
    [
        ("", "Failed", 200),
        ("&returnInternalServerErrorOnFailure=true", "Failed", 500),
        ("&returnInternalServerErrorOnFailure=true", "Terminated", 200),
        ("", "Canceled", 200),
    ],
)
def test_a_start_that_waits_for_another_end_answers_with_the_status(
    hub: Any, clients: ClientBinding, more: str, runtime: str, status: int
) -> None:
    reply = waited(hub, clients, f"{START}?{LONG}{more}", lambda _: hub.end("run-1", runtime, "boom"))

    assert reply.status == status
    told = json.loads(reply.body)
    assert (told["runtimeStatus"], told["output"]) == (runtime, "boom")


@pytest.mark.parametrize(
    "timeout", ["0.01&pollingInterval=0.01", "0&pollingInterval=0", "-1&pollingInterval=-2"]
)
def test_a_start_that_takes_longer_answers_with_the_urls(
    hub: Any, clients: ClientBinding, timeout: str
) -> None:
    reply = waited(hub, clients, f"{START}?timeout={timeout}")

    assert (reply.status, json.loads(reply.body)["id"]) == (202, "run-1")
    assert reply.header("retry-after") == "10"
    assert hub.watched == []


def test_a_host_that_stops_answers_those_who_wait_with_the_urls(hub: Any, clients: ClientBinding) -> None:
    reply = waited(hub, clients, f"{START}?{LONG}", Management.break_off)

    assert (reply.status, json.loads(reply.body)["id"]) == (202, "run-1")


def test_an_instance_purged_meanwhile_is_answered_with_the_urls(hub: Any, clients: ClientBinding) -> None:
    def purge(_: Management) -> None:
        hub.end("run-1")
        del hub.instances_by_id["run-1"]

    assert waited(hub, clients, f"{START}?{LONG}", purge).status == 202


@pytest.mark.parametrize("one", ["timeout=60", "pollingInterval=1", "timeout=soon&pollingInterval=1"])
def test_one_parameter_alone_waits_for_nothing(hub: Any, clients: ClientBinding, one: str) -> None:
    assert waited(hub, clients, f"{START}?{one}").status == 202


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("timeout=1&pollingInterval=5", "'timeout' (1 s) must not be less than 'pollingInterval' (5 s)"),
        ("timeout=inf&pollingInterval=1", "must be numbers of seconds"),
        ("timeout=1&pollingInterval=nan", "must be numbers of seconds"),
    ],
)
@pytest.mark.parametrize("path", [START, "instances/old/restart"])
def test_refuses_an_impossible_wait_and_starts_nothing(
    hub: Any, clients: ClientBinding, path: str, query: str, said: str
) -> None:
    hub.put("old", "Completed")

    reply = waited(hub, clients, f"{path}?{query}")

    assert reply.status == 400
    assert said in json.loads(reply.body)["ExceptionMessage"]
    assert hub.told == []


def test_a_restart_waits_too(hub: Any, clients: ClientBinding) -> None:
    hub.put("old", "Failed", input_json="1")

    reply = waited(
        hub,
        clients,
        f"instances/old/restart?restartWithNewInstanceId=false&{LONG}",
        lambda _: hub.end("old", output="6"),
    )

    assert (reply.status, reply.body) == (200, b"6")
    assert hub.told == [("start", "chain", "old", "1", None)]
