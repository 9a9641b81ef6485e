"""Claims of idempotency keys: whoever inserts the claim may start the run, everybody else gets that run."""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from dirigent.ports.records import Records, Row, RowChanged, RowExists, Values
from dirigent.records.unreadable import of_rows

CLAIMS = "claims"


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """Who came first with a key."""

    account: str
    key: str
    run: str
    #: Hash of what was asked for, to notice a key that is used again for something else.
    body: str
    claimed_at: datetime
    #: Its run has opened its record: never to be started again, not even after it was purged.
    started: bool
    etag: str


class Claims:
    """Makes, finds and marks claims."""

    def __init__(self, records: Records) -> None:
        self._records = records

    async def make(self, claim: Claim) -> Claim | None:
        """Claim the key; the claim that was there first, None when this is it."""
        values: Values = {
            "run": claim.run,
            "body": claim.body,
            "claimed_at": claim.claimed_at,
            "started": False,
        }
        try:
            await self._records.insert(CLAIMS, claim.account, claim.key, values)
        except RowExists:
            row = await self._records.get(CLAIMS, claim.account, claim.key)
            # Gone between both calls: retention removed a claim that was due; the key is free again.
            return await self.make(claim) if row is None else _to_claim(row)
        return None

    async def renew(self, claim: Claim, *, at: datetime) -> bool:
        """Take over an abandoned claim, to start its run; False when somebody else was faster."""
        try:
            await self._records.merge(CLAIMS, claim.account, claim.key, {"claimed_at": at}, etag=claim.etag)
        except RowChanged:
            return False
        return True

    async def mark(self, account: str, key: str) -> None:
        """The claim's run has opened its record."""
        row = await self._records.get(CLAIMS, account, key)
        # A claim that is gone stays gone: a mark alone would be a claim of no run.
        if row is None or row.values.get("started") is True:
            return
        try:
            await self._records.merge(CLAIMS, account, key, {"started": True}, etag=row.etag)
        except RowChanged:
            await self.mark(account, key)

    async def forget(self, account: str, key: str, *, run: str) -> None:
        """The key is free again, unless another run has claimed it since."""
        row = await self._records.get(CLAIMS, account, key)
        if row is not None and row.values.get("run") == run:
            try:
                await self._records.delete(CLAIMS, account, key, etag=row.etag)
            except RowChanged:
                # By its run's mark, or by another that claimed the key in between.
                await self.forget(account, key, run=run)


def claim_key(workflow: str, key: str) -> str:
    """A row's key for what a caller chose freely."""
    return sha256(f"{workflow}\n{key}".encode()).hexdigest()


@of_rows("idempotency key")
def _to_claim(row: Row) -> Claim:
    claimed_at = row.values["claimed_at"]
    if not isinstance(claimed_at, datetime):
        raise TypeError(f"The claim {row.key!r} has no instant.")
    return Claim(
        account=row.partition,
        key=row.key,
        run=str(row.values["run"]),
        body=str(row.values["body"]),
        claimed_at=claimed_at,
        started=row.values.get("started") is True,
        etag=row.etag,
    )
