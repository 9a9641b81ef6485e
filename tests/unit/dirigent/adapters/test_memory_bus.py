"""A bus of one process."""

import asyncio

import pytest

from dirigent.adapters.memory_bus import MemoryBus
from dirigent.domain.events import BusMessage
from dirigent.ports.bus import BusRefused, BusUnavailable

FIRST, SECOND = (BusMessage(id=name, body=b"{}", subject="T", correlation_id="c") for name in "12")


def send(bus: MemoryBus, *messages: BusMessage, topic: str = "data") -> None:
    asyncio.run(bus.send(topic, messages))


def test_keeps_every_message_by_its_topic() -> None:
    bus = MemoryBus()

    send(bus, FIRST, SECOND)
    send(bus, FIRST, topic="news")
    bus.close()

    assert bus.sent == {"data": [FIRST, SECOND], "news": [FIRST]}


def test_meets_its_troubles_one_a_request_and_keeps_nothing_of_these() -> None:
    bus = MemoryBus()
    bus.troubles += [BusUnavailable("Not now."), BusRefused("unknown_topic", "Nowhere.")]

    with pytest.raises(BusUnavailable):
        send(bus, FIRST)
    with pytest.raises(BusRefused):
        send(bus, FIRST)
    send(bus, SECOND)

    assert bus.sent == {"data": [SECOND]}
