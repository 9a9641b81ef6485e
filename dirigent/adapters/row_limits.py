"""What a row may hold whichever store keeps it: the narrowest store decides, so that all refuse the same."""

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache

from dirigent.ports.records import LONGEST_TEXT, Value, Values

LONGEST_KEY = 500
MOST_VALUES = 200
LARGEST_ROW = 2**20
#: Bytes that a row takes beside its values: its keys at their longest, and what the store notes of it.
ROW_ITSELF = 3_000
#: Bytes that a value takes beside its name and what it holds.
VALUE_ITSELF = 12
LARGEST_PAGE = 1000
#: Before it, Azure Tables knows no instant.
EARLIEST = datetime(1601, 1, 1, tzinfo=UTC)

_TABLE = re.compile(r"[a-z]{3,63}")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,254}")
# Azure Tables decodes the paths of addresses twice, and keys are part of them: `a%62` would be `ab`.
_NOT_IN_KEYS = re.compile(r"[/\\#?%\x00-\x1f\x7f-\x9f]")
#: What Azure Tables calls a row's own columns, and what this app keeps there beside the values.
_RESERVED = frozenset({"PartitionKey", "RowKey", "Timestamp", "DirigentOrigin", "DirigentMark"})


class RowRefused(ValueError):
    """No store would keep this row as it is."""

    def __init__(self, what: str, limit: str) -> None:
        self.what, self.limit = what, limit
        super().__init__(f"{what} cannot be kept: {limit}.")


@lru_cache(maxsize=100)
def check_table(table: str) -> None:
    """Refuse what is no name of a table."""
    if not _TABLE.fullmatch(table):
        raise RowRefused(f"The table {table!r:.100}", "its name is 3 to 63 small letters from a to z")


def check_key(what: str, key: str) -> None:
    """Refuse what is neither a partition nor a key."""
    # What is refused is described only then: rows come by the thousand, and refusals hardly ever.
    length = len(key) if key.isascii() else _units(f"The {what} {key!r:.100}", key)
    if not 1 <= length <= LONGEST_KEY:
        raise RowRefused(f"The {what} {key!r:.100} of {length} characters", f"it has 1 to {LONGEST_KEY}")
    if found := _NOT_IN_KEYS.search(key):
        limit = rf"it may not hold / \ # ? % and control characters, such as {found[0]!r}"
        raise RowRefused(f"The {what} {key!r:.100}", limit)


def check_limit(limit: int) -> None:
    """Refuse pages that are empty or too large."""
    if not 1 <= limit <= LARGEST_PAGE:
        raise RowRefused(f"A page of {limit} rows", f"it has 1 to {LARGEST_PAGE}")


def check_where(where: Mapping[str, str]) -> None:
    """Refuse filters that no value could pass."""
    for name, text in where.items():
        _check_name(name)
        _units(f"The filter of {name!r}", text)


def checked(values: Values) -> dict[str, Value]:
    """The values as plain as they come back; `RowRefused` names the one that cannot be kept."""
    kept: dict[str, Value] = {}
    for name, value in values.items():
        _check_name(name)
        is_plain = type(value) is str and len(value) <= LONGEST_TEXT and value.isascii()
        kept[name] = value if is_plain else _checked(name, value)
    check_size(kept)
    return kept


def check_size(values: Values) -> None:
    """Refuse a row that holds too many values or too much in all."""
    if len(values) > MOST_VALUES:
        raise RowRefused(f"A row of {len(values)} values", f"it has at most {MOST_VALUES}")
    # No character takes more than four bytes: a row that is small by this measure is not looked at closely.
    most = sum([4 * len(value) if isinstance(value, str) else 8 for value in values.values()])
    if ROW_ITSELF + most + 2 * sum(map(len, values)) + VALUE_ITSELF * len(values) <= LARGEST_ROW:
        return
    size = ROW_ITSELF + sum(value_size(name, value) for name, value in values.items())
    if size > LARGEST_ROW:
        raise RowRefused(
            f"A row of {size} bytes", f"it has at most {LARGEST_ROW}, two for each character of a text"
        )


def value_size(name: str, value: Value) -> int:
    """The bytes of a row that the value takes."""
    return VALUE_ITSELF + 2 * len(name) + (2 * _units("A text", value) if isinstance(value, str) else 8)


@lru_cache(maxsize=1000)
def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name) or name in _RESERVED:
        limit = "a name is an identifier of at most 255 letters, digits and _, and none of a table's own"
        raise RowRefused(f"The value {name!r:.300}", limit)


def _checked(name: str, value: Value) -> Value:
    what = f"The value {name!r}"
    if isinstance(value, str):
        if (length := _units(what, value)) > LONGEST_TEXT:
            raise RowRefused(f"{what} of {length} characters", f"a text has at most {LONGEST_TEXT}")
        return str.__str__(value)
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        if not -(2**63) <= value < 2**63:
            raise RowRefused(what, "a whole number has at most 64 bits")
        return int(value)
    if isinstance(value, float):
        if not math.isfinite(value):
            raise RowRefused(f"{what}, {value},", "a number is finite")
        return float(value)
    return _instant(what, value)


def _instant(what: str, value: object) -> datetime:
    if not isinstance(value, datetime):
        limit = "a value is a text, a number, a truth value or an instant"
        raise RowRefused(f"{what} of type {type(value).__name__}", limit)
    if value.utcoffset() is None:
        raise RowRefused(f"{what}, {value},", "an instant names its offset from UTC")
    try:
        instant = value.astimezone(UTC)
    except OverflowError:
        instant = datetime.min.replace(tzinfo=UTC)
    if instant < EARLIEST:
        raise RowRefused(f"{what}, {value},", "an instant lies in the years 1601 to 9999 in UTC")
    return instant


def _units(what: str, text: str) -> int:
    """The length in UTF-16, in which Azure counts: most characters are one, an emoji is two."""
    if text.isascii():
        return len(text)
    try:
        return len(text.encode("utf-16-le")) // 2
    except UnicodeEncodeError as error:
        limit = f"{text[error.start]!r} is half a character"
        raise RowRefused(what, limit) from error
