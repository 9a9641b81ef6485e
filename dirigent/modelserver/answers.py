"""The form an answer is to have: the fields the model is asked for, and how they become what fits."""

import json
import re
from collections import Counter
from collections.abc import Iterator

from dirigent.domain.steps import AnswerField, FieldType
from dirigent.modelserver.conversations import Question
from dirigent.modelserver.errors import ApiError
from dirigent.modelserver.orders import Format
from dirigent.modelserver.schemas import Branch, Fixed, Leaf, Listing, Node, read

#: How a prompt of the app begins to say which fields it wants, for models that take no schema.
_HEAD = "Answer with one JSON object and nothing else. Its fields, all of them needed:\n"
#: Characters of an answer; a list's items are repeated until there are enough.
LONGEST = 2_000_000
_QUOTED = r'"(?:[^"\\]|\\.)*"'
_LINE = re.compile(
    rf"- (?P<name>{_QUOTED}): (?P<wanted>exactly one of {_QUOTED}(?:, {_QUOTED})*|[a-z ]+)(?:; (?P<told>.*))?"
)
_WANTED: dict[str, FieldType] = {
    "a text": "string",
    "a whole number": "integer",
    "a number": "number",
    "true or false": "boolean",
    "a list": "list",
}


class Form:
    """Asks for fields, and turns what was found for them into an object of the schema."""

    def __init__(self, root: Branch) -> None:
        self._root = root
        leaves = list(_leaves(root))
        known = Counter(leaf.path[-1] for leaf in leaves)
        # A field is called as the app would call it, so that it holds what it would hold there.
        self._names = {
            leaf.path: leaf.path[-1] if known[leaf.path[-1]] == 1 else "_".join(leaf.path) for leaf in leaves
        }
        self.fields = tuple(
            AnswerField(
                name=self._names[leaf.path],
                type=leaf.type,
                description=leaf.description,
                one_of=leaf.one_of,
            )
            for leaf in leaves
        )

    def filled(self, text: str, spoken: tuple[str, ...] = ()) -> str:
        """The text as it fits the schema; as it is where it fits, or was cut short.

        What was spoken of, if it is given, stands in the place of texts, one after another.
        """
        try:
            found = json.loads(text) if self.fields else {}
        except json.JSONDecodeError:
            return text
        if not isinstance(found, dict) or any(field.name not in found for field in self.fields):
            return text
        texts = [field.name for field in self.fields if field.type == "string" and not field.one_of]
        for place, name in enumerate(texts if spoken else ()):
            found[name] = spoken[min(place, len(spoken) - 1)]
        if self._length(self._root, found) > LONGEST:
            message = f"The answer would have more than {LONGEST:,} characters: ask for fewer items."
            raise ApiError(400, message, code="invalid_value")
        value = self._value(self._root, found)
        is_as_it_was = self.fields and not spoken and value == found
        return text if is_as_it_was else json.dumps(value, ensure_ascii=False)

    def _length(self, node: Node, found: dict[str, object]) -> int:
        """About how many characters the answer has."""
        if isinstance(node, Listing):
            return max(node.shortest, 1) * self._length(node.item, found)
        if isinstance(node, Branch):
            return sum(len(name) + self._length(part, found) for name, part in node.parts.items())
        # What is fixed, and a least length, has been paid for when the schema was read.
        value = found[self._names[node.path]] if isinstance(node, Leaf) else None
        return (
            len(value) if isinstance(value, str) else sum(map(len, value)) if isinstance(value, list) else 1
        )

    def _value(self, node: Node, found: dict[str, object]) -> object:
        if isinstance(node, Fixed):
            return node.value
        if isinstance(node, Listing):
            return [self._value(node.item, found)] * max(node.shortest, 1)
        if isinstance(node, Branch):
            return {name: self._value(part, found) for name, part in node.parts.items()}
        return _within(node, found[self._names[node.path]])


def form_of(wanted: Format | None, asked: Question) -> Form | None:
    """The form that is asked for, by a schema or in the prompt's own words; None where any text will do."""
    if wanted is None or wanted.type == "text":
        return _told(asked.prompt)
    if wanted.type == "json_object":
        if "json" not in f"{asked.instructions}\n{asked.prompt}".lower():
            message = (
                "'messages' must contain the word 'json' to use 'response_format' of type 'json_object'."
            )
            raise ApiError(400, message, param="messages")
        return _told(asked.prompt)
    if wanted.json_schema is None or wanted.json_schema.schema is None:
        lacking = "response_format.json_schema" + (".schema" if wanted.json_schema else "")
        message = f"Missing required parameter: '{lacking}'."
        raise ApiError(400, message, param=lacking, code="missing_required_parameter")
    return Form(read(wanted.json_schema.schema, "response_format"))


def an_object(text: str) -> str:
    """The text if it is a JSON object, else one that holds it."""
    try:
        is_one = isinstance(json.loads(text), dict)
    except json.JSONDecodeError:
        is_one = False
    return text if is_one else json.dumps({"answer": text}, ensure_ascii=False)


def _told(prompt: str) -> Form | None:
    _, head, listed = prompt.rpartition(_HEAD)
    lines = [_LINE.fullmatch(line) for line in listed.splitlines()] if head else []
    try:
        leaves = [_leaf(line) for line in lines if line is not None]
    except ValueError:
        # What stands in quotes is no JSON: these are somebody else's words.
        return None
    if not leaves or len(leaves) < len(lines):
        return None
    return Form(Branch(parts={leaf.path[-1]: leaf for leaf in leaves}))


def _leaf(line: re.Match[str]) -> Leaf:
    wanted, told = line["wanted"], line["told"] or ""
    path = (_unquoted(line["name"]),)
    if wanted in _WANTED:
        return Leaf(path=path, type=_WANTED[wanted], description=told)
    options = tuple(map(_unquoted, re.findall(_QUOTED, wanted)))
    return Leaf(path=path, type="string", description=told, one_of=options)


def _unquoted(text: str) -> str:
    found: str = json.loads(text)
    # Halves of characters can be quoted, but not sent.
    found.encode()
    return found


def _leaves(node: Node) -> Iterator[Leaf]:
    if isinstance(node, Leaf):
        yield node
    elif isinstance(node, Listing):
        yield from _leaves(node.item)
    elif isinstance(node, Branch):
        for part in node.parts.values():
            yield from _leaves(part)


def _within(leaf: Leaf, value: object) -> object:
    if isinstance(value, bool) or leaf.one_of:
        return value
    if isinstance(value, int | float):
        value = value if leaf.least is None else max(value, leaf.least)
        return value if leaf.most is None else min(value, leaf.most)
    if isinstance(value, str):
        return value[: leaf.longest].ljust(leaf.shortest, ".")
    if isinstance(value, list):
        kept = value[: leaf.longest]
        return kept + (kept[-1:] or [""]) * (leaf.shortest - len(kept))
    return value
