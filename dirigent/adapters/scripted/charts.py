"""Figures of a text as a table and a chart."""

import re

from dirigent.adapters.scripted.assignments import Assignment
from dirigent.adapters.scripted.prose import cut, sentences, words

#: Not a part of a date, of a clause's number or of a word.
_FIGURE = re.compile(r"(?<![\w.,/-])\d{1,9}(?:,\d{3})*(?:\.\d{1,4})?(?![\w/-])")
_LEADING = 4
_MOST, _LABEL = 8, 40


def chart(assignment: Assignment) -> str:
    """The first figures, each with the words before it; where there are none, the length of each text."""
    texts = [source.text for source in assignment.sources]
    rows = _figures(max(texts, key=lambda text: len(_FIGURE.findall(text)), default="")) or _lengths(
        assignment
    )
    table = ["| what | figure |", "|---|---|", *(f"| {label} | {figure} |" for label, figure in rows)]
    names = ", ".join(f'"{label}"' for label, _ in rows)
    bars = ", ".join(figure.replace(",", "") for _, figure in rows)
    picture = ["```mermaid", "xychart-beta", f"    x-axis [{names}]", f"    bar [{bars}]", "```"]
    return "\n".join([*table, "", *picture])


def _figures(text: str) -> list[tuple[str, str]]:
    found: dict[str, str] = {}
    for sentence in sentences(text):
        end = 0
        for figure in _FIGURE.finditer(sentence):
            if label := cut(" ".join(words(sentence[end : figure.start()])[-_LEADING:]), _LABEL):
                found.setdefault(label, figure[0])
            end = figure.end()
    return list(found.items())[:_MOST]


def _lengths(assignment: Assignment) -> list[tuple[str, str]]:
    return [(block.name, f"{len(words(block.text))}") for block in assignment.blocks] or [("nothing", "0")]
