"""What filters mean, told of the tree that they are written from: for nobody has to read them then."""

from dataclasses import dataclass
from datetime import datetime
from random import Random

from hypothesis import strategies as st

from devhost.bus.messages import Property, Sent

#: Wrong, unknown and right: then OR is the larger one, AND the smaller one, NOT the distance to right.
WRONG, UNKNOWN, RIGHT = 0, 1, 2

_SYSTEM = {"Label": "subject", "CorrelationId": "correlation_id", "To": "to", "ContentType": "content_type"}


@dataclass(frozen=True)
class Constant:
    """A value, and how it is written."""

    value: Property
    spelt: str


@dataclass(frozen=True)
class Name:
    """A property of the message, or of the system."""

    name: str
    is_system: bool = False


@dataclass(frozen=True)
class Compared:
    """One operand beside the other."""

    left: "Constant | Name"
    operator: str
    right: "Constant | Name"


@dataclass(frozen=True)
class Listed:
    """One of several, or none of them."""

    operand: "Constant | Name"
    choices: tuple[Constant, ...]
    is_denied: bool


@dataclass(frozen=True)
class Null:
    """There, or not."""

    name: Name
    is_denied: bool


@dataclass(frozen=True)
class Not:
    """The contrary."""

    inner: "Tree"


@dataclass(frozen=True)
class Joined:
    """All of them, or any of them."""

    word: str
    inner: tuple["Tree", ...]


Tree = Compared | Listed | Null | Not | Joined


def truth(tree: Tree, message: Sent) -> int:
    """How true the filter is of the message."""
    match tree:
        case Joined(word="AND"):
            return min(truth(inner, message) for inner in tree.inner)
        case Joined():
            return max(truth(inner, message) for inner in tree.inner)
        case Not():
            return RIGHT - truth(tree.inner, message)
        case Null():
            is_there = _value(tree.name, message) is not None
            return RIGHT if is_there == tree.is_denied else WRONG
        case Listed():
            found = [_compared(_value(tree.operand, message), "=", choice.value) for choice in tree.choices]
            return RIGHT - max(found) if tree.is_denied else max(found)
        case Compared():
            return _compared(_value(tree.left, message), tree.operator, _value(tree.right, message))


def _value(operand: Constant | Name, message: Sent) -> Property | None:
    if isinstance(operand, Constant):
        return operand.value
    if operand.is_system:
        return getattr(message, _SYSTEM[operand.name])  # type: ignore[no-any-return]
    same = [value for name, value in message.properties.items() if name.lower() == operand.name.lower()]
    return same[0] if same else None


def _compared(left: Property | None, operator: str, right: Property | None) -> int:
    kinds = {
        "truth"
        if isinstance(value, bool)
        else "number"
        if isinstance(value, int | float)
        else str(type(value))
        for value in (left, right)
    }
    if left is None or right is None or len(kinds) == 2:
        return UNKNOWN
    if operator in ("=", "<>", "!="):
        return RIGHT if (left == right) == (operator == "=") else WRONG
    if isinstance(left, bool | str) or isinstance(right, bool | str):
        return UNKNOWN
    return RIGHT if _in_order(left, operator, right) else WRONG


def _in_order(left: float | datetime, operator: str, right: float | datetime) -> bool:
    is_less, is_more = left < right, left > right  # type: ignore[operator]
    return {"<": is_less, "<=": not is_more, ">": is_more, ">=": not is_less}[operator]


NAMES = ("color", "size", "is_new", "Größe", "with space", "a]b", "and", "user", "x1")
_TEXTS = ("red", "blue", "it's", "", "1", "true", "A b", "é", "'", "RED")
_NUMBERS = ("0", "1", "-1", "+7", "2.5", "1.0", "2.50", "1e2", "-3E-1", "100", "9007199254740993")


def _text(value: str) -> Constant:
    return Constant(value, "'" + value.replace("'", "''") + "'")


def _number(spelt: str) -> Constant:
    return Constant(int(spelt) if spelt.lstrip("+-").isdigit() else float(spelt), spelt)


texts = st.sampled_from(_TEXTS).map(_text)
numbers = st.sampled_from(_NUMBERS).map(_number)
constants = st.one_of(texts, numbers, st.booleans().map(lambda value: Constant(value, str(value))))
names = st.one_of(
    st.sampled_from(NAMES).map(Name), st.sampled_from(sorted(_SYSTEM)).map(lambda name: Name(name, True))
)
_operands = st.one_of(names, names, constants)
_tests: st.SearchStrategy[Tree] = st.one_of(
    st.builds(Compared, _operands, st.sampled_from(("=", "<>", "!=")), _operands),
    st.builds(
        Compared,
        st.one_of(names, numbers),
        st.sampled_from(("<", "<=", ">", ">=")),
        st.one_of(names, numbers),
    ),
    st.builds(Listed, _operands, st.lists(constants, min_size=1, max_size=3).map(tuple), st.booleans()),
    st.builds(Null, names, st.booleans()),
)
trees: st.SearchStrategy[Tree] = st.recursive(
    _tests,
    lambda inner: st.one_of(
        st.builds(Not, inner),
        st.builds(Joined, st.sampled_from(("AND", "OR")), st.lists(inner, min_size=2, max_size=3).map(tuple)),
    ),
    max_leaves=8,
)
_moments = st.datetimes(datetime(2020, 1, 1), datetime(2020, 1, 3))  # noqa: DTZ001  the bus takes them so
values = st.one_of(
    st.sampled_from(_TEXTS),
    st.sampled_from(_NUMBERS).map(lambda spelt: _number(spelt).value),
    st.booleans(),
    _moments,
)
messages = st.builds(
    Sent,
    body=st.just(b""),
    subject=st.one_of(st.none(), st.sampled_from(_TEXTS)),
    correlation_id=st.one_of(st.none(), st.sampled_from(_TEXTS)),
    to=st.one_of(st.none(), st.sampled_from(_TEXTS)),
    content_type=st.one_of(st.none(), st.sampled_from(_TEXTS)),
    properties=st.dictionaries(
        st.sampled_from([*NAMES, *(name.upper() for name in NAMES if name != "Größe")]), values
    ),
)


def written(tree: Tree, dice: Random) -> str:
    """The filter as somebody may write it: with more or fewer blanks, brackets and capitals."""
    return _written(tree, dice, 0)


def _written(tree: Tree, dice: Random, binding: int) -> str:
    own, text = _form(tree, dice)
    return f"({_gap(dice)}{text})" if own < binding or dice.random() < 0.1 else text


def _form(tree: Tree, dice: Random) -> tuple[int, str]:
    """How closely it binds, and how it is written."""
    match tree:
        case Joined(word=word):
            own = 1 if word == "OR" else 2
            parts = [_written(inner, dice, own) for inner in tree.inner]
            return own, f" {_word(word, dice)} ".join(parts)
        case Not():
            return 3, f"{_word('NOT', dice)} {_written(tree.inner, dice, 3)}"
        case Null():
            return 4, f"{_spelt(tree.name, dice)} {_denied('IS', 'NULL', tree.is_denied, dice)}"
        case Listed():
            listed = f"{_gap(dice)},{_gap(dice)}".join(choice.spelt for choice in tree.choices)
            word = f"{_word('NOT', dice)} {_word('IN', dice)}" if tree.is_denied else _word("IN", dice)
            return 4, f"{_spelt(tree.operand, dice)} {word}{_gap(dice)}({_gap(dice)}{listed})"
        case Compared():
            gap = _gap(dice)
            return 4, f"{_spelt(tree.left, dice)}{gap}{tree.operator}{gap}{_spelt(tree.right, dice)}"


def _denied(first: str, second: str, is_denied: bool, dice: Random) -> str:
    words = (first, "NOT", second) if is_denied else (first, second)
    return " ".join(_word(word, dice) for word in words)


def _spelt(operand: Constant | Name, dice: Random) -> str:
    if isinstance(operand, Constant):
        return _word(operand.spelt, dice) if isinstance(operand.value, bool) else operand.spelt
    is_plain = operand.name.replace("_", "").isalnum() and operand.name not in ("and", "user")
    name = operand.name if is_plain and dice.random() < 0.7 else f"[{operand.name.replace(']', ']]')}]"
    if operand.is_system:
        return f"{_word('sys', dice)}.{_word(name, dice)}"
    return f"{_word('user', dice)}.{name}" if dice.random() < 0.2 else name


def _word(word: str, dice: Random) -> str:
    return dice.choice((word, word.lower(), word.upper(), word.title()))


def _gap(dice: Random) -> str:
    return dice.choice(("", " ", "  ", "\t", "\n"))
