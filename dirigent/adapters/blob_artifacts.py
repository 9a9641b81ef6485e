"""Artifacts in Azure Blob Storage: a blob each, under its name."""

from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any

from dirigent.adapters.artifact_names import check, folder_of
from dirigent.adapters.backstage import Backstage
from dirigent.adapters.content_types import check_type
from dirigent.adapters.services.patience import Patience
from dirigent.ports.artifacts import Artifact, ArtifactsUnavailable
from dirigent.settings.storage import Storage

if TYPE_CHECKING:
    from dirigent.adapters.blob_container import BlobContainer


class StorageMisnamed(ArtifactsUnavailable):
    """Nothing can be reached with what is said of the account."""

    def __init__(self) -> None:
        super().__init__(
            "Artifacts cannot be reached in Azure Storage with what the settings say of it: see that the "
            "connection string is whole, or that the address of the account's blobs is an https:// one."
        )


class BlobArtifacts:
    """Keeps each artifact in a blob of its name; nothing is asked of the account before the first of them."""

    def __init__(self, storage: Storage, *, patience: Patience | None = None) -> None:
        self._storage, self._patience = storage, patience or Patience()
        self._backstage: Backstage[BlobContainer] = Backstage("artifacts", self._open, _leave)

    async def put(self, name: str, content: bytes, *, content_type: str) -> str:
        """Write the file whole or not at all, over what was there; its address."""
        check(name)
        check_type(content_type)
        return await self._backstage.do(lambda container: container.put(name, content, content_type))

    async def get(self, name: str) -> Artifact | None:
        """The file, None when there is none."""
        check(name)
        return await self._backstage.do(lambda container: container.get(name))

    async def delete_under(self, prefix: str) -> int:
        """Remove every file whose name begins with the prefix, which ends in `/`; how many they were."""
        folder = folder_of(prefix)
        return await self._backstage.do(lambda container: container.delete_under(folder))

    def close(self) -> None:
        """Give up what is under way and let go of the account; the next operation opens it again."""
        self._backstage.close()

    def _open(self) -> "BlobContainer":
        # The client's packages take a third of a second to import, and who keeps files has no use for them.
        from dirigent.adapters.blob_container import BlobContainer  # noqa: PLC0415

        try:
            return BlobContainer(self._storage, self._patience)
        except ValueError as error:
            # The error may hold the connection string, or parts of it.
            raise StorageMisnamed from (error if self._storage.connection is None else None)


def _leave(container: "BlobContainer") -> Coroutine[Any, Any, None]:
    return container.close()
