"""Vectors without a model: texts are near one another where they share words and pieces of words."""

import re
from collections import Counter
from collections.abc import Iterator
from math import hypot, log
from unicodedata import normalize
from zlib import crc32

from dirigent.ports.embedder import Embeddings

#: So few that texts are quick to compare, so many that different pieces rarely meet in one.
DIMENSIONS = 4_096

_WORD = re.compile(r"\w+")
_LENGTHS = (3, 4)
#: A word that is shared says more than a piece of one.
_WHOLE = 2.0


class NgramEmbedder:
    """Hashes words and their pieces; the same text has the same vector on every machine.

    It sees what is written, not what is meant: words that mean the same are strangers to it.
    """

    async def embed(self, texts: tuple[str, ...], *, seconds: float = 30.0) -> Embeddings:
        """A vector for each text; a text without words has that of no word."""
        return Embeddings(vectors=tuple(map(_vector, texts)), model=f"ngram:{DIMENSIONS}")

    def close(self) -> None:
        """Nothing is held that could be let go of."""


def _vector(text: str) -> tuple[float, ...]:
    weights: dict[int, float] = {}
    for piece, times in Counter(_pieces(text)).items():
        hashed = crc32(piece.encode("utf-8", "replace"))
        weight = (1 + log(times)) * (_WHOLE if piece.startswith("=") else 1.0)
        # Pieces that meet in one place by chance cancel each other out as often as they add up.
        sign = 1.0 if hashed & 0x8000_0000 else -1.0
        place = hashed % DIMENSIONS
        weights[place] = weights.get(place, 0.0) + sign * weight
    length = hypot(*weights.values())
    vector = [0.0] * DIMENSIONS
    for place, weight in weights.items():
        vector[place] = weight / length
    return tuple(vector)


def _pieces(text: str) -> Iterator[str]:
    words = _WORD.findall(normalize("NFKC", text).casefold())
    for word in words or [""]:
        yield f"={word}"
        edged = f" {word} "
        for length in _LENGTHS:
            for start in range(len(edged) - length + 1):
                yield edged[start : start + length]
