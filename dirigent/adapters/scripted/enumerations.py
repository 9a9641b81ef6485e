"""Numbered items, as many as asked for: what the data holds, or what can be said of it."""

import re

from dirigent.adapters.scripted import phrases
from dirigent.adapters.scripted.assignments import Assignment
from dirigent.adapters.scripted.prose import capital, cut, keywords, listed, pick, sentences, shuffled, words
from dirigent.adapters.scripted.reports import remarks

#: What a text may hold, by the word that asks for it.
_HELD = (
    (r"e-?mail", r"\b[\w.+-]{1,64}@[\w-]+(?:\.[\w-]+)+"),
    (r"link|url|address", r"https?://\S+[\w/]"),
    (r"date|deadline", r"\b\d{4}-\d\d-\d\d\b|\b\d{1,2} [A-Z][a-z]{2,8}(?: \d{4})?\b|\b(?:1[89]|20)\d\d\b"),
    (r"amount|price|number|figure|total", r"\b\d+(?:[.,]\d+)*\b"),
)
_WEAK = re.compile(
    r"\b(?:weak\w*|mistakes?|errors?|bugs?|problems?|issues?|flaws?|gaps?|unclear|missing|lacks?|improve\w*)\b",
    re.IGNORECASE,
)
_DOUBTS = (
    "“{s}” does not say how one knows.",
    "“{s}” lacks an example a reader could picture.",
    "“{s}” leaves open for whom and when it holds.",
    "“{s}” stands alone: what follows from it is not said.",
    "“{s}” gives no reason.",
    "“{s}” could be said in words of its own.",
)
_LABELS = re.compile(r"\b(?:headlines?|titles?|slogans?|captions?|questions?)\b", re.IGNORECASE)
_QUESTIONS = re.compile(r"\bquestions?\b", re.IGNORECASE)
_USUAL, _BRIEF, _QUOTED = 5, 3, 70


def items(assignment: Assignment) -> str:
    """Numbered lines."""
    number = assignment.count or (_BRIEF if assignment.is_brief else _USUAL)
    lines = list(dict.fromkeys(_lines(assignment, number)))[:number]
    return "\n".join(f"{place}. {line}" for place, line in enumerate(lines, start=1))


def _lines(assignment: Assignment, number: int) -> list[str]:
    text, wording = assignment.main if assignment.sources else "", assignment.wording
    if held := _held(text, wording):
        return held
    if _LABELS.search(wording):
        return _headlines(assignment)
    if _WEAK.search(wording) and text:
        return [*_repeated(text), *remarks(text), *_doubts(text, number), *_aspects(assignment)]
    said = sentences(text)
    if len(said) < 2 and len(words(text)) < number * 2:
        return _aspects(assignment)
    return said if len(said) >= number or assignment.count is None else [*said, *_doubts(text, number)]


def _held(text: str, wording: str) -> list[str]:
    asked = [pattern for name, pattern in _HELD if re.search(rf"\b(?:{name})", wording, re.IGNORECASE)]
    # One search for all: the day of a date is not an amount besides.
    return re.findall("|".join(asked), text) if asked else []


def _headlines(assignment: Assignment) -> list[str]:
    if _QUESTIONS.search(assignment.wording):
        return [f"{label}: what does it mean for {assignment.said}?" for label, _ in phrases.ASPECTS]
    templates = [*shuffled(phrases.TITLES, assignment.seed), *(f"{h}: {{t}}" for h in phrases.HEADINGS)]
    return [capital(template.format(t=assignment.said)) for template in templates]


def _repeated(text: str) -> list[str]:
    low = [word.lower() for word in words(text)]
    often = [word for word in keywords(text, 3) if low.count(word.lower()) > 1]
    return (
        [f"It repeats itself: {listed([f'“{word}” ({low.count(word.lower())} times)' for word in often])}."]
        if often
        else []
    )


def _doubts(text: str, number: int) -> list[str]:
    said = sentences(text) or [text]
    quoted = [cut(sentence, _QUOTED).rstrip(".") for sentence in said]
    # Each sentence once before any a second time, and never the same doubt of the same one.
    return [
        _DOUBTS[(place % len(quoted) + place // len(quoted)) % len(_DOUBTS)].format(
            s=quoted[place % len(quoted)]
        )
        for place in range(max(number, 1))
    ]


def _aspects(assignment: Assignment) -> list[str]:
    return [
        f"**{label}:** {capital(pick(ways, f'{assignment.seed}/{label}').format(t=assignment.said))}"
        for label, ways in shuffled(phrases.ASPECTS, assignment.seed)
    ] + [f"**{capital(word)}:** a word to agree on first." for word in keywords(assignment.topic, 9)]
