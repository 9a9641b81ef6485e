"""The bus is spoken to as Service Bus is: what each request does, and how each mistake is answered."""

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

from devhost.bus.messages import Sent
from devhost.functions.http_exchange import HttpCall, HttpReply
from devhost.http.bus_wire import BATCH
from devhost.http.service_bus import ServiceBusDoor

Ask = Callable[..., HttpReply]
HEAD = "messages/head?timeout=0"


@pytest.fixture
def ask(bus: Any) -> Ask:
    """Put a request: verb, path below the root with its query or a whole address, body, headers."""
    door = ServiceBusDoor(bus.broker, bus.commits.settled)

    def put(method: str, path: str, body: bytes = b"", **headers: str) -> HttpReply:
        url = path if "://" in path else f"http://h:1/servicebus/{path}"
        call = HttpCall.to(
            method,
            url,
            headers=tuple((name.replace("_", "-"), value) for name, value in headers.items()),
            body=body,
        )
        pieces = [unquote(piece) for piece in urlsplit(url).path.split("/")[2:]]
        reply: HttpReply = bus.do(door.answer(call, tuple(pieces)))
        return reply

    return put


def location(reply: HttpReply) -> str:
    address = reply.header("location")
    assert address is not None
    return address


def said(reply: HttpReply) -> dict[str, Any]:
    properties: dict[str, Any] = json.loads(reply.header("brokerproperties") or "")
    return properties


def bodies(bus: Any, place: str) -> list[bytes]:
    return [one.message.body for one in bus.broker.peek(place)]


def test_a_message_goes_round(ask: Ask) -> None:
    properties = '{"MessageId": "m1", "Label": "new", "CorrelationId": "c1", "TimeToLive": 60}'
    sent = ask(
        "POST", "Orders/messages", b"a book", BrokerProperties=properties, Priority='"high"', Copies="2"
    )

    got = ask("POST", f"orders/{HEAD}")

    assert (sent.status, sent.body) == (201, b"")
    assert (got.status, got.body) == (201, b"a book")
    assert (got.header("priority"), got.header("copies")) == ('"high"', "2")
    known = said(got)
    assert (known["MessageId"], known["Label"], known["CorrelationId"]) == ("m1", "new", "c1")
    assert (known["DeliveryCount"], known["TimeToLive"], known["State"]) == (1, 60, "Active")
    assert location(got) == (
        f"http://h:1/servicebus/orders/messages/{known['SequenceNumber']}/{known['LockToken']}"
    )


def test_what_was_acknowledged_is_on_disk(bus: Any, ask: Ask) -> None:
    ask("POST", "orders/messages", b"a book")

    assert not bus.store.dirty
    assert bus.store.commits == 1


def test_a_batch_is_sent_whole_or_not_at_all(bus: Any, ask: Ask) -> None:
    batch = [{"Body": "1"}, {"Body": "2", "UserProperties": {"type": "Paid"}}]
    type_of_batch = {"Content_Type": BATCH}

    sent = ask("POST", "events/messages", json.dumps(batch).encode(), **type_of_batch)
    refused = ask("POST", "events/messages", json.dumps([*batch, {}]).encode(), **type_of_batch)

    assert (sent.status, refused.status) == (201, 400)
    assert bodies(bus, "events/subscriptions/audit") == [b"1", b"2"]
    assert bodies(bus, "events/subscriptions/paid") == [b"2"]


def test_a_message_is_done_with_when_it_is_deleted(bus: Any, ask: Ask) -> None:
    ask("POST", "orders/messages", b"a book")
    address = location(ask("POST", f"orders/{HEAD}"))

    assert ask("DELETE", address).status == 200
    assert bodies(bus, "orders") == []
    assert ask("DELETE", address).status == 404


def test_a_message_that_is_unlocked_is_received_again(ask: Ask) -> None:
    ask("POST", "orders/messages", b"a book")
    address = location(ask("POST", f"orders/{HEAD}"))

    assert ask("PUT", address).status == 200

    assert said(ask("POST", f"orders/{HEAD}"))["DeliveryCount"] == 2
    assert ask("PUT", address).status == 404


def test_a_lock_can_be_renewed_while_it_holds(bus: Any, ask: Ask) -> None:
    ask("POST", "orders/messages", b"a book")
    address = location(ask("POST", f"orders/{HEAD}"))

    bus.clock.jump_to(bus.clock.next_due())
    assert ask("POST", address).status == 404
    again = location(ask("POST", f"orders/{HEAD}"))
    assert ask("POST", again).status == 200


def test_a_locked_message_can_be_named_by_its_id(bus: Any, ask: Ask) -> None:
    for number in range(300):
        bus.broker.send("orders", [Sent(body=b"", message_id=f"m{number}")])
    [*_, last] = [said(ask("POST", f"orders/{HEAD}")) for _ in range(300)]

    assert ask("DELETE", f"orders/messages/m298/{last['LockToken']}").status == 404
    assert ask("DELETE", f"orders/messages/m299/{last['LockToken']}").status == 200


def test_a_message_can_be_received_and_deleted_at_once(bus: Any, ask: Ask) -> None:
    ask("POST", "events/messages", b"paid", type='"Paid"')

    got = ask("DELETE", f"events/Subscriptions/paid/{HEAD}")

    assert (got.status, got.body, got.header("location"), got.header("type")) == (
        200,
        b"paid",
        None,
        '"Paid"',
    )
    assert bodies(bus, "events/subscriptions/paid") == []
    assert bodies(bus, "events/subscriptions/audit") == [b"paid"]


def test_what_is_deleted_at_once_has_no_lock(ask: Ask) -> None:
    ask("POST", "orders/messages", b"a book")

    known = said(ask("DELETE", f"orders/{HEAD}"))

    assert known["SequenceNumber"] == 1
    assert {"LockToken", "LockedUntilUtc"}.isdisjoint(known)


def test_dead_letters_are_received_with_their_reason(ask: Ask) -> None:
    ask("POST", "orders/messages", b"bad")
    for _ in range(3):
        ask("PUT", location(ask("POST", f"orders/{HEAD}")))

    assert ask("POST", f"orders/{HEAD}").status == 204
    got = ask("POST", f"orders/$DeadLetterQueue/{HEAD}")
    assert (got.status, got.body, got.header("deadletterreason")) == (
        201,
        b"bad",
        '"MaxDeliveryCountExceeded"',
    )
    assert ask("DELETE", location(got)).status == 200


def test_an_empty_place_has_no_content(ask: Ask) -> None:
    reply = ask("POST", "orders/messages/head?timeout=0.01")

    assert (reply.status, reply.body) == (204, b"")


@pytest.mark.parametrize(
    ("method", "path", "status", "words"),
    [
        ("POST", "order/messages", 404, "no queue, topic or subscription 'order'. Did you mean 'orders'?"),
        ("POST", f"events/{HEAD}", 404, "There are: events/subscriptions/audit"),
        ("POST", "events/subscriptions/audit/messages", 404, "There are: events, orders."),
        ("POST", f"events/subscriptions/nobody/{HEAD}", 404, "made in servicebus.json"),
        ("GET", f"orders/{HEAD}", 404, "Send with POST {queue or topic}/messages"),
        ("GET", "", 404, "Send with POST"),
        ("PUT", "orders/messages/head", 404, "Send with POST"),
        (
            "POST",
            "orders/messages/head?timeout=soon",
            400,
            "timeout must be a number of seconds, not 'soon'.",
        ),
        ("POST", "orders/messages/head?timeout=-1", 400, "timeout must be a number of seconds"),
        ("POST", "orders/messages/head?timeout=nan", 400, "timeout must be a number of seconds"),
        ("DELETE", "orders/messages/1/token", 404, "No message was found with that id and lock"),
        ("DELETE", f"orders/messages/{'1' * 5000}/token", 404, "No message was found with that id and lock"),
    ],
)
def test_says_what_is_not_there_or_wrong(ask: Ask, method: str, path: str, status: int, words: str) -> None:
    reply = ask(method, path)

    assert (reply.status, reply.header("content-type")) == (status, "application/xml; charset=utf-8")
    text = reply.body.decode()
    assert text.startswith(f"<Error><Code>{status}</Code><Detail>")
    assert words in text


def test_a_refusal_is_sound_xml(ask: Ask) -> None:
    reply = ask("POST", "orders/messages", b"x", Odd="<&>")

    assert (reply.status, b"The value &lt;&amp;&gt; of the HTTP header Odd" in reply.body) == (400, True)


def test_too_much_at_once_is_forbidden(bus: Any, ask: Ask) -> None:
    most = 256 * 1024
    batch = json.dumps([{"Body": "x" * (most // 2)}] * 2).encode()

    assert ask("POST", "orders/messages", b"x" * (most + 1)).status == 403
    assert ask("POST", "orders/messages", b"x" * most, note='"and a property"').status == 403
    assert ask("POST", "orders/messages", batch, Content_Type=BATCH).status == 403
    assert ask("POST", "orders/messages", b"x" * (most - 1024)).status == 201
    assert len(bodies(bus, "orders")) == 1


def test_any_authorization_will_do(ask: Ask) -> None:
    assert ask("POST", "orders/messages", b"x", Authorization="SharedAccessSignature sr=x").status == 201


def test_nobody_waits_on_when_it_is_broken_off(bus: Any) -> None:
    door = ServiceBusDoor(bus.broker, bus.commits.settled)
    door.break_off()

    call = HttpCall.to("POST", "http://h:1/servicebus/orders/messages/head")
    reply = bus.do(door.answer(call, ("orders", "messages", "head")))

    assert (reply.status, door.waiting) == (204, 0)
