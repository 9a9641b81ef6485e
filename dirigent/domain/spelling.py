"""What somebody may have meant who wrote a name nobody knows."""

from collections.abc import Iterable
from difflib import get_close_matches

#: Comparing takes the product of both lengths; what is longer than this is no misspelt name.
LONGEST = 100


def nearest(written: str, known: Iterable[str]) -> str | None:
    """The known name that is most like the one written, if any is like it."""
    if len(written) > LONGEST:
        return None
    by_lower = {name.lower(): name for name in known}
    found = get_close_matches(written.lower(), by_lower, n=1)
    return by_lower[found[0]] if found else None


def suggestion(written: str, known: Iterable[str], *, kind: str) -> str:
    """The end of a sentence that says a name is not known: the one probably meant, else all there are."""
    names = sorted(set(known))
    meant = nearest(written, names)
    if meant is not None:
        return f"did you mean {meant!r}?"
    if not names:
        return "there are none."
    more = f" and {len(names) - 20} more" if len(names) > 20 else ""
    return f"{kind} are {', '.join(map(repr, names[:20]))}{more}."
