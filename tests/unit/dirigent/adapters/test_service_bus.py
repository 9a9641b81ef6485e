"""The bus that is Service Bus, as far as nobody is asked."""

import asyncio
import subprocess
import sys
import threading
from contextlib import closing

import pytest

from dirigent.adapters.local_bus import local_bus
from dirigent.adapters.service_bus import ServiceBus
from dirigent.domain.events import BusMessage
from dirigent.ports.bus import BusRefused
from dirigent.settings import Namespace

MESSAGE = BusMessage(id="run.step", body=b"{}", subject="T", correlation_id="c")


def test_refuses_what_no_bus_takes_before_anybody_is_asked() -> None:
    threads = set(threading.enumerate())
    bus = ServiceBus(lambda: Namespace(url="never looked at"))

    with pytest.raises(BusRefused):
        asyncio.run(bus.send("no topic", [MESSAGE]))

    bus.close()
    assert set(threading.enumerate()) == threads


def test_says_by_its_first_message_that_it_leads_nowhere_and_can_be_closed() -> None:
    with closing(ServiceBus(lambda: local_bus({}))) as bus, pytest.raises(BusRefused) as refused:
        asyncio.run(bus.send("data", [MESSAGE]))

    assert refused.value.reason == "no_bus"


def test_importing_it_costs_no_start_up() -> None:
    look = (
        "import sys, dirigent.adapters.service_bus, dirigent.adapters.local_bus; "
        "print([name for name in ('azure', 'aiohttp') if name in sys.modules])"
    )

    said = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)

    assert said.stdout == "[]\n"
