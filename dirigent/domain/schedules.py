"""Whether a text is a schedule, as Azure's timers read them: five or six NCRONTAB fields, or an interval."""

import re

_MONTHS = (
    *("january", "february", "march", "april", "may", "june", "july"),
    *("august", "september", "october", "november", "december"),
)
_DAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
#: Lowest and highest value of each field, and the names it takes, of which the first letters will do.
_FIELDS: tuple[tuple[int, int, tuple[str, ...]], ...] = (
    (0, 59, ()),
    (0, 59, ()),
    (0, 23, ()),
    (1, 31, ()),
    (1, 12, _MONTHS),
    (0, 6, _DAYS),
)
_INTERVAL = re.compile(
    r"(?:[0-9]{1,4}\.)?(?:[01]?[0-9]|2[0-3]):[0-5]?[0-9](?::[0-5]?[0-9])?"
    # .NET takes three numbers of which the first is no hour for days, hours and minutes.
    r"|[0-9]{1,4}:(?:[01]?[0-9]|2[0-3]):[0-5]?[0-9]"
)
_PART = re.compile(
    r"(?:\*|(?P<low>[a-z]+|[0-9]{1,4})(?:-(?P<high>[a-z]+|[0-9]{1,4}))?)(?:/0{0,2}[1-9][0-9]{0,2})?"
)


def is_schedule(text: str) -> bool:
    """Whether a timer can be set by it; whether it ever comes due is not looked at."""
    if _INTERVAL.fullmatch(text):
        return any(sign in text for sign in "123456789")
    fields = text.lower().split()
    if len(fields) not in (len(_FIELDS) - 1, len(_FIELDS)):
        return False
    limits = _FIELDS[len(_FIELDS) - len(fields) :]
    return all(
        _fits(part, *limit) for field, limit in zip(fields, limits, strict=True) for part in field.split(",")
    )


def _fits(part: str, least: int, most: int, names: tuple[str, ...]) -> bool:
    found = _PART.fullmatch(part)
    if found is None:
        return False
    return all(_is_value(end, least, most, names) for end in (found["low"], found["high"]) if end is not None)


def _is_value(text: str, least: int, most: int, names: tuple[str, ...]) -> bool:
    if text.isdecimal():
        return least <= int(text) <= most
    return any(name.startswith(text) for name in names)
