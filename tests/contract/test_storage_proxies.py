"""Services on Azure and the proxies of the environment: what is on this machine is asked without them."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from socket import create_server, socket

import pytest

ASK = """
import asyncio, sys
from contextlib import suppress
from dirigent.adapters.azure_tables import AzureTables
from dirigent.adapters.blob_artifacts import BlobArtifacts
from dirigent.adapters.service_bus import ServiceBus
from dirigent.adapters.services.patience import Patience
from dirigent.domain.events import BusMessage
from dirigent.ports.artifacts import ArtifactsUnavailable
from dirigent.ports.bus import BusUnavailable
from dirigent.ports.records import RecordsUnavailable
from dirigent.settings.namespace import Namespace
from dirigent.settings.storage import Storage

store, host = sys.argv[1:]
ends = ";".join(f"{service}Endpoint=http://{host}:1/house" for service in ("Table", "Blob"))
storage = Storage(connection=f"AccountName=house;AccountKey=a2V5;{ends}")
patience = Patience(tries=1)
with suppress(RecordsUnavailable, ArtifactsUnavailable, BusUnavailable):
    if store == "tables":
        asyncio.run(AzureTables(storage, patience=patience).get("things", "p", "k"))
    elif store == "bus":
        message = BusMessage(id="1", body=b"{}", subject="T", correlation_id="c")
        bus = ServiceBus(lambda: Namespace(url=f"http://{host}:1"), patience=patience)
        asyncio.run(bus.send("house", [message]))
    else:
        asyncio.run(BlobArtifacts(storage, patience=patience).get("a"))
"""


@pytest.fixture
def proxy() -> Iterator[tuple[str, list[bytes]]]:
    """Hangs up on whoever asks; its address, and what it was asked for."""
    heard: list[bytes] = []

    def listen(server: socket) -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            with connection:
                heard.append(connection.recv(1000))

    server = create_server(("127.0.0.1", 0))
    listener = threading.Thread(target=listen, args=(server,))
    listener.start()
    with closing(server):
        yield f"http://127.0.0.1:{server.getsockname()[1]}", heard
        # It wakes whoever waits for a connection; to close the server alone would not.
        server.shutdown(2)
    listener.join()


def ask(store: str, host: str, proxy: str) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    environment |= {"HTTP_PROXY": proxy, "http_proxy": proxy}
    subprocess.run([sys.executable, "-c", ASK, store, host], env=environment, check=True)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
@pytest.mark.parametrize("store", ["tables", "blobs", "bus"])
def test_what_is_on_this_machine_is_asked_without_a_proxy(
    proxy: tuple[str, list[bytes]], store: str, host: str
) -> None:
    url, heard = proxy

    ask(store, host, url)

    assert heard == []


@pytest.mark.parametrize("store", ["tables", "blobs", "bus"])
def test_what_is_elsewhere_is_asked_through_the_proxy(proxy: tuple[str, list[bytes]], store: str) -> None:
    url, heard = proxy

    ask(store, "storage.invalid", url)

    method, address = heard[0].split()[:2]
    assert method == (b"POST" if store == "bus" else b"GET")
    assert address.startswith(b"http://storage.invalid:1/house/")
