"""Query strings as the management API reads them: names in any case, odd values passed over."""

import logging
from datetime import UTC, datetime

from devhost.engine.hub import InstanceFilter
from devhost.functions.http_exchange import HttpCall

logger = logging.getLogger(__name__)

STATUSES = (
    "Running",
    "Completed",
    "ContinuedAsNew",
    "Failed",
    "Canceled",
    "Terminated",
    "Pending",
    "Suspended",
)


class Query:
    """One call's query."""

    def __init__(self, call: HttpCall) -> None:
        self._values: dict[str, list[str]] = {}
        for name, value in call.query:
            self._values.setdefault(name.lower(), []).append(value)

    def text(self, name: str) -> str | None:
        """The value, several joined by commas; None when it is not there."""
        values = self._values.get(name.lower())
        return None if values is None else ",".join(values)

    def truth(self, name: str, *, otherwise: bool) -> bool:
        text = (self.text(name) or "").strip().lower()
        return text == "true" if text in {"true", "false"} else otherwise

    def whole(self, name: str) -> int | None:
        text = self.text(name)
        if text is None:
            return None
        bare = text.strip()
        if bare.isascii() and bare.removeprefix("-").isdecimal() and len(bare) < 11:
            return int(bare)
        _passed_over(name, text)
        return None

    def seconds(self, name: str) -> float | None:
        text = self.text(name)
        if text is None:
            return None
        try:
            return float(text)
        except ValueError:
            _passed_over(name, text)
            return None

    def instant(self, name: str) -> datetime | None:
        """An aware instant; one without an offset is meant in UTC."""
        text = self.text(name)
        if text is None:
            return None
        try:
            # A plus sign that nobody escaped has become a blank.
            read = datetime.fromisoformat(text.strip().replace(" 0", "+0") if "T" in text else text.strip())
            return (read if read.tzinfo else read.replace(tzinfo=UTC)).astimezone(UTC)
        except (ValueError, OverflowError):
            _passed_over(name, text)
            return None

    def statuses(self, name: str) -> frozenset[str]:
        asked = [word.strip() for word in (self.text(name) or "").split(",") if word.strip()]
        for word in asked:
            if word not in STATUSES:
                _passed_over(name, word)
        return frozenset(asked) & frozenset(STATUSES)


def instance_filter(call: HttpCall, query: Query) -> InstanceFilter:
    """Which instances a listing asks for."""
    return InstanceFilter(
        runtime_statuses=query.statuses("runtimeStatus"),
        created_from=query.instant("createdTimeFrom"),
        created_to=query.instant("createdTimeTo"),
        id_prefix=query.text("instanceIdPrefix") or "",
        top=query.whole("top"),
        continuation=call.header("x-ms-continuation-token") or None,
    )


def _passed_over(name: str, text: str) -> None:
    # Azure does so too, and answers as if the parameter had not been there.
    logger.warning("The query parameter %s=%r is not understood and is passed over.", name, text)
