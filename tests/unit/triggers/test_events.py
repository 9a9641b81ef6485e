"""Telling events over HTTP."""

import asyncio
import json
from typing import Any

import msgspec
import pytest
from watcher import Watcher

from dirigent.domain.events import BusMessage
from dirigent.domain.steps import SendStep
from dirigent.ports.bus import BusRefused, BusUnavailable
from triggers.events import events

TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
SOLD: dict[str, Any] = {"type": "Sold", "id": "e-1", "data": {"topic": "tea"}}


def tell(heard: Any, body: Any, *, topic: str = "orders", settings: Any = None, **headers: str) -> Any:
    """The answer to a request that tells this."""
    functions = heard.functions(events(heard.parts, heard.catalogue, settings or heard.settings))
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    told = body if isinstance(body, bytes) else json.dumps(body).encode()
    request = heard.request(f"events/{topic}", method="POST", body=told, headers=named, topic=topic)
    return asyncio.run(functions["tell_event"](req=request))


def answer(response: Any) -> dict[str, Any]:
    """What it says."""
    found: dict[str, Any] = json.loads(response.get_body())
    return found


def sent(heard: Any) -> list[BusMessage]:
    """What lies on the topic."""
    found: list[BusMessage] = heard.parts.bus.sent.get("orders", [])
    return found


def test_an_event_is_laid_on_the_bus_whole(heard: Any) -> None:
    told = SOLD | {"correlation_id": "order-7", "time_to_live": 60, "properties": {"kind": "tea"}}
    response = tell(heard, told, traceparent=TRACE)

    assert response.status_code == 202
    assert answer(response) == {
        "topic": "orders",
        "events": [{"id": "e-1", "type": "Sold", "correlation_id": "order-7"}],
        "subscriptions": ["write-orders"],
    }
    [message] = sent(heard)
    assert (message.id, message.body, message.subject) == ("e-1", b'{"topic":"tea"}', "Sold")
    assert (message.correlation_id, message.time_to_live) == ("order-7", 60.0)
    assert message.properties == {
        "kind": "tea",
        "type": "Sold",
        "account": "default",
        "traceparent": TRACE,
        "Diagnostic-Id": TRACE,
    }


def test_what_is_left_out_is_made_up(heard: Any) -> None:
    response = tell(heard, {"type": "Sold"})

    [event] = answer(response)["events"]
    assert len(event["id"]) == 32
    assert event["correlation_id"] == event["id"]
    assert sent(heard)[0].body == b"{}"


def test_the_idempotency_key_is_the_id(heard: Any) -> None:
    tell(heard, {"type": "Sold"}, Idempotency_Key="e-1")
    tell(heard, SOLD, Idempotency_Key="e-1")

    assert [message.id for message in sent(heard)] == ["e-1", "e-1"]


def test_many_events_go_at_once_and_share_the_key(heard: Any) -> None:
    response = tell(heard, [{"type": "Sold"}, {"type": "Paid"}], Idempotency_Key="k")

    assert [(one["id"], one["type"]) for one in answer(response)["events"]] == [
        ("k.0", "Sold"),
        ("k.1", "Paid"),
    ]
    assert [message.id for message in sent(heard)] == ["k.0", "k.1"]


def test_the_account_is_the_callers(heard: Any) -> None:
    tell(heard, SOLD, settings=heard.enforced(), **heard.signed_in("acme", "ann"))

    assert (sent(heard)[0].properties["account"], sent(heard)[0].properties["user"]) == ("acme", "ann")


def test_strangers_are_not_told_what_there_is(heard: Any) -> None:
    assert tell(heard, SOLD, topic="nowhere", settings=heard.enforced()).status_code == 401


def test_a_topic_that_a_step_tells_on_is_known(heard: Any) -> None:
    step = SendStep(name="tell", topic="sales", event="Sold", output="told")
    workflow = heard.catalogue.workflows["content-creation"]
    steps = msgspec.structs.replace(workflow, steps=(*workflow.steps, step))
    heard.catalogue = msgspec.structs.replace(heard.catalogue, workflows={workflow.name: steps})

    assert answer(tell(heard, SOLD, topic="sales"))["subscriptions"] == []


def test_an_unknown_topic_is_refused_with_a_suggestion(heard: Any) -> None:
    response = tell(heard, SOLD, topic="order")

    assert response.status_code == 404
    assert "did you mean 'orders'?" in answer(response)["error"]


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "no event"),
        (b'{"type":', "not valid JSON"),
        ("Sold", "no event"),
        ([], "a list of 0 events"),
        ([SOLD] * 101, "a list of 101 events"),
        ([SOLD, SOLD], "one id"),
        ([SOLD, {"type": ""}], "'[1].type' is not 1 to 128 printable characters"),
        ({}, "'type' is not 1 to 128"),
        ({"type": 7}, "'type' is not 1 to 128"),
        (SOLD | {"kind": 1}, "'kind' is unknown"),
        (SOLD | {"data": [1]}, "'data' is no JSON object"),
        (SOLD | {"id": "i" * 101}, "'id' is not 1 to 100"),
        (SOLD | {"id": " e"}, "'id' is not 1 to 100"),
        (SOLD | {"correlation_id": ""}, "'correlation_id' is not 1 to 128"),
        (SOLD | {"time_to_live": 0}, "'time_to_live' is not a number of seconds from 1"),
        (SOLD | {"time_to_live": True}, "'time_to_live' is not a number"),
        (SOLD | {"time_to_live": 10**9}, "to 1209600"),
        (SOLD | {"properties": []}, "'properties' is no JSON object"),
        (SOLD | {"properties": {"account": "x"}}, "'properties.account' is a property that the app sets"),
        (SOLD | {"properties": {"DIAGNOSTIC-ID": "x"}}, "that the app sets itself"),
        (SOLD | {"properties": {"a b": "x"}}, "has no name of ASCII letters"),
        (SOLD | {"properties": {"kind": None}}, "'properties.kind' is not a text, a number"),
        (SOLD | {"properties": {"kind": "a\nb"}}, "'properties.kind' is not a text of up to 1000"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_sent(heard: Any, body: Any, why: str) -> None:
    response = tell(heard, body)

    assert response.status_code == 400
    assert why in answer(response)["error"]
    assert sent(heard) == []


@pytest.mark.parametrize(
    ("key", "why"), [("e-2", "differs from the header"), ("k" * 101, "The Idempotency-Key is not 1 to 100")]
)
def test_a_key_that_is_no_id_is_refused(heard: Any, key: str, why: str) -> None:
    response = tell(heard, SOLD, Idempotency_Key=key)

    assert (response.status_code, why in answer(response)["error"]) == (400, True)


def test_the_bodys_limit_is_that_of_starts(heard: Any) -> None:
    assert tell(heard, b" " * 1_000_001).status_code == 413


def test_a_bus_that_does_not_answer_is_told_with_the_ids_to_send_again(heard: Any) -> None:
    heard.parts.bus.troubles.append(BusUnavailable("away at sb://secret"))
    response = tell(heard, {"type": "Sold"})
    again = answer(response)

    assert (response.status_code, response.headers["Retry-After"]) == (503, "5")
    assert "secret" not in response.get_body().decode()
    assert [(len(one["id"]), one["type"]) for one in again["events"]] == [(32, "Sold")]


@pytest.mark.parametrize(
    ("reason", "status"), [("too_large", 413), ("no_bus", 503), ("unauthorized", 502), ("unknown_topic", 404)]
)
def test_what_the_bus_refuses_is_told_by_its_reason(heard: Any, reason: str, status: int) -> None:
    heard.parts.bus.troubles.append(BusRefused(reason, "It will not do."))
    response = tell(heard, SOLD)

    assert response.status_code == status
    assert (answer(response)["error"], answer(response)["reason"]) == ("It will not do.", reason)


def test_a_message_over_256_kilobytes_is_too_large(heard: Any) -> None:
    assert tell(heard, SOLD | {"data": {"topic": "t" * 270_000}}).status_code == 413


def test_where_somebody_watches_the_message_is_below_the_telling(heard: Any) -> None:
    watcher = Watcher()
    functions = heard.functions(events(heard.parts, heard.catalogue, heard.settings, tracing=watcher.tracing))
    body = json.dumps(SOLD).encode()
    request = heard.request("events/orders", method="POST", body=body, topic="orders")
    asyncio.run(functions["tell_event"](req=request))

    [span] = watcher.spans
    assert (span.name, dict(span.attributes or {})) == (
        "tell orders",
        {"dirigent.topic": "orders", "dirigent.events": 1},
    )
    assert f"{span.context.span_id:016x}" in str(sent(heard)[0].properties["traceparent"])
