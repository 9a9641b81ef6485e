"""What is kept but cannot be understood: spoilt by somebody, or written by another version of the app."""

from collections.abc import Callable
from functools import wraps
from typing import TypeVar

from dirigent.ports.records import Row

Read = TypeVar("Read")

#: What a row that is not as it was written makes its reader stumble over.
_STUMBLES = (KeyError, TypeError, ValueError, AttributeError)


class Unreadable(Exception):
    """It was kept, and cannot be read any more."""

    def __init__(self, what: str, why: str) -> None:
        self.what, self.why = what, why
        super().__init__(f"{what} cannot be read any more: {why}.")


def of_rows(kind: str) -> Callable[[Callable[[Row], Read]], Callable[[Row], Read]]:
    """Decorates who reads such a thing from a row: a row that cannot be read is `Unreadable`."""

    def decorated(read: Callable[[Row], Read]) -> Callable[[Row], Read]:
        @wraps(read)
        def reading(row: Row) -> Read:
            try:
                return read(row)
            except _STUMBLES as error:
                why = f"it was spoilt, or another version of the app has written it ({error!r:.200})"
                raise Unreadable(f"The record of the {kind} {row.key!r}", why) from error

        return reading

    return decorated
