"""What every bus promises: in memory, behind REST as Service Bus documents it, and in the local host."""

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest
from hostile_server import hostile
from hypothesis import HealthCheck, given
from hypothesis import settings as rules
from hypothesis import strategies as st
from msgspec import structs
from rest_bus import RestBus

from devhost.testing import LocalHost
from dirigent.adapters.local_bus import local_bus
from dirigent.adapters.memory_bus import MemoryBus
from dirigent.adapters.service_bus import ServiceBus
from dirigent.domain.events import BusMessage, Event, Replay, message_of
from dirigent.ports.bus import LARGEST_MESSAGE, Bus, BusRefused
from dirigent.settings import Namespace

#: A bus, and what lies on its topic `data`.
Laid = Callable[[], list[BusMessage]]
MESSAGE = BusMessage(id="run.step", body=b'{"a": 1}', subject="DataReceived", correlation_id="run")
TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
APP = """
import azure.durable_functions as df
import azure.functions as func

app = df.DFApp()


@app.route(route="nothing")
def nothing(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse(status_code=204)
"""
TOPOLOGY = {
    "UserConfig": {
        "Namespaces": [{"Name": "local", "Topics": [{"Name": "data", "Subscriptions": [{"Name": "all"}]}]}]
    }
}


def with_(**more: Any) -> BusMessage:
    return structs.replace(MESSAGE, **more)


def send(bus: Bus, *messages: BusMessage, topic: str = "data") -> None:
    asyncio.run(bus.send(topic, messages))


def _in_memory(leave: ExitStack, folder: Path) -> tuple[Bus, Laid]:
    bus = MemoryBus()
    return bus, lambda: bus.sent.get("data", [])


def _rest(leave: ExitStack, folder: Path) -> tuple[Bus, Laid]:
    rest = RestBus(keys={"Send": "c2VjcmV0"})
    server = leave.enter_context(hostile(rest.play))
    bus = ServiceBus(lambda: Namespace(url=server.url, key_name="Send", key="c2VjcmV0"))
    leave.callback(bus.close)
    return bus, lambda: rest.laid["data"]


def _local(leave: ExitStack, folder: Path) -> tuple[Bus, Laid]:
    (folder / "host.json").write_text('{"version": "2.0"}', encoding="utf-8")
    (folder / "function_app.py").write_text(APP, encoding="utf-8")
    (folder / "servicebus.json").write_text(json.dumps(TOPOLOGY), encoding="utf-8")
    host = leave.enter_context(LocalHost(folder))
    bus = ServiceBus(lambda: local_bus({"WEBSITE_HOSTNAME": host.url.removeprefix("http://")}))
    leave.callback(bus.close)

    def laid() -> list[BusMessage]:
        found = host.request("GET", "/admin/servicebus/data/subscriptions/all?most=1000").json()
        return [_told(one) for one in found["messages"]]

    return bus, laid


def _told(one: dict[str, Any]) -> BusMessage:
    # The subscription's own bound stands where a message has none.
    span = one["timeToLiveSeconds"]
    return BusMessage(
        id=one["messageId"],
        body=one["body"].encode(),
        subject=one["subject"],
        correlation_id=one["correlationId"],
        # Service Bus reads none where messages go together.
        content_type=one.get("contentType", MESSAGE.content_type),
        time_to_live=None if span == 3_600 else span,
        properties=one["properties"],
    )


BUSES = {"in memory": _in_memory, "behind REST": _rest, "in the local host": _local}


@pytest.fixture(params=BUSES)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Bus, Laid]]:
    """A bus with a topic `data`, on which nothing lies."""
    with ExitStack() as leave:
        yield BUSES[request.param](leave, tmp_path)


@pytest.fixture
def bus(place: tuple[Bus, Laid]) -> Bus:
    return place[0]


@pytest.fixture
def laid(place: tuple[Bus, Laid]) -> Laid:
    return place[1]


def test_a_message_lies_there_as_it_was_sent(bus: Bus, laid: Laid) -> None:
    message = with_(
        time_to_live=90.0,
        content_type="application/x-thing; v=1",
        properties={"type": "T", "n": 2, "x": 0.5, "b": False},
    )

    send(bus, message)

    assert laid() == [message]


def test_an_event_lies_there_with_all_that_belongs_to_it(bus: Bus, laid: Laid) -> None:
    message = message_of(
        Event(
            topic="data",
            type="DataReceived",
            id="run.step.replay-2",
            data='{"text": "\\"Größe\\" \\u6570"}',
            correlation_id="run",
            account="house of tea",
            user="ü@example.org",
            time_to_live=2.5,
            run="run",
            hops=3,
            traceparent=TRACE,
            properties={"due": "Sun, 06 Nov 1994 08:49:37 GMT", "said": 'he "said" a\\b\nand left'},
            replay=Replay(dead_letter="letter", number=2, subscription="archive"),
        )
    )

    send(bus, message)

    assert laid() == [message]


def test_messages_lie_there_in_their_order(bus: Bus, laid: Laid) -> None:
    messages = [with_(id=f"{number}", properties={"n": number}) for number in range(300)]

    send(bus, *messages[:299])
    send(bus, messages[299])

    assert laid() == messages


def test_nothing_is_sent_of_nothing(bus: Bus, laid: Laid) -> None:
    send(bus)

    assert laid() == []


def test_many_large_messages_fit(bus: Bus, laid: Laid) -> None:
    messages = [with_(id=f"{number}", body=b'"' * 90_000) for number in range(5)]

    send(bus, *messages)

    assert laid() == messages


@pytest.mark.parametrize("body", [b"[" + b"1," * 127_999 + b"1]", b'"' * 256_000, "ü".encode() * 128_000])
def test_takes_a_message_of_250_kilobytes(bus: Bus, laid: Laid, body: bytes) -> None:
    message = with_(
        body=body, properties={"type": "T", "traceparent": TRACE, "Diagnostic-Id": TRACE, "replay_for": "a"}
    )

    send(bus, message)

    (found,) = laid()
    # How headers write their names is nobody's affair: to the bus they are all the same.
    assert {name.lower(): value for name, value in found.properties.items()} == {
        name.lower(): value for name, value in message.properties.items()
    }
    assert structs.replace(found, properties={}) == structs.replace(message, properties={})


@pytest.mark.parametrize(
    ("unfit", "reason"),
    [
        (with_(body=b"x" * LARGEST_MESSAGE), "too_large"),
        (with_(body=b"x" * 250_000, properties={"a": "x" * 30_000}), "too_large"),
        (with_(properties={"a": "x" * 40_000}), "too_large"),
        (with_(id="i" * 129), "refused"),
        (with_(id=""), "refused"),
        (with_(time_to_live=0.0), "refused"),
        (with_(properties={"n": float("nan")}), "refused"),
        (with_(properties={"half": "\ud83d"}), "refused"),
    ],
)
def test_what_the_bus_will_not_take_is_refused_before_anything_is_sent(
    bus: Bus, laid: Laid, unfit: BusMessage, reason: str
) -> None:
    with pytest.raises(BusRefused) as refused:
        send(bus, MESSAGE, unfit)

    assert refused.value.reason == reason
    assert laid() == []


@pytest.mark.parametrize("topic", ["", "../data", "data/messages?", "no such topic"])
def test_knows_what_no_topic_is_called(bus: Bus, topic: str) -> None:
    with pytest.raises(BusRefused) as refused:
        send(bus, MESSAGE, topic=topic)

    assert refused.value.reason == "unknown_topic"


def test_goes_on_after_it_was_closed(bus: Bus, laid: Laid) -> None:
    bus.close()
    send(bus, with_(id="1"))
    bus.close()
    bus.close()
    send(bus, with_(id="2"))

    assert [message.id for message in laid()] == ["1", "2"]


def test_many_send_at_once_from_several_loops(bus: Bus, laid: Laid) -> None:
    async def some(letter: str) -> None:
        await asyncio.gather(*[bus.send("data", [with_(id=f"{letter}{number}")]) for number in range(20)])

    threads = [threading.Thread(target=lambda letter=letter: asyncio.run(some(letter))) for letter in "abc"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert {message.id for message in laid()} == {
        f"{letter}{number}" for letter in "abc" for number in range(20)
    }


names = st.one_of(
    st.sampled_from(
        ["type", "traceparent", "Host", "content-length", "x-a", "two words", "größe", "date", "a_b"]
    ),
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8),
)
values = st.one_of(
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=12),
    st.sampled_from(["Sun, 06 Nov 1994 08:49:37 GMT", "12", "true", '"', "\\u0041", "a\r\nhost: b"]),
)


@rules(suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.lists(
        st.tuples(
            st.dictionaries(names, values, max_size=4),
            st.text(st.characters(exclude_categories=["Cs"]), max_size=12),
            st.one_of(st.none(), st.floats(0.001, 3_000)),
        ),
        min_size=1,
        max_size=3,
    )
)
def test_whatever_messages_say_lies_there(
    bus: Bus, laid: Laid, said: list[tuple[dict[str, Any], str, float | None]]
) -> None:
    messages = [
        with_(
            # Spans are told to the millionth of a second.
            time_to_live=None if span is None else round(span, 6),
            subject=text or "-",
            correlation_id=text or "-",
            body=text.encode(),
            properties=properties,
        )
        for properties, text, span in said
    ]

    before = len(laid())

    send(bus, *messages)

    assert laid()[before:] == messages


def test_of_what_was_open_nothing_is_left(place: tuple[Bus, Laid]) -> None:
    bus, _ = place
    threads = set(threading.enumerate())

    with closing(bus):
        send(bus, MESSAGE)

    assert set(threading.enumerate()) <= threads
