"""Query strings as the management API reads them: names in any case, odd values passed over."""

import logging
import re
from datetime import UTC, datetime

from devhost.engine.errors import InvalidRequest
from devhost.engine.hub import EntityFilter, InstanceFilter
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

_SHORT_YEAR = re.compile(r"\d{1,3}-")


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

    def page_size(self) -> int | None:
        """How many entries a page may have; None when all are wanted."""
        size = self.whole("top")
        if size is not None and size < 1:
            raise InvalidRequest(f"The parameter 'top' must be at least 1, not {size}.")
        return size

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
        bare = text.strip()
        if _SHORT_YEAR.match(bare):
            # The SDK formats with strftime, which may leave out the zeros of datetime.min's year.
            bare = bare.zfill(len(bare) + 4 - bare.index("-"))
        try:
            # A plus sign that nobody escaped has become a blank.
            read = datetime.fromisoformat(bare.replace(" 0", "+0") if "T" in bare else bare)
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
        top=query.page_size(),
        continuation=_continuation(call),
    )


def purge_filter(query: Query) -> InstanceFilter:
    """Which instances a purge asks for; one without a beginning is refused."""
    created_from = query.instant("createdTimeFrom")
    if created_from is None:
        raise InvalidRequest(
            "The parameter 'createdTimeFrom' is missing or is no time: "
            "say from when on to purge, as in createdTimeFrom=2026-01-31T00:00:00Z."
        )
    return InstanceFilter(
        runtime_statuses=query.statuses("runtimeStatus"),
        created_from=created_from,
        created_to=query.instant("createdTimeTo"),
    )


def entity_filter(call: HttpCall, query: Query, name: str) -> EntityFilter:
    """Which entities a listing asks for; an empty name means all."""
    return EntityFilter(
        name=name.lower(),
        last_operation_from=query.instant("lastOperationTimeFrom"),
        last_operation_to=query.instant("lastOperationTimeTo"),
        top=query.page_size(),
        continuation=_continuation(call),
    )


def _continuation(call: HttpCall) -> str | None:
    return call.header("x-ms-continuation-token") or None


def _passed_over(name: str, text: str) -> None:
    # Azure does so too, and answers as if the parameter had not been there.
    logger.warning("The query parameter %s=%r is not understood and is passed over.", name, text)
