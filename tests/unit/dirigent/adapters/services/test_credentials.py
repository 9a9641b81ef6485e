"""Who signs in to a service."""

import asyncio
import subprocess
import sys

from azure.identity.aio import DefaultAzureCredential, ManagedIdentityCredential

from dirigent.adapters.services.credentials import credential
from dirigent.settings.storage import Storage

KEYLESS = "https://made.blob.core.windows.net"


def kind_of(storage: Storage) -> type | None:
    async def work() -> type | None:
        found = credential(storage)
        if found is None:
            return None
        await found.close()
        return type(found)

    return asyncio.run(work())


def test_nobody_signs_in_where_there_is_a_key() -> None:
    assert kind_of(Storage(connection="AccountName=a;AccountKey=a2V5")) is None


def test_the_usual_identity_signs_in_where_none_is_named() -> None:
    assert kind_of(Storage(blobs=KEYLESS)) is DefaultAzureCredential


def test_an_identity_that_is_named_signs_in_and_no_other() -> None:
    assert kind_of(Storage(blobs=KEYLESS, client_id="1f1c")) is ManagedIdentityCredential


def test_whoever_has_a_key_does_not_wait_for_the_import() -> None:
    look = (
        "import sys; from dirigent.adapters.services.credentials import credential; "
        "from dirigent.settings.storage import Storage; credential(Storage(connection='a')); "
        "print([name for name in ('azure.identity', 'azure.core', 'aiohttp') if name in sys.modules])"
    )

    said = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)

    assert said.stdout == "[]\n"
