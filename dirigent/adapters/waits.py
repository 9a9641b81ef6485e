"""How long the other side asks us to wait, whichever way it says so."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime

from dirigent.domain.outcomes import LONGEST_RETRY

_NUMBER = re.compile(r"[0-9]+(\.[0-9]*)?|\.[0-9]+", re.ASCII)
_IN_MILLISECONDS = ("retry-after-ms", "x-ms-retry-after-ms")


def wait_asked(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds, more than none and at most a year; None where nothing sensible is said.

    The names of the headers are in small letters.
    """
    milliseconds = (_number(headers.get(name, "")) for name in _IN_MILLISECONDS)
    if (found := next((each for each in milliseconds if each is not None), None)) is not None:
        seconds: float | None = found / 1_000
    else:
        said = headers.get("retry-after", "")
        seconds = _number(said)
        if seconds is None and (until := _instant(said)) is not None:
            # Their clock may be wrong: what they say is meant by the clock they show.
            seconds = (until - (_instant(headers.get("date", "")) or now)).total_seconds()
    return min(seconds, LONGEST_RETRY) if seconds is not None and seconds > 0 else None


def _number(text: str) -> float | None:
    return float(text) if _NUMBER.fullmatch(text := text.strip()) else None


def _instant(text: str) -> datetime | None:
    # It brings half of the mail package along, which a cold start goes without.
    from email.utils import parsedate_to_datetime  # noqa: PLC0415

    try:
        instant = parsedate_to_datetime(text)
        return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
