"""Azurite, the storage emulator, for as long as somebody wants it.

`python tests/azurite/azurite.py` starts one for people: it prints the settings with which the app finds it,
as lines for a shell or with `--json` as a settings file, and ends with Ctrl+C.
"""

import argparse
import base64
import json
import re
import secrets
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from itertools import count
from os import environ
from pathlib import Path
from types import TracebackType
from typing import Self

import installation

from dirigent.settings.storage import Storage

#: Seconds in which it begins, on a machine that has much else to do.
PATIENCE = 60.0
SERVICES = ("Blob", "Queue", "Table")
_LISTENS = re.compile(r"Azurite (?P<service>\w+) service is successfully listening at (?P<url>http://\S+)")
_LEASH = Path(__file__).with_name("leash.cjs")
_OPTIONS = (
    *("--silent", "--inMemoryPersistence", "--disableTelemetry", "--skipApiVersionCheck"),
    *("--blobPort", "0", "--queuePort", "0", "--tablePort", "0"),
)


class NotStarted(Exception):
    """Azurite ended or stayed silent instead of listening."""

    def __init__(self, said: str) -> None:
        self.said = said
        super().__init__(
            f"Azurite did not start: {said.strip()[-2000:] or 'it said nothing'}\n"
            f"If its installation is at fault, remove {str(installation.FOLDER)!r} and say `make azurite`."
        )


class Azurite:
    """A running emulator with an account of its own, in memory; it ends with whoever made it."""

    def __init__(self) -> None:
        self._account = f"made{secrets.token_hex(6)}"
        self._key = base64.b64encode(secrets.token_bytes(48)).decode()
        self._prefixes = count()
        node = installation.node()
        self._process = subprocess.Popen(
            [node, "--require", str(_LEASH), str(installation.SCRIPT), *_OPTIONS],
            cwd=installation.FOLDER,
            env={**environ, "AZURITE_ACCOUNTS": f"{self._account}:{self._key}"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        # Whatever it says later is taken away, so that it never waits for a reader.
        self._listener = threading.Thread(target=self._drain, name="azurite", daemon=True)
        try:
            self._urls = self._listening()
        except BaseException:
            self.close()
            raise
        self._listener.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def account(self) -> str:
        """The account's name, as addresses hold it."""
        return self._account

    @property
    def key(self) -> str:
        """The account's key: it was made up for this emulator and is worth nothing after it."""
        return self._key

    @property
    def blobs(self) -> str:
        """The address of its blobs, without the account's name."""
        return self._urls["Blob"]

    @property
    def tables(self) -> str:
        """The address of its tables, without the account's name."""
        return self._urls["Table"]

    def connection(self, *, blobs: str | None = None, tables: str | None = None) -> str:
        """The connection string; a proxy's address may stand for a service's."""
        urls = {**self._urls, **{k: v for k, v in (("Blob", blobs), ("Table", tables)) if v is not None}}
        ends = ";".join(f"{service}Endpoint={url}/{self._account}" for service, url in urls.items())
        return f"DefaultEndpointsProtocol=http;AccountName={self._account};AccountKey={self._key};{ends}"

    def storage(self, *, blobs: str | None = None, tables: str | None = None) -> Storage:
        """Where an app finds it; with a prefix that nobody else has, so that it finds nothing there."""
        prefix = f"t{next(self._prefixes)}x{secrets.token_hex(4)}"
        return Storage(connection=self.connection(blobs=blobs, tables=tables), prefix=prefix)

    def close(self) -> None:
        """End it."""
        self._process.kill()
        self._process.wait()
        if self._listener.ident is not None:
            self._listener.join()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()

    def _drain(self) -> None:
        for _ in _lines(self._process):
            pass

    def _listening(self) -> dict[str, str]:
        urls: dict[str, str] = {}
        said: list[str] = []
        watch = threading.Timer(PATIENCE, self._process.kill)
        watch.daemon = True
        watch.start()
        try:
            for line in _lines(self._process):
                said.append(line)
                if (match := _LISTENS.search(line)) is not None:
                    urls[match["service"]] = match["url"]
                if len(urls) == len(SERVICES):
                    return urls
        finally:
            watch.cancel()
        raise NotStarted("".join(said))


def _lines(process: subprocess.Popen[str]) -> Iterator[str]:
    assert process.stdout is not None
    while line := process.stdout.readline():
        yield line


def settings(connection: str) -> dict[str, str]:
    """What an app is told that keeps records and artifacts there."""
    return {
        "AzureWebJobsStorage": connection,
        "DIRIGENT_RECORDS": "azure-tables",
        "DIRIGENT_ARTIFACTS": "azure-blob",
    }


def for_shell(values: dict[str, str]) -> str:
    """Lines to paste into a shell; quoted, for a `;` would end a command."""
    return "\n".join(f"export {name}='{value}'" for name, value in values.items())


def for_file(values: dict[str, str]) -> str:
    """The same as local.settings.json has it."""
    return json.dumps({"IsEncrypted": False, "Values": values}, indent=2)


def _serve(*, as_json: bool) -> None:
    shell = "paste these lines into the shell in which you say `make serve`"
    use = "take these values into local.settings.json" if as_json else shell
    with Azurite() as azurite:
        values = settings(azurite.connection())
        print(for_file(values) if as_json else for_shell(values), flush=True)
        print(f"Azurite runs until Ctrl+C. To use it, {use}.", file=sys.stderr, flush=True)
        with suppress(KeyboardInterrupt):
            threading.Event().wait()


def _asked() -> argparse.Namespace:
    told = "Start Azurite and print the settings with which the app finds it."
    parser = argparse.ArgumentParser(description=told)
    parser.add_argument("--json", action="store_true", help="print them as for local.settings.json")
    return parser.parse_args()


if __name__ == "__main__":
    try:
        _serve(as_json=_asked().json)
    except (installation.NotInstalled, NotStarted) as failure:
        sys.exit(str(failure))
