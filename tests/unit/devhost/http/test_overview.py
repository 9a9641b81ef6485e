import asyncio
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any

import pytest

from devhost.engine.hub import EntityState
from devhost.functions.catalog import ENTITY, HTTP, SERVICE_BUS, TIMER, Binding, Catalog, Function
from devhost.functions.http_exchange import HttpCall
from devhost.http.links import WEBHOOK_ROOT
from devhost.http.overview import LONGEST_VALUE, MOST_ROWS, Overview, Vitals

START = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)


def function(name: str, trigger: str, durable_name: str | None = None, **attributes: Any) -> Function:
    binding = Binding(type=trigger, name="x", attributes=MappingProxyType(attributes))
    return Function(
        name=name,
        trigger=binding,
        bindings=(binding,),
        call=print,
        is_async=False,
        directory=".",
        wants_context=False,
        durable_name=durable_name,
    )


def overview(hub: Any, *functions: Function, vitals: Vitals | None = None) -> Overview:
    return Overview(
        Catalog(functions),
        hub,
        "Hub",
        url_of=lambda f, origin: None if f.name == "lost" else f"{origin}/api/{f.name}",
        vitals=None if vitals is None else lambda: vitals,
    )


def told(hub: Any, *functions: Function, query: str = "", vitals: Vitals | None = None) -> dict[str, Any]:
    async def tell() -> dict[str, Any]:
        call = HttpCall.to("GET", f"http://h:1/admin/devhost/overview?{query}")
        return await overview(hub, *functions, vitals=vitals).told(call)

    return asyncio.run(tell())


def ids(found: dict[str, Any]) -> list[str]:
    return [row["id"] for row in found["instances"]["rows"]]


def test_tells_how_much_the_host_has_to_do(hub: Any) -> None:
    found = told(hub, vitals=Vitals(live=3, commits=12))

    assert (found["hub"], found["uptimeSeconds"]) == ("Hub", 0)
    assert (found["liveInstances"], found["commits"]) == (3, 12)
    assert found["pulse"] == "3 live, 12 commits, up for 0:00:00"
    assert told(hub)["pulse"] == "up for 0:00:00"


def test_tells_where_each_function_is_reached(hub: Any) -> None:
    rows = told(
        hub,
        function("open", HTTP),
        function("by_id", HTTP, methods=["GET", "POST"]),
        function("posted", HTTP, methods=["POST"]),
        function("lost", HTTP),
        function("at_night", TIMER, schedule="0 0 2 * * *"),
        function("supplies", SERVICE_BUS, queueName="supplies"),
        function("audit", SERVICE_BUS, topicName="events", subscriptionName="audit"),
        function("Counter", ENTITY, "counter"),
    )["functions"]["rows"]

    assert [(row["where"], row["methods"], row["link"]) for row in rows] == [
        ("http://h:1/api/open", "any method", "http://h:1/api/open"),
        ("http://h:1/api/by_id", "GET, POST", "http://h:1/api/by_id"),
        ("http://h:1/api/posted", "POST", None),
        ("left out: see the log", "any method", None),
        ("0 0 2 * * *", None, None),
        ("supplies", None, None),
        ("events/subscriptions/audit", None, None),
        ("counter", None, None),
    ]


def test_tells_an_instance_with_a_link_to_its_history(hub: Any) -> None:
    hub.put("a b/1", "Failed", output_text="x" * 300, custom_status_json='"here"')

    assert told(hub)["instances"] == {
        "rows": [
            {
                "id": "a b/1",
                "name": "chain",
                "status": "Failed",
                "created": "2026-01-02 03:04:05",
                "updated": "2026-01-02 03:04:05",
                "customStatus": '"here"',
                "output": "x" * LONGEST_VALUE + "…",
                "link": f"{WEBHOOK_ROOT}/instances/a%20b%2F1?showHistory=true&showHistoryOutput=true",
            }
        ],
        "hasMore": False,
    }


def test_tells_an_entity_with_a_link_to_its_state(hub: Any) -> None:
    for key in ("", "k&1"):
        hub.entity_states["counter", key] = EntityState(name="counter", key=key, state_json="5")

    rows = told(hub)["entities"]["rows"]

    assert [(row["state"], row["lastOperation"]) for row in rows] == [("5", "")] * 2
    root = f"{WEBHOOK_ROOT}/entities/counter"
    assert [row["link"] for row in rows] == [f"{root}/$", f"{root}/k%261"]


def test_the_newest_instances_come_first_and_can_be_narrowed(hub: Any) -> None:
    for number, status in enumerate(("Running", "Failed", "Running")):
        hub.put(f"run-{number}", status, created=START + timedelta(seconds=number))

    everything, failed, odd = (
        told(hub),
        told(hub, query="status=Failed"),
        told(hub, query="status=%3Cscript%3E"),
    )

    assert (ids(everything), everything["status"]) == (["run-2", "run-1", "run-0"], "")
    assert (ids(failed), failed["status"]) == (["run-1"], "Failed")
    assert (len(ids(odd)), odd["status"]) == (3, "")


@pytest.mark.parametrize(("count", "has_more"), [(MOST_ROWS, False), (MOST_ROWS + 1, True), (1234, True)])
def test_no_table_has_more_rows_than_the_most(hub: Any, count: int, has_more: bool) -> None:
    for number in range(count):
        hub.put(f"run-{number}", created=START + timedelta(seconds=number))
        hub.entity_states["counter", str(number)] = EntityState(
            name="counter", key=str(number), state_json=None
        )
    functions = [function(f"f{number}", TIMER) for number in range(count)]

    found = told(hub, *functions)

    for table in ("functions", "instances", "entities"):
        assert (len(found[table]["rows"]), found[table]["hasMore"]) == (MOST_ROWS, has_more)
    assert ids(found) == [f"run-{number}" for number in range(count - 1, count - 1 - MOST_ROWS, -1)]


def test_reads_only_the_last_pages_again(hub: Any) -> None:
    for number in range(1500):
        hub.put(f"run-{number}", created=START + timedelta(seconds=number))
    call = HttpCall.to("GET", "http://h/")

    async def scene() -> tuple[int, int, dict[str, Any], dict[str, Any]]:
        made = overview(hub)
        await made.told(call)
        first = len(hub.wanted)
        hub.put("late", created=START + timedelta(seconds=1500))
        second = await made.told(call)
        again = len(hub.wanted) - first
        # What has gone leaves the remembered pages short: then all of them are read.
        for number in range(1000, 1500):
            del hub.instances_by_id[f"run-{number}"]
        return first, again, second, await made.told(call)

    first, again, second, third = asyncio.run(scene())

    assert (first, again) == (8, 3)
    assert ids(second)[:2] == ["late", "run-1499"]
    assert ids(third)[:2] == ["late", "run-999"]
    assert len(ids(third)) == MOST_ROWS
