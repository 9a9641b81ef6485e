"""Findings about a topic, and articles made of notes."""

import re

from dirigent.adapters.scripted import phrases
from dirigent.adapters.scripted.assignments import Assignment
from dirigent.adapters.scripted.prose import (
    capital,
    counted,
    cut,
    keywords,
    listed,
    pick,
    sentences,
    shuffled,
)
from dirigent.domain.messages import Message

# Blanks without line feeds: across lines, a long run of empty ones would be read from each of them anew.
_ITEM = re.compile(r"^[^\S\n]*(?:[-*+•]|\d{1,3}[.)])\s+(.+)$", re.MULTILINE)
_HEADING = re.compile(r"^#{2,6}[ \t]++(.{2,80})$", re.MULTILINE)
_BOLD_LABEL = re.compile(r"\*\*(.{2,80}?)[.:]?\*\*[.:]?\s*[-\u2013\u2014]?\s*(.*)", re.DOTALL)
_PLAIN_LABEL = re.compile(r"([^.:!?]{2,60}):\s+(.*)", re.DOTALL)
_NOTE_LENGTH = 700
_MOST_NOTES = 8
_FEWEST_NOTES = 4
_FINDINGS = 6
_WORDS_OF_EXPANSION = 18
_WORDS_AROUND = 130


class Note(Message, frozen=True, kw_only=True):
    """One point of the material; without a label where it has none."""

    label: str
    body: str


def findings(assignment: Assignment) -> str:
    """Several findings about the topic, each with a label."""
    headings = assignment.headings
    notes = _found(assignment, assignment.count or max(_FINDINGS, len(headings)))
    parts = [f"## Findings: {assignment.topic}"]
    for number, heading in enumerate(headings or [""]):
        share = notes[number :: len(headings)] if headings else notes
        points = "\n".join(f"- **{note.label}:** {note.body}" for note in share)
        parts += [part for part in (f"### {heading}" if heading and points else "", points) if part]
    return "\n\n".join([*parts, "No sources were consulted: these findings are scripted."])


def article(assignment: Assignment) -> str:
    """A Markdown article made of the notes given, or of findings where there are none."""
    notes = _notes(assignment.material)
    if len(notes) < _FEWEST_NOTES:
        labels = {note.label.lower() for note in notes}
        more = [n for n in _found(assignment, 2 * _FINDINGS) if n.label.lower() not in labels]
        notes += more[: _FINDINGS - len(notes)]
    headings = _headings(notes, assignment.seed)
    parts = [
        f"# {_title(assignment)}",
        _opening(assignment, headings),
        *_sections(assignment, notes, headings),
    ]
    return "\n\n".join([*parts, "## In short", _closing(assignment, headings), phrases.LABEL])


def _title(assignment: Assignment) -> str:
    template = pick(phrases.TITLES, assignment.seed) if assignment.has_name else "{t}"
    return capital(template.format(t=assignment.said).strip("“”"))


def _found(assignment: Assignment, number: int) -> list[Note]:
    said, seed = assignment.said, assignment.seed
    terms = keywords(assignment.topic, 4)
    # Chosen at random, told in order: a text does not begin with what remains open.
    chosen = shuffled(phrases.ASPECTS, seed)[: max(number - (len(terms) > 1), 0)]
    notes = [
        Note(label=label, body=capital(pick(ways, f"{seed}/{label}").format(t=said)))
        for label, ways in phrases.ASPECTS
        if (label, ways) in chosen
    ]
    if len(terms) > 1:
        body = f"The words to agree on first are {listed(terms)}; a text should use each in one sense only."
        notes.insert(0, Note(label="Key terms", body=body))
    return notes


def _notes(material: str) -> list[Note]:
    items = _ITEM.findall(material)
    notes = [_note(text) for text in items[:_MOST_NOTES]] if len(items) > 1 else _paragraphs(material)
    return notes[:_MOST_NOTES]


def _paragraphs(material: str) -> list[Note]:
    notes: list[Note] = []
    heading = ""
    for text in re.split(r"\n\s*\n", material):
        heading = next(iter(_HEADING.findall(text)), heading)
        if body := " ".join(sentences(text)):
            notes.append(Note(label=heading, body=_ended(body)) if heading else _note(text))
            heading = ""
    return notes


def _note(text: str) -> Note:
    labelled = _BOLD_LABEL.match(text) or _PLAIN_LABEL.match(text)
    label, body = labelled.groups() if labelled and labelled.group(2).strip() else ("", text)
    return Note(label=label.strip(" *_#"), body=_ended(" ".join(sentences(body)) or body))


def _ended(body: str) -> str:
    body = cut(body, _NOTE_LENGTH)
    return body if body.endswith((".", "!", "?", "”")) else f"{body}."


def _headings(notes: list[Note], seed: str) -> list[str]:
    spare = iter(shuffled(phrases.HEADINGS, seed))
    return [capital(note.label) or next(spare) for note in notes]


def _opening(assignment: Assignment, headings: list[str]) -> str:
    first, last = (heading[:1].lower() + heading[1:] for heading in (headings[0], headings[-1]))
    outlook = pick(phrases.PLANS_OF_TEXT, assignment.seed)
    opening = pick(phrases.OPENINGS, assignment.seed).format(t=assignment.said)
    return f"{opening} {outlook.format(n=counted(len(headings)), first=f'“{first}”', last=f'“{last}”')}"


def _sections(assignment: Assignment, notes: list[Note], headings: list[str]) -> list[str]:
    spare = shuffled(phrases.EXPANSIONS, assignment.seed)
    each = _expansions(assignment, notes)
    sections = []
    for heading, note in zip(headings, notes, strict=True):
        more, spare = spare[:each], spare[each:]
        sections += [f"## {heading}", " ".join([capital(note.body), *more])]
    return sections


def _expansions(assignment: Assignment, notes: list[Note]) -> int:
    if assignment.length is None:
        return 2
    missing = assignment.length - _WORDS_AROUND - sum(len(note.body.split()) for note in notes)
    return max(0, min(3, round(missing / (_WORDS_OF_EXPANSION * len(notes)))))


def _closing(assignment: Assignment, headings: list[str]) -> str:
    kept = [f"“{heading[:1].lower()}{heading[1:]}”" for heading in headings[:3]]
    closing = pick(phrases.CLOSINGS, assignment.seed).format(t=assignment.said)
    return f"If only {counted(len(kept))} of them are kept, let them be {listed(kept)}. {closing}"
