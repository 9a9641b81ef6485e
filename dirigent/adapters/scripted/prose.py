"""Sentences, words and choices that fall the same every time."""

import re
from collections.abc import Sequence
from hashlib import sha256
from typing import TypeVar

Item = TypeVar("Item")

#: The numbers one writes as words, from one.
NUMBERS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")

_SENTENCE_END = re.compile(r"[.!?…][\"'”\u2019)\]*_]*(?=\s|$)")
_WORD = re.compile(r"[^\W_][\w'\u2019-]*")
_MARKUP = re.compile(r"^(?:#{1,6}\s|[-*+]\s|\d{1,3}[.)]\s|>\s)\s*")
_SMALL = (
    "a an and are as at be by can could do does for from has have how i in into is it its of on or our "
    "should so that the their them then there these they this to was we were what when where which who "
    "why will with would you your about between through without within not no more most"
)
_SMALL_WORDS = frozenset(_SMALL.split())


def pick(options: Sequence[Item], seed: str) -> Item:
    """One of the options, always the same for a seed."""
    return options[_number(seed) % len(options)]


def shuffled(options: Sequence[Item], seed: str) -> list[Item]:
    """The options in an order that is always the same for a seed."""
    order = sorted(range(len(options)), key=lambda place: _number(f"{seed}/{place}"))
    return [options[place] for place in order]


def _number(seed: str) -> int:
    return int.from_bytes(sha256(seed.encode(errors="surrogatepass")).digest()[:8])


def sentences(text: str) -> list[str]:
    """The sentences of a text; headings and marks of lists are not part of them."""
    lines = (line.strip() for line in text.splitlines())
    return [s for line in lines if line and not line.startswith("#") for s in _split(_MARKUP.sub("", line))]


def _split(line: str) -> list[str]:
    ends = [match.end() for match in _SENTENCE_END.finditer(line)]
    starts = [0, *ends]
    return [
        s for first, last in zip(starts, [*ends, len(line)], strict=True) if (s := line[first:last].strip())
    ]


def words(text: str) -> list[str]:
    """The words of a text."""
    return _WORD.findall(text)


def keywords(text: str, limit: int) -> list[str]:
    """The words that carry the text, most frequent first; in capitals only where they always are."""
    counts: dict[str, int] = {}
    spelt: dict[str, str] = {}
    for word in words(text):
        low = word.lower()
        if len(word) > 2 and low not in _SMALL_WORDS:
            counts[low] = counts.get(low, 0) + 1
            spelt[low] = low if word == low else spelt.get(low, word)
    return [spelt[low] for low in sorted(counts, key=lambda low: -counts[low])[:limit]]


def cut(text: str, limit: int) -> str:
    """At most so many characters of a text, ending with a sentence where one ends, else with a word."""
    text = text.strip()
    if len(text) <= limit:
        return text
    # What follows the limit is looked at too: a full stop ends a sentence only before a blank.
    ends = [match.end() for match in _SENTENCE_END.finditer(text[: limit + 1]) if match.end() <= limit]
    if ends:
        return text[: ends[-1]]
    window = text[:limit]
    return window.rpartition(" ")[0].strip() or window


def capital(text: str) -> str:
    """The text with a capital first letter."""
    return text[:1].upper() + text[1:]


def listed(items: Sequence[str]) -> str:
    """The items as one says them: a, b and c."""
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} and {items[-1]}"


def counted(number: int) -> str:
    """The number as a text says it."""
    return NUMBERS[number - 1] if 1 <= number <= len(NUMBERS) else f"{number}"


def number_of(number: int, thing: str) -> str:
    """How many of a thing, as one writes it."""
    return f"{number} {thing}{'' if number == 1 else 's'}"


def one_line(text: str) -> str:
    """The text without line breaks and runs of blanks."""
    return " ".join(text.split())
