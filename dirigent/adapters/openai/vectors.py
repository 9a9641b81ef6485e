"""The vectors in an answer, whichever way they are written."""

import binascii
import math
from array import array
from base64 import b64decode
from collections.abc import Iterable, Mapping
from sys import byteorder
from typing import Any


class Shapeless(Exception):
    """There is no vector for each text."""


def vectors_of(answer: Mapping[str, Any], count: int) -> tuple[tuple[float, ...], ...]:
    """As many vectors as there are texts, in their order, each of length 1; `Shapeless` otherwise."""
    data = answer.get("data")
    if not isinstance(data, list) or len(data) != count:
        raise Shapeless(f"not one for each of {count} texts")
    vectors = dict(_numbered(place, item) for place, item in enumerate(data))
    if set(vectors) != set(range(count)):
        raise Shapeless("not one for each text")
    if len({len(vector) for vector in vectors.values()}) > 1:
        raise Shapeless("of different lengths")
    return tuple(vectors[place] for place in range(count))


def normal(numbers: Iterable[float]) -> tuple[float, ...]:
    """The vector at length 1; `Shapeless` where it has no direction."""
    try:
        found = tuple(map(float, numbers))
    except OverflowError as error:
        raise Shapeless("a number without end") from error
    length = math.hypot(*found)
    if not 0 < length < math.inf:
        raise Shapeless("one without a direction")
    return tuple(number / length for number in found)


def _numbered(place: int, item: object) -> tuple[int, tuple[float, ...]]:
    if not isinstance(item, dict):
        raise Shapeless("an item is no object")
    index = item.get("index", place)
    if not isinstance(index, int):
        raise Shapeless("an index is no number")
    return index, normal(_numbers(item.get("embedding")))


def _numbers(embedding: object) -> Iterable[float]:
    if isinstance(embedding, str):
        return _unpacked(embedding)
    is_numbers = isinstance(embedding, list) and all(
        isinstance(number, int | float) and not isinstance(number, bool) for number in embedding
    )
    if not isinstance(embedding, list) or not is_numbers:
        raise Shapeless("an embedding is no list of numbers")
    return embedding


def _unpacked(text: str) -> Iterable[float]:
    numbers = array("f")
    try:
        numbers.frombytes(b64decode(text, validate=True))
    except (binascii.Error, ValueError) as error:
        raise Shapeless("an embedding is no base64 of floats") from error
    if byteorder == "big":
        numbers.byteswap()
    return numbers
