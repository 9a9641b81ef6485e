"""Where the local host's bus is."""

import pytest

from dirigent.adapters.local_bus import local_bus
from dirigent.ports.bus import BusRefused
from dirigent.settings import Namespace


@pytest.mark.parametrize("host", ["127.0.0.1:7071", "localhost:7071", "[::1]:80"])
def test_is_where_the_app_is_and_asks_nobody_who_they_are(host: str) -> None:
    found = local_bus({"WEBSITE_HOSTNAME": host})

    assert found == Namespace(url=f"http://{host}/servicebus")
    assert (found.key, found.signs_in) == (None, False)


@pytest.mark.parametrize(
    ("environment", "told"),
    [
        ({}, "WEBSITE_HOSTNAME is not set"),
        ({"WEBSITE_HOSTNAME": " "}, "WEBSITE_HOSTNAME is not set"),
        ({"WEBSITE_HOSTNAME": "house.azurewebsites.net"}, "WEBSITE_HOSTNAME is 'house.azurewebsites.net'"),
        ({"WEBSITE_HOSTNAME": "127.0.0.1@evil.example"}, "WEBSITE_HOSTNAME is '127.0.0.1@evil.example'"),
    ],
)
def test_there_is_none_but_in_a_local_host(environment: dict[str, str], told: str) -> None:
    with pytest.raises(BusRefused) as refused:
        local_bus(environment)

    assert refused.value.reason == "no_bus"
    assert told in refused.value.sentence
