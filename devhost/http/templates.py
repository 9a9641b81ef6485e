"""Route templates: `orders/{id:int}/{part=head}/{*rest}` read, and matched against a path."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from devhost.http.constraints import BadConstraint, Constraint, constraint
from devhost.http.paths import decoded

_BAD_IN_NAME = re.compile(r"[/{}?*]")


class BadTemplate(Exception):
    """A template Azure's host would refuse."""

    def __init__(self, reason: str, remedy: str) -> None:
        self.reason, self.remedy = reason, remedy
        super().__init__(f"{reason}: {remedy}.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A part of a path that varies."""

    name: str
    constraints: tuple[Constraint, ...] = ()
    default: str | None = None
    is_optional: bool = False
    is_catch_all: bool = False

    @property
    def may_be_missing(self) -> bool:
        return self.is_optional or self.is_catch_all or self.default is not None

    @property
    def sample(self) -> str:
        """A value that likely meets the constraints."""
        return next((c.sample for c in self.constraints if c.sample), "sample")


Part = str | Parameter


@dataclass(frozen=True, slots=True)
class Segment:
    """What stands between two slashes of a template."""

    parts: tuple[Part, ...]
    #: For a mixture of text and parameters; a second, shorter one when the last parameter may be missing.
    patterns: tuple[re.Pattern[str], ...] = ()

    @property
    def parameter(self) -> Parameter | None:
        """The one parameter the segment consists of, if it does."""
        first = self.parts[0]
        return first if len(self.parts) == 1 and isinstance(first, Parameter) else None

    @property
    def rank(self) -> int:
        """How little it says: 1 for plain text, 5 for a bare catch-all."""
        parameter = self.parameter
        if parameter is None:
            return 1 if len(self.parts) == 1 else 2
        return 3 - bool(parameter.constraints) + 2 * parameter.is_catch_all

    @property
    def sample(self) -> str:
        return "".join(part if isinstance(part, str) else part.sample for part in self.parts)

    def read(self, text: str) -> dict[str, str] | None:
        """The values a piece of a path gives the parameters, None when it does not fit."""
        parameter = self.parameter
        if parameter is not None:
            return {parameter.name: text}
        if not self.patterns:
            return {} if text.lower() == str(self.parts[0]).lower() else None
        names = [part.name for part in self.parts if isinstance(part, Parameter)]
        for pattern in self.patterns:
            if found := pattern.fullmatch(text):
                return dict(zip(names, found.groups(), strict=False))
        return None


@dataclass(frozen=True, slots=True)
class Template:
    """A route's template; literals match in any case."""

    text: str
    segments: tuple[Segment, ...]

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        return tuple(p for segment in self.segments for p in segment.parts if isinstance(p, Parameter))

    @property
    def rank(self) -> tuple[int, ...]:
        """Lower is more precise."""
        return tuple(segment.rank for segment in self.segments)

    @property
    def sample(self) -> tuple[str, ...]:
        """A path the template likely matches."""
        return tuple(segment.sample for segment in self.segments)

    def match(self, pieces: Sequence[str]) -> Mapping[str, str] | None:
        """The parameters' values for the encoded pieces of a path, None when it does not fit."""
        values = self._read(list(pieces))
        if values is None:
            return None
        for parameter in self.parameters:
            if parameter.name not in values and parameter.default is not None:
                values[parameter.name] = parameter.default
            value = values.get(parameter.name)
            if value is not None and not all(c.allows(value) for c in parameter.constraints):
                return None
        return values

    def _read(self, pieces: list[str]) -> dict[str, str] | None:
        values: dict[str, str] = {}
        tail = list(pieces)
        if tail and tail[-1] == "":
            # One slash at the end is not counted.
            tail.pop()
        for place, segment in enumerate(self.segments):
            parameter = segment.parameter
            if place >= len(tail):
                if parameter is None or not parameter.may_be_missing:
                    return None
            elif parameter is not None and parameter.is_catch_all:
                values[parameter.name] = "/".join(decoded(piece) for piece in pieces[place:])
                return values
            else:
                found = segment.read(decoded(tail[place])) if tail[place] else None
                if found is None:
                    return None
                values |= found
        return values if len(tail) <= len(self.segments) else None


def template(text: str) -> Template:
    """Read a template, prefix and all."""
    bare = text.removeprefix("~/") if text.startswith("~/") else text.removeprefix("/")
    if bare.startswith("~"):
        raise BadTemplate("it begins with '~'", "begin it with plain text or a parameter")
    rows = _rows(bare.removesuffix("/"))
    if rows == [[]]:
        return Template(text, ())
    found = Template(text, tuple(_segment(row, is_last=row is rows[-1]) for row in rows))
    seen: set[str] = set()
    for parameter in found.parameters:
        if parameter.name.lower() in seen:
            reason = f"the parameter {{{parameter.name}}} occurs twice"
            raise BadTemplate(reason, "give each parameter a name of its own")
        seen.add(parameter.name.lower())
    return found


def _rows(text: str) -> list[list[Part]]:
    rows: list[list[Part]] = [[]]
    place, literal = 0, ""
    while place < len(text):
        letter = text[place]
        if letter in "{}" and text[place : place + 2] == letter * 2:
            literal, place = literal + letter, place + 2
            continue
        if letter == "}":
            raise BadTemplate("a '}' closes nothing", "write '}}' for a brace that is meant as text")
        if letter not in "{/":
            literal, place = literal + letter, place + 1
            continue
        if literal:
            rows[-1].append(_checked_literal(literal))
            literal = ""
        if letter == "{":
            parameter, place = _parameter(text, place + 1)
            rows[-1].append(parameter)
        else:
            _close_row(rows)
            place += 1
    if literal:
        rows[-1].append(_checked_literal(literal))
    return rows


def _close_row(rows: list[list[Part]]) -> None:
    if not rows[-1]:
        reason = "two slashes follow one another (a leading slash counts after the route prefix)"
        raise BadTemplate(reason, "leave the extra slash out; Azure's host stops at it")
    rows.append([])


def _checked_literal(literal: str) -> str:
    if "?" in literal:
        raise BadTemplate(f"the text {literal!r} holds a '?'", "write {name?} for an optional parameter")
    return literal


def _parameter(text: str, start: int) -> tuple[Parameter, int]:
    inside, place = "", start
    while place < len(text):
        letter = text[place]
        if letter in "{}" and text[place : place + 2] == letter * 2:
            inside, place = inside + letter, place + 2
            continue
        if letter == "}":
            return _read_parameter(inside), place + 1
        if letter == "{":
            break
        inside, place = inside + letter, place + 1
    raise BadTemplate(f"the parameter {{{inside} is not closed", "close it; braces in a regex are doubled")


def _read_parameter(inside: str) -> Parameter:
    body = inside.removeprefix("*").removeprefix("*")
    is_optional = body.endswith("?")
    name = re.split("[:=]", body.removesuffix("?"), maxsplit=1)[0]
    if not name or _BAD_IN_NAME.search(name):
        raise BadTemplate(f"{{{inside}}} has no usable name", "name it with letters and digits, as {id}")
    texts, default = _demands(body.removesuffix("?")[len(name) :])
    is_catch_all = inside.startswith("*")
    if is_optional and (default is not None or is_catch_all):
        raise BadTemplate(f"{{{inside}}} is optional already", "leave the '?' out")
    try:
        constraints = tuple(constraint(text) for text in texts)
    except BadConstraint as error:
        raise BadTemplate(f"{{{inside}}} has the constraint {error.text!r}", error.remedy) from error
    return Parameter(
        name=name,
        constraints=constraints,
        default=default,
        is_optional=is_optional,
        is_catch_all=is_catch_all,
    )


#: A constraint's text: a bracket ends where what follows cannot belong to it any more.
_DEMAND = re.compile(r":([^:=(]*(?:\(.*?\)(?=[:=]|$))?)|=(.*)", re.DOTALL)


def _demands(text: str) -> tuple[list[str], str | None]:
    texts: list[str] = []
    place = 0
    while place < len(text):
        found = _DEMAND.match(text, place)
        if found is None:
            raise BadTemplate(f"{text[place:]!r} is not understood", "write :int or :range(1,5)")
        if found.group(1) is None:
            return texts, found.group(2)
        texts.append(found.group(1))
        place = found.end()
    return texts, None


def _segment(row: list[Part], *, is_last: bool) -> Segment:
    if not row:
        raise BadTemplate("two slashes follow one another", "leave one out")
    catch_all = any(isinstance(part, Parameter) and part.is_catch_all for part in row)
    if catch_all and (len(row) > 1 or not is_last):
        raise BadTemplate("a catch-all has something beside or after it", "let it be the whole last segment")
    if len(row) == 1:
        return Segment(tuple(row))
    _check_mixture(row)
    patterns = [_pattern(row)]
    last = row[-1]
    if isinstance(last, Parameter) and last.is_optional:
        patterns.append(_pattern(row[:-2]))
    return Segment(tuple(row), tuple(patterns))


def _check_mixture(row: list[Part]) -> None:
    for left, right in pairwise(row):
        if isinstance(left, Parameter) and isinstance(right, Parameter):
            reason = f"{{{left.name}}} and {{{right.name}}} touch"
            raise BadTemplate(reason, "put text or a slash between them")
    for place, part in enumerate(row):
        if isinstance(part, Parameter) and part.is_optional:
            before = row[place - 1] if place else ""
            if place != len(row) - 1 or before != ".":
                reason = f"{{{part.name}?}} stands in the middle of a segment"
                raise BadTemplate(reason, "only a last parameter after a dot may be missing")


def _pattern(row: Sequence[Part]) -> re.Pattern[str]:
    text = "".join(re.escape(part) if isinstance(part, str) else "(.+)" for part in row)
    return re.compile(text, re.IGNORECASE | re.DOTALL)
