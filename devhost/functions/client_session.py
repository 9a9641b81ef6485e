"""The one HTTP session that all durable clients of the SDK share."""

import asyncio
import sys
from types import ModuleType
from typing import Any

_MODULE = "azure.durable_functions.models.utils.http_utils"


def _sdk() -> ModuleType | None:
    # Looked up, never imported: the SDK reads host.json from the working directory at import time,
    # so the app must be the one to import it. A module not yet imported has nothing to clean.
    return sys.modules.get(_MODULE)


def forget() -> None:
    """Let the next client open a session of its own.

    The SDK keeps session and lock in module variables, and both stay with the loop that used them first.
    A second host in the same process runs its functions on another loop, where they would fail with
    "attached to a different loop" or hang.
    """
    module: Any = _sdk()
    if module is not None:
        module._client_session = None  # noqa: SLF001 - the SDK has no public way
        module._session_lock = asyncio.Lock()  # noqa: SLF001 - as above


async def close() -> None:
    """Close the session; to be awaited on the functions' loop."""
    module: Any = _sdk()
    if module is not None:
        await module._close_session()  # noqa: SLF001 - as above
        forget()
