"""Filters of a topic's subscriptions, in Service Bus's SQL or as correlation filters."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from math import inf, isfinite
from operator import ge, gt, le, lt
from types import MappingProxyType
from typing import Any, Self

from devhost.bus.filter_texts import BadFilter, tree_of
from devhost.bus.messages import Property, Sent

__all__ = ["BadFilter", "Filter"]

#: None is what nobody knows: there is no such property, or the two cannot be compared.
Truth = bool | None

_ORDERS: Mapping[str, Callable[[Any, Any], bool]] = {"<": lt, "<=": le, ">": gt, ">=": ge}
#: By their names in filters, in small letters.
_SYSTEM: Mapping[str, tuple[str, Callable[[Sent], str | None]]] = {
    name.casefold(): (name, read)
    for name, read in (
        # A message without an id has none that anybody knows.
        ("MessageId", lambda message: message.message_id or None),
        ("CorrelationId", lambda message: message.correlation_id),
        ("Label", lambda message: message.subject),
        ("To", lambda message: message.to),
        ("ReplyTo", lambda message: message.reply_to),
        ("SessionId", lambda message: message.session_id),
        ("ContentType", lambda message: message.content_type),
    )
}
_LARGEST = 2**63 - 1
_SMALLEST = -(2**63)


@dataclass(frozen=True, slots=True)
class _Seen:
    """A message, as filters look at it."""

    message: Sent
    #: By their names in small letters; of two that differ in capitals, the first.
    properties: Mapping[str, Property]


_Value = Callable[[_Seen], Property | None]
_Test = Callable[[_Seen], Truth]


@dataclass(frozen=True, slots=True)
class Filter:
    """What a rule lets through."""

    #: As it is written; of a correlation filter, what it comes to.
    text: str
    _test: _Test = field(repr=False, compare=False)

    @classmethod
    def parse(cls, text: str) -> Self:
        """The SQL filter; `BadFilter`."""
        return cls(text, _compiled(text))

    @classmethod
    def correlating(
        cls, system: Mapping[str, str], properties: Mapping[str, Property] = MappingProxyType({})
    ) -> Self:
        """The correlation filter: all of these are equal; `system` by names such as `Label`. `BadFilter`."""
        known = {_system_name(name, name, 1): value for name, value in system.items()}
        text = " AND ".join(
            [f"sys.{_SYSTEM[name][0]} = {_written(value)}" for name, value in known.items()]
            + [f"[{name.replace(']', ']]')}] = {_written(value)}" for name, value in properties.items()]
        )
        if not text:
            raise BadFilter("", 1, "a correlation filter that names nothing lets nothing through", _ALL)
        tests = [_equal(_system(name), _constantly(value)) for name, value in known.items()]
        tests += [_equal(_property(name), _constantly(value)) for name, value in properties.items()]
        return cls(text, _all_of(tests))

    def matches(self, message: Sent) -> bool:
        """Whether it lets the message through; what nobody knows does not pass."""
        properties: dict[str, Property] = {}
        for name, value in message.properties.items():
            properties.setdefault(name.casefold(), value)
        return self._test(_Seen(message, properties)) is True


_ALL = "name what is to be equal, or write the SQL filter 1=1 for all messages"


@lru_cache(maxsize=1_024)
def _compiled(text: str) -> _Test:
    return _Builder(text).test(tree_of(text))


class _Builder:
    """Makes a test of what was parsed."""

    def __init__(self, text: str) -> None:
        self._text = text

    def test(self, tree: Any) -> _Test:
        is_denied = False
        while tree.data == "denied":
            is_denied, (tree,) = not is_denied, tree.children
        found: _Test = getattr(self, f"_{tree.data}")(*tree.children)
        return _not(found) if is_denied else found

    def _either(self, *trees: Any) -> _Test:
        # What is not wrong in all of them: none of them is true, and not all are known to be false.
        return _not(_all_of([_not(self.test(tree)) for tree in trees]))

    def _both(self, *trees: Any) -> _Test:
        return _all_of([self.test(tree) for tree in trees])

    def _compared(self, left: Any, operator: Any, right: Any) -> _Test:
        one, other = self._value(left), self._value(right)
        if operator == "=":
            return _equal(one, other)
        if operator in ("<>", "!="):
            return _not(_equal(one, other))
        for side in (left, right):
            if side.data == "constant" and side.children[0].type in ("TEXT", "TRUTH"):
                why, at = f"{side.children[0]} is not more or less than anything", operator.start_pos + 1
                raise BadFilter(self._text, at, why, "compare it with =, <> or IN")
        order = _ORDERS[operator]
        return lambda seen: _ordered(order, one(seen), other(seen))

    def _listed(self, operand: Any, *choices: Any) -> _Test:
        value = self._value(operand)
        listed = [self._value(choice) for choice in choices]
        return _not(_all_of([_not(_equal(value, choice)) for choice in listed]))

    def _unlisted(self, operand: Any, *choices: Any) -> _Test:
        return _not(self._listed(operand, *choices))

    def _absent(self, operand: Any) -> _Test:
        value = self._value(operand)
        return lambda seen: value(seen) is None

    def _present(self, operand: Any) -> _Test:
        return _not(self._absent(operand))

    def _value(self, tree: Any) -> _Value:
        first, *rest = tree.children
        if tree.data == "constant":
            return _constantly(self._constant(first))
        if not rest or rest[0] is None:
            self._refuse_bare(first)
            return _property(_bare(first))
        scope, name = first.lower(), _bare(rest[0])
        if scope == "user":
            return _property(name)
        if scope == "sys":
            return _system(_system_name(self._text, name, rest[0].start_pos + 1))
        raise BadFilter(
            self._text,
            first.start_pos + 1,
            f"nothing is called {first}",
            "write user. or sys. before the dot",
        )

    def _refuse_bare(self, name: Any) -> None:
        if name.lower() in ("user", "sys"):
            why = f"{name} stands before a dot in Service Bus's grammar"
            raise BadFilter(self._text, name.start_pos + 1, why, "write the name in square brackets")

    def _constant(self, token: Any) -> Property:
        if token.type == "TEXT":
            return str(token[1:-1].replace("''", "'"))
        if token.type == "TRUTH":
            return bool(token.lower() == "true")
        number = float(token) if set(token) & set(".eE") else int(token)
        if not (_SMALLEST <= number <= _LARGEST if isinstance(number, int) else isfinite(number)):
            why, remedy = f"{token[:30]} is too large", f"write a number within {_LARGEST}"
            raise BadFilter(self._text, token.start_pos + 1, why, remedy)
        return number


def _bare(token: Any) -> str:
    return str(token[1:-1].replace("]]", "]") if token.type == "BRACKETED" else token)


def _system_name(text: str, name: str, at: int) -> str:
    if name.casefold() in _SYSTEM:
        return name.casefold()
    remedy = f"the properties of the system are {', '.join(known for known, _ in _SYSTEM.values())}"
    if name.casefold() == "subject":
        remedy = "the subject is called sys.Label in filters"
    raise BadFilter(text, at, f"there is no sys.{name}", remedy)


def _system(name: str) -> _Value:
    _, read = _SYSTEM[name]
    return lambda seen: read(seen.message)


def _property(name: str) -> _Value:
    folded = name.casefold()
    return lambda seen: seen.properties.get(folded)


def _constantly(value: Property) -> _Value:
    return lambda _: value


def _not(test: _Test) -> _Test:
    def denied(seen: _Seen) -> Truth:
        found = test(seen)
        return None if found is None else not found

    return denied


def _all_of(tests: Sequence[_Test]) -> _Test:
    def both(seen: _Seen) -> Truth:
        found: Truth = True
        for test in tests:
            one = test(seen)
            if one is False:
                return False
            found = one and found
        return found

    return both


def _equal(one: _Value, other: _Value) -> _Test:
    def equal(seen: _Seen) -> Truth:
        left, right = one(seen), other(seen)
        kind = _kind(left)
        if kind is None or kind != _kind(right):
            return None
        return bool(_promoted(left, right) == _promoted(right, left))

    return equal


def _ordered(order: Callable[[Any, Any], bool], left: Property | None, right: Property | None) -> Truth:
    kind = _kind(left)
    if kind != _kind(right) or kind not in (_NUMBER, _TIME):
        return None
    return bool(order(_promoted(left, right), _promoted(right, left)))


_TRUTH, _NUMBER, _TEXT, _TIME = "truth", "number", "text", "time"


def _kind(value: Property | None) -> str | None:
    if isinstance(value, bool):
        return _TRUTH
    if isinstance(value, int | float):
        return _NUMBER
    if isinstance(value, datetime):
        return _TIME
    return None if value is None else _TEXT


def _promoted(value: Any, other: Any) -> Any:
    """The value, as it is compared with the other one: a whole number with a broken one as such."""
    if isinstance(value, datetime) and value.tzinfo is None:
        return value.replace(tzinfo=UTC)
    if isinstance(value, int) and isinstance(other, float):
        # A sender may write whole numbers that no broken one is as large as.
        return float(value) if abs(value) <= _LARGEST else inf if value > 0 else -inf
    return value


def _written(value: Property) -> str:
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, int | float):
        return str(value)
    text = value if isinstance(value, str) else value.isoformat()
    return f"'{text.replace(chr(39), chr(39) * 2)}'"
