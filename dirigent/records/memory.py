"""What a process need not read again: values that never change once they are written, as many as fit."""

from collections.abc import Hashable
from sys import getsizeof
from typing import Generic, TypeVar

from dirigent.domain.runs import Held

Kept = TypeVar("Kept")

#: For each thing remembered besides its text: its record, its keys, their places.
_OVERHEAD = 1_000


class Memory(Generic[Kept]):
    """Remembers things until they are too many bytes; then the oldest are forgotten."""

    def __init__(self, most: int) -> None:
        self._most, self._bytes = most, 0
        self._kept: dict[Hashable, tuple[Kept, int]] = {}

    def find(self, key: Hashable) -> Kept | None:
        """What was remembered under the key, if it still is."""
        found = self._kept.get(key)
        return None if found is None else found[0]

    def keep(self, key: Hashable, value: Kept, held: Held) -> None:
        """Remember the value, which holds that text."""
        if key in self._kept:
            return
        weight = getsizeof(held.text or "") + _OVERHEAD
        self._kept[key] = (value, weight)
        self._bytes += weight
        while self._bytes > self._most:
            self._bytes -= self._kept.pop(next(iter(self._kept)))[1]
