"""The server: as long as it is open it listens."""

import asyncio
import http.client
import json
import socket
import threading
import urllib.request
from urllib.parse import urlsplit

import pytest

from devhost.testing.virtual_clock import START, VirtualClock
from dirigent.adapters.model_script import Answered, Fault, Rule, Script
from dirigent.modelserver.server import AddressInUse, ModelServer

ORDER = {"model": "large", "messages": [{"role": "user", "content": "Go."}]}


def posted(url: str) -> tuple[int, dict[str, object]]:
    request = urllib.request.Request(  # noqa: S310 - it is http, as the server itself says
        f"{url}/chat/completions",
        data=json.dumps(ORDER).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=30) as answer:
        return answer.status, json.load(answer)


def threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "modelserver"]


def test_answers_while_it_is_open_and_leaves_nothing_behind() -> None:
    with ModelServer() as server:
        status, body = posted(server.url)
        place = urlsplit(server.url)

    assert (status, body["model"]) == (200, "scripted:large")
    assert server.counts().total.answered == 1
    assert threads() == []
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((place.hostname or "", place.port or 0), timeout=5)


def test_closes_while_a_call_is_under_way_and_a_connection_is_kept() -> None:
    with ModelServer(Script(faults=(Rule(fault="timeout"),))) as server:
        place = urlsplit(server.url)
        waiting = http.client.HTTPConnection(place.netloc, timeout=30)
        waiting.request("POST", "/v1/chat/completions", json.dumps(ORDER))
        idle = http.client.HTTPConnection(place.netloc, timeout=30)
        idle.request("GET", "/v1/models")
        idle.getresponse().read()
        while not server.counts().in_flight:
            pass

    assert threads() == []
    assert server.counts().in_flight == 0
    waiting.close()
    idle.close()


def test_closing_twice_is_closing_once() -> None:
    with ModelServer() as server:
        server.close()

    assert threads() == []


def test_two_are_two() -> None:
    with ModelServer() as one, ModelServer() as other:
        posted(one.url)

        assert one.url != other.url
        assert (one.counts().total.calls, other.counts().total.calls) == (1, 0)


def test_says_who_is_in_the_way() -> None:
    with ModelServer() as server:
        port = urlsplit(server.url).port or 0
        with pytest.raises(AddressInUse, match=f":{port} .*--port") as caught, ModelServer(port=port):
            pass
        assert len(threads()) == 1

    assert caught.value.port == port


def asked_in_leaps(fault: Fault) -> tuple[float, object]:
    """How long a call took on a clock that jumps, and when its answer says it was made."""

    async def play() -> tuple[float, object]:
        clock = VirtualClock(asyncio.get_running_loop())
        with ModelServer(Script(faults=(Rule(fault=fault),)), clock=clock) as server:
            answer = asyncio.create_task(asyncio.to_thread(posted, server.url))
            while not answer.done():
                await asyncio.sleep(0)
                if due := clock.next_due():
                    clock.jump_to(due)
            return (clock.now() - START).total_seconds(), (await answer)[1]["created"]

    return asyncio.run(play())


def test_waits_on_the_clock_it_is_given() -> None:
    seconds, created = asked_in_leaps(Answered(slow=3_600.0))

    assert seconds == 3_600.0
    assert created == int(START.timestamp()) + 3_600


def test_says_nothing_even_when_all_time_is_over() -> None:
    with pytest.raises(http.client.RemoteDisconnected):
        asked_in_leaps("timeout")
