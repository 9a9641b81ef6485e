"""Filters of subscriptions: a text in the language that Service Bus calls SQL filters."""

import re
from collections.abc import Iterator, Mapping
from math import isfinite

from dirigent.domain.events import Property
from dirigent.domain.messages import Message

#: Characters that Service Bus takes.
LONGEST = 1_024

_NAME = r"[^\W\d_]\w*"
_WORD = re.compile(_NAME)
_TOKEN = re.compile(
    rf"""
    (?P<blank>[ \t\r\n]+)
  | (?P<word>{_NAME})
  | (?P<bracketed>\[(?:[^\]]|\]\])++\])
  | (?P<text>'(?:[^']|'')*+')
  | (?P<number>[+-]?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?(?![\w.]))
  | (?P<compare><>|!=|<=|>=|=|<|>)
  | (?P<sign>[(),.])
    """,
    re.VERBOSE,
)
_KEYWORDS = frozenset(("and", "or", "not", "in", "is", "null", "true", "false"))
_UNKNOWN_WORDS = frozenset(("like", "escape", "exists"))
_SCOPES = frozenset(("user", "sys"))
#: Bare, they may begin something else to Service Bus.
_FUNCTIONS = frozenset(("newid", "property", "p"))
_RESERVED = _KEYWORDS | _UNKNOWN_WORDS | _SCOPES | _FUNCTIONS
_SYSTEM = ("MessageId", "CorrelationId", "Label", "To", "ReplyTo", "SessionId", "ContentType")
_LARGEST, _SMALLEST = 2**63 - 1, -(2**63)

_KNOWN = "use =, <>, <, <=, >, >=, IN and IS NULL, with AND, OR and NOT"
_SIGNS = {
    "'": "A text does not end: close it with ', and double each ' within it",
    "[": "A name in brackets does not end: close it with ], and double each ] within it",
    '"': "Double quotes are not known: write texts in single quotes and names in square brackets",
    "@": "Parameters are not known: write the value itself",
    **dict.fromkeys("+-*/%", f"Arithmetic is not known: {_KNOWN}"),
}


class Clause(Message, frozen=True, kw_only=True):
    """One test of a filter: which properties it looks at, and what texts it holds them against."""

    #: The message's own, in small letters; those of the system are none of them.
    properties: frozenset[str]
    #: Of these, the ones that stand alone, without brackets or `user.` before them; as they are written.
    bare: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()


class _Wrong(Exception):
    def __init__(self, position: int, sentence: str) -> None:
        self.position, self.sentence = position, sentence
        super().__init__(sentence)


def problem(text: str) -> str | None:
    """What is wrong with the filter, where, and what to write; None for one that can be used."""
    if len(text) > LONGEST:
        return f"Is {len(text):,} characters long: shorten it to {LONGEST:,}."
    try:
        _Reader(text).read()
    except _Wrong as wrong:
        return f"{wrong.sentence} (character {wrong.position + 1})."
    return None


def clauses(text: str) -> tuple[Clause, ...]:
    """The tests of a filter in which nothing is wrong, in their order."""
    found: list[Clause] = []
    one: list[_Token] = []
    for token in _Reader(text).tokens():
        if token.kind in ("and", "or", "end"):
            found.append(_clause(one))
            one = []
        else:
            one.append(token)
    return tuple(found)


def equalling(properties: Mapping[str, Property]) -> str:
    """The filter by which all these properties have these values."""
    return " AND ".join(f"{_named(name)} = {_valued(value)}" for name, value in properties.items())


def _named(name: str) -> str:
    if name.isascii() and _WORD.fullmatch(name) and name.lower() not in _RESERVED:
        return name
    return f"[{name.replace(']', ']]')}]"


def _valued(value: Property) -> str:
    if isinstance(value, str):
        return f"'{value.replace(chr(39), chr(39) * 2)}'"
    return str(value).upper() if isinstance(value, bool) else str(value)


class _Token:
    """A word, a value or a sign, and where it stands."""

    __slots__ = ("kind", "position", "text")

    def __init__(self, kind: str, text: str, position: int) -> None:
        self.kind, self.text, self.position = kind, text, position


def _clause(tokens: list[_Token]) -> Clause:
    kinds = ["", *(token.kind for token in tokens), ""]
    own: set[str] = set()
    bare: list[str] = []
    for place, token in enumerate(tokens):
        before, after = kinds[place], kinds[place + 2]
        if token.kind not in ("name", "bracketed") or after == ".":
            continue
        if before != ".":
            own.add(_bare(token).lower())
            bare += [token.text] if token.kind == "name" else []
        elif tokens[place - 2].text.lower() == "user":
            own.add(_bare(token).lower())
    texts = tuple(token.text[1:-1].replace("''", "'") for token in tokens if token.kind == "text")
    return Clause(properties=frozenset(own), bare=tuple(bare), texts=texts)


def _bare(name: _Token) -> str:
    return name.text[1:-1].replace("]]", "]") if name.kind == "bracketed" else name.text


class _Reader:
    """Goes through the text once, without recursion: brackets are counted."""

    def __init__(self, text: str) -> None:
        self._text, self._at = text, 0
        self._token = self._next()

    def read(self) -> None:
        """Raise what is wrong."""
        depth = 0
        while True:
            while self._is("not") or self._is("("):
                depth += self._token.text == "("
                self._advance()
            self._test()
            while depth and self._is(")"):
                depth -= 1
                self._advance()
            if not (self._is("and") or self._is("or")):
                break
            self._advance()
        if self._token.kind != "end" or depth:
            self._refuse("AND, OR or a bracket" if depth else "AND or OR")

    def tokens(self) -> Iterator[_Token]:
        """All that stands there, and the end."""
        while self._token.kind != "end":
            yield self._token
            self._advance()
        yield self._token

    def _test(self) -> None:
        left = self._token
        self._operand()
        if self._token.kind == "compare":
            operator = self._token
            self._advance()
            right = self._token
            self._operand()
            self._ordered(operator, left, right)
        elif self._is("is"):
            if left.kind not in ("name", "bracketed"):
                raise _Wrong(left.position, "Only a property IS NULL or IS NOT NULL: name one")
            self._advance()
            if self._is("not"):
                self._advance()
            self._expect("null", "NULL")
        else:
            if self._is("not"):
                self._advance()
            self._expect("in", "=, another comparison, IN or IS NULL")
            self._choices()

    def _ordered(self, operator: _Token, left: _Token, right: _Token) -> None:
        if operator.text not in ("=", "<>", "!=") and {left.kind, right.kind} & {"text", "true", "false"}:
            why = "Only numbers are more or less than others: compare texts, TRUE and FALSE with =, <> or IN"
            raise _Wrong(operator.position, why)

    def _choices(self) -> None:
        self._expect("(", "an opening bracket")
        self._constant()
        while self._is(","):
            self._advance()
            self._constant()
        self._expect(")", "a comma or a closing bracket")

    def _operand(self) -> None:
        if self._token.kind == "name":
            self._property()
        elif self._token.kind == "bracketed":
            self._advance()
        else:
            self._constant()

    def _property(self) -> None:
        scope = self._token
        self._advance()
        if not self._is("."):
            self._check_bare(scope)
            return
        self._advance()
        name = self._token
        if name.kind not in ("name", "bracketed"):
            self._refuse("the name of a property")
        self._advance()
        if scope.text.lower() not in _SCOPES:
            raise _Wrong(scope.position, f"{scope.text!r} is no scope: write `user.` or `sys.` before a name")
        bare = _bare(name)
        if scope.text.lower() == "sys" and bare.casefold() not in map(str.casefold, _SYSTEM):
            known = ", ".join(f"sys.{name}" for name in _SYSTEM)
            raise _Wrong(name.position, f"Nothing is called 'sys.{bare}': write one of {known}")

    def _check_bare(self, name: _Token) -> None:
        if name.text.lower() in _SCOPES:
            why = f"{name.text!r} names a scope: write [{name.text}], or a dot and a name behind it"
            raise _Wrong(name.position, why)

    def _constant(self) -> None:
        token = self._token
        if token.kind == "null":
            raise _Wrong(token.position, "Nothing equals NULL: write IS NULL or IS NOT NULL")
        if token.kind not in ("text", "number", "true", "false"):
            self._refuse("a property, a text in single quotes, a number, TRUE or FALSE")
        if token.kind == "number":
            value = float(token.text) if set(token.text) & set(".eE") else int(token.text)
            if not (_SMALLEST <= value <= _LARGEST if isinstance(value, int) else isfinite(value)):
                raise _Wrong(token.position, f"The number is too large: write one within {_LARGEST}")
        self._advance()

    def _is(self, kind: str) -> bool:
        return self._token.kind == kind

    def _expect(self, kind: str, says: str) -> None:
        if not self._is(kind):
            self._refuse(says)
        self._advance()

    def _refuse(self, wanted: str) -> None:
        token = self._token
        if token.kind == "end":
            raise _Wrong(token.position, f"It ends where {wanted} must follow: write that")
        if token.kind == "number" and token.text[0] in "+-":
            raise _Wrong(token.position, _SIGNS[token.text[0]])
        raise _Wrong(token.position, f"{token.text[:40]!r} stands where {wanted} must: {_KNOWN}")

    def _advance(self) -> None:
        self._token = self._next()

    def _next(self) -> _Token:
        while (found := _TOKEN.match(self._text, self._at)) is not None:
            position, self._at = self._at, found.end()
            kind, text = str(found.lastgroup), found[0]
            if kind == "word":
                return self._word(text, position)
            if kind != "blank":
                return _Token(text if kind == "sign" else kind, text, position)
        if self._at == len(self._text):
            return _Token("end", "", self._at)
        sign = self._text[self._at]
        no_number = "This is no number: write digits, with a point and an exponent at most, then a blank"
        known = no_number if sign.isdecimal() else f"{sign!r} has no meaning here: {_KNOWN}"
        raise _Wrong(self._at, _SIGNS.get(sign, known))

    def _word(self, text: str, position: int) -> _Token:
        if text.lower() in _UNKNOWN_WORDS:
            raise _Wrong(position, f"{text.upper()} is not known: {_KNOWN}")
        if not all(sign == "_" or sign.isalpha() or sign.isdecimal() for sign in text):
            raise _Wrong(
                position, f"{text!r} holds more than letters and digits: write it in square brackets"
            )
        return _Token(text.lower() if text.lower() in _KEYWORDS else "name", text, position)
