"""What can be said of a text by counting and quoting, and small forms of its own: plan, message, code."""

import re

from dirigent.adapters.scripted import phrases
from dirigent.adapters.scripted.assignments import Assignment
from dirigent.adapters.scripted.blocks import PLACE, Block
from dirigent.adapters.scripted.editing import wordy
from dirigent.adapters.scripted.prose import (
    capital,
    cut,
    keywords,
    listed,
    number_of,
    one_line,
    pick,
    sentences,
    words,
)

_LANGUAGE = re.compile(r"\b(?:in)?to\s+([A-Z][a-z]+(?:\s+[A-Z][a-z]+)?)\b")
_LANGUAGE_HERE = re.compile(rf"\b(?:in)?to\s+(?:the\s+)?(?:language\s+)?{PLACE}(?!\w)")
_PLACES = re.compile(rf"(?<= ){PLACE}(?= )")
_DEFINED = re.compile(r"^def (\w+)\(", re.MULTILINE)
_NO_FENCE = re.compile(r"\b(?:no|without)\b[^.!?\n]{0,30}\bfence", re.IGNORECASE)
_ONE_LINE = r"\b(?:write|suggest|give|find|draft)\s+(?:an?|the|one)\s+(?:\w+\s+)?(?:headline|title|caption)\b"
_LONG_SENTENCE = 30
_KEPT = 5


def summary(assignment: Assignment) -> str:
    """The first sentence of each part of the material."""
    parts = re.split(r"\n\s*\n|\n(?=\s*[-*+•]\s|\s*\d{1,3}[.)]\s)", assignment.material or assignment.main)
    firsts = [found[0] for part in parts if (found := sentences(part))]
    if not firsts:
        return f"In short: {pick(phrases.CLOSINGS, assignment.seed).format(t=assignment.said)}"
    kept = list(dict.fromkeys(firsts))[: assignment.count or _KEPT]
    if re.search(r"bullet|key points|list", assignment.wording, re.IGNORECASE):
        return "\n".join(f"- {sentence}" for sentence in kept)
    return _within(" ".join(kept), assignment.length)


def plan(assignment: Assignment) -> str:
    """Numbered steps towards the topic."""
    steps = phrases.STEPS[: assignment.count or 5]
    lines = [f"{number}. {step.format(t=assignment.said)}" for number, step in enumerate(steps, start=1)]
    return "\n".join([f"## Plan: {assignment.topic}", "", *lines])


def review(assignment: Assignment) -> str:
    """What counting shows of a text, with advice that follows from it."""
    text = assignment.main or assignment.topic
    advice = [*remarks(text), "Read it aloud once before it is published."]
    if assignment.is_brief:
        return f"{measured(text)} {advice[0]}"
    return "\n".join(
        [
            f"## Review: {assignment.topic}",
            "",
            measured(text),
            f"Its weight lies on {listed(keywords(text, 3)) or 'no word in particular'}.",
            "",
            *(f"- {point}" for point in advice),
            "",
            f"**Verdict:** {'revise, then publish' if len(advice) > 1 else 'ready to publish'}.",
        ]
    )


def analysis(assignment: Assignment) -> str:
    """What the material consists of and which words carry it."""
    sources = [source for source in assignment.sources if source.text]
    lines = [_described(source) for source in sources or [Block(name="topic", text=assignment.topic)]]
    common = keywords(assignment.material or assignment.topic, 5)
    return "\n".join(
        [
            f"## Analysis: {assignment.topic}",
            "",
            *lines,
            f"- **Recurring words:** {listed(common) or 'none'}.",
            f"- **Reading:** {pick(phrases.CLOSINGS, assignment.seed).format(t=assignment.said)}",
        ]
    )


def comparison(assignment: Assignment) -> str:
    """What several texts share, and what each has alone."""
    sources = [source for source in assignment.sources or assignment.blocks if source.text]
    terms = [keywords(source.text, 40) for source in sources]
    lows = [{word.lower() for word in words(source.text)} for source in sources]
    shared = [word for word in (terms or [[]])[0] if all(word.lower() in low for low in lows)]
    lines = [f"- **In all of them:** {listed(shared[:_KEPT]) or 'no word of weight'}."]
    for place, source in enumerate(sources):
        others = set().union(*(low for number, low in enumerate(lows) if number != place))
        alone = [word for word in terms[place] if word.lower() not in others][:_KEPT]
        lines.append(f"{_described(source)} Only here: {listed(alone) or 'nothing'}.")
    return "\n".join([f"## Comparison: {assignment.topic}", "", *lines])


def translation(assignment: Assignment) -> str:
    """The text as it was, under the name of the language: no translation is pretended."""
    named = [b.text for b in assignment.blocks if "lang" in b.name.lower() and b.text]
    if placed := _LANGUAGE_HERE.search(assignment.wording):
        # The value that stands where the wording names the language.
        number = len(_PLACES.findall(assignment.wording, 0, placed.end() + 1)) - 1
        named = [block.text for block in assignment.blocks[number : number + 1] if block.text]
    found = _LANGUAGE.search(assignment.wording)
    language = one_line(named[0])[:40] if named else found.group(1) if found else "the language asked for"
    text = max((b.text for b in assignment.blocks if b.text not in named), key=len, default=assignment.topic)
    return f"[{language}; scripted, so the words are left as they were]\n\n{text or assignment.topic}"


def message(assignment: Assignment) -> str:
    """A short message with a subject."""
    points = sentences(assignment.material)[:3]
    body = " ".join(points) or pick(phrases.CLOSINGS, assignment.seed).format(t=assignment.said)
    head = f"Subject: {capital(assignment.topic)}\n\nHello,"
    return f"{head}\n\nthis is about {assignment.said}. {body}\n\nKind regards"


def code(assignment: Assignment) -> str:
    """A small Python function named for the topic; a test of it where one is asked for."""
    name = "_".join(word.lower() for word in keywords(assignment.topic, 3) if word.isidentifier()) or "solve"
    wants_test = re.search(r"\btests?\b", assignment.wording, re.IGNORECASE)
    if wants_test and (defined := _DEFINED.search(assignment.material)):
        name = defined[1]
    task = assignment.topic.replace("\\", " ").replace('"', "'")
    head = f'def {name}(items):\n    """{capital(task)}."""'
    function = f"{head}\n    return [item for item in items if item is not None]"
    test = f"def test_{name}_leaves_out_what_is_missing():\n    assert {name}([1, None, 2]) == [1, 2]"
    text = test if wants_test else function
    return text if _NO_FENCE.search(assignment.wording) else f"```python\n{text}\n```"


def reply(assignment: Assignment) -> str:
    """A few sentences, from the material where there is any; as many as asked for."""
    opening = pick(phrases.OPENINGS, assignment.seed).format(t=assignment.said)
    ways = [pick(ways, assignment.seed) for _, ways in phrases.ASPECTS[:3]]
    points = sentences(assignment.material)[:3] or [capital(way.format(t=assignment.said)) for way in ways]
    if assignment.is_brief or assignment.count:
        return " ".join(points[: assignment.count or 2])
    if re.search(_ONE_LINE, assignment.wording, re.IGNORECASE):
        return capital(pick(phrases.TITLES, assignment.seed).format(t=assignment.said))
    closing = pick(phrases.CLOSINGS, assignment.seed).format(t=assignment.said)
    return f"{opening} {' '.join(points[:2])} {closing}"


def measured(text: str) -> str:
    """How long a text is, in a sentence."""
    length = number_of(len(words(text)), "word")
    return f"The text has {length} in {number_of(len(sentences(text)), 'sentence')}."


def remarks(text: str) -> list[str]:
    """What counting finds to mend in a text; nothing where it finds nothing."""
    longest = max(sentences(text), key=lambda sentence: len(words(sentence)), default="")
    advice = []
    if len(words(longest)) > _LONG_SENTENCE:
        advice.append(f"Divide the longest sentence ({len(words(longest))} words): “{cut(longest, 80)} …”")
    if turns := wordy(text)[:4]:
        advice.append(f"Shorten the wordy turns: {listed([f'“{turn}”' for turn in turns])}.")
    if len(words(text)) > 200 and "\n#" not in text:
        advice.append("Give the parts headings: a text of this length needs them.")
    return advice


def _described(source: Block) -> str:
    name = capital(source.name.replace("_", " "))
    size = number_of(len(words(source.text)), "word")
    return f"- **{name}:** {size} in {number_of(len(sentences(source.text)), 'sentence')}."


def _within(text: str, length: int | None) -> str:
    if length is None or len(text.split()) <= length:
        return text
    return cut(text, len(" ".join(text.split()[:length])))
