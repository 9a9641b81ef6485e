"""Who signs in to Azure Storage where no connection string holds a key."""

from typing import TYPE_CHECKING

from dirigent.settings.storage import Storage

if TYPE_CHECKING:
    from azure.core.credentials_async import AsyncTokenCredential


def credential(storage: Storage) -> "AsyncTokenCredential | None":
    """For the client of a keyless storage, None for any other; its taker closes it after the client.

    It belongs to the event loop that it first signs in on.
    """
    if storage.connection is not None:
        return None
    # Half a second of start-up that only those spend who have no key.
    from azure.identity.aio import DefaultAzureCredential, ManagedIdentityCredential  # noqa: PLC0415

    if storage.client_id is not None:
        return ManagedIdentityCredential(client_id=storage.client_id)
    return DefaultAzureCredential()
