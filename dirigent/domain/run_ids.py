"""Ids of runs: the newest sorts first, so that a list of them needs no index."""

from datetime import UTC, datetime, timedelta
from hashlib import sha256

#: Crockford's digits: in the order of their values, none that is mistaken for another.
DIGITS = "0123456789abcdefghjkmnpqrstvwxyz"

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
TIME_BITS, RANDOM_BITS = 45, 80
#: Digits of an id; a child's has more after them.
WIDTH = (TIME_BITS + RANDOM_BITS) // 5
_LATEST = (1 << TIME_BITS) - 1


def new_run_id(now: datetime, dice: int) -> str:
    """An id for a run accepted now; the dice are RANDOM_BITS random bits."""
    return _digits(_LATEST - _milliseconds(now), TIME_BITS) + _digits(dice, RANDOM_BITS)


def accepted_at(run: str) -> datetime:
    """When the run of that id was accepted, to the millisecond."""
    value = 0
    for digit in run[: TIME_BITS // 5]:
        value = value << 5 | DIGITS.index(digit)
    return EPOCH + timedelta(milliseconds=_LATEST - value)


def path_of(step: str, again: int) -> str:
    """The path of a step that was asked so often before."""
    return step if again == 0 else f"{step}#{again}"


def child_id(parent: str, path: str) -> str:
    """The id of the child run at that path of steps: short, and the same at every replay."""
    return f"{parent[:WIDTH]}-{sha256(f'{parent}/{path}'.encode()).hexdigest()[:32]}"


def task_of(run: str) -> str:
    """The id of the run that somebody asked for, of which this one is, at whatever depth, a step."""
    return run[:WIDTH]


def keys_between(earliest: datetime | None, latest: datetime | None) -> tuple[str, str]:
    """The first and last id that a run accepted between both instants may have."""
    newest = _LATEST if latest is None else _milliseconds(latest)
    oldest = 0 if earliest is None else _milliseconds(earliest)
    return (
        _digits(_LATEST - newest, TIME_BITS),
        # Above every digit: whatever follows the time, a child's suffix included, is within.
        _digits(_LATEST - oldest, TIME_BITS) + "~",
    )


def _milliseconds(instant: datetime) -> int:
    return min(max((instant - EPOCH) // timedelta(milliseconds=1), 0), _LATEST)


def _digits(number: int, bits: int) -> str:
    width = bits // 5
    return "".join(DIGITS[(number >> 5 * place) & 31] for place in reversed(range(width)))
