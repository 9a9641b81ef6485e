"""Whoever waits for a message gets it as soon as it is there, or hears in time that none came."""

import asyncio
from typing import Any

from devhost.bus.messages import Received, Sent
from devhost.http.bus_waits import BusWaits


async def turns() -> None:
    """Let everybody do what can be done by now."""
    for _ in range(10):
        await asyncio.sleep(0)


def test_hands_over_what_is_there_at_once(bus: Any) -> None:
    bus.broker.send("orders", [Sent(body=b"1"), Sent(body=b"2")])

    found = bus.do(BusWaits(bus.broker).received("orders", 0))

    assert found.message.body == b"1"


def test_tells_in_time_that_there_is_none(bus: Any) -> None:
    waits = BusWaits(bus.broker)

    assert bus.do(waits.received("orders", 0)) is None
    assert bus.do(waits.received("orders", 0.01)) is None
    assert len(waits) == 0


def test_waits_until_one_comes_and_counts_as_waiting_until_then(bus: Any) -> None:
    waits = BusWaits(bus.broker)

    async def story() -> tuple[list[int], Received | None]:
        asked = asyncio.ensure_future(waits.received("orders", 30))
        await turns()
        counts = [len(waits)]
        bus.broker.send("orders", [Sent(body=b"late")])
        found = await asked
        return [*counts, len(waits)], found

    counts, found = bus.do(story())

    assert counts == [1, 0]
    assert found is not None
    assert found.message.body == b"late"


def test_two_that_wait_get_one_each(bus: Any) -> None:
    waits = BusWaits(bus.broker)

    async def story() -> list[Received | None]:
        asked = [asyncio.ensure_future(waits.received("orders", 5)) for _ in range(2)]
        await turns()
        bus.broker.send("orders", [Sent(body=b"1")])
        await turns()
        bus.broker.send("orders", [Sent(body=b"2")])
        return await asyncio.gather(*asked)

    found = bus.do(story())

    assert sorted(one.message.body for one in found if one is not None) == [b"1", b"2"]


def test_lets_everybody_go_when_it_is_broken_off(bus: Any) -> None:
    waits = BusWaits(bus.broker)

    async def story() -> list[Received | None]:
        asked = [asyncio.ensure_future(waits.received("orders", 600)) for _ in range(2)]
        await turns()
        waits.break_off()
        return [*await asyncio.gather(*asked), await waits.received("orders", 600)]

    assert bus.do(story()) == [None, None, None]


def test_whoever_has_gone_takes_no_message(bus: Any) -> None:
    waits = BusWaits(bus.broker)

    async def story() -> int:
        asked = asyncio.ensure_future(waits.received("orders", 600))
        await turns()
        asked.cancel()
        await asyncio.gather(asked, return_exceptions=True)
        bus.broker.send("orders", [Sent(body=b"1")])
        await bus.commits.settled()
        await turns()
        return len(waits)

    assert bus.do(story()) == 0
    assert bus.broker.peek("orders")[0].delivery_count == 0
