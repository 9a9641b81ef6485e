"""The bus of the local host, which speaks as Service Bus does."""

from collections.abc import Mapping

from dirigent.ports.bus import BusRefused
from dirigent.settings.addresses import host_of, is_loopback
from dirigent.settings.buses import HOST
from dirigent.settings.namespace import Namespace


def local_bus(environment: Mapping[str, str]) -> Namespace:
    """Where it is; `BusRefused` where the app runs in no local host."""
    host = environment.get(HOST, "").strip()
    url = f"http://{host}/servicebus"
    if not is_loopback(host_of(url)):
        told = f"is {host!r:.100}" if host else "is not set"
        raise BusRefused(
            "no_bus",
            f"Events go to the bus of the local host, and {HOST} {told}, which is where it would be: start "
            "the app with `python -m devhost`, or set DIRIGENT_BUS to 'service-bus'.",
        )
    return Namespace(url=url, signs_in=False)
