"""Calls that wait for a message."""

import asyncio

from devhost.bus.messages import Received
from devhost.bus.ports import Broker


class _Wait:
    """One call; from the moment a message may be there it counts as waiting no longer."""

    def __init__(self) -> None:
        self.woken = asyncio.Event()


class BusWaits:
    """Waits in real time, whatever clock the bus keeps, so that no call can hang."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._open: set[_Wait] = set()
        self._over = False

    def __len__(self) -> int:
        """How many calls wait and have nothing to look at."""
        return sum(not wait.woken.is_set() for wait in self._open)

    async def received(self, place: str, seconds: float) -> Received | None:
        """The next message of a place, locked; None when none comes in time, or the waits are broken off."""
        found = self._broker.receive(place, lasting=True)
        if found or not seconds or self._over:
            return found[0] if found else None
        wait = _Wait()
        ends = self._broker.listen(place, wait.woken.set)
        self._open.add(wait)
        try:
            async with asyncio.timeout(seconds):
                return await self._next(place, wait)
        except TimeoutError:
            return None
        finally:
            # Also where the client has gone and this call is cancelled: nobody is to be woken any more.
            self._open.discard(wait)
            ends()

    async def _next(self, place: str, wait: _Wait) -> Received | None:
        while not self._over:
            await wait.woken.wait()
            wait.woken.clear()
            if found := self._broker.receive(place, lasting=True):
                return found[0]
        return None

    def break_off(self) -> None:
        """Let every waiting call go on at once."""
        self._over = True
        for wait in self._open:
            wait.woken.set()
