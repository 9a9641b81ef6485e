"""Ids the engine gives: 32 hexadecimal digits, in the order they were given."""

import os
from itertools import count

from devhost.engine.ports import Clock


class Identities:
    """Gives ids that sort by time, so that rows of one time lie together in the file."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        # The low digits go up within a microsecond, and start anywhere, so two hosts never agree.
        self._numbers = count(int.from_bytes(os.urandom(4), "big"))

    def next(self) -> str:
        """An id no instance or execution has had."""
        micros = int(self._clock.now().timestamp() * 1_000_000)
        low = (next(self._numbers) & 0xFFFF_FFFF_FFFF) << 16 | int.from_bytes(os.urandom(2), "big")
        return f"{micros:016x}{low:016x}"
