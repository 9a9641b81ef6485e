"""Structured answers: how a model is asked for one, and what its reply says."""

import re
from collections.abc import Iterator, Mapping
from math import isfinite

import msgspec

from dirigent.domain.inputs import LARGEST_INTEGER
from dirigent.domain.steps import AnswerField, FieldType

_WANTED: dict[FieldType, str] = {
    "string": "a text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "list": "a list",
}

#: A block between fences, with whatever its language is called.
_FENCED = re.compile(r"```[^\n`]*\n(.*)\n[ \t]*```", re.DOTALL)


class Misfit(Exception):
    """The reply is not what was asked for."""

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(why)


def instruction(fields: tuple[AnswerField, ...]) -> str:
    """What a prompt ends with, so that the answer is such an object."""
    lines = [f"- {_quoted(field.name)}: {_wanted(field)}" for field in fields]
    return "\n".join(
        ("Answer with one JSON object and nothing else. Its fields, all of them needed:", *lines)
    )


def _wanted(field: AnswerField) -> str:
    wanted = _choice(field) if field.one_of else _WANTED[field.type]
    return f"{wanted}; {field.description.strip()}" if field.description.strip() else wanted


def _choice(field: AnswerField) -> str:
    return f"exactly one of {', '.join(map(_quoted, field.one_of))}"


def read(reply: str, fields: tuple[AnswerField, ...]) -> dict[str, object]:
    """The fields in declared order, and nothing else the reply may hold; `Misfit` when it does not fit."""
    found = _object(reply)
    return {field.name: _fitted(field, found) for field in fields}


def written(answer: Mapping[str, object]) -> str:
    """The answer as it is kept."""
    return msgspec.json.encode(answer).decode()


def _object(reply: str) -> dict[str, object]:
    for text in _candidates(reply):
        try:
            # Halves of characters, which no store can keep, are replaced here as in any text.
            found = msgspec.json.decode(text.encode("utf-8", "replace"))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            continue
        if isinstance(found, dict):
            return found
    raise Misfit("the answer is no JSON object")


def _candidates(reply: str) -> Iterator[str]:
    """Where the object may stand: models put it between fences, and a sentence before or after it."""
    yield reply
    if fenced := _FENCED.search(reply):
        yield fenced[1]
    first, last = reply.find("{"), reply.rfind("}")
    if 0 <= first < last:
        yield reply[first : last + 1]


def _fitted(field: AnswerField, found: dict[str, object]) -> object:
    if (value := found.get(field.name)) is None:
        raise Misfit(f"the answer lacks the field {field.name!r}")
    if field.one_of:
        return _one_of(field, value)
    if field.type == "integer" and isinstance(value, float) and value.is_integer():
        value = int(value)
    if not _is_of(field.type, value):
        raise Misfit(f"the answer's field {field.name!r} is not {_WANTED[field.type]}")
    return value


def _one_of(field: AnswerField, value: object) -> str:
    alike = {_folded(choice): choice for choice in field.one_of}
    if not isinstance(value, str) or (choice := alike.get(_folded(value))) is None:
        raise Misfit(f"the answer's field {field.name!r} is not {_choice(field)}")
    return choice


def _folded(choice: str) -> str:
    return " ".join(choice.casefold().split())


def _is_of(kind: FieldType, value: object) -> bool:
    if isinstance(value, bool):
        return kind == "boolean"
    if isinstance(value, int):
        return kind in ("integer", "number") and abs(value) <= LARGEST_INTEGER
    if isinstance(value, float):
        return kind == "number" and isfinite(value)
    return isinstance(value, str if kind == "string" else list) and kind in ("string", "list")


def _quoted(text: str) -> str:
    return msgspec.json.encode(text).decode()
