"""A judgement in few words: the best of several, a label, a number."""

import re

from dirigent.adapters.scripted import phrases
from dirigent.adapters.scripted.assignments import Assignment
from dirigent.adapters.scripted.prose import keywords, number_of, pick, words
from dirigent.adapters.scripted.reports import measured, remarks

_SCALE = re.compile(
    r"(?:\b\d{1,3}\s*(?:/|to|and|-|\u2013)|\bout of)\s*(\d{1,3})\b(?!\s*(?:words|sentences))", re.I
)
_NUMBER_ALONE = re.compile(
    r"\b(?:only|just) (?:a|the|one) (?:number|score|digit)\b|\b(?:number|score) (?:only|alone)\b", re.I
)
_USUAL_SCALE = 10
_FEELINGS = ("positive", "negative", "neutral")
_OFFERED = re.compile(r"\bas\s+(?P<first>[\w-]+(?:,\s*[\w-]+)*),?\s+or\s+(?P<last>[\w-]+)", re.IGNORECASE)


def choice(assignment: Assignment) -> str:
    """The fullest of several texts, with the reason."""
    sources = [source for source in assignment.sources if source.text]
    if len(sources) < 2:
        return f"Yes. {pick(phrases.CLOSINGS, assignment.seed).format(t=assignment.said)}"
    best = max(sources, key=lambda source: len(words(source.text)))
    return (
        f"{best.name}\n\nIt is the fullest of the {len(sources)}: {number_of(len(words(best.text)), 'word')}."
    )


def label(assignment: Assignment) -> str:
    """One word: among those offered the one the data speaks of, else the word that carries the data."""
    text = assignment.main or assignment.topic
    if re.search(r"\b(?:sentiment|mood|tone)\b", assignment.wording, re.IGNORECASE):
        return pick(_FEELINGS, text)
    offered = _OFFERED.search(assignment.wording)
    if offered is None:
        return next(iter(keywords(text, 1)), "other")
    names = [*re.split(r",\s*", offered["first"]), offered["last"]]
    said = {word.lower() for word in words(text)}
    return next((name for name in names if name.lower() in said), pick(names, text))


def score(assignment: Assignment) -> str:
    """A number on the scale that is named, lower for each thing to mend, and what it rests on."""
    text = assignment.main or assignment.topic
    found = _SCALE.search(assignment.wording)
    best = max(int(found.group(1)) if found else _USUAL_SCALE, 1)
    faults = remarks(text)
    points = max(round(best * (0.8 - 0.2 * len(faults))), 1)
    if _NUMBER_ALONE.search(assignment.wording):
        return f"{points}"
    reason = faults[0] if faults else "Counting finds nothing to mend."
    return f"{points} of {best}: {measured(text)} {reason}"
