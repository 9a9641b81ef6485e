"""Artifacts in Azure Blob Storage, as far as they need no account."""

import asyncio
import subprocess
import sys
import threading
from contextlib import closing

import pytest

from dirigent.adapters.artifact_names import NameRefused
from dirigent.adapters.blob_artifacts import BlobArtifacts, StorageMisnamed
from dirigent.settings.storage import Storage

KEY = "c2VjcmV0"


@pytest.mark.parametrize("name", ["../a", "", "a b"])
def test_refuses_a_name_before_anybody_is_asked(name: str) -> None:
    threads = set(threading.enumerate())
    artifacts = BlobArtifacts(Storage(connection="never looked at"))

    with pytest.raises(NameRefused):
        asyncio.run(artifacts.put(name, b"", content_type="text/plain"))
    with pytest.raises(NameRefused):
        asyncio.run(artifacts.get(name))
    with pytest.raises(NameRefused):
        asyncio.run(artifacts.delete_under(name))
    assert set(threading.enumerate()) == threads


@pytest.mark.parametrize(
    "storage",
    [
        Storage(connection="words"),
        Storage(connection=f"DefaultEndpointsProtocol=https;AccountKey={KEY}"),
        Storage(connection=f"AccountKey={KEY};;=;"),
        Storage(connection=""),
        Storage(),
    ],
    ids=["words", "no account", "signs", "empty", "nothing"],
)
def test_says_that_the_settings_are_wrong_and_keeps_the_key(storage: Storage) -> None:
    with closing(BlobArtifacts(storage)) as artifacts, pytest.raises(StorageMisnamed) as failure:
        asyncio.run(artifacts.get("a"))

    assert "settings" in str(failure.value)
    assert KEY not in str(failure.value)
    assert failure.value.__suppress_context__


def test_importing_it_costs_no_start_up() -> None:
    look = (
        "import sys, dirigent.adapters.blob_artifacts; "
        "print([name for name in ('azure', 'aiohttp') if name in sys.modules])"
    )

    said = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)

    assert said.stdout == "[]\n"
