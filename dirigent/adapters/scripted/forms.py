"""A form filled in: a JSON object of exactly the fields that are declared."""

import json
import re
from collections import Counter
from collections.abc import Callable

from dirigent.adapters.scripted import articles, enumerations, reports
from dirigent.adapters.scripted.assignments import Assignment
from dirigent.adapters.scripted.editing import tightened
from dirigent.adapters.scripted.prose import cut, keywords, pick, sentences, words
from dirigent.adapters.scripted.requests import Kind, kind_of
from dirigent.domain.catalogue import BRANCH
from dirigent.domain.steps import AnswerField, FieldType

#: What is of use only as a whole.
_WHOLE: dict[Kind, Callable[[Assignment], str]] = {
    Kind.CODE: reports.code,
    Kind.EDIT: lambda assignment: tightened(assignment.main),
    Kind.PLAN: reports.plan,
    Kind.TRANSLATION: reports.translation,
}
_TOLD: dict[Kind, Callable[[Assignment], str]] = {
    Kind.SUMMARY: reports.summary,
    Kind.REVIEW: reports.review,
    Kind.COMPARISON: reports.comparison,
    Kind.ANALYSIS: reports.analysis,
}
#: They say of a field only that it is what was asked for.
_ANYTHING = frozenset({"answer", "body", "content", "output", "result", "text"})
_RANGE = re.compile(r"\b(\d{1,6})\s*(?:to|-|\u2013|and)\s*(\d{1,6})\b")
_FIGURE = re.compile(r"(?<![\w.,])\d{1,12}(?:,\d{3})*(?:\.\d{1,6})?(?![\w])")
_ITEM = re.compile(r"^\d{1,3}\. ")
_SHARES = re.compile(r"score|confidence|probability|share|similarity|likelihood")
_GOOD = re.compile(r"approved|accept|valid|pass|safe|success|relevant|complete|ready|\bok\b|works")
_SUMS = re.compile(r"amount|total|price|cost|sum\b|budget")
_TAGS = re.compile(r"tags?\b|keywords|labels?\b|terms")
_FIGURES = re.compile(r"figures?\b|amounts?\b|numbers?\b|prices?\b|dates?\b")
_MAY_BE_EMPTY = re.compile(r"\bempty (?:where|if|when)\b")
_SMALL = frozenset({"a", "can", "has", "is", "it", "needs", "of", "should", "the", "to", "was"})
_SENTENCES, _ITEMS, _LINE = 2, 3, 240


def filled(*, instructions: str, prompt: str, limit: int, fields: tuple[AnswerField, ...]) -> str:
    """JSON text; its texts are shorter where space is short, and it is cut off where none is left."""
    whole = Assignment(instructions=instructions, prompt=prompt)
    values = {field.name: _value(field, whole) for field in fields}
    text = ""
    for longest in (limit, 4 * _LINE, _LINE, 40, 8):
        kept = {field.name: _kept(field, values[field.name], longest) for field in fields}
        text = json.dumps(kept, ensure_ascii=False)
        if len(text) <= limit:
            break
    return text[:limit]


def _kept(field: AnswerField, value: object, longest: int) -> object:
    if isinstance(value, str) and not field.one_of:
        return cut(value, longest)
    if isinstance(value, list):
        return [cut(item, longest) for item in value]
    return value


def _value(field: AnswerField, whole: Assignment) -> object:
    if field.one_of:
        return _chosen(field.one_of, whole)
    return _VALUES[field.type](field, whole)


def _chosen(options: tuple[str, ...], whole: Assignment) -> str:
    """The option of which the material says most; the role has no say, so that most voters agree."""
    material = _material(whole)
    said = Counter(word.removesuffix("s") for word in _parts(material))
    scores = [sum(said[part.removesuffix("s")] for part in _parts(option)) for option in options]
    most = max(scores)
    best = [option for option, score in zip(options, scores, strict=True) if score == most]
    return pick(best, material)


def _material(whole: Assignment) -> str:
    return "\n\n".join(block.text for block in whole.blocks if block.name != BRANCH)


def _parts(text: str) -> list[str]:
    return [part for word in words(text) for part in re.split(r"[-_]", word.lower()) if part]


def _text(field: AnswerField, whole: Assignment) -> str:
    if (part := _part(field.name, _material(whole))) is not None:
        # So those who say the same get the same label.
        return " ".join(keywords(part, _ITEMS)).lower() or part if _TAGS.search(field.description) else part
    own = _own(field, whole, "Write")
    asked = whole.kind if field.name in _ANYTHING else kind_of(f"Write the {_spoken(field)}.", "")
    if asked in _WHOLE and (text := _WHOLE[asked](own)):
        return text
    if own.material and len(sentences(_material(own))) > 1:
        said = sentences(_TOLD.get(asked, _material)(own))
    else:
        # What was asked is no answer to itself. The first finding is about words, and the same for everybody;
        # the last says that it is scripted.
        found = sentences(articles.findings(own))
        said = found[1:-1] or found[:1]
    first = 0 if asked in _TOLD else pick(range(max(len(said) - _SENTENCES, 0) + 1), own.seed)
    return cut(" ".join(said[first : first + _SENTENCES]).replace("**", ""), _LINE)


def _part(name: str, material: str) -> str | None:
    """What stands in the material under a heading of that name, in one line."""
    said: list[str] | None = None
    for line in material.splitlines():
        if line.startswith("#"):
            if said:
                break
            said = [] if line.strip("# ").partition(" (")[0] == name else None
        elif said is not None and line.strip():
            said.append(line.strip())
    return cut(" ".join(said), _LINE) if said else None


def _own(field: AnswerField, whole: Assignment, verb: str) -> Assignment:
    """The field's own assignment: the same material, for it alone."""
    blocks = "\n".join(f"<{block.name}>{block.text}</{block.name}>" for block in whole.blocks)
    wording = f"{whole.wording}\n" if field.name in _ANYTHING or whole.kind is Kind.TRANSLATION else ""
    # What the whole wording says of its values it says by their places: they stand where they stood.
    prompt = whole.prompt if wording else f"{verb} the {_spoken(field)}. {field.description}\n{blocks}"
    return Assignment(instructions=f"{whole.instructions}\n{field.name}", prompt=prompt)


def _spoken(field: AnswerField) -> str:
    return field.name.replace("_", " ")


def _list(field: AnswerField, whole: Assignment) -> list[str]:
    if _MAY_BE_EMPTY.search(field.description):
        return []
    if _TAGS.search(field.name):
        return keywords(_material(whole) or whole.topic, _ITEMS)
    if "column" in field.name and (table := _table(whole)):
        return [name.strip() for name in table[0].split(",")]
    own = _own(field, whole, "List")
    about = _FIGURE if _FIGURES.search(f"{field.name} {field.description}") else None
    lines = [line for line in sentences(_material(own)) if about is None or about.search(line)]
    if len(lines) < 2 or not own.material:
        lines = [_ITEM.sub("", line) for line in enumerations.items(own).splitlines()]
    return [cut(line.replace("**", ""), _LINE) for line in lines[: own.count or _ITEMS]]


def _table(whole: Assignment) -> list[str]:
    """The lines of the material that are rows of a table, its head first."""
    return [line for line in _material(whole).splitlines() if re.fullmatch(r"[^,\s][^,]*(?:,[^,]*)+", line)]


def _truth(field: AnswerField, whole: Assignment) -> bool:
    """Whether the material speaks of it; what is good is taken to be so."""
    about = set(_parts(field.name)) - _SMALL
    return _GOOD.search(field.name) is not None or not about.isdisjoint(_parts(_material(whole)))


def _number(field: AnswerField, whole: Assignment) -> float:
    seed = f"{whole.seed}\n{field.name}\n{_material(whole)}"
    if bounds := _RANGE.search(field.description):
        low, high = sorted(map(int, bounds.groups()))
        return round(low + (high - low) * pick((0.6, 0.7, 0.8, 0.9), seed), 2)
    if _SHARES.search(field.name):
        return pick((0.62, 0.71, 0.78, 0.84, 0.9), seed)
    if "rows" in field.name and (table := _table(whole)):
        return len(table) - 1
    about = set(_parts(field.name)) - _SMALL
    named = [line for line in sentences(_material(whole)) if not about.isdisjoint(_parts(line))]
    spoken = "\n".join(named) or (_material(whole) if _SUMS.search(field.name) else "")
    if figures := _FIGURE.findall(spoken):
        return max(float(figure.replace(",", "")) for figure in figures)
    return float(pick((1, 2, 3, 4, 5), seed))


def _integer(field: AnswerField, whole: Assignment) -> int:
    return round(_number(field, whole))


_VALUES: dict[FieldType, Callable[[AnswerField, Assignment], object]] = {
    "string": _text,
    "integer": _integer,
    "number": _number,
    "boolean": _truth,
    "list": _list,
}
