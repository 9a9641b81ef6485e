"""Tokens of whoever runs the app, in the place of a key."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from azure.core.credentials_async import AsyncTokenCredential

#: What a token is asked for.
SCOPE = "https://ai.azure.com/.default"

_LOOPBACKS = ("localhost", "127.0.0.1", "::1")


class NoToken(Exception):
    """Nobody is signed in, or nobody may be told who is."""


def _usual() -> "AsyncTokenCredential":
    # It reads AZURE_CLIENT_ID and whatever else says who runs the app.
    from azure.identity.aio import DefaultAzureCredential  # noqa: PLC0415

    return DefaultAzureCredential()


class EntraTokens:
    """Signs in when the first token is asked for; one that is still good is told again."""

    def __init__(self, sign_in: Callable[[], "AsyncTokenCredential"] = _usual) -> None:
        self._sign_in = sign_in
        self._credential: AsyncTokenCredential | None = None
        self._provide: Callable[[], Awaitable[str]] | None = None

    async def token(self, url: str) -> str:
        """A token for what is at that address; `NoToken` where there is none."""
        if not _is_safe(url):
            raise NoToken("it goes over https only")
        from azure.core.exceptions import AzureError  # noqa: PLC0415

        try:
            return await self._provider()()
        except (AzureError, ValueError, OSError) as error:
            raise NoToken(str(error)) from error

    async def close(self) -> None:
        """Let go of what was signed in with; the next token is asked for anew."""
        credential, self._credential, self._provide = self._credential, None, None
        if credential is not None:
            await credential.close()

    def _provider(self) -> Callable[[], Awaitable[str]]:
        from azure.identity.aio import get_bearer_token_provider  # noqa: PLC0415

        if self._provide is None:
            self._credential = self._sign_in()
            self._provide = get_bearer_token_provider(self._credential, SCOPE)
        return self._provide


def _is_safe(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme == "https" or parts.hostname in _LOOPBACKS
