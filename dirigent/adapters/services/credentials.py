"""Who signs in to a service where no connection string holds a key."""

from typing import TYPE_CHECKING

from dirigent.settings.storage import Storage

if TYPE_CHECKING:
    from azure.core.credentials_async import AsyncTokenCredential


def credential(storage: Storage) -> "AsyncTokenCredential | None":
    """For the client of a keyless storage, None for any other; its taker closes it after the client.

    It belongs to the event loop that it first signs in on.
    """
    return None if storage.connection is not None else identity(storage.client_id)


def identity(client_id: str | None) -> "AsyncTokenCredential":
    """Whoever runs the app, or the user-assigned identity of that id."""
    # Half a second of start-up that only those spend who have no key.
    from azure.identity.aio import DefaultAzureCredential, ManagedIdentityCredential  # noqa: PLC0415

    if client_id is not None:
        return ManagedIdentityCredential(client_id=client_id)
    return DefaultAzureCredential()
