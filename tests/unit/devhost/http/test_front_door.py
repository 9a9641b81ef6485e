import asyncio
import json
import logging
from collections.abc import Callable
from types import MappingProxyType
from typing import Any

import azure.durable_functions as df
import azure.functions as func
import pytest

from devhost.functions import client_session
from devhost.functions.calls import Surroundings
from devhost.functions.catalog import CLIENT, HTTP, ORCHESTRATION, Binding, Catalog, Function
from devhost.functions.client_binding import ClientBinding
from devhost.functions.http_exchange import HttpCall, HttpReply
from devhost.functions.running import Runner
from devhost.http.bus_admin import BusAdmin
from devhost.http.bus_doors import BusDoors
from devhost.http.front_door import FrontDoor
from devhost.http.links import client_binding
from devhost.http.server import Server
from devhost.http.service_bus import ServiceBusDoor


def echo(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse(json.dumps(dict(req.route_params)), mimetype="application/json")


def http_function(name: str, route: str, *methods: str, call: Callable[..., Any] = echo) -> Function:
    attributes = MappingProxyType({"route": route, "methods": list(methods)})
    trigger = Binding(type=HTTP, name="req", attributes=attributes)
    return Function(
        name=name,
        trigger=trigger,
        bindings=(trigger,),
        call=call,
        is_async=asyncio.iscoroutinefunction(call),
        directory=".",
        wants_context=False,
        returns="http",
    )


def orchestrator() -> Function:
    trigger = Binding(type=ORCHESTRATION, name="context")
    return Function(
        name="chain",
        trigger=trigger,
        bindings=(trigger,),
        call=print,
        is_async=False,
        directory=".",
        wants_context=False,
        durable_name="chain",
    )


CATALOG = Catalog(
    [
        orchestrator(),
        http_function("items", "items/{id:int?}", "GET", "HEAD"),
        http_function("items_copy", "items/{id:int?}", "GET"),
    ]
)


def knock(hub: Any, clients: ClientBinding, *calls: HttpCall, prefix: str = "api") -> list[HttpReply]:
    async def put() -> list[HttpReply]:
        runner = Runner(asyncio.get_running_loop(), threads=1)
        surroundings = Surroundings(client_json=clients.json_for)
        door = FrontDoor(CATALOG, hub, runner, surroundings, clients, route_prefix=prefix)
        replies = [await door.answer(call) for call in calls]
        await runner.close()
        return replies

    return asyncio.run(put())


def to(method: str, path: str, body: bytes = b"") -> HttpCall:
    return HttpCall.to(method, f"http://localhost:7071{path}", body=body)


def test_the_bus_has_a_door_and_pages(hub: Any, clients: ClientBinding, bus: Any) -> None:
    settled = bus.commits.settled
    doors = BusDoors(service=ServiceBusDoor(bus.broker, settled), admin=BusAdmin(bus.broker, settled))

    async def story() -> list[HttpReply]:
        runner = Runner(asyncio.get_running_loop(), threads=1)
        surroundings = Surroundings(client_json=clients.json_for)
        door = FrontDoor(CATALOG, hub, runner, surroundings, clients, bus=doors)
        waiting = asyncio.ensure_future(door.answer(to("POST", "/servicebus/orders/messages/head")))
        for _ in range(10):
            await asyncio.sleep(0)
        counts = [door.waiting]
        door.break_off()
        counts += [(await waiting).status, door.waiting]
        assert counts == [1, 204, 0]
        asked = [("POST", "/ServiceBus/orders/messages"), ("GET", "/admin/servicebus/orders"), ("GET", "/")]
        replies = [await door.answer(to(method, path, b"x")) for method, path in asked]
        await runner.close()
        return replies

    sent, page, home = bus.do(story())

    assert (sent.status, page.status) == (201, 200)
    assert [one["body"] for one in json.loads(page.body)["messages"]] == ["x"]
    assert b'<a href="/admin/servicebus/orders">orders</a></td><td>1</td>' in home.body


def test_calls_go_to_functions_by_their_routes(hub: Any, clients: ClientBinding) -> None:
    five, head, none = knock(
        hub, clients, to("GET", "/API/items/5"), to("HEAD", "/api/items/5"), to("GET", "/api/items")
    )

    assert (five.status, five.body, five.header("content-type")) == (200, b'{"id": "5"}', "application/json")
    assert (head.status, head.body, head.headers) == (200, b"", five.headers)
    assert none.body == b"{}"


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/nowhere"), ("GET", "/api/items/x"), ("POST", "/api/items/5"), ("OPTIONS", "/api/items")],
)
def test_anything_else_is_not_found_and_says_nothing(
    hub: Any, clients: ClientBinding, method: str, path: str
) -> None:
    assert knock(hub, clients, to(method, path)) == [HttpReply(status=404)]


def test_the_log_says_that_the_method_was_the_reason(
    hub: Any, clients: ClientBinding, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        knock(hub, clients, to("DELETE", "/api/items/5"))

    assert (
        "DELETE /api/items/5 is answered with 404, as on Azure: the route takes GET, HEAD only."
        in caplog.text
    )


def test_the_log_tells_once_of_an_unknown_path_and_names_the_nearest_route(
    hub: Any, clients: ClientBinding, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        knock(hub, clients, to("GET", "/items/7"), to("GET", "/items/7"), to("GET", "/elsewhere"))

    near, far = (record.getMessage() for record in caplog.records)
    assert near.startswith("No route takes GET /items/7; the app's routes begin with /api/; the nearest is ")
    assert near.endswith("/api/items/{id:int?} (GET,HEAD).")
    assert far == "No route takes GET /elsewhere; the app's routes begin with /api/."


@pytest.mark.parametrize(
    "root", ["/runtime/webhooks/durabletask", "/durabletask", "/Runtime/Webhooks/DurableTask"]
)
def test_both_roots_lead_to_the_management_api(hub: Any, clients: ClientBinding, root: str) -> None:
    hub.put("a b")

    status, raised, home = knock(
        hub,
        clients,
        to("GET", f"{root}/instances/a%20b"),
        to("POST", f"{root}/instances/a%20b/terminate/?reason=x"),
        to("GET", root),
    )

    assert json.loads(status.body)["instanceId"] == "a b"
    assert raised.status == 202
    assert home == HttpReply(status=404)


def test_an_id_with_an_encoded_slash_is_refused_and_breaks_nothing(hub: Any, clients: ClientBinding) -> None:
    start, status, entity = knock(
        hub,
        clients,
        to("POST", "/durabletask/orchestrators/chain/a%2Fb"),
        to("GET", "/durabletask/instances/a%2Fb"),
        to("POST", "/durabletask/entities/counter/a%2Fb"),
    )

    assert (start.status, status.status, entity.status) == (400, 404, 400)


def test_the_admin_api_is_there(hub: Any, clients: ClientBinding) -> None:
    ping, listed = knock(hub, clients, to("GET", "/admin/host/ping"), to("GET", "/admin/functions"))

    assert ping.status == 200
    urls = {one["name"]: one["invoke_url_template"] for one in json.loads(listed.body)}
    assert urls == {"chain": None, "items": "http://localhost:7071/api/items/{id:int?}", "items_copy": None}


def test_the_page_at_the_root_lists_what_is_there(hub: Any, clients: ClientBinding) -> None:
    hub.put("run-1")

    [home] = knock(hub, clients, to("GET", "/"), prefix="")

    page = home.body.decode()
    assert ">run-1</a></td><td>chain</td><td>Running</td>" in page
    assert "<td>GET, HEAD</td><td>http://localhost:7071/items/{id:int?}</td>" in page
    assert "left out: see the log" in page


def test_the_overview_is_there_for_programs(hub: Any, clients: ClientBinding) -> None:
    hub.put("run-1")

    told, posted, below = knock(
        hub,
        clients,
        to("GET", "/Admin/devhost/overview?status=Running"),
        to("POST", "/admin/devhost/overview"),
        to("GET", "/admin/devhost/overview/more"),
    )

    found = json.loads(told.body)
    assert (told.status, told.header("cache-control")) == (200, "no-store")
    assert (found["hub"], [row["id"] for row in found["instances"]["rows"]]) == ("TestHub", ["run-1"])
    assert [row["name"] for row in found["functions"]["rows"]] == ["chain", "items", "items_copy"]
    assert [posted, below] == [HttpReply(status=404)] * 2


def test_no_name_of_the_apps_becomes_html(hub: Any, clients: ClientBinding) -> None:
    hub.put(
        "<script>alert(1)</script>", output_text="<script>alert(2)</script>", name="<script>alert(3)</script>"
    )

    [home] = knock(hub, clients, to("GET", "/?status=<script>"))

    assert home.body.count(b"<script>") == 1
    assert home.body.count(b"&lt;script&gt;alert(") == 3


def test_whoever_waits_for_an_end_is_counted_and_let_go(hub: Any, clients: ClientBinding) -> None:
    async def scene() -> tuple[int, HttpReply]:
        runner = Runner(asyncio.get_running_loop(), threads=1)
        door = FrontDoor(CATALOG, hub, runner, Surroundings(client_json=clients.json_for), clients)
        call = to("POST", "/durabletask/orchestrators/chain?timeout=60&pollingInterval=1")
        answer = asyncio.create_task(door.answer(call))
        for _ in range(5):
            await asyncio.sleep(0)
        waiting = door.waiting
        await door.close()
        await runner.close()
        return waiting, await answer

    waiting, reply = asyncio.run(scene())

    assert (waiting, reply.status) == (1, 202)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/%00", 400),
        ("/api/%", 404),
        ("/api/items/%ff", 404),
        ("/api/%ED%A0%80", 404),
        ("/" + "x" * 9000, 414),
        ("/durabletask/instances/%ff%zz", 404),
        ("/durabletask/orchestrators/chain/" + "%25" * 300, 400),
        ("//", 404),
        ("/api//items", 404),
        ("/durabletask/instances/x?top=%ff&%", 404),
    ],
)
def test_odd_paths_are_the_callers_fault(hub: Any, clients: ClientBinding, path: str, status: int) -> None:
    [reply] = knock(hub, clients, to("POST" if "orchestrators" in path else "GET", path))

    assert reply.status == status


def test_a_fault_of_the_host_is_logged_and_answered(
    clients: ClientBinding, caplog: pytest.LogCaptureFixture
) -> None:
    broken: Any = object()

    [reply] = knock(broken, clients, to("GET", "/durabletask/instances"))

    assert reply.status == 500
    assert json.loads(reply.body)["ExceptionType"] == "AttributeError"
    assert "failed to answer GET /durabletask/instances" in caplog.text


def test_needs_no_more_than_a_hub_to_serve_the_sdk(hub: Any) -> None:
    hub.put("old", "Completed", output_text="5", input_json='"{}"')
    hub.put("gone", "Failed", output_text="Orchestrator function 'chain' failed: boom")
    hub.events = [
        {"EventType": 15, "EventId": -1, "IsPlayed": False, "Timestamp": "t", "Name": "Go", "Input": "1"}
    ]

    found = asyncio.run(tour(hub))

    assert found["started"] == "run-1"
    assert hub.told == [
        ("start", "chain", "run-1", '"{\\"a\\": 1}"', "2.0"),
        ("raise_event", "run-1", "Go", '"{\\"ok\\": true}"'),
        ("suspend", "run-1", "lunch"),
        ("resume", "run-1", "back"),
        ("terminate", "run-1", "so be it"),
        ("signal", "counter", "k", "add", '"3"'),
    ]
    old, gone, missing = found["status"]
    assert (old.runtime_status, old.output, old.input_) == (df.OrchestrationRuntimeStatus.Completed, 5, "{}")
    assert old.historyEvents == [{"EventType": "EventRaised", "Timestamp": "t", "Name": "Go", "Input": "1"}]
    assert gone.output == "Orchestrator function 'chain' failed: boom"
    assert not missing
    assert {status.instance_id for status in found["all"]} == {"old", "gone", "run-1"}
    assert hub.wanted[-1].runtime_statuses == {"Failed", "Pending"}
    assert (found["purged"], found["unknown"]) == (1, 0)
    assert found["entity"] is False
    assert "The function 'nothing' doesn't exist" in found["refusals"][0]
    assert "No instance with ID none found" in found["refusals"][1]
    assert "already exists" in found["refusals"][2]


async def tour(hub: Any) -> dict[str, Any]:
    """What a durable client of the SDK makes of this host's answers."""
    loop = asyncio.get_running_loop()
    runner = Runner(loop, threads=1)
    doors: list[FrontDoor] = []

    # The door must know the address, and the address is known when the server has it.
    async def answer(call: HttpCall) -> HttpReply:
        return await doors[0].answer(call)

    server = Server(answer, port=0)
    await server.start()
    clients = client_binding(server.origin, "TestHub")
    surroundings = Surroundings(client_json=clients.json_for)
    doors.append(FrontDoor(CATALOG, hub, runner, surroundings, clients))
    client_session.forget()
    client = df.DurableOrchestrationClient(clients.json_for(Binding(type=CLIENT, name="client")))
    try:
        return await _walk(client)
    finally:
        await client_session.close()
        await server.stop()
        await runner.close()


async def _walk(client: df.DurableOrchestrationClient) -> dict[str, Any]:
    found: dict[str, Any] = {"started": await client.start_new("chain", "run-1", {"a": 1}, version="2.0")}
    found["refusals"] = [
        await _refused(client.start_new("nothing")),
        await _refused(client.raise_event("none", "Go", 1)),
        await _refused(client.start_new("chain", "run-1")),
    ]
    await client.raise_event("run-1", "Go", {"ok": True})
    await client.suspend("run-1", "lunch")
    await client.resume("run-1", "back")
    await client.terminate("run-1", "so be it")
    await client.terminate("old", "too late")
    counter = df.EntityId("Counter", "k")
    await client.signal_entity(counter, "add", 3)
    found["entity"] = (await client.read_entity_state(counter)).entity_exists
    found["status"] = [
        await client.get_status("old", show_history=True, show_input=True),
        await client.get_status("gone"),
        await client.get_status("none"),
    ]
    found["all"] = await client.get_status_all()
    wanted = [df.OrchestrationRuntimeStatus.Failed, df.OrchestrationRuntimeStatus.Pending]
    await client.get_status_by(runtime_status=wanted)
    found["purged"] = (await client.purge_instance_history("old")).instances_deleted
    found["unknown"] = (await client.purge_instance_history("none")).instances_deleted
    return found


async def _refused(attempt: Any) -> str:
    with pytest.raises(Exception) as caught:  # noqa: PT011 - the SDK raises bare exceptions
        await attempt
    return str(caught.value)


def test_opened_paths_go_before_the_apps_routes(hub: Any, clients: ClientBinding) -> None:
    async def webhook(call: HttpCall, pieces: tuple[str, ...]) -> HttpReply:
        return HttpReply(status=201, body=f"{call.method} {pieces}".encode())

    async def put() -> list[HttpReply]:
        runner = Runner(asyncio.get_running_loop(), threads=1)
        surroundings = Surroundings(client_json=clients.json_for)
        door = FrontDoor(CATALOG, hub, runner, surroundings, clients)
        door.open_path("api/Items/", webhook)
        with pytest.raises(ValueError, match="The path '/api/items' is open already: choose another"):
            door.open_path("/api/items", webhook)
        paths = ("/API/items/a%20b/c", "/api/items", "/api/itemsx")
        replies = [await door.answer(to("POST", path)) for path in paths]
        await runner.close()
        return replies

    deep, root, beside = asyncio.run(put())

    assert (deep.status, deep.body, root.body) == (201, b"POST ('a b', 'c')", b"POST ()")
    assert beside.status == 404
