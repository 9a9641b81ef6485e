import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from devhost.engine.hub import EntityState
from devhost.functions.http_exchange import HttpReply

Ask = Callable[..., HttpReply]

LAST = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)


def fill(hub: Any) -> None:
    for name, key in (("counter", ""), ("counter", "k"), ("stock", "pen")):
        hub.entity_states[name, key] = EntityState(
            name=name, key=key, state_json='{"n":5}', last_operation=LAST
        )


def test_lists_entities_without_their_states(ask: Ask, hub: Any) -> None:
    fill(hub)

    reply = ask("GET", "entities")

    assert reply.status == 200
    assert json.loads(reply.body) == [
        {
            "entityId": {"name": name, "key": key},
            "lastOperationTime": "2026-01-02T03:04:05.678901Z",
            "state": None,
        }
        for name, key in (("counter", ""), ("counter", "k"), ("stock", "pen"))
    ]
    assert reply.header("x-ms-continuation-token") is None


def test_lists_the_entities_of_a_name_with_their_states(ask: Ask, hub: Any) -> None:
    fill(hub)

    listed = json.loads(ask("GET", "entities/Stock/?fetchState=true").body)

    assert [(one["entityId"]["key"], one["state"]) for one in listed] == [("pen", {"n": 5})]


def test_lists_entities_by_time_and_page(ask: Ask, hub: Any) -> None:
    fill(hub)
    times = "lastOperationTimeFrom=2026-01-01T00:00:00Z&lastOperationTimeTo=2026-01-03"

    first = ask("GET", f"entities?{times}&top=2")
    second = ask("GET", f"entities?{times}&top=2", x_ms_continuation_token="2")

    assert (len(json.loads(first.body)), first.header("x-ms-continuation-token")) == (2, "2")
    assert (len(json.loads(second.body)), second.header("x-ms-continuation-token")) == (1, None)
    wanted = hub.wanted_entities[1]
    assert wanted.last_operation_from == datetime(2026, 1, 1, tzinfo=UTC)
    assert wanted.last_operation_to == datetime(2026, 1, 3, tzinfo=UTC)
    assert (wanted.top, wanted.continuation) == (2, "2")


def test_an_entity_nobody_has_called_yet_has_no_time(ask: Ask, hub: Any) -> None:
    hub.entity_states["counter", "k"] = EntityState(name="counter", key="k", state_json=None)

    assert json.loads(ask("GET", "entities?fetchState=true").body) == [
        {"entityId": {"name": "counter", "key": "k"}, "lastOperationTime": None, "state": None}
    ]


def test_deletes_an_entity_by_a_signal(ask: Ask, hub: Any) -> None:
    assert ask("DELETE", "entities/Counter/k?op=add") == HttpReply(status=202)
    assert hub.told == [("signal", "counter", "k", "delete", None)]
