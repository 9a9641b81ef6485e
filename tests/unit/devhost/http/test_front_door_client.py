"""Every method of the SDK's durable client, over a real socket, with the answers it expects."""

import asyncio
import inspect
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import azure.durable_functions as df
import azure.functions as func
import pytest

from devhost.engine.hub import EntityState
from devhost.functions import client_session
from devhost.functions.calls import Surroundings
from devhost.functions.catalog import CLIENT, Binding, Catalog
from devhost.functions.http_exchange import HttpCall, HttpReply
from devhost.functions.running import Runner
from devhost.http.front_door import FrontDoor
from devhost.http.links import client_binding
from devhost.http.server import Server

Result = TypeVar("Result")
Status = df.OrchestrationRuntimeStatus
BORN = datetime(2026, 1, 2, tzinfo=UTC)
NEW_ID = "0123456789abcdef0123456789abcdef"
#: Public names of the client that no test below calls.
ELSEWHERE = {"get_client_response_links": "what create_http_management_payload returns"}


def using(hub: Any, use: Callable[[Any], Awaitable[Result]]) -> Result:
    """What `use` makes of a client of this hub."""

    async def scene() -> Result:
        runner, doors = Runner(asyncio.get_running_loop(), threads=1), list[FrontDoor]()

        # The door must know the address, and the address is known when the server has it.
        async def answer(call: HttpCall) -> HttpReply:
            return await doors[0].answer(call)

        server = Server(answer, port=0)
        await server.start()
        clients = client_binding(server.origin, "TestHub")
        doors.append(FrontDoor(Catalog([]), hub, runner, Surroundings(client_json=clients.json_for), clients))
        client_session.forget()
        client = df.DurableOrchestrationClient(clients.json_for(Binding(type=CLIENT, name="client")))
        try:
            return await use(client)
        finally:
            await client_session.close()
            await server.stop()
            await runner.close()

    return asyncio.run(scene())


def refused(hub: Any, use: Callable[[Any], Awaitable[Any]]) -> str:
    with pytest.raises(Exception) as caught:  # noqa: PT011 - the SDK raises bare exceptions
        using(hub, use)
    return str(caught.value)


def fill(hub: Any) -> None:
    for number, status in enumerate(("Running", "Completed", "Failed", "Terminated", "Suspended")):
        born = BORN + timedelta(days=number)
        hub.put(status.lower(), status, created=born, input_json='"1"', output_text='{"a":1}')


@pytest.fixture
def filled(hub: Any) -> Any:
    fill(hub)
    return hub


def test_start_new(filled: Any) -> None:
    assert using(filled, lambda client: client.start_new("chain", "new", {"a": 1}, version="2")) == "new"
    assert using(filled, lambda client: client.start_new("chain")) == NEW_ID
    assert using(filled, lambda client: client.start_new("chain", "completed")) == "completed"
    assert filled.told[0] == ("start", "chain", "new", '"{\\"a\\": 1}"', "2")
    assert "'nothing' doesn't exist" in refused(filled, lambda client: client.start_new("nothing"))
    assert "Running already exists" in refused(filled, lambda client: client.start_new("chain", "running"))


def test_raise_event(filled: Any) -> None:
    using(filled, lambda client: client.raise_event("running", "Go", {"a": 1}, "OtherHub", "Other"))

    assert filled.told == [("raise_event", "running", "Go", '"{\\"a\\": 1}"')]
    assert "is gone" in refused(filled, lambda client: client.raise_event("failed", "Go"))
    assert "No instance with ID none" in refused(filled, lambda client: client.raise_event("none", "Go"))


@pytest.mark.parametrize(
    ("instance", "state"),
    [("running", Status.Running), ("completed", Status.Completed), ("failed", Status.Failed)],
)
def test_get_status(filled: Any, instance: str, state: Any) -> None:
    status = using(filled, lambda client: client.get_status(instance))

    assert (status.instance_id, status.name, status.runtime_status) == (instance, "chain", state)
    assert (status.output, status.input_) == ({"a": 1}, "1")
    assert status.created_time >= BORN.replace(tzinfo=status.created_time.tzinfo)


def test_get_status_with_its_history(filled: Any) -> None:
    filled.events = [
        {"EventType": 0, "EventId": -1, "Timestamp": "t", "Name": "chain", "Input": "1"},
        {"EventType": 1, "EventId": 0, "Timestamp": "t", "OrchestrationStatus": "Completed", "Result": "5"},
    ]

    async def ask(client: Any) -> list[Any]:
        return [
            (await client.get_status("completed", True, outputs, True)).historyEvents
            for outputs in (False, True)
        ]

    without, with_outputs = using(filled, ask)

    assert [event["EventType"] for event in without] == ["ExecutionStarted", "ExecutionCompleted"]
    assert ("Result" in without[1], with_outputs[1]["Result"]) == (False, 5)


def test_get_status_of_nobody(filled: Any) -> None:
    status = using(filled, lambda client: client.get_status("none"))

    assert not status
    assert (status.instance_id, status.runtime_status) == (None, None)


def test_get_status_all(filled: Any) -> None:
    found = using(filled, lambda client: client.get_status_all())

    assert [status.instance_id for status in found] == list(filled.instances_by_id)


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({}, ["running", "completed", "failed", "terminated", "suspended"]),
        ({"created_time_from": BORN + timedelta(days=3)}, ["terminated", "suspended"]),
        ({"created_time_to": BORN + timedelta(days=1)}, ["running", "completed"]),
        ({"runtime_status": [Status.Failed, Status.Suspended]}, ["failed", "suspended"]),
        ({"instance_id_prefix": "co"}, ["completed"]),
        (
            {
                "created_time_from": BORN,
                "created_time_to": BORN + timedelta(days=9),
                "runtime_status": [Status.Terminated],
                "instance_id_prefix": "t",
            },
            ["terminated"],
        ),
    ],
    ids=["nothing", "from", "to", "status", "prefix", "everything"],
)
def test_get_status_by(filled: Any, wanted: dict[str, Any], found: list[str]) -> None:
    statuses = using(filled, lambda client: client.get_status_by(**wanted))

    assert [status.instance_id for status in statuses] == found


def test_purge_instance_history(filled: Any) -> None:
    async def purge(client: Any) -> list[int]:
        names = ("completed", "completed", "running", "none")
        return [(await client.purge_instance_history(name)).instances_deleted for name in names]

    assert using(filled, purge) == [1, 0, 0, 0]


@pytest.mark.parametrize(
    ("wanted", "count"),
    [
        ({"created_time_from": BORN}, 3),
        ({"created_time_from": datetime.min}, 3),  # noqa: DTZ901 - what the SDK's users write
        ({"created_time_from": BORN, "created_time_to": BORN + timedelta(days=1)}, 1),
        ({"created_time_from": BORN, "runtime_status": [Status.Failed, Status.Terminated]}, 2),
        ({"created_time_from": BORN + timedelta(days=9)}, 0),
    ],
    ids=["from", "from the beginning", "to", "status", "none"],
)
def test_purge_instance_history_by(filled: Any, wanted: dict[str, Any], count: int) -> None:
    purged = using(filled, lambda client: client.purge_instance_history_by(**wanted))

    assert purged.instances_deleted == count
    assert len(filled.instances_by_id) == 5 - count


@pytest.mark.parametrize(
    ("operation", "live"), [("terminate", "running"), ("suspend", "running"), ("resume", "suspended")]
)
def test_terminate_suspend_and_resume(filled: Any, operation: str, live: str) -> None:
    using(filled, lambda client: getattr(client, operation)(live, "so be it & so on"))
    # One that has ended is fine with the SDK.
    using(filled, lambda client: getattr(client, operation)("completed", "too late"))

    assert filled.told == [(operation, live, "so be it & so on")]
    assert "'none'" in refused(filled, lambda client: getattr(client, operation)("none", "why"))


def test_rewind(filled: Any) -> None:
    using(filled, lambda client: client.rewind("failed", "mended", "OtherHub", "Other"))

    assert filled.told == [("rewind", "failed", "mended")]
    unknown = refused(filled, lambda client: client.rewind("none", "why"))
    completed = refused(filled, lambda client: client.rewind("completed", "why"))
    running = refused(filled, lambda client: client.rewind("running", "why"))
    assert unknown == "No instance with ID none found."
    assert completed.startswith("The rewind operation is only supported on failed")
    assert "The instance 'running' is Running" in running


def test_restart(filled: Any) -> None:
    anew = using(filled, lambda client: client.restart("completed"))
    again = using(filled, lambda client: client.restart("failed", restart_with_new_instance_id=False))

    # The SDK hands on the whole answer where it promises an id.
    assert (anew["id"], again["id"]) == (NEW_ID, "failed")
    assert [told[2:4] for told in filled.told] == [(NEW_ID, '"1"'), ("failed", '"1"')]
    assert refused(filled, lambda client: client.restart("none")) == "No instance with ID 'none' found."


def test_signal_entity_and_read_entity_state(filled: Any) -> None:
    counter, nobody = df.EntityId("Counter", "k"), df.EntityId("Counter", "nobody")
    filled.entity_states["counter", "k"] = EntityState(name="counter", key="k", state_json='{"n":5}')

    async def talk(client: Any) -> list[Any]:
        await client.signal_entity(counter, "add", {"n": 1}, "OtherHub", "Other")
        await client.signal_entity(counter, "reset")
        return [await client.read_entity_state(entity) for entity in (counter, nobody)]

    there, missing = using(filled, talk)

    assert [told[1:] for told in filled.told] == [
        ("counter", "k", "add", '"{\\"n\\": 1}"'),
        ("counter", "k", "reset", None),
    ]
    assert (there.entity_exists, there.entity_state) == (True, {"n": 5})
    assert missing.entity_exists is False


def test_create_check_status_response_and_create_http_management_payload(filled: Any) -> None:
    request = func.HttpRequest("GET", "https://outside:8443/api/start", body=b"")

    async def make(client: Any) -> tuple[Any, Any]:
        return client.create_check_status_response(request, "a"), client.create_http_management_payload("a")

    response, payload = using(filled, make)

    links = json.loads(response.get_body())
    assert (response.status_code, response.headers["Retry-After"]) == (202, "10")
    assert response.headers["Location"] == links["statusQueryGetUri"]
    assert set(links) == set(payload)
    assert links["statusQueryGetUri"].startswith(
        "https://outside:8443/runtime/webhooks/durabletask/instances/a?"
    )
    assert payload["rewindPostUri"].startswith("http://127.0.0.1:")


@pytest.mark.parametrize(
    ("instance", "status"), [("completed", 200), ("failed", 500), ("terminated", 200), ("running", 202)]
)
def test_wait_for_completion_or_create_check_status_response(filled: Any, instance: str, status: int) -> None:
    request = func.HttpRequest("GET", "http://localhost:7071/api/start", body=b"")

    response = using(
        filled,
        lambda client: client.wait_for_completion_or_create_check_status_response(request, instance, 2, 1),
    )

    told = json.loads(response.get_body())
    assert response.status_code == status
    if instance == "completed":
        assert told == {"a": 1}
    else:
        assert told["id" if status == 202 else "instanceId"] == instance


def test_no_method_of_the_client_was_left_out() -> None:
    named = {
        name
        for name, _ in inspect.getmembers(df.DurableOrchestrationClient, inspect.isfunction)
        if not name.startswith("_")
    }
    tested = " ".join(name for name in globals() if name.startswith("test_"))

    assert {name for name in named - ELSEWHERE.keys() if name not in tested} == set()
