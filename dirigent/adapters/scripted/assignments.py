"""One request, understood as far as words go."""

import re
from functools import cached_property

from dirigent.adapters.scripted.blocks import PLACE, Block, separate
from dirigent.adapters.scripted.prose import NUMBERS, cut, keywords, one_line, sentences
from dirigent.adapters.scripted.requests import Kind, kind_of

_NAMED = ("topic", "subject", "theme", "title")
_TOPIC_NAMES = (*_NAMED, "query", "question", "task", "request", "prompt", "goal")
#: Where one short value is what it is about; elsewhere it is what is worked on.
_FROM_NOTHING = frozenset({Kind.RESEARCH, Kind.ARTICLE, Kind.PLAN, Kind.CODE, Kind.ANSWER})
_LONGEST_TOPIC = 120
_ABOUT = re.compile(
    r"\b(?:about|regarding|concerning|topic:|subject:|question:|on)\s+(?!each\b|it\b)([^.!?\n_]{3,120})", re.I
)
_THINGS = (
    r"findings?|facts|ideas|points|steps|items|bullets|sentences?|sections|tasks|subtasks|questions|sources"
)
_COUNT = re.compile(rf"\b(\d{{1,2}}|{'|'.join(NUMBERS)})\s+(?:[\w-]+\s+){{0,3}}(?:{_THINGS})\b", re.I)
_ANY_COUNT = re.compile(
    rf"(?<!from )\b([1-9]\d?|{'|'.join(NUMBERS)})\s+(?!of\b|words?\b|lines?\b|to\b|and\b)[a-z]", re.I
)
_BRIEF = re.compile(
    r"\b(?:are|be|stay|keep (?:it|them|answers|replies)) (?:very |always )?(?:brief|concise|short|terse)\b|"
    r"\bbriefly\b|\bin (?:one|a single) (?:sentence|line)\b",
    re.I,
)
_LENGTH = re.compile(r"\b(\d{2,5})(?:\s*(?:to|and|-|\u2013)\s*\d{2,5})?\s+words\b", re.I)
_PART = re.compile(r"^[ \t]*\d{1,2}[.)][ \t]+(?:([^:.\n]{2,40}):)?.*$", re.MULTILINE)
_HEADING = re.compile(r"^#{1,6}\s+(.+)$", re.MULTILINE)
_QUESTION_LIKE = re.compile(r"[?!:]|^(?:how|what|why|when|where|who|which|is|are|do|does|can|should)\b", re.I)


class Assignment:
    """What is wanted, about what, with which material."""

    def __init__(self, *, instructions: str, prompt: str) -> None:
        self.instructions, self.prompt = instructions, prompt
        self.wording, self.blocks = separate(prompt)
        self.kind: Kind = kind_of(self.wording, instructions)

    @cached_property
    def topic(self) -> str:
        """What it is about, in one line; never empty."""
        candidates = [self._topic_of_data, *self._guesses()]
        found = next((line for text in candidates if (line := one_line(text).strip(" .,;:_#*`"))), "")
        return cut(found, _LONGEST_TOPIC) if found else "the matter at hand"

    @property
    def _topic_of_data(self) -> str:
        block = self._topic_block
        if block is None or block.name.lower() in _TOPIC_NAMES:
            return block.text if block else ""
        return next(iter(sentences(block.text)), block.text)

    @cached_property
    def said(self) -> str:
        """The topic as it stands within a sentence: quoted where it is more than a name."""
        if not self.has_name:
            return f"“{self.topic}”"
        first, blank, rest = self.topic.partition(" ")
        return f"{first.lower()}{blank}{rest}" if first in ("A", "An", "The") else self.topic

    @cached_property
    def has_name(self) -> bool:
        """Whether the topic is a name one can use in a sentence, rather than a question or an order."""
        block = self._topic_block
        is_named = block is None or block.name.lower() in _NAMED or self.topic[:1].islower()
        return is_named and len(self.topic.split()) <= 8 and not _QUESTION_LIKE.search(self.topic)

    @cached_property
    def seed(self) -> str:
        """What decides among wordings: topic and role, so that two roles differ on one topic."""
        return f"{self.topic}\n{self.instructions}"

    @cached_property
    def material(self) -> str:
        """The text to work on, joined."""
        return "\n\n".join(block.text for block in self.sources if block.text)

    @cached_property
    def sources(self) -> tuple[Block, ...]:
        """The values that are not the topic."""
        topic = self._topic_block
        is_topic = topic is not None and (
            topic.name.lower() in _TOPIC_NAMES
            or (self.kind in _FROM_NOTHING and len(sentences(topic.text)) < 2)
        )
        return tuple(block for block in self.blocks if block is not topic) if is_topic else self.blocks

    @cached_property
    def main(self) -> str:
        """What is worked on where there are several: the longest that is named a text, else the longest."""
        named = [
            b.text for b in self.sources if re.search(r"draft|article|text|document|content", b.name, re.I)
        ]
        return max(named or [b.text for b in self.sources or self.blocks], key=len, default="")

    @cached_property
    def count(self) -> int | None:
        """How many things are asked for, if it is said."""
        # What stands in a list of parts counts within that part.
        wording = _PART.sub("", self.wording)
        found = _ANY_COUNT.search(wording) if self.kind is Kind.ITEMS else _COUNT.search(wording)
        if found is None:
            return None
        number = found.group(1).lower()
        return max(1, min(int(number) if number.isdecimal() else NUMBERS.index(number) + 1, 20))

    @cached_property
    def is_brief(self) -> bool:
        """Whether wording or role ask for few words."""
        return _BRIEF.search(f"{_PART.sub('', self.wording)}\n{self.instructions}") is not None

    @cached_property
    def headings(self) -> list[str]:
        """The parts the answer is to have, if they are listed by number and name."""
        return [name.strip() for name in _PART.findall(self.wording) if name.strip()]

    @cached_property
    def length(self) -> int | None:
        """How many words are asked for, if it is said."""
        found = _LENGTH.search(self.wording)
        return None if found is None else int(found.group(1))

    @cached_property
    def _topic_block(self) -> Block | None:
        by_name = {block.name.lower(): block for block in self.blocks if block.text}
        named = [by_name[name] for name in _TOPIC_NAMES if name in by_name]
        short = [b for b in self.blocks if b.text and len(b.text) <= _LONGEST_TOPIC and "\n" not in b.text]
        return next(iter([*named, *short]), None)

    def _guesses(self) -> list[str]:
        material = "\n\n".join(block.text for block in self.blocks)
        heading, about = _HEADING.search(material), _ABOUT.search(self.wording)
        return [
            heading.group(1) if heading else "",
            about.group(1) if about else "",
            " ".join(keywords(material, 3)),
            max((s.replace(PLACE, " ") for s in sentences(self.wording)), key=len, default=""),
        ]
