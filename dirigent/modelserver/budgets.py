"""How much a request's schemas may ask for altogether."""

from collections.abc import Iterator
from contextlib import contextmanager

#: Schemas, properties, options and items; a definition counts as often as it is used.
MOST_PIECES = 5_000
#: What names, descriptions, values and texts of a least length are made of.
MOST_CHARACTERS = 120_000


class Overspent(Exception):
    """More is asked for than anybody needs; the message says what."""


class Budget:
    """Is spent while schemas are read: a few lines of them can ask for more than a machine holds."""

    def __init__(self) -> None:
        self._pieces, self._characters = MOST_PIECES, MOST_CHARACTERS
        self._times = 1

    def spend(self, pieces: int, characters: int = 0) -> None:
        """Take so much, as often as the list around it repeats it; `Overspent` where too little is left."""
        self._pieces -= pieces * self._times
        self._characters -= characters * self._times
        if self._pieces < 0:
            raise Overspent(
                f"it asks for more than {MOST_PIECES:,} schemas, properties, options and items altogether"
            )
        if self._characters < 0:
            raise Overspent(f"its names, texts and values have more than {MOST_CHARACTERS:,} characters")

    @contextmanager
    def repeated(self, times: int) -> Iterator[None]:
        """What is spent meanwhile is spent so many times."""
        before = self._times
        self._times *= max(times, 1)
        try:
            yield
        finally:
            self._times = before
