"""No bus."""

import asyncio

import pytest

from dirigent.adapters.no_bus import NoBus
from dirigent.domain.events import BusMessage
from dirigent.ports.bus import BusRefused


def test_takes_no_message_and_says_what_to_set() -> None:
    bus = NoBus()

    with pytest.raises(BusRefused) as refused:
        asyncio.run(bus.send("data", [BusMessage(id="1", body=b"{}", subject="T", correlation_id="c")]))
    bus.close()

    assert refused.value.reason == "no_bus"
    assert refused.value.sentence == (
        "Nothing can be told on the topic 'data', for DIRIGENT_BUS is 'none': "
        "set it to 'service-bus' or 'local' before events are told."
    )
