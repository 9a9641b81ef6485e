"""One of several words, where a prompt asks for no more."""

import re
from collections import Counter

from dirigent.adapters.scripted.assignments import Assignment
from dirigent.adapters.scripted.prose import pick, words

_ASKING = re.compile(
    r"\b(?:one of|either|choose (?:between|from)|pick (?:between|from)|(?:one|a single) word|"
    r"(?:answer|reply|respond|vote|return|say)(?: only| just| exactly)?(?: with| by| as| either)*(?=[\s:]))"
    r"(?P<list>[^.!?\n]*(?:\n\s*[-*]\s+[^\n]+)*)",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"[`\"'“\u2018]([^`\"'”\u2019\n]{1,40})[`\"'”\u2019]")
# Blanks without line feeds: across lines, a long run of empty ones would be read from each of them anew.
_LISTED = re.compile(r"^[^\S\n]*[-*]\s+(.{1,60})$", re.MULTILINE)
_SEPARATOR = re.compile(r"(?:,\s*(?:or|and)\s+|,|;|/|\||\bor\b|\band\b)\s*", re.IGNORECASE)
_NAMES = r"one of|following|labels?|words?|options?|categories|values|answers|these"
_NAMING = re.compile(rf"\b(?:{_NAMES})\b", re.I)
_LEADING = re.compile(rf"^.*\b(?:{_NAMES})\b", re.I)
# Of small letters, for text in small letters: ignoring case takes several times as long.
_ONE_WORD = re.compile(r"\b(?:in|with|exactly|only|just|a|one)\s+(?:one|single)\s+word\b|\bone word\b")
_CHOOSING = re.compile(r"\b(?:one of|choose|pick|select|classify|vote)\b", re.IGNORECASE)
_BULLET = re.compile(r"^[^\S\n]*[-*]\s+", re.MULTILINE)
_OPTION_BLOCKS = re.compile(r"options?|choices|labels?|categories|candidates|classes", re.I)
_LONGEST_OPTION_WORDS = 4
# "Return the title and the summary" asks for both.
_OFFERED = re.compile(r"\b(?:one of|or|between|from)\b|[/|]|:\s*[^\s_]", re.IGNORECASE)


def options(assignment: Assignment) -> list[str]:
    """The words among which one is asked for; none where none is."""
    for asking in _ASKING.finditer(assignment.wording):
        found = _options_in(asking["list"], is_said=_OFFERED.search(asking[0]) is not None)
        if len(found) > 1:
            return found
    offered = [block.text for block in assignment.blocks if _OPTION_BLOCKS.fullmatch(block.name)]
    if offered and _CHOOSING.search(assignment.wording):
        return [part for part in re.split(r"[\n,;|]", _BULLET.sub("", offered[0])) if part.strip()]
    return []


def chosen(found: list[str], assignment: Assignment) -> str:
    """The option of which the data says most; among equals always the same."""
    said = Counter(word.lower() for block in assignment.blocks for word in words(block.text))
    scores = [sum(said[word.lower()] for word in words(option)) for option in found]
    highest = max(scores)
    best = [option for option, score in zip(found, scores, strict=True) if score == highest]
    return pick(best, assignment.seed + assignment.material).strip()


def wants_one_word(assignment: Assignment) -> bool:
    """Whether a single word is asked for, of no list."""
    return _ONE_WORD.search(assignment.wording.lower()) is not None


def _options_in(text: str, *, is_said: bool) -> list[str]:
    for pattern in (_QUOTED, _LISTED):
        found = pattern.findall(text)
        if len(found) > 1:
            return _unique(found)
    if not is_said:
        return []
    parts = _SEPARATOR.split(_without_lead(text).strip(" :()"))
    short = [part.rstrip().partition(":")[0].strip(" ()*_") for part in parts]
    return _unique(short) if all(_is_option(part) for part in short) else []


def _without_lead(text: str) -> str:
    lead, _, rest = text.partition(":")
    if len(lead) < len(text) and "," not in lead and _NAMING.search(lead):
        return rest
    return _LEADING.sub("", text)


def _is_option(part: str) -> bool:
    return 0 < len(part.split()) <= _LONGEST_OPTION_WORDS and not re.search(r"[<>{}]", part)


def _unique(found: list[str]) -> list[str]:
    return list(dict.fromkeys(option.strip() for option in found if option.strip()))
