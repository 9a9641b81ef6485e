"""What an answer of Azure Tables means, and how long one waits for it."""

from collections.abc import Mapping
from datetime import datetime
from enum import Enum

from dirigent.adapters.services.patience import Patience
from dirigent.adapters.waits import wait_asked


class Verdict(Enum):
    """What an answer says about the request."""

    #: There is such a row, or such a table, already.
    TAKEN = "taken"
    #: The row is not what the etag says.
    CHANGED = "changed"
    NO_ROW = "no row"
    NO_TABLE = "no table"
    TOO_LARGE = "too large"
    #: Whoever asked may not.
    DENIED = "denied"
    #: The same request may work later; it may have been done, too.
    PASSING = "passing"
    #: The same request will never work.
    BROKEN = "broken"


#: Whoever is told to wait longer is told that the store is unavailable: its caller has a schedule of its own.
LONGEST_PAUSE = 8.0

_MEANINGS = {
    "EntityAlreadyExists": Verdict.TAKEN,
    "TableAlreadyExists": Verdict.TAKEN,
    "UpdateConditionNotSatisfied": Verdict.CHANGED,
    "ConditionNotMet": Verdict.CHANGED,
    "ResourceNotFound": Verdict.NO_ROW,
    "EntityNotFound": Verdict.NO_ROW,
    "TableNotFound": Verdict.NO_TABLE,
    "EntityTooLarge": Verdict.TOO_LARGE,
    "RequestBodyTooLarge": Verdict.TOO_LARGE,
    "PropertyValueTooLarge": Verdict.TOO_LARGE,
    "TooManyProperties": Verdict.TOO_LARGE,
    "PropertyLimitExceeded": Verdict.TOO_LARGE,
    # It takes the service most of a minute to forget a table that somebody deleted.
    "TableBeingDeleted": Verdict.PASSING,
    "AccountBeingCreated": Verdict.PASSING,
    "OperationTimedOut": Verdict.PASSING,
    "ServerBusy": Verdict.PASSING,
}


def verdict(status: int | None, code: str) -> Verdict:
    """What the service meant; without a code it was not the service that answered, or nobody did."""
    if (meaning := _MEANINGS.get(code)) is not None:
        return meaning
    if status in (401, 403):
        return Verdict.DENIED
    if status == 413:
        return Verdict.TOO_LARGE
    # Whatever stands between here and the service may know no such page: that is no row's absence.
    if status is None or status < 400 or status in (404, 408, 429) or status >= 500:
        return Verdict.PASSING
    return Verdict.BROKEN


def pause(
    headers: Mapping[str, str], attempt: int, patience: Patience, chance: float, now: datetime
) -> float:
    """Seconds before the next attempt: as many as the service asks for, else more each time."""
    if (wanted := wait_asked(headers, now)) is not None:
        return wanted
    # Half of it is left to chance, so that those who failed together do not come back together.
    return float(patience.pause * 2 ** (attempt - 1) * (0.5 + chance / 2))
