"""Values as refusals repeat them: a secret that was put into the wrong variable stays one."""

import re

#: What is longer is no misspelt choice, number or name.
LONGEST = 40
#: How keys, tokens and connection strings begin, and what is in them.
_SECRET = re.compile(r"sk-|AccountKey|sig=|Bearer|=\s*\S{8}", re.IGNORECASE)
#: So many signs in a row are no word, and fewer are none if there are digits among them.
_WORD = 24
_RUN = re.compile(r"[A-Za-z0-9+_~.-]{16,}")


def told(value: str) -> str:
    """The value for people, unless it may be a secret."""
    return f"a text of {len(value)} characters" if may_be_secret(value) else repr(value)


def may_be_secret(value: str) -> bool:
    """Whether that could be a key, or hold one."""
    return len(value) > LONGEST or _SECRET.search(value) is not None or any(map(_is_key, _RUN.findall(value)))


def _is_key(run: str) -> bool:
    return len(run) >= _WORD or any(map(str.isdigit, run))
