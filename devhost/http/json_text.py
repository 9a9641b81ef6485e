"""JSON texts as they come in over HTTP and as they lie in the store."""

import json
import sys
from typing import Any

#: Levels of nesting left free below Python's limit: what can just be read here could be listed by nobody.
_ROOM = 250


class BadJson(Exception):
    """A body that is no JSON."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


def parsed(body: bytes) -> Any:
    """What the body says; an empty one says nothing, which is an error too."""
    try:
        return _loaded(body.decode("utf-8-sig"))
    except RecursionError as error:
        raise BadJson("It is nested too deeply.") from error
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise BadJson(f"{error}.") from error
    except ValueError as error:
        # The one thing that is JSON and cannot be read; Python's own words are for programmers.
        most = sys.get_int_max_str_digits()
        raise BadJson(f"A whole number in it has more than {most:,} digits.") from error


def _loaded(text: str) -> Any:
    value = json.loads(text)
    if text.count("[") + text.count("{") > _ROOM:
        json.loads("[" * _ROOM + text + "]" * _ROOM)
    return value


def compact(value: Any) -> str:
    """The value's JSON text, without blanks."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    # Half a surrogate pair can be escaped in JSON, and neither stored nor sent as it is.
    return text if text.isprintable() or _is_unicode(text) else json.dumps(value, separators=(",", ":"))


def _is_unicode(text: str) -> bool:
    return not any("\ud800" <= letter <= "\udfff" for letter in text)


def shown(text: str | None) -> Any:
    """A stored text as clients get to see it: parsed, or as it is when it is no JSON (reasons, failures)."""
    if text is None:
        return None
    bare = text.strip()
    if not bare:
        return ""
    try:
        return _loaded(bare)
    except (ValueError, RecursionError):
        return bare
