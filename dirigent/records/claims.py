"""Claims of idempotency keys: whoever inserts the claim may start the run, everybody else gets that run."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256

from dirigent.domain.dead_letters import known_as
from dirigent.domain.events import Replay
from dirigent.domain.run_ids import EPOCH
from dirigent.domain.runs import Held
from dirigent.ports.records import Records, Row, RowChanged, RowExists, Value, Values
from dirigent.records.run_rows import held_values
from dirigent.records.unreadable import of_rows

CLAIMS = "claims"
#: Claims whose runs are forgotten, in the order in which they were; each row is one claim's.
MEMORIES, EVENTS = "memories", "events"
#: What the keys of claims of events begin with; those of others are bare hashes.
_EVENT = "event-"
#: Rows asked for at a time.
PAGE = 500


class Standing(StrEnum):
    """Which telling of an event a claim stands for, beside the one that has come."""

    SAME = "same"
    NEWER = "newer"
    OLDER = "older"
    ASIDE = "aside"  #: a replay of another dead letter of the same event: neither came first


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
    #: Of an event: the message, from which a dead letter is made should its run fail.
    message: Held | None = None
    #: How its run had ended when that was forgotten; empty as long as it is not.
    status: str = ""
    #: Of an event: the number of the replay it stands for, and of which dead letter; 0 for the event itself.
    replay: int = 0
    letter: str = ""

    def standing(self, replay: Replay | None) -> Standing:
        """How it stands to the event itself, or to that replay of it."""
        number, letter = (0, "") if replay is None else (replay.number, replay.dead_letter)
        if number and self.replay and letter != self.letter:
            return Standing.ASIDE
        if number == self.replay:
            return Standing.SAME
        return Standing.NEWER if self.replay > number else Standing.OLDER


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
            **held_values("message", claim.message or Held()),
            **({"replay": claim.replay, "letter": claim.letter} if claim.replay else {}),
        }
        try:
            await self._records.insert(CLAIMS, claim.account, claim.key, values)
        except RowExists:
            first = await self.find(claim.account, claim.key)
            # Gone between both calls: retention removed a claim that was due; the key is free again.
            return await self.make(claim) if first is None else first
        return None

    async def find(self, account: str, key: str) -> Claim | None:
        """The claim of the key, None when nobody has made one."""
        row = await self._records.get(CLAIMS, account, key)
        return None if row is None else _to_claim(row)

    async def renew(self, claim: Claim, *, at: datetime, message: Held | None = None) -> bool:
        """Take over an abandoned claim, to start its run; False when somebody else was faster.

        With the message as it came now, where it is an event's.
        """
        values = {"claimed_at": at, **({} if message is None else _message_values(message))}
        try:
            await self._records.merge(CLAIMS, claim.account, claim.key, values, etag=claim.etag)
        except RowChanged:
            return False
        return True

    async def move(self, held: Claim, claim: Claim) -> bool:
        """Have the event's claim stand for another telling and its run, and for nothing it stood for before.

        False when it changed since it was read.
        """
        values: Values = {
            "run": claim.run,
            "body": claim.body,
            "claimed_at": claim.claimed_at,
            "started": False,
            "status": "",
            "replay": claim.replay,
            "letter": claim.letter,
            **_message_values(claim.message or Held()),
        }
        try:
            await self._records.merge(CLAIMS, held.account, held.key, values, etag=held.etag)
        except RowChanged:
            return False
        return True

    async def drop(self, claim: Claim) -> bool:
        """Free the key of a claim that nobody will take up; False when it changed since it was read."""
        try:
            await self._records.delete(CLAIMS, claim.account, claim.key, etag=claim.etag)
        except RowChanged:
            return False
        return True

    async def mark(self, account: str, key: str, *, run: str) -> None:
        """The run has opened its record; a claim that stands for another run is none of its business."""
        row = await self._records.get(CLAIMS, account, key)
        # A claim that is gone stays gone: a mark alone would be a claim of no run.
        if row is None or row.values.get("run") != run or row.values.get("started") is True:
            return
        try:
            await self._records.merge(CLAIMS, account, key, {"started": True}, etag=row.etag)
        except RowChanged:
            await self.mark(account, key, run=run)

    async def forget(self, account: str, key: str, *, run: str) -> None:
        """The key is free again, unless another run has claimed it since."""
        row = await self._records.get(CLAIMS, account, key)
        if row is not None and row.values.get("run") == run:
            try:
                await self._records.delete(CLAIMS, account, key, etag=row.etag)
            except RowChanged:
                # By its run's mark, or by another that claimed the key in between.
                await self.forget(account, key, run=run)

    async def outlive(self, account: str, key: str, *, run: str, status: str, at: datetime) -> None:
        """Its run is being forgotten: a message's claim stays a while, others go with the run."""
        if not is_of_event(key):
            await self.forget(account, key, run=run)
            return
        # First: a claim that nobody would ever look for again must not be left behind.
        values: Values = {"account": account, "claim": key, "run": run}
        await self._records.merge(MEMORIES, EVENTS, f"{_stamp(at)}-{run}", values)
        while (row := await self._records.get(CLAIMS, account, key)) and row.values.get("run") == run:
            left: Values = {"started": True, "status": status, **_message_values(Held())}
            try:
                await self._records.merge(CLAIMS, account, key, left, etag=row.etag)
            except RowChanged:
                continue
            return

    async def forget_before(self, instant: datetime, *, limit: int) -> int:
        """Remove so many claims of events whose runs were forgotten before the instant; how many."""
        removed = 0
        while removed < limit:
            page = await self._records.query(
                MEMORIES, partition=EVENTS, last=_stamp(instant), limit=min(limit - removed, PAGE)
            )
            if not page.rows:
                break
            for row in page.rows:
                await self._forget_memory(row)
                removed += 1
        return removed

    async def _forget_memory(self, row: Row) -> None:
        values = row.values
        # One that somebody spoilt names no claim any more; it must not keep the others from going.
        if values.keys() >= {"account", "claim", "run"}:
            await self.forget(str(values["account"]), str(values["claim"]), run=str(values["run"]))
        await self._records.delete(MEMORIES, row.partition, row.key)


def claim_key(workflow: str, key: str) -> str:
    """A row's key for what a caller chose freely."""
    return sha256(f"{workflow}\n{key}".encode()).hexdigest()


def event_key(subscription: str, message: str) -> str:
    """A row's key for an event, by its first id, and for all its replays; no caller can choose the same."""
    return _EVENT + sha256(f"{subscription}\n{known_as(message)}".encode("utf-8", "replace")).hexdigest()


def is_of_event(key: str) -> bool:
    """Whether it is the key of a message's claim."""
    return key.startswith(_EVENT)


def message_folder(run: str) -> str:
    """Where a long message lies that is to start the run, or has."""
    return f"events/{run}/"


def _message_values(message: Held) -> dict[str, Value]:
    # Both are written: what a former message had must not show through.
    return {"message_text": message.text or "", "message_artifact": message.artifact or ""}


def _stamp(instant: datetime) -> str:
    """In the order of time."""
    return f"{max((instant - EPOCH) // timedelta(milliseconds=1), 0):014x}"


def _to_message(row: Row) -> Held | None:
    text, artifact = row.values.get("message_text"), row.values.get("message_artifact")
    if not text and not artifact:
        return None
    return Held(text=str(text) if text else None, artifact=str(artifact) if artifact else None)


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
        message=_to_message(row),
        status=str(row.values.get("status", "")),
        replay=int(str(row.values.get("replay", 0))),
        letter=str(row.values.get("letter", "")),
    )
