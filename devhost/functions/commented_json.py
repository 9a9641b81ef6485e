"""JSON as .NET reads it: with comments and trailing commas."""

import json
import re
from typing import Any

# A string is matched first, so that `//` inside an address stays.
_PIECES = re.compile(r'"(?:\\.|[^"\\\n])*"|//[^\n]*|/\*.*?\*/', re.DOTALL)
_TRAILING_COMMA = re.compile(r'"(?:\\.|[^"\\\n])*"|,(?=\s*[}\]])')


def parse(text: str) -> Any:
    """The value of a JSON text; errors are JSONDecodeErrors that name the right line."""
    text = text.removeprefix("\ufeff")
    return json.loads(_TRAILING_COMMA.sub(_blank_unless_string, _PIECES.sub(_blank_unless_string, text)))


def line_of(text: str, key: str) -> int | None:
    """The line on which a member of that name first stands."""
    found = re.search(re.escape(json.dumps(key)) + r"\s*:", text)
    return text.count("\n", 0, found.start()) + 1 if found else None


def _blank_unless_string(piece: re.Match[str]) -> str:
    found = piece.group()
    # Line breaks stay: they keep the line numbers of later errors right.
    return found if found.startswith('"') else re.sub(r"[^\n]", " ", found)
