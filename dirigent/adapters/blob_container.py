"""One container of Azure Blob Storage; imports its client, and works on the event loop it is made on."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, TypeVar
from urllib.parse import urlsplit

from azure.core.exceptions import DecodeError, ResourceExistsError, ResourceNotFoundError
from azure.core.pipeline.transport import AioHttpTransport
from azure.storage.blob import ContentSettings
from azure.storage.blob.aio import BlobClient, BlobServiceClient

from dirigent.adapters.services.attempts import Attempt, AttemptsFailed, client_options, tried
from dirigent.adapters.services.credentials import credential
from dirigent.adapters.services.patience import Patience
from dirigent.adapters.services.sessions import session
from dirigent.ports.artifacts import Artifact, ArtifactsUnavailable
from dirigent.settings.storage import Storage

#: What the identity needs that runs the app.
ROLE = "Storage Blob Data Contributor"
#: Files removed at a time.
HANDS = 16
#: Names asked for at a time when those under a prefix are listed.
PAGE = 200
#: What the service takes in one piece. Pieces of two writers of one name could be taken for one another's.
ONE_PIECE = 5000 * 1024 * 1024
#: The service may drop a dot that a part of a name ends in; no name of an artifact holds the sign behind it.
LAST_DOT = re.compile(r"\.(?=/|$)")

#: The version of the protocol. The client's own choice grows with the client, and not every cloud knows it
#: yet; pieces of the size above came with 2019-12-12.
SPOKEN = "2020-12-06"

_MEMBER = "x-ms-request-id"

Result = TypeVar("Result")


class BlobsUnavailable(ArtifactsUnavailable):
    """Blob Storage did not do what it was asked for."""

    def __init__(self, *, account: str, operation: str, reason: str, is_refusal: bool) -> None:
        self.account, self.operation, self.reason, self.is_refusal = account, operation, reason, is_refusal
        remedy = (
            f"give the identity that runs the app the role {ROLE} on the account, or see that the key of its "
            "connection string is current; and see that the account's network rules let the app in"
            if is_refusal
            else "see the account's state and the way to it; the next operation asks it anew"
        )
        super().__init__(f"Azure Storage account {account!r} did not {operation}: {reason}; {remedy}.")


class BlobContainer:
    """The app's container; it is made when the first file is written."""

    def __init__(self, storage: Storage, patience: Patience) -> None:
        self._patience = patience
        transport = AioHttpTransport(connection_timeout=patience.connect, read_timeout=patience.silence)
        options: dict[str, Any] = {
            **client_options(),
            "transport": transport,
            "api_version": SPOKEN,
            "max_single_put_size": ONE_PIECE,
            "raw_response_hook": _refuse_strangers,
        }
        self._credential = credential(storage)
        if storage.connection is not None:
            self._service = BlobServiceClient.from_connection_string(storage.connection, **options)
        else:
            self._service = BlobServiceClient(storage.blobs or "", self._credential, **options)
        # Not before the settings have proved readable.
        transport.session = session(self._service.url)
        self._container = self._service.get_container_client(f"{storage.prefix}-artifacts")
        self._account = self._service.account_name or str(urlsplit(self._service.url).hostname)

    async def put(self, name: str, content: bytes, content_type: str) -> str:
        """Write the file whole, over what was there; its address."""
        blob = self._blob(name)
        await self._tried("write an artifact", partial(self._put, blob, content, content_type))
        # A connection string may hold a signature, and then the client's addresses do.
        return urlsplit(blob.url)._replace(query="", fragment="").geturl()

    async def get(self, name: str) -> Artifact | None:
        """The file, None when there is none."""
        return await self._tried("read an artifact", partial(self._get, self._blob(name)))

    async def delete_under(self, folder: str) -> int:
        """Remove every file in the folder and below; how many they were."""
        removed, marker = 0, None
        while True:
            names, marker = await self._tried(
                "list artifacts", partial(self._page, LAST_DOT.sub(".~", folder) + "/", marker)
            )
            await self._remove(names)
            removed += len(names)
            if not marker:
                return removed

    async def close(self) -> None:
        """Let go of the connections."""
        await self._service.close()
        if self._credential is not None:
            await self._credential.close()

    def _blob(self, name: str) -> BlobClient:
        return self._container.get_blob_client(LAST_DOT.sub(".~", name))

    async def _tried(self, operation: str, act: Callable[[Attempt], Awaitable[Result]]) -> Result:
        try:
            return await tried(act, self._patience)
        except AttemptsFailed as failed:
            trouble = failed.trouble
            raise BlobsUnavailable(
                account=self._account,
                operation=operation,
                reason=trouble.reason,
                is_refusal=trouble.is_refusal,
            ) from failed

    async def _put(self, blob: BlobClient, content: bytes, content_type: str, attempt: Attempt) -> None:
        attempt.carries(len(content))
        upload = partial(
            blob.upload_blob,
            content,
            length=len(content),
            overwrite=True,
            content_settings=ContentSettings(content_type=content_type),
        )
        try:
            await upload()
        except ResourceNotFoundError:
            with suppress(ResourceExistsError):
                await self._container.create_container()
            await upload()

    async def _get(self, blob: BlobClient, attempt: Attempt) -> Artifact | None:
        try:
            stream = await blob.download_blob(max_concurrency=4)
            attempt.carries(stream.size)
            content = await stream.readall()
        except ResourceNotFoundError:
            return None
        kind = stream.properties.content_settings.content_type
        return Artifact(content=content, content_type=kind or "application/octet-stream")

    async def _page(
        self, prefix: str, marker: str | None, attempt: Attempt
    ) -> tuple[Sequence[str], str | None]:
        pages = self._container.list_blob_names(name_starts_with=prefix, results_per_page=PAGE)
        page: Any = pages.by_page(marker)
        try:
            names = [name async for name in await anext(page)]
        except (ResourceNotFoundError, StopAsyncIteration):
            return [], None
        return names, page.continuation_token

    async def _remove(self, names: Sequence[str]) -> None:
        left = iter(names)

        async def remove_some() -> None:
            for name in left:
                await self._tried("remove an artifact", partial(self._delete, name))

        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(min(HANDS, len(names))):
                    group.create_task(remove_some())
        except ExceptionGroup as failures:
            raise failures.exceptions[0] from failures

    async def _delete(self, name: str, attempt: Attempt) -> None:
        # Who removed it is not to be known: a request whose answer was lost may have, or another caller.
        with suppress(ResourceNotFoundError):
            await self._container.delete_blob(name, delete_snapshots="include")


def _refuse_strangers(response: Any) -> None:
    # A gateway's page is no artifact, and its 404 does not mean that there is none.
    answer = response.http_response
    is_plain = answer.status_code < 500 and answer.status_code not in (401, 403, 408, 429)
    if is_plain and _MEMBER not in answer.headers:
        raise DecodeError(message=f"An answer {answer.status_code} without {_MEMBER}.")
