"""The text of SQL filters: its grammar, and what is wrong with what does not follow it."""

from functools import cache
from typing import Any

#: Characters that Service Bus takes.
LONGEST = 1_024

_REST = "this host knows =, <>, !=, <, <=, >, >=, IN, IS NULL, AND, OR and NOT, with properties and constants"


_GRAMMAR = r"""
?start: either
?either: both (_OR both)*
?both: denial (_AND denial)*
?denial: _NOT denial -> denied
    | test
?test: operand COMPARISON operand -> compared
    | operand _IN _choices -> listed
    | operand _NOT _IN _choices -> unlisted
    | property _IS _NULL -> absent
    | property _IS _NOT _NULL -> present
    | "(" either ")"
_choices: "(" constant ("," constant)* ")"
?operand: property | constant
property: NAME ["." (NAME | BRACKETED)] | BRACKETED
constant: TEXT | NUMBER | TRUTH

%declare _AND _OR _NOT _IN _IS _NULL TRUTH
COMPARISON: /<>|!=|<=|>=|=|<|>/
NAME: /[^\W\d_]\w*/
BRACKETED: /\[(?:[^\]]|\]\])++\]/
TEXT: /'(?:[^']|'')*+'/
NUMBER: /[+-]?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?(?![\w.])/
BLANK: /[ \t\r\n]+/
%ignore BLANK
"""
_KEYWORDS = {
    **{word: f"_{word.upper()}" for word in ("and", "or", "not", "in", "is", "null")},
    "true": "TRUTH",
    "false": "TRUTH",
}


class BadFilter(ValueError):
    """The filter cannot be read; the sentence says where and what to write."""

    def __init__(self, text: str, position: int, why: str, remedy: str) -> None:
        self.text, self.position = text, position
        super().__init__(f"The filter {text[:200]!r} cannot be read: {why} (character {position}); {remedy}.")


def tree_of(text: str) -> Any:
    """What stands in the text, as a tree of lark's; `BadFilter`."""
    import lark  # noqa: PLC0415  it takes a while, and few apps have filters

    if len(text) > LONGEST:
        why = f"it is {len(text):,} characters long"
        raise BadFilter(text, LONGEST + 1, why, f"shorten it to {LONGEST:,}, which is what Service Bus takes")
    try:
        return _parser().parse(text)
    except lark.UnexpectedCharacters as odd:
        position: Any = odd.pos_in_stream  # lark does not say that it is a number
        raise _bad_sign(text, position) from None
    except lark.UnexpectedToken as odd:
        raise _bad_word(text, odd.token) from None
    except _Reserved as reserved:
        raise BadFilter(text, reserved.position, reserved.why, reserved.remedy) from None


@cache
def _parser() -> Any:
    import lark  # noqa: PLC0415  as above

    # The basic lexer: to the other one a keyword is a name wherever no keyword may stand.
    return lark.Lark(_GRAMMAR, parser="lalr", lexer="basic", lexer_callbacks={"NAME": _named})


class _Reserved(Exception):
    """A word that is no name; the lexer does not know in which text."""

    def __init__(self, position: int, why: str, remedy: str) -> None:
        self.position, self.why, self.remedy = position, why, remedy
        super().__init__(why)


def _named(token: Any) -> Any:
    word = str(token)
    if word.lower() in ("like", "escape", "exists"):
        raise _Reserved(token.start_pos + 1, f"{word.upper()} is not known", _REST)
    # Python's words hold other numerals, too; Service Bus's only letters, decimal digits and underscores.
    if not all(sign == "_" or sign.isalpha() or sign.isdecimal() for sign in word):
        remedy = "write it in square brackets"
        raise _Reserved(token.start_pos + 1, f"{word!r} holds more than letters and digits", remedy)
    keyword = _KEYWORDS.get(word.lower())
    return token if keyword is None else token.update(type=keyword)


def _bad_sign(text: str, position: int) -> BadFilter:
    sign = text[position]
    at = position + 1
    if sign in "'[":
        return BadFilter(text, at, f"what begins with {sign} does not end", "close it, or double the sign")
    if sign == '"':
        remedy = "write texts in single quotes and names in square brackets"
        return BadFilter(text, at, "double quotes are not known", remedy)
    if sign == "@":
        return BadFilter(text, at, "parameters are not known", "write the value itself")
    if sign in "+-*/%":
        return BadFilter(text, at, f"arithmetic such as {sign} is not known", _REST)
    if sign.isdecimal():
        remedy = "write digits, with a point and an exponent at most, and a blank behind them"
        return BadFilter(text, at, "this is no number", remedy)
    return BadFilter(
        text, at, f"{sign!r} has no meaning here", "remove it, or write names in square brackets"
    )


def _bad_word(text: str, token: Any) -> BadFilter:
    if token.type == "$END":
        return BadFilter(text, len(text) + 1, "it ends too early", "write what is missing")
    word, at = str(token), token.start_pos + 1
    if token.type == "_NULL":
        return BadFilter(text, at, "NULL cannot be compared with", "write IS NULL or IS NOT NULL")
    if token.type == "LPAR" and text[: token.start_pos].rstrip()[-1:].isalnum():
        return BadFilter(text, at, "functions are not known", _REST)
    if token.type == "NUMBER" and word[0] in "+-":
        return BadFilter(text, at, f"arithmetic such as {word[0]} is not known", _REST)
    return BadFilter(
        text, at, f"{word!r} cannot stand here", "write tests such as color = 'red' AND size > 2"
    )
