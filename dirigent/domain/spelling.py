"""What somebody may have meant who wrote a name nobody knows."""

from collections.abc import Iterable
from difflib import get_close_matches

#: Comparing takes the product of both lengths; what is longer than this is no misspelt name.
LONGEST = 100
#: Of shorter names, such as `eu` and `us`, nobody can say that one was meant for the other.
_SHORTEST_TWIN = 4


def nearest(written: str, known: Iterable[str]) -> str | None:
    """The known name that is most like the one written, if any is like it."""
    if len(written) > LONGEST:
        return None
    by_lower = {name.lower(): name for name in known}
    found = get_close_matches(written.lower(), by_lower, n=1)
    return by_lower[found[0]] if found else None


def twin(written: str, known: Iterable[str]) -> str | None:
    """The known name that somebody surely meant: one slip away, or the same but for hyphens and a plural."""
    return next((name for name in sorted(known) if name != written and _are_twins(written, name)), None)


def _are_twins(one: str, other: str) -> bool:
    if one.replace("-", "").removesuffix("s") == other.replace("-", "").removesuffix("s"):
        return True
    if min(len(one), len(other)) < _SHORTEST_TWIN:
        return False
    while one and other and one[0] == other[0]:
        one, other = one[1:], other[1:]
    while one and other and one[-1] == other[-1]:
        one, other = one[:-1], other[:-1]
    # One letter too many, too few or another one, or two that changed places; numbers differ on purpose.
    is_slip = max(len(one), len(other)) <= 1 or (len(one) == 2 and one == other[::-1])
    return is_slip and not any(sign.isdigit() for sign in one + other)


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
