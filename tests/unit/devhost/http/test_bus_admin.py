"""The host's own pages of the bus: what lies where, and how something is put in or taken out."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest

from devhost.bus.messages import Sent
from devhost.functions.http_exchange import HttpCall, HttpReply
from devhost.http.bus_admin import BusAdmin

Ask = Callable[..., HttpReply]


@pytest.fixture
def ask(bus: Any) -> Ask:
    """Put a request: verb, path below the root with its query, JSON or bytes."""
    admin = BusAdmin(bus.broker, bus.commits.settled)

    def put(method: str, path: str, given: Any = None) -> HttpReply:
        body = given if isinstance(given, bytes) else b"" if given is None else json.dumps(given).encode()
        call = HttpCall.to(method, f"http://h:1/admin/servicebus/{path}", body=body)
        pieces = tuple(piece for piece in urlsplit(path).path.split("/") if piece)
        reply: HttpReply = bus.do(admin.answer(call, pieces))
        return reply

    return put


def test_shows_every_place_with_its_figures(bus: Any, ask: Ask) -> None:
    bus.broker.send("orders", [Sent(body=b"1"), Sent(body=b"2", scheduled=bus.clock.now() + timedelta(1))])
    bus.broker.receive("orders")

    told = json.loads(ask("GET", "").body)

    assert told["topics"] == {"events": ["audit", "paid"]}
    assert told["leftBehind"] == {}
    orders, audit, paid = told["places"]
    assert orders == {
        "place": "orders",
        "kind": "queue",
        "active": 0,
        "locked": 1,
        "scheduled": 1,
        "dead": 0,
        "rules": [],
        "maxDeliveryCount": 3,
        "lockSeconds": 60,
        "timeToLiveSeconds": 3600,
    }
    assert (audit["kind"], audit["rules"]) == ("subscription", [])
    assert (paid["place"], paid["rules"]) == ("events/subscriptions/paid", ["type = 'Paid'"])


def test_shows_messages_as_they_lie(bus: Any, ask: Ask) -> None:
    properties = {"n": 1, "when": bus.clock.now()}
    bus.broker.send("orders", [Sent(body="é".encode(), message_id="m", subject="s", properties=properties)])
    bus.broker.send("orders", [Sent(body=b"\xff")])

    told = json.loads(ask("GET", "Orders").body)

    text, other = told["messages"]
    assert told["place"] == "orders"
    assert text == {
        "sequenceNumber": 1,
        "messageId": "m",
        "subject": "s",
        "enqueued": "2030-01-01T00:00:00Z",
        "expires": "2030-01-01T01:00:00Z",
        "timeToLiveSeconds": 3600,
        "deliveryCount": 0,
        "properties": {"n": 1, "when": "2030-01-01T00:00:00Z"},
        "body": "é",
    }
    assert (other["bodyBase64"], "body" in other) == ("/w==", False)


@pytest.mark.parametrize("topic", ["events", "Events"])
def test_a_topic_holds_nothing_and_says_where_it_lies(ask: Ask, topic: str) -> None:
    refused = ask("GET", topic)

    root = "http://h:1/admin/servicebus/events/subscriptions"
    where = f"they lie with its subscriptions, at {root}/audit, {root}/paid."
    assert refused.status == 404
    assert json.loads(refused.body)["Message"] == f"'events' is a topic, and holds no messages: {where}"


def test_shows_them_in_pages(bus: Any, ask: Ask) -> None:
    bus.broker.send("orders", [Sent(body=str(number).encode()) for number in range(5)])

    page = json.loads(ask("GET", "orders?first=3&most=2").body)["messages"]

    assert [message["body"] for message in page] == ["2", "3"]
    assert json.loads(ask("GET", "orders?most=0").body)["messages"] == []


def test_shows_dead_letters_with_their_reason(bus: Any, ask: Ask) -> None:
    bus.broker.send("orders", [Sent(body=b"1", time_to_live=timedelta(seconds=1))])
    bus.clock.jump_to(bus.clock.next_due())

    [dead] = json.loads(ask("GET", "orders/$DeadLetterQueue").body)["messages"]

    assert (dead["deadLetterReason"], dead["deadLetterSource"]) == ("TTLExpiredException", "orders")
    assert dead["deadLetterDescription"]


def test_puts_a_message_in(bus: Any, ask: Ask) -> None:
    given = {
        "body": {"what": "book"},
        "properties": {"type": "Paid", "copies": 2, "gift": True},
        "messageId": "m1",
        "correlationId": "c1",
        "subject": "new",
        "timeToLive": 90.5,
        "contentType": "application/vnd.x+json",
        "sessionId": "s1",
        "replyTo": "r1",
        "to": "t1",
    }

    reply = ask("POST", "Events", given)

    assert (reply.status, json.loads(reply.body)) == (201, {"place": "events", "messageId": "m1"})
    [lying] = bus.broker.peek("events/subscriptions/paid")
    assert lying.message == Sent(
        body=b'{"what":"book"}',
        message_id="m1",
        content_type="application/vnd.x+json",
        correlation_id="c1",
        subject="new",
        session_id="s1",
        reply_to="r1",
        to="t1",
        time_to_live=timedelta(seconds=90.5),
        properties={"type": "Paid", "copies": 2, "gift": True},
    )
    assert not bus.store.dirty


@pytest.mark.parametrize(
    ("body", "bytes_of_it", "content_type"),
    [
        ("plain", b"plain", None),
        ("", b"", None),
        ([1], b"[1]", "application/json"),
        (None, b"null", "application/json"),
    ],
)
def test_text_goes_in_as_it_is_and_the_rest_as_json(
    bus: Any, ask: Ask, body: Any, bytes_of_it: bytes, content_type: str | None
) -> None:
    told = json.loads(ask("POST", "orders", {"body": body}).body)

    [lying] = bus.broker.peek("orders")
    assert (lying.message.body, lying.message.content_type) == (bytes_of_it, content_type)
    assert told["messageId"] == lying.message.message_id != ""


def test_takes_a_message_out(bus: Any, ask: Ask) -> None:
    bus.broker.send("orders", [Sent(body=b"1"), Sent(body=b"2")])
    bus.broker.receive("orders")

    assert ask("DELETE", "orders/1").status == 204
    assert [one.sequence_number for one in bus.broker.peek("orders")] == [2]
    assert ask("DELETE", "orders/1").status == 404


@pytest.mark.parametrize(
    ("request_line", "given", "status", "words"),
    [
        ("GET nowhere", None, 404, "There is no queue, topic or subscription 'nowhere'. There are: "),
        ("POST events/subscriptions/paid", {"body": 1}, 404, "There are: events, orders."),
        ("DELETE nowhere/1", None, 404, "There is no queue"),
        ("DELETE orders", None, 400, "Name a message by its place and its sequence number"),
        ("DELETE orders/first", None, 400, "Name a message by its place"),
        ("POST orders", b"{", 400, "Expecting property name"),
        ("POST orders", [], 400, 'The body must be a JSON object with a member "body".'),
        ("POST orders", {"text": ""}, 400, 'The body must be a JSON object with a member "body".'),
        ("POST orders", {"body": "", "ttl": 1}, 400, "The member 'ttl' is not known: there are body, "),
        ("POST orders", {"body": "", "subject": 1}, 400, "The member 'subject' must be a text"),
        ("POST orders", {"body": "", "timeToLive": 0}, 400, '"timeToLive" must be a number of seconds'),
        ("POST orders", {"body": "", "timeToLive": True}, 400, '"timeToLive" must be a number of seconds'),
        ("POST orders", {"body": "", "properties": {"a": []}}, 400, '"properties" must be an object'),
        ("POST orders", {"body": "x" * 300_000}, 413, "may have 262144 bytes"),
    ],
)
def test_says_what_is_not_there_or_wrong(
    ask: Ask, request_line: str, given: Any, status: int, words: str
) -> None:
    reply = ask(*request_line.split(), given)

    assert reply.status == status
    assert words in json.loads(reply.body)["Message"]


@pytest.mark.parametrize(("method", "path"), [("POST", ""), ("DELETE", ""), ("PUT", "orders")])
def test_knows_no_other_request(ask: Ask, method: str, path: str) -> None:
    assert ask(method, path).status == 404


@pytest.mark.parametrize("length", [20, 5000])
def test_no_message_has_such_a_number(ask: Ask, length: int) -> None:
    refused = ask("DELETE", f"orders/{'1' * length}")

    assert (refused.status, json.loads(refused.body)["Message"]) == (
        404,
        f"There is no message {'1' * min(length, 30)} in 'orders'.",
    )


def test_says_in_plain_words_that_a_number_is_too_long(ask: Ask) -> None:
    refused = ask("POST", "orders", b'{"body": ' + b"1" * 5000 + b"}")

    assert (refused.status, json.loads(refused.body)["Message"]) == (
        400,
        "A whole number in it has more than 4,300 digits.",
    )
