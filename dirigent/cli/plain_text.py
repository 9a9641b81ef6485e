"""Text from elsewhere, rid of what would steer a terminal or show letters in another order."""

import re

#: Controls but newline and tab (escape begins what terminals obey), and what turns the order of letters.
_STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def plain(text: str) -> str:
    """The text without them."""
    return _STEERING.sub("", text)


def escaped(json_text: str) -> str:
    """JSON that holds them as escapes: the same value, and nothing a terminal obeys."""
    # JSON's own newlines are no part of a value; within one, all below a blank stand as escapes already.
    return _STEERING.sub(lambda found: f"\\u{ord(found[0]):04x}", json_text)
