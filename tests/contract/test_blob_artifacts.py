"""Artifacts in Blob Storage: what an account shows of them."""

import asyncio
import logging
from collections.abc import Coroutine, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from urllib.parse import urlsplit

import pytest
from azure.storage.blob import AccountSasPermissions, BlobServiceClient, ResourceTypes, generate_account_sas
from azurite import Azurite

from dirigent.adapters.blob_artifacts import BlobArtifacts
from dirigent.ports.artifacts import Artifact
from dirigent.settings.storage import Storage

Result = TypeVar("Result")


def run(work: Coroutine[Any, Any, Result]) -> Result:
    return asyncio.run(work)


@pytest.fixture
def leave() -> Iterator[ExitStack]:
    """Closes what is opened."""
    with ExitStack() as stack:
        yield stack


def opened(storage: Storage, leave: ExitStack) -> BlobArtifacts:
    artifacts = BlobArtifacts(storage)
    leave.callback(artifacts.close)
    return artifacts


def account(storage: Storage, leave: ExitStack) -> BlobServiceClient:
    assert storage.connection is not None
    return leave.enter_context(BlobServiceClient.from_connection_string(storage.connection))


def test_a_person_finds_an_artifact_under_its_name(azurite: Azurite, leave: ExitStack) -> None:
    storage = azurite.storage()

    address = run(
        opened(storage, leave).put(
            "runs/1/article.md", b"# Tides", content_type="text/markdown; charset=utf-8"
        )
    )

    service = account(storage, leave)
    blob = service.get_blob_client(f"{storage.prefix}-artifacts", "runs/1/article.md")
    assert (
        address
        == blob.url
        == f"{azurite.blobs}/{azurite.account}/{storage.prefix}-artifacts/runs/1/article.md"
    )
    assert blob.download_blob().readall() == b"# Tides"
    assert blob.get_blob_properties().content_settings.content_type == "text/markdown; charset=utf-8"


def test_nobody_may_read_without_signing_in(azurite: Azurite, leave: ExitStack) -> None:
    storage = azurite.storage()
    run(opened(storage, leave).put("a", b"a", content_type="text/plain"))

    container = account(storage, leave).get_container_client(f"{storage.prefix}-artifacts")

    assert container.get_container_access_policy()["public_access"] is None


def test_makes_nothing_before_the_first_file(azurite: Azurite, leave: ExitStack) -> None:
    storage = azurite.storage()
    artifacts = opened(storage, leave)

    assert run(artifacts.get("a")) is None
    assert run(artifacts.delete_under("a/")) == 0
    assert not account(storage, leave).get_container_client(f"{storage.prefix}-artifacts").exists()


def test_makes_its_container_once_for_all_who_begin_at_once(azurite: Azurite, leave: ExitStack) -> None:
    storage = azurite.storage()
    stores = [opened(storage, leave) for _ in range(4)]

    async def work() -> None:
        await asyncio.gather(
            *(
                store.put(f"{i}/{j}", b"", content_type="text/x")
                for i, store in enumerate(stores)
                for j in range(4)
            )
        )

    run(work())

    assert run(stores[0].get("3/3")) == Artifact(content=b"", content_type="text/x")


def test_apps_that_share_an_account_keep_apart(azurite: Azurite, leave: ExitStack) -> None:
    one, other = opened(azurite.storage(), leave), opened(azurite.storage(), leave)
    run(one.put("runs/1/a", b"one", content_type="text/plain"))
    run(other.put("runs/1/a", b"other", content_type="text/plain"))

    assert run(one.delete_under("runs/")) == 1
    assert run(other.get("runs/1/a")) == Artifact(content=b"other", content_type="text/plain")


def test_an_address_holds_no_signature(azurite: Azurite, leave: ExitStack) -> None:
    signature = generate_account_sas(
        azurite.account,
        azurite.key,
        ResourceTypes(service=True, container=True, object=True),
        AccountSasPermissions(read=True, write=True, delete=True, list=True, create=True, add=True),
        datetime.now(UTC) + timedelta(hours=1),
    )
    connection = f"BlobEndpoint={azurite.blobs}/{azurite.account};SharedAccessSignature={signature}"
    artifacts = opened(Storage(connection=connection, prefix=azurite.storage().prefix), leave)

    address = run(artifacts.put("a", b"a", content_type="text/plain"))

    assert urlsplit(address).query == ""
    assert signature not in address
    assert run(artifacts.get("a")) == Artifact(content=b"a", content_type="text/plain")


def test_a_file_with_earlier_states_is_removed_with_them(azurite: Azurite, leave: ExitStack) -> None:
    storage = azurite.storage()
    artifacts = opened(storage, leave)
    run(artifacts.put("runs/1/a", b"a", content_type="text/plain"))
    blob = account(storage, leave).get_blob_client(f"{storage.prefix}-artifacts", "runs/1/a")
    blob.create_snapshot()

    removed = run(artifacts.delete_under("runs/1/"))

    assert removed == 1
    assert not blob.exists()


def test_requests_are_not_told_one_by_one(
    azurite: Azurite, leave: ExitStack, caplog: pytest.LogCaptureFixture
) -> None:
    artifacts = opened(azurite.storage(), leave)
    with caplog.at_level(logging.INFO):
        run(artifacts.put("a", b"a", content_type="text/plain"))
        run(artifacts.get("a"))

    assert caplog.messages == []
