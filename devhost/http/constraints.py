"""What a route may demand of a parameter: `{id:int:min(1)}`."""

import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

Check = Callable[[str], bool]

_WHOLE = re.compile(r"\s*[+-]?\d+\s*", re.ASCII)
_NUMBER = re.compile(r"\s*[+-]?(?=\.?\d)[\d,]*\.?\d*\s*", re.ASCII)
_REAL = re.compile(r"\s*[+-]?((?=\.?\d)[\d,]*\.?\d*(e[+-]?\d+)?|nan|infinity|∞)\s*", re.ASCII | re.IGNORECASE)
_LETTERS = re.compile(r"[a-z]*", re.IGNORECASE | re.ASCII)
_DATE_FORMS = ("%m-%d-%Y", "%m-%d-%Y %H:%M:%S", "%d %B %Y", "%d %b %Y", "%B %d, %Y", "%b %d, %Y", "%Y-%m")


class BadConstraint(Exception):
    """A constraint that does not exist or is not written as it must be."""

    def __init__(self, text: str, remedy: str) -> None:
        self.text, self.remedy = text, remedy
        super().__init__(f"The constraint {text!r} cannot be used: {remedy}.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Constraint:
    """One condition, with a value that meets it where the kind alone tells one."""

    text: str
    allows: Check
    sample: str | None = None


def _whole(text: str, bits: int) -> int | None:
    if not _WHOLE.fullmatch(text) or len(text) > 40:
        return None
    number = int(text)
    return number if -(1 << bits - 1) <= number < 1 << bits - 1 else None


def _is_guid(text: str) -> bool:
    bare = text.strip()
    if bare[:1] + bare[-1:] in {"{}", "()"}:
        bare = bare[1:-1]
        if len(bare) != 36:
            return False
    if not re.fullmatch(r"[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", bare, re.IGNORECASE):
        return False
    return bool(uuid.UUID(bare))


def _is_date(text: str) -> bool:
    bare = text.strip()
    for read in (datetime.fromisoformat, *(_reader(form) for form in _DATE_FORMS)):
        try:
            read(bare)
        except ValueError:
            continue
        return True
    return False


def _reader(form: str) -> Callable[[str], datetime]:
    return lambda text: datetime.strptime(text, form)  # noqa: DTZ007 - only asks whether it is a date


_PLAIN: dict[str, tuple[Check, str]] = {
    "int": (lambda text: _whole(text, 32) is not None, "1"),
    "long": (lambda text: _whole(text, 64) is not None, "1"),
    "bool": (lambda text: text.strip().lower() in {"true", "false"}, "true"),
    "decimal": (lambda text: bool(_NUMBER.fullmatch(text)), "1"),
    "double": (lambda text: bool(_REAL.fullmatch(text)), "1"),
    "float": (lambda text: bool(_REAL.fullmatch(text)), "1"),
    "guid": (_is_guid, "00000000-0000-0000-0000-000000000001"),
    "datetime": (_is_date, "2026-01-01"),
    "alpha": (lambda text: bool(_LETTERS.fullmatch(text)), "abc"),
    "required": (lambda text: text != "", "abc"),
    "file": (lambda text: "." in text.rpartition("/")[2].rstrip("."), "a.txt"),
    "nonfile": (lambda text: "." not in text.rpartition("/")[2].rstrip("."), "abc"),
}


def _at_least(low: int) -> Constraint:
    return Constraint(text="", allows=_between(low, None), sample=str(low))


def _at_most(high: int) -> Constraint:
    return Constraint(text="", allows=_between(None, high), sample=str(high))


def _range(low: int, high: int) -> Constraint:
    return Constraint(text="", allows=_between(low, high), sample=str(low))


def _between(low: int | None, high: int | None) -> Check:
    def allows(text: str) -> bool:
        number = _whole(text, 64)
        return number is not None and (low is None or number >= low) and (high is None or number <= high)

    return allows


def _long(shortest: int, longest: int | None) -> Constraint:
    def allows(text: str) -> bool:
        # .NET counts UTF-16 units.
        length = len(text.encode("utf-16-le", "surrogatepass")) // 2
        return shortest <= length and (longest is None or length <= longest)

    return Constraint(text="", allows=allows, sample="a" * shortest)


#: Kinds with numbers in brackets: how many they take, and what they make of them.
_WITH_NUMBERS: dict[tuple[str, int], Callable[..., Constraint]] = {
    ("min", 1): _at_least,
    ("max", 1): _at_most,
    ("range", 2): _range,
    ("minlength", 1): lambda shortest: _long(shortest, None),
    ("maxlength", 1): lambda longest: _long(0, longest),
    ("length", 1): lambda exact: _long(exact, exact),
    ("length", 2): _long,
}

KNOWN = tuple(sorted({*_PLAIN, *(kind for kind, _ in _WITH_NUMBERS), "regex"}))


def constraint(text: str) -> Constraint:
    """The constraint a route names, as `int` or `range(1,5)`."""
    kind, bracket, rest = text.partition("(")
    kind = kind.strip().lower()
    if not bracket:
        return _plain(text, kind)
    if not rest.endswith(")"):
        raise BadConstraint(text, "its bracket is not closed")
    inside = rest[:-1]
    return _regex(text, inside) if kind == "regex" else _numbered(text, kind, inside)


def _plain(text: str, kind: str) -> Constraint:
    if kind not in _PLAIN:
        if kind in KNOWN:
            raise BadConstraint(text, f"write its arguments in brackets, as {kind}(…)")
        raise BadConstraint(text, f"it is none of {', '.join(KNOWN)}")
    allows, sample = _PLAIN[kind]
    return Constraint(text=text, allows=allows, sample=sample)


def _numbered(text: str, kind: str, inside: str) -> Constraint:
    numbers = [_whole(piece, 64) for piece in inside.split(",")]
    make = _WITH_NUMBERS.get((kind, len(numbers)))
    if make is None:
        if kind in _PLAIN:
            raise BadConstraint(text, f"{kind} takes no arguments")
        if kind not in KNOWN:
            raise BadConstraint(text, f"it is none of {', '.join(KNOWN)}")
        raise BadConstraint(text, f"{kind} does not take {len(numbers)} numbers")
    if None in numbers:
        raise BadConstraint(text, f"{kind} takes whole numbers")
    made = make(*numbers)
    return Constraint(text=text, allows=made.allows, sample=made.sample)


def _regex(text: str, pattern: str) -> Constraint:
    try:
        # .NET's named groups; the rest of what routes use is written alike.
        compiled = re.compile(re.sub(r"\(\?<(?![=!])", "(?P<", pattern), re.IGNORECASE)
    except re.error as error:
        raise BadConstraint(text, f"its pattern is wrong ({error})") from error
    return Constraint(text=text, allows=lambda value: compiled.search(value) is not None)
