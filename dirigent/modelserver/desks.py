"""Where what takes long is written, so that nobody else waits for it."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

Kind = TypeVar("Kind")

#: Characters, as often as they are read: so many take about ten milliseconds.
AT_ONCE = 20_000


class Desk:
    """Writes what is short at once, and what is long on a thread, one after another."""

    def __init__(self) -> None:
        # Threads share one interpreter: a second one would only slow down those who serve.
        self._free = asyncio.Semaphore(1)

    async def written(self, work: int, write: Callable[[], Coroutine[Any, Any, Kind]]) -> Kind:
        """What it writes, which takes so much work."""
        if work <= AT_ONCE:
            return await write()
        async with self._free:
            return await asyncio.to_thread(lambda: asyncio.run(write()))
