"""The storage emulator that tests start."""

import json
import os
import signal
import socket
import subprocess
import sys
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import azurite as emulator
import pytest
from azurite import Azurite

SCRIPT = Path(emulator.__file__)
CONNECTION = "AccountName=a;AccountKey=b+/=;BlobEndpoint=http://127.0.0.1:1/a"


def status(url: str) -> int:
    address = urlsplit(url)
    with closing(HTTPConnection(str(address.hostname), address.port, timeout=60)) as connection:
        connection.request("GET", "/")
        return connection.getresponse().status


def listens(place: tuple[str, int]) -> bool:
    try:
        socket.create_connection(place, timeout=60).close()
    except OSError:
        return False
    return True


def test_serves_blobs_and_tables_as_soon_as_it_is_there(azurite: Azurite) -> None:
    assert status(azurite.blobs) == 400
    assert status(azurite.tables) == 400


def test_hands_out_a_storage_of_ones_own(azurite: Azurite) -> None:
    prefixes = [azurite.storage().prefix for _ in range(100)]

    assert len(set(prefixes)) == 100
    assert all(prefix.isalnum() and prefix[0].isalpha() and 3 <= len(prefix) <= 20 for prefix in prefixes)


def test_tells_nobody_its_key_who_does_not_ask(azurite: Azurite) -> None:
    assert azurite.key not in f"{azurite!r} {azurite.storage()!r}"


def test_settings_are_pasted_into_a_shell() -> None:
    pasted = emulator.for_shell(emulator.settings(CONNECTION))
    seen = subprocess.run(
        ["sh", "-ec", f'{pasted}\nenv | grep -E "^(Azure|DIRIGENT)" | sort'],
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=True,
    )

    assert sorted(seen.stdout.splitlines()) == [
        f"AzureWebJobsStorage={CONNECTION}",
        "DIRIGENT_ARTIFACTS=azure-blob",
        "DIRIGENT_RECORDS=azure-tables",
    ]


def test_settings_are_told_as_a_file_has_them() -> None:
    values = emulator.settings(CONNECTION)

    assert json.loads(emulator.for_file(values)) == {"IsEncrypted": False, "Values": values}


@pytest.mark.slow
def test_ends_with_whoever_started_it_however_that_ends() -> None:
    with subprocess.Popen([sys.executable, SCRIPT], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        settings = process.stdout.readline()
        blobs = next(part for part in settings.split(";") if part.startswith("BlobEndpoint="))
        address = urlsplit(blobs.removeprefix("BlobEndpoint="))
        place = (str(address.hostname), address.port or 0)
        with socket.create_connection(place, timeout=60) as connection:
            os.kill(process.pid, signal.SIGKILL)

            # The end of a connection that nobody used is the end of the process.
            assert connection.recv(1) == b""
    while listens(place):
        pass
