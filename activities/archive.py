"""What is kept of runs, as activities read and write it."""

import asyncio
from collections.abc import Hashable, Mapping
from weakref import WeakValueDictionary

from activities.outline import Outline
from dirigent import codec
from dirigent.domain.records import StepRecord
from dirigent.domain.runs import Held, Perform
from dirigent.ports import Parts
from dirigent.records.burials import Burials
from dirigent.records.claims import Claims
from dirigent.records.definitions import REMEMBERED, Definitions
from dirigent.records.memory import Memory
from dirigent.records.runs import Runs
from dirigent.records.texts import TextLost, Texts
from dirigent.records.unreadable import Unreadable

#: Bytes of inputs that a process keeps read: all branches of a run have the same.
INPUTS = 2**22


class Archive:
    """The stores, and what this process has read of them; only what never changes is remembered."""

    def __init__(self, parts: Parts) -> None:
        self.clock = parts.clock
        self.runs = Runs(parts.records, parts.artifacts)
        self.claims = Claims(parts.records)
        self.burials = Burials(parts.records, parts.artifacts)
        self.texts = Texts(parts.artifacts)
        self._definitions = Definitions(parts.artifacts)
        self._outlines: dict[str, Outline] = {}
        self._inputs: Memory[dict[str, object]] = Memory(INPUTS)
        #: Each is there as long as somebody holds it or waits for it.
        self._turns: WeakValueDictionary[Hashable, asyncio.Lock] = WeakValueDictionary()

    async def outline(self, digest: str) -> Outline:
        """The definition of that hash."""
        if (known := self._outlines.get(digest)) is not None:
            return known
        async with self._turn(digest):
            if (known := self._outlines.get(digest)) is not None:
                return known
            found = self._outlines[digest] = Outline(await self._definitions.find(digest))
            while len(self._outlines) > REMEMBERED:
                del self._outlines[next(iter(self._outlines))]
        return found

    async def input(self, order: Perform) -> dict[str, object]:
        """The input of the order's run."""
        key = (order.account, order.run)
        if (known := self._inputs.find(key)) is not None:
            return known
        async with self._turn(key):
            if (known := self._inputs.find(key)) is not None:
                return known
            return await self._read(key, order)

    def _turn(self, key: Hashable) -> asyncio.Lock:
        """Hundreds of branches begin together: one reads what all need, and the others wait for it."""
        return self._turns.setdefault(key, asyncio.Lock())

    async def _read(self, key: Hashable, order: Perform) -> dict[str, object]:
        start = order.opening
        text = await self.texts.read(start.input if start is not None else await self._recorded(order))
        try:
            found = codec.from_json(dict[str, object], text)
        except codec.Undecodable as error:
            raise Unreadable(f"The input of the run {order.run!r}", str(error)) from error
        self._inputs.keep(key, found, Held(text=text))
        return found

    async def _recorded(self, order: Perform) -> Held:
        held = await self.runs.input(order.account, order.run)
        if held is None:
            raise TextLost(f"runs/{order.run}")
        return held

    async def records(self, run: str, places: Mapping[str, int]) -> tuple[StepRecord, ...]:
        """The records of those steps that are done: place by name."""
        found = await self.runs.several(run, [(place, name) for name, place in places.items()])
        return tuple(found.values())
