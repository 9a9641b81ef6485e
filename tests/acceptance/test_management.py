"""The management API as a client outside uses it, on a host with a real engine."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from driver import APPS

from devhost.testing import LocalHost

HOOKS = "/runtime/webhooks/durabletask"
WAIT = "timeout=10&pollingInterval=1"
SHORT = "timeout=0.1&pollingInterval=0.1"


@pytest.fixture
def host(tmp_path: Path) -> Iterator[LocalHost]:
    with LocalHost(APPS / "client_tour", state=tmp_path) as running:
        yield running


def ask(host: LocalHost, method: str, path: str, given: Any = None) -> tuple[int, Any]:
    reply = host.request(method, f"{HOOKS}/{path}", json=given)
    return reply.status, reply.json() if reply.body else None


def test_a_start_answers_with_the_output_when_it_is_there_in_time(host: LocalHost) -> None:
    assert ask(host, "POST", f"orchestrators/echo?{WAIT}", {"a": 1}) == (200, {"a": 1})


def test_a_start_that_waits_for_what_does_not_come_gives_up_in_real_time(host: LocalHost) -> None:
    began = time.monotonic()
    status, told = ask(host, "POST", f"orchestrators/wait_for_go/run-1?{SHORT}", {})

    assert (status, told["id"]) == (202, "run-1")
    assert time.monotonic() - began < 5
    # The host is idle again: virtual time can move on, and the instance with it.
    host.advance(60)
    host.raise_event("run-1", "Go", 7)
    assert host.result("run-1") == 7


def test_a_failure_is_told_with_its_status(host: LocalHost) -> None:
    status, told = ask(host, "POST", f"orchestrators/fail?{WAIT}", {})
    assert (status, told["runtimeStatus"]) == (200, "Failed")

    asked = f"instances/{told['instanceId']}?returnInternalServerErrorOnFailure=true"
    assert ask(host, "GET", asked)[0] == 500


def test_restarts_with_the_same_input(host: LocalHost) -> None:
    ask(host, "POST", f"orchestrators/echo/run-1?{WAIT}", {"a": 1})

    status, told = ask(host, "POST", f"instances/run-1/restart?{WAIT}")
    assert (status, told) == (200, {"a": 1})
    again = ask(host, "POST", f"instances/run-1/restart?restartWithNewInstanceId=false&{WAIT}")
    assert again == (200, {"a": 1})
    assert len(host.statuses()) == 2


def test_purges_what_has_ended_since(host: LocalHost) -> None:
    ask(host, "POST", f"orchestrators/echo/done?{WAIT}", {"a": 1})
    ask(host, "POST", f"orchestrators/fail/failed?{WAIT}", {})
    ask(host, "POST", "orchestrators/wait_for_go/live", {})

    since = "instances?createdTimeFrom=2020-01-01T00:00:00Z"
    assert ask(host, "DELETE", f"{since}&runtimeStatus=Failed") == (200, {"instancesDeleted": 1})
    assert ask(host, "DELETE", since) == (200, {"instancesDeleted": 1})
    assert ask(host, "DELETE", since) == (404, None)
    assert [status.instance_id for status in host.statuses()] == ["live"]


def test_lists_and_deletes_entities(host: LocalHost) -> None:
    for key in ("a", "b"):
        host.signal("tally", key, "note", key)
    host.settle()

    status, told = ask(host, "GET", "entities/Tally?fetchState=true")
    assert status == 200
    assert [(one["entityId"], one["state"]) for one in told] == [
        ({"name": "tally", "key": key}, [key]) for key in ("a", "b")
    ]
    first = host.request("GET", f"{HOOKS}/entities?top=1")
    token = first.headers["x-ms-continuation-token"]
    second = host.request("GET", f"{HOOKS}/entities?top=1", headers={"x-ms-continuation-token": token})
    keys = [reply.json()[0]["entityId"]["key"] for reply in (first, second)]
    assert keys == ["a", "b"]
    assert "x-ms-continuation-token" not in second.headers
    assert ask(host, "DELETE", "entities/tally/a")[0] == 202


def test_the_page_shows_what_the_host_holds(host: LocalHost) -> None:
    ask(host, "POST", "orchestrators/wait_for_go/run-1", {})
    host.signal("tally", "a", "note", "<script>")
    host.settle()

    page = host.request("GET", "/").body.decode()
    told = host.request("GET", "/admin/devhost/overview?status=Running").json()
    assert ">run-1</a></td><td>wait_for_go</td><td>Running</td>" in page
    assert "&lt;script&gt;" in page
    assert [row["id"] for row in told["instances"]["rows"]] == ["run-1"]
    assert [row["state"] for row in told["entities"]["rows"]] == ['["<script>"]']
