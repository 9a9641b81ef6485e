"""Calls that wait for an instance to end."""

import asyncio

from devhost.engine.hub import InstanceStatus, TaskHub


class Waits:
    """Waits in real time, whatever clock the hub keeps, so that no call can hang."""

    def __init__(self, hub: TaskHub) -> None:
        self._hub = hub
        self._open: set[asyncio.Task[InstanceStatus]] = set()

    def __len__(self) -> int:
        """How many calls wait."""
        return len(self._open)

    async def ended(self, instance_id: str, seconds: float) -> InstanceStatus | None:
        """The instance once it has ended; None when that takes longer, or when the waits are broken off."""
        task = asyncio.ensure_future(self._hub.ended(instance_id))
        self._open.add(task)
        try:
            await asyncio.wait({task}, timeout=seconds)
            return task.result() if task.done() and not task.cancelled() else None
        finally:
            # Also where the client has gone and this call is cancelled: the hub must not watch for nobody.
            self._open.discard(task)
            task.cancel()

    def break_off(self) -> None:
        """Let every waiting call go on at once."""
        for task in tuple(self._open):
            task.cancel()
