"""Replays of many that were begun: Durable is to forget each when its time is over."""

from datetime import datetime

from dirigent.domain.run_ids import keys_between
from dirigent.ports.records import Records, Row, RowExists

TABLE = "redrives"
#: What their ids begin with; an instant and chance follow.
PREFIX = "redrive-"
#: Rows asked for at a time.
PAGE = 500


class Redrives:
    """Remembers replays of many by their ids."""

    def __init__(self, records: Records) -> None:
        self._records = records

    async def note(self, account: str, redrive: str, *, at: datetime) -> None:
        """Remember it; it may be remembered already."""
        try:
            await self._records.insert(TABLE, account, redrive, {"began_at": at})
        except RowExists:
            return

    async def before(self, instant: datetime, *, limit: int) -> tuple[Row, ...]:
        """So many at most of those that any account began before then."""
        first, last = keys_between(None, instant)
        found: list[Row] = []
        token: str | None = None
        while True:
            page = await self._records.query(
                TABLE,
                first=PREFIX + first,
                last=PREFIX + last,
                limit=min(limit - len(found), PAGE),
                token=token,
            )
            found += page.rows
            if (token := page.token) is None or len(found) == limit:
                return tuple(found)

    async def forget(self, row: Row) -> None:
        """Forget it."""
        await self._records.delete(TABLE, row.partition, row.key)
