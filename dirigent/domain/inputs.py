"""What a workflow may be started with: a body held against the declared fields."""

from collections.abc import Iterable, Iterator
from itertools import islice
from math import isfinite

from dirigent.domain.catalogue import InputField, Workflow
from dirigent.domain.messages import Message
from dirigent.domain.spelling import LONGEST, suggestion
from dirigent.domain.steps import FieldType

#: Larger numbers are rounded on their way by many who read JSON.
LARGEST_INTEGER = 2**53 - 1

#: Of unknown fields, and of items in one list, no more are told: a body of nonsense must not cost an hour.
MOST_PROBLEMS = 20

_EXPECTED: dict[FieldType, str] = {
    "string": "a text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "list": "a list",
}


class Problem(Message, frozen=True, kw_only=True):
    """One reason why an input is refused."""

    #: Where it is: `topic`, `languages[2]`; empty when it is the body as a whole.
    field: str
    message: str


class InputRefused(Exception):
    """The input does not fit what the workflow declares; every problem is told at once."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        self.problems = problems
        super().__init__(" ".join(_closed(problem.message) for problem in problems))

    @property
    def sentence(self) -> str:
        """The first problem: what a caller reads who reads one sentence only."""
        return self.problems[0].message


def _closed(sentence: str) -> str:
    # Catalogues word what is missing as they like; behind it another sentence may stand.
    return sentence if sentence.endswith((".", "!", "?")) else f"{sentence}."


def check(workflow: Workflow, body: object) -> dict[str, object]:
    """The body's fields in declared order, without those left out: null, blank or empty; no body is `{}`."""
    return fitted(workflow.input, body)


def fitted(fields: tuple[InputField, ...], body: object) -> dict[str, object]:
    """The same for fields that no workflow has yet."""
    given = {} if body is None else body
    if not isinstance(given, dict):
        raise InputRefused((_not_an_object(fields, given),))
    problems = [problem for field in fields for problem in _problems(field, given.get(field.name))]
    problems += islice(_unknown(fields, given), MOST_PROBLEMS)
    if problems:
        raise InputRefused(tuple(problems))
    return {field.name: given[field.name] for field in fields if not _is_left_out(given.get(field.name))}


def _not_an_object(fields: tuple[InputField, ...], body: object) -> Problem:
    names = ", ".join(repr(field.name) for field in fields)
    wanted = f"with the fields {names}" if names else "without fields: {}"
    return Problem(field="", message=f"The input is {_kind(body)}; send a JSON object {wanted}.")


def _unknown(fields: tuple[InputField, ...], given: dict[object, object]) -> Iterator[Problem]:
    known = [field.name for field in fields]
    for key in given:
        if key not in known:
            written = _printable(str(key)[:LONGEST])
            hint = suggestion(written, known, kind="the workflow's fields")
            yield Problem(field=written, message=f"The workflow knows no field {written!r}: {hint}")


def _problems(field: InputField, value: object) -> Iterable[Problem]:
    if _is_left_out(value):
        return [Problem(field=field.name, message=_missing(field))] if field.required else []
    if not _is_of(field.type, value):
        return [_refused(field, f"must be {_EXPECTED[field.type]}, not {_shown(value)}")]
    if isinstance(value, list):
        return _problems_of_list(field, value)
    return [_refused(field, why) for why in _odd(value)] or _too_long(field, _length(value))


def _is_left_out(value: object) -> bool:
    return value is None or value == [] or (isinstance(value, str) and not value.strip())


def _missing(field: InputField) -> str:
    return field.missing or f"The field {field.name!r} is required: send {_EXPECTED[field.type]}."


def _is_of(kind: FieldType, value: object) -> bool:
    if kind == "boolean":
        return isinstance(value, bool)
    if kind == "integer":
        return isinstance(value, int) and not isinstance(value, bool)
    if kind == "number":
        return isinstance(value, int | float) and not isinstance(value, bool)
    return isinstance(value, str if kind == "string" else list)


def _problems_of_list(field: InputField, items: list[object]) -> Iterable[Problem]:
    found = (
        _refused(field, why, at=f"[{position}]")
        for position, item in enumerate(items)
        for why in ([] if isinstance(item, str | int | float) else [_not_flat(item)]) or _odd(item)
    )
    problems = list(islice(found, MOST_PROBLEMS))
    return problems or _too_long(field, sum(map(_length, items)))


def _not_flat(item: object) -> str:
    return f"must be a text, a number, true or false, not {_kind(item)}"


def _odd(value: object) -> list[str]:
    if isinstance(value, str) and value != _printable(value):
        return ["holds half of a character (a lone surrogate): send it as valid Unicode"]
    if isinstance(value, float) and not isfinite(value):
        return ["must be a finite number"]
    if isinstance(value, int) and abs(value) > LARGEST_INTEGER:
        return [f"must lie between -{LARGEST_INTEGER} and {LARGEST_INTEGER}: send larger numbers as text"]
    return []


def _length(value: object) -> int:
    return len(value) if isinstance(value, str) else 1


def _too_long(field: InputField, length: int) -> list[Problem]:
    if length <= field.max_length:
        return []
    return [_refused(field, f"is {length} characters long: shorten it to {field.max_length}")]


def _refused(field: InputField, why: str, *, at: str = "") -> Problem:
    return Problem(field=f"{field.name}{at}", message=f"The field '{field.name}{at}' {why}.")


def _kind(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    kinds = {str: "a text", int: "a number", float: "a number", list: "a list", dict: "an object"}
    return "null" if value is None else kinds.get(type(value), "something else")


def _shown(value: object) -> str:
    """The kind, and of a number the value: `5.0` must be seen to be told from a whole number."""
    # Python refuses to write out very long numbers.
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= LARGEST_INTEGER:
        return f"the number {value}"
    return _kind(value)


def _printable(text: str) -> str:
    return text.encode("utf-8", "replace").decode()
