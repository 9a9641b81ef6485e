"""Small rows that survive: what runs leave behind, claims, ledgers."""

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from dirigent.domain.messages import Message

#: Strings hold at most LONGEST_TEXT characters.
Value = str | int | float | bool | datetime
Values = Mapping[str, Value]

LONGEST_TEXT = 32_000


class Row(Message, frozen=True, kw_only=True):
    """One row as it was read."""

    partition: str
    key: str
    values: dict[str, Value]
    #: Changes with every write.
    etag: str


class Page(Message, frozen=True, kw_only=True):
    """Some rows, in the order of partition and key."""

    rows: tuple[Row, ...]
    #: Where the next page begins; None when this is the last.
    token: str | None = None


class Write(Message, frozen=True, kw_only=True):
    """What one row is to hold."""

    table: str
    partition: str
    key: str
    values: dict[str, Value]


class RowExists(Exception):
    """There is a row of that key already."""


class RowChanged(Exception):
    """Somebody wrote or deleted the row since it was read.

    Where an answer was lost on the way, that may have been the very write which is told so: read the row.
    """


class TokenRefused(ValueError):
    """The token was not given out for this query."""

    def __init__(self, token: str) -> None:
        self.token = token
        super().__init__(
            f"The token {token!r:.100} is of another query or of nobody: ask for the first page."
        )


class RecordsUnavailable(Exception):
    """The store did not answer; later it may."""


class Records(Protocol):
    """Tables of rows found by partition and key; named in small letters, they come into being by use.

    Partitions and keys are 1 to 500 characters without `/ \\ # ?` and control characters (ValueError).
    A row that somebody spoilt comes back without values, so that it hides no others.
    """

    async def insert(self, table: str, partition: str, key: str, values: Values) -> str:
        """Add a row and return its etag; `RowExists` when it is there."""

    async def get(self, table: str, partition: str, key: str) -> Row | None:
        """The row, None when there is none."""

    async def merge(
        self, table: str, partition: str, key: str, values: Values, *, etag: str | None = None
    ) -> str:
        """Set these values and leave the others, creating the row if need be; the new etag.

        With an etag: only if the row still has it, else `RowChanged`. Without one it may be applied again
        later, over what others wrote meanwhile: that is for values that are safe to write twice.
        """

    async def insert_then_merge(self, first: Write, second: Write, *, etag: str) -> str:
        """`insert` the first, then `merge` the second by the etag; the second's new etag.

        At once where the store can, never the second without the first: after `RowExists` neither is written,
        after `RowChanged` the first is, and after `RecordsUnavailable` it may be.
        """

    async def delete(self, table: str, partition: str, key: str, *, etag: str | None = None) -> None:
        """Remove the row; it may be gone already.

        With an etag: not if it was written since, which is `RowChanged`.
        """

    async def query(
        self,
        table: str,
        *,
        partition: str | None = None,
        first: str | None = None,
        last: str | None = None,
        where: Mapping[str, str] | None = None,
        limit: int = 100,
        token: str | None = None,
    ) -> Page:
        """Rows whose key is within [first, last] and whose values equal `where`.

        Of any partition unless told. A token of another query, or of nobody, is `TokenRefused`.
        A page may be short, even empty, before the last.
        """

    def close(self) -> None:
        """Finish what was asked for and let go of the store; the next operation opens it again."""
