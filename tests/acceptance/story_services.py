"""Services that an app reaches over a network: a storage account that is emulated, and a model server."""

import hashlib
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote, urlsplit

from azure.storage.blob import BlobClient, ContainerClient
from driver import ROOT, polled
from model_time import ModelTime

from devhost.testing import VirtualClock
from dirigent.adapters.model_script import Script
from dirigent.adapters.system_clock import SystemClock
from dirigent.modelserver import ModelServer
from dirigent.ports.clock import Clock

#: What an app has no use for whose model, records and artifacts are elsewhere.
_OF_EMBEDDED = ("DIRIGENT_DATA", "DIRIGENT_SCRIPT")


class Services:
    """A model server of the story's own, records in tables, artifacts in blobs."""

    def __init__(self, connection: str, *, name: str) -> None:
        self._connection, self._name = connection, name

    @contextmanager
    def hosted(self, folder: Path, settings: Mapping[str, str]) -> "Iterator[ServedFooting]":
        script = settings.get("DIRIGENT_SCRIPT")
        clock = SystemClock()
        with ModelServer(Script.read(Path(script)) if script else None, clock=clock) as server:
            yield ServedFooting(self._given(folder, settings, server.url), server, clock)

    @contextmanager
    def apart(self, folder: Path, settings: Mapping[str, str]) -> Iterator[dict[str, str]]:
        with model_process(folder, settings.get("DIRIGENT_SCRIPT")) as url:
            yield self._given(folder, settings, url)

    def published(self, address: str) -> str:
        _, _, container, name = urlsplit(address).path.split("/", 3)
        with BlobClient.from_connection_string(self._connection, container, unquote(name)) as blob:
            content: bytes = blob.download_blob().readall()
        return content.decode()

    def files(self, folder: Path) -> list[str]:
        name = f"{_prefix(folder)}-artifacts"
        with ContainerClient.from_connection_string(self._connection, name) as container:
            return list(container.list_blob_names())

    def _given(self, folder: Path, settings: Mapping[str, str], url: str) -> dict[str, str]:
        kept = {name: value for name, value in settings.items() if name not in _OF_EMBEDDED}
        return {
            "DIRIGENT_MODEL": "openai",
            "OPENAI_BASE_URL": url,
            "DIRIGENT_RECORDS": "azure-tables",
            "DIRIGENT_ARTIFACTS": "azure-blob",
            "DIRIGENT_STORAGE": self._name,
            "DIRIGENT_STORAGE_PREFIX": _prefix(folder),
            **kept,
        }


class ServedFooting:
    """The app in process, its model behind a socket."""

    def __init__(self, settings: dict[str, str], server: ModelServer, clock: SystemClock) -> None:
        self.settings = settings
        self._server, self._clock = server, clock

    def time(self, clock: VirtualClock) -> Clock:
        time = ModelTime(clock, self._server.counts)
        self._clock.follow(time.of_server)
        return time.of_app


@contextmanager
def model_process(folder: Path, script: str | None) -> Iterator[str]:
    """`python -m dirigent.modelserver` on a free port; its address."""
    log = folder / "model.log"
    command = [sys.executable, "-m", "dirigent.modelserver", "--port", "0"]
    command += [] if script is None else ["--script", script]
    with log.open("wb") as printed:
        process = subprocess.Popen(command, cwd=ROOT, stdout=printed, stderr=subprocess.STDOUT)
    try:
        yield polled(lambda: _announced(process, log))
    finally:
        process.kill()
        process.wait()


def _announced(process: "subprocess.Popen[bytes]", log: Path) -> str | None:
    said = log.read_text(encoding="utf-8")
    assert process.poll() is None, f"The model server ended with {process.returncode}:\n{said}"
    found = re.search(r"^Listening on (\S+)\n", said, re.MULTILINE)
    return None if found is None else found[1]


def _prefix(folder: Path) -> str:
    """The same for the same folder, so that a second host there goes on where the first one was."""
    return "s" + hashlib.sha256(str(folder).encode()).hexdigest()[:16]
