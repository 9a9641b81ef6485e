"""JSON of the shape a prompt asks for."""

import json
import re
from itertools import islice
from typing import Any

from dirigent.adapters.scripted.assignments import Assignment
from dirigent.adapters.scripted.prose import cut, keywords, pick, sentences

_WANTED = re.compile(
    r"\b(?:answer|return|reply|respond|output|give|produce|format|write|emit|generate|provide|only|as|valid)"
    r"\b[^.!?\n]{0,80}\bJSON\b|\bJSON (?:object|array|list|document|only)\b",
    re.IGNORECASE,
)
_REFUSED = re.compile(r"\b(?:never|not|don't|no|without)\b[^.!?\n]{0,40}\bJSON\b", re.IGNORECASE)
_ARRAY = re.compile(r"\bJSON (?:array|list)\b|\b(?:array|list) of JSON\b", re.IGNORECASE)
_KEY = re.compile(r"[\"“]([A-Za-z_][\w-]{0,60})[\"”]\s*:")
_NAMING = re.compile(
    r"\b(?:fields?|keys?|members?|propert(?:y|ies)|attributes?)\b(?P<names>[^\n]{0,600})", re.I
)
_QUOTED = re.compile(r"[`\"'“\u2018]([A-Za-z_][\w-]{0,60})[`\"'”\u2019]\s*(\([^)]*\))?")
_PLAIN = re.compile(
    r"(?:^|,|:|\band\b|\bor\b)\s*([A-Za-z_]\w{0,60})\s*(?:(\([^)]*\))\s*)?(?=[,.;]|\band\b|$)"
)
_FILLERS = frozenset({"and", "or", "the", "only", "nothing", "else", "named", "called", "following"})
_SINGULAR_S = re.compile(r"(?:ss|us|is|ies_count)$")
_TRUTHS = re.compile(
    r"^(?:is|has|can|should|needs)_|^(?:approved|accepted|valid|passed|safe|success|relevant)$"
)
_SHARES = re.compile(r"score|confidence|probability|weight|share|similarity")
_NUMBERS = re.compile(r"count|number|priority|rating|total|length|rank|duration|year|amount")
_WORDS = re.compile(r"^(?:tags|keywords|labels|terms)$")
_DEPENDENCIES = re.compile(r"depend")
_HINTS: tuple[tuple[str, Any], ...] = (
    (r"bool|true|yes", True),
    (r"list|array", [""]),
    (r"\b0(?:\.0)? ?(?:to|-|\u2013) ?1\b|float|0\.", 0.5),
    (r"int|number|count", 1),
)
_SHORT = 160
#: Brackets that begin no example, after which none is looked for.
_MOST_BRACKETS = 100


def is_wanted(assignment: Assignment) -> bool:
    """Whether the wording, else the role, asks for JSON."""
    # The patterns are slow, and none matches where the word is not.
    spoken = [text for text in (assignment.wording, assignment.instructions) if "json" in text.lower()]
    if not spoken or _REFUSED.search(assignment.wording):
        return False
    return any(_WANTED.search(text) and not _REFUSED.search(text) for text in spoken)


def json_text(assignment: Assignment, prose: str, limit: int) -> str:
    """Valid JSON of the named fields, its texts taken from the prose; shorter texts where space is short."""
    shape = _shape(assignment.wording) or _shape(assignment.instructions) or {"answer": ""}
    for longest in (len(prose), 4 * _SHORT, _SHORT, 40, 0):
        value = _Filler(assignment, cut(prose, longest) if longest else "").like(shape, "answer", None)
        text = json.dumps(value, ensure_ascii=False, indent=2 if longest else None)
        if len(text) <= limit:
            return text
    return "{}" if limit >= len("{}") else "0"


def _shape(wording: str) -> Any:
    shape = _example(wording) or dict.fromkeys(_KEY.findall(wording), "") or _named(wording)
    return [shape] if isinstance(shape, dict) and shape and _ARRAY.search(wording) else shape


def _example(wording: str) -> Any:
    brackets = re.finditer(r"[{\[](?=\s*[\"{\[])", wording)
    for place in (match.start() for match in islice(brackets, _MOST_BRACKETS)):
        try:
            found, _ = json.JSONDecoder().raw_decode(wording, place)
        except (json.JSONDecodeError, RecursionError):
            continue
        if found and isinstance(found, dict | list):
            return found
    return None


def _named(wording: str) -> dict[str, Any]:
    for naming in _NAMING.finditer(wording):
        names = naming["names"]
        found = _QUOTED.findall(names) or _PLAIN.findall(names.partition(". ")[0])
        fields = {name: _hinted(hint) for name, hint in found if name.lower() not in _FILLERS}
        if fields:
            return fields
    return {}


def _hinted(hint: str) -> Any:
    hint = hint.lower()
    return next((example for pattern, example in _HINTS if re.search(pattern, hint)), "")


class _Filler:
    """Fills a shape with values."""

    def __init__(self, assignment: Assignment, prose: str) -> None:
        self._assignment, self._prose = assignment, prose
        self._lines = list(dict.fromkeys(sentences(prose))) or [prose]

    def like(self, example: Any, name: str, place: int | None) -> Any:
        """A value of the example's kind; `place` is its number among the items of a list, if it is in one."""
        if isinstance(example, dict):
            return {key: self.like(value, key, place) for key, value in example.items()}
        if _DEPENDENCIES.search(name):
            return [f"{place}"] if place else []
        if isinstance(example, list):
            items = example or [""]
            return [self.like(items[0], name, number) for number in range(self._assignment.count or 3)]
        if example is None or example == "":
            return self._by_name(name, place)
        return self._by_kind(example, name, place)

    def _by_name(self, name: str, place: int | None) -> Any:
        low = name.lower()
        if _TRUTHS.search(low):
            return True
        if _SHARES.search(low):
            return self._share(name, place)
        if _NUMBERS.search(low):
            return (place or 0) + 1
        if low == "id" or low.endswith("_id"):
            return f"{(place or 0) + 1}"
        if _WORDS.search(low):
            return keywords(self._assignment.material or self._assignment.topic, self._assignment.count or 3)
        if place is None and low.endswith("s") and len(low) > 3 and not _SINGULAR_S.search(low):
            return [self._text(low, number) for number in range(self._assignment.count or 3)]
        return self._text(low, place)

    def _by_kind(self, example: Any, name: str, place: int | None) -> Any:
        if isinstance(example, bool):
            return True
        if isinstance(example, int):
            return (place or 0) + 1
        if isinstance(example, float):
            return self._share(name, place)
        offered = [part.strip() for part in str(example).split("|") if part.strip()]
        if len(offered) > 1:
            return pick(offered, f"{self._assignment.seed}/{name}/{place}")
        text = self._by_name(name, place)
        return text if isinstance(text, str) else f"{example}"

    def _share(self, name: str, place: int | None) -> float:
        return pick([0.62, 0.71, 0.78, 0.84, 0.9], f"{self._assignment.seed}/{name}/{place}")

    def _text(self, name: str, place: int | None) -> str:
        if name in ("topic", "title", "name", "subject", "query", "label"):
            return self._assignment.topic
        if name in ("text", "content", "answer", "body", "article", "draft", "code", "result", "output"):
            return self._prose
        line = self._lines[place % len(self._lines)] if place is not None else pick(self._lines, name)
        return cut(line.replace("**", ""), min(_SHORT, max(len(self._prose), 1))) if line else ""
