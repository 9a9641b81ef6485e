"""One container of Azure Blob Storage, as far as it needs no account."""

import asyncio
import re

import pytest

from dirigent.adapters.artifact_names import check
from dirigent.adapters.blob_container import LAST_DOT, BlobContainer, BlobsUnavailable
from dirigent.adapters.services.patience import Patience
from dirigent.ports.artifacts import ArtifactsUnavailable
from dirigent.settings.storage import Storage


def unavailable(*, is_refusal: bool) -> BlobsUnavailable:
    return BlobsUnavailable(account="made", operation="read", reason="it answered 1", is_refusal=is_refusal)


def test_names_account_operation_and_reason() -> None:
    failure = unavailable(is_refusal=False)

    assert isinstance(failure, ArtifactsUnavailable)
    assert re.match("Azure Storage account 'made' did not read: it answered 1; see .*[.]$", str(failure))


def test_names_the_role_only_where_it_may_be_missing() -> None:
    assert "Storage Blob Data Contributor" in str(unavailable(is_refusal=True))
    assert "Storage Blob Data Contributor" not in str(unavailable(is_refusal=False))


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("a.md", "a.md"),
        (".a/..b", ".a/..b"),
        ("a.", "a.~"),
        ("a./b../c", "a.~/b..~/c"),
        ("a.b./c.d", "a.b.~/c.d"),
    ],
)
def test_no_part_of_a_kept_name_ends_in_a_dot(name: str, kept: str) -> None:
    assert LAST_DOT.sub(".~", name) == kept


def test_no_name_looks_like_a_kept_one() -> None:
    with pytest.raises(ValueError, match="no name"):
        check("a.~")


def test_refuses_to_stand_without_an_address() -> None:
    async def work() -> None:
        await BlobContainer(Storage(), Patience()).close()

    with pytest.raises(ValueError, match=r"(?i)url"):
        asyncio.run(work())


@pytest.mark.parametrize(
    "storage",
    [
        Storage(blobs="https://made.blob.core.windows.net", client_id="1f1c"),
        Storage(connection="UseDevelopmentStorage=true"),
    ],
    ids=["keyless", "emulator"],
)
def test_opens_and_closes_without_asking_anybody(storage: Storage) -> None:
    async def work() -> None:
        await BlobContainer(storage, Patience()).close()

    asyncio.run(work())
