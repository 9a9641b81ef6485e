"""Reads request bodies: JSON without anything that two readers could take differently."""

import json
from typing import NoReturn

import azure.functions as func

from triggers.problems import Refused

#: Deeper than any input that makes sense, shallower than what exhausts a reader.
DEEPEST = 64
#: What 64 bits hold: not every reader of our JSON knows longer numbers.
LARGEST = 2**63 - 1


class _Odd(ValueError):
    """JSON by the grammar, but not to be relied on."""


def read(request: func.HttpRequest, *, limit: int) -> object:
    """The body's JSON value, None when there is no body; `Refused` says what is wrong and where."""
    body = request.get_body()
    if len(body) > limit:
        raise Refused(413, f"The body has {len(body)} bytes; at most {limit} are taken.")
    if not body.strip():
        return None
    _check_media(request.headers.get("Content-Type", ""), request.headers.get("Content-Encoding", ""))
    return value_of(body)


def value_of(body: bytes) -> object:
    """The JSON value; `Refused` says what is wrong and where."""
    try:
        # A byte order mark is no JSON, but some shells cannot send a file without one.
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Refused(
            400, f"The body is not UTF-8: byte {error.start} is wrong. Send JSON in UTF-8."
        ) from error
    return _parsed(text)


def _check_media(media: str, encoding: str) -> None:
    kind, *parameters = (part.strip().lower() for part in media.split(";"))
    if (
        kind
        and kind != "application/json"
        and not (kind.startswith("application/") and kind.endswith("+json"))
    ):
        raise Refused(415, f"The body is {kind!r}; send JSON, with `Content-Type: application/json`.")
    charset = next(
        (p.partition("=")[2].strip("\"' ") for p in parameters if p.startswith("charset")), "utf-8"
    )
    if charset not in ("utf-8", "utf8", "us-ascii"):
        raise Refused(415, f"The body is in {charset!r}; send JSON in UTF-8.")
    if encoding.strip().lower() not in ("", "identity"):
        raise Refused(415, f"The body is compressed ({encoding!r}); send it as it is.")


def _parsed(text: str) -> object:
    try:
        value = json.loads(
            text, object_pairs_hook=_once, parse_constant=_no_number, parse_int=_whole, parse_float=_finite
        )
        _check_depth(value)
        # Half of a surrogate pair passes the parser and breaks whatever writes it down.
        json.dumps(value, ensure_ascii=False).encode()
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        # Some of its sentences end in the word themselves.
        what = error.msg.removesuffix(" at")
        raise Refused(400, f"The body is not valid JSON: {what} at {where}.") from error
    except _Odd as error:
        raise Refused(400, f"The body's JSON is refused: {error}") from error
    except UnicodeEncodeError as error:
        raise Refused(
            400, "The body's JSON is refused: a text holds half of a character (a lone surrogate)."
        ) from error
    except RecursionError as error:
        raise Refused(400, f"The body's JSON is refused: {_too_deep()}") from error
    return value


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found: dict[str, object] = {}
    for name, value in pairs:
        if name in found:
            raise _Odd(
                f"the key {name[:100]!r} stands twice in one object, and readers differ in which counts."
            )
        found[name] = value
    return found


def _no_number(word: str) -> NoReturn:
    raise _Odd(f"{word} is no JSON number; leave the field out or send null.")


def _whole(digits: str) -> int:
    # int() itself takes time that grows with the square of the length, and refuses thousands of digits.
    if len(digits) > 20 or not -LARGEST <= (number := int(digits)) <= LARGEST:
        raise _Odd(f"the number {digits[:24]}… is beyond 64 bits; send it as text.")
    return number


def _finite(digits: str) -> float:
    number = float(digits)
    if number in (float("inf"), float("-inf")):
        raise _Odd(f"the number {digits[:24]} is beyond what a float holds; send it as text.")
    return number


def _check_depth(value: object) -> None:
    level, depth = [value], 0
    while level := [inner for outer in level if isinstance(outer, dict | list) for inner in _inside(outer)]:
        if (depth := depth + 1) > DEEPEST:
            raise _Odd(_too_deep())


def _inside(outer: dict[str, object] | list[object]) -> list[object]:
    return list(outer.values()) if isinstance(outer, dict) else outer


def _too_deep() -> str:
    return f"it is nested more than {DEEPEST} levels deep."
