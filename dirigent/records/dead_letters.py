"""Dead letters: events that came to nothing, kept until somebody has dealt with them."""

import logging
from collections.abc import Iterator
from datetime import datetime
from hashlib import sha256

from msgspec.structs import replace

from dirigent import codec
from dirigent.domain.dead_letters import (
    Choice,
    DeadLetter,
    State,
    dead_letter_id,
    is_dead_letter_id,
    known_as,
    letters_between,
    replay_id,
)
from dirigent.domain.messages import Message
from dirigent.ports.artifacts import Artifacts
from dirigent.ports.records import Records, Row, RowChanged, RowExists
from dirigent.records.bookmarks import bookmark, place_of
from dirigent.records.letter_rows import letter_of, letter_values, standing_values
from dirigent.records.texts import Texts
from dirigent.records.unreadable import Unreadable

TABLE = "deadletters"
#: Rows asked for at a time.
PAGE = 500

log = logging.getLogger(__name__)


class Kept(Message, frozen=True, kw_only=True):
    """A dead letter as it was read; a change is written over this, and nothing newer."""

    letter: DeadLetter
    etag: str


class LetterPage(Message, frozen=True, kw_only=True):
    """Some dead letters, newest first, and where the next page begins."""

    letters: tuple[DeadLetter, ...] = ()
    token: str | None = None


class NotDiscarded(Exception):
    """The letter is being told again."""

    def __init__(self, letter: DeadLetter) -> None:
        self.letter = letter
        super().__init__(f"The dead letter {letter.id!r} is {letter.state}.")


class DeadLetters:
    """Keeps, finds and changes dead letters."""

    def __init__(self, records: Records, artifacts: Artifacts) -> None:
        self._records, self._artifacts = records, artifacts
        self._texts = Texts(artifacts)

    async def bury(self, letter: DeadLetter, text: str) -> None:
        """Keep the letter with its message's text; told again, it changes nothing.

        A replay that came to nothing reopens the letter it was told from, and one that came before the last
        replay changes nothing. What only says that it is one is a letter of its own.
        """
        if not is_dead_letter_id(letter.id):
            letter = _own(letter)
        while True:
            row = await self._records.get(TABLE, letter.account, letter.id)
            kept = None if row is None else Kept(letter=letter_of(row), etag=row.etag)
            if letter.replays and not (kept and _is_of(kept.letter, letter)):
                letter = _own(letter)
            elif kept is None:
                if await self._added(letter, text):
                    return
            elif not _has_come_back(kept.letter, letter) or await self.change(kept, _reopened(kept, letter)):
                return

    async def _added(self, letter: DeadLetter, text: str) -> bool:
        whole = text.encode("utf-8", "replace").decode()
        # By its content: the same again is the same file.
        digest = sha256(whole.encode()).hexdigest()[:16]
        held = await self._texts.keep(whole, name=f"{_folder(letter)}message-{digest}.txt")
        buried = replace(letter, state=State.OPEN, message=held, error="")
        try:
            await self._records.insert(TABLE, letter.account, letter.id, letter_values(buried))
        except RowExists:
            return False
        return True

    async def find(self, account: str, letter: str) -> Kept | None:
        """The dead letter of that id, None when the account has none."""
        if not is_dead_letter_id(letter):
            return None
        row = await self._records.get(TABLE, account, letter)
        return None if row is None else Kept(letter=letter_of(row), etag=row.etag)

    async def text(self, letter: DeadLetter) -> str:
        """Its message's body; `TextLost` when that is gone."""
        return await self._texts.read(letter.message)

    async def change(self, kept: Kept, letter: DeadLetter) -> str | None:
        """Write how the letter stands now, unless somebody wrote since it was read; the new etag."""
        try:
            return await self._records.merge(
                TABLE, letter.account, letter.id, standing_values(letter), etag=kept.etag
            )
        except RowChanged:
            return None

    async def discard(self, kept: Kept, *, at: datetime) -> DeadLetter:
        """The letter, which nobody needs any more; `NotDiscarded` as long as it is being told again."""
        while (letter := kept.letter).state is not State.DISCARDED:
            # With an error nobody is telling it: it waits for somebody to do so, or to give it up.
            if letter.state is State.REPLAYING and not letter.error:
                raise NotDiscarded(letter)
            discarded = replace(letter, state=State.DISCARDED, updated_at=at)
            if await self.change(kept, discarded) is not None:
                return discarded
            found = await self.find(letter.account, letter.id)
            if found is None:
                return discarded
            kept = found
        return letter

    async def page(
        self, account: str, choice: Choice, *, limit: int = 50, token: str | None = None
    ) -> LetterPage:
        """Letters that fit, newest first, without those that cannot be read."""
        asked = [account, codec.to_json(choice).decode()]
        behind = None if token is None else place_of(token, asked)
        rows, is_last = await self.rows(account, choice, behind=behind, limit=limit)
        following = None if is_last else bookmark(asked, rows[-1].key)
        return LetterPage(letters=tuple(kept.letter for kept in readable(rows)), token=following)

    async def rows(
        self, account: str, choice: Choice, *, behind: str | None = None, limit: int
    ) -> tuple[list[Row], bool]:
        """So many rows that fit, from behind that id on, and whether they are the last."""
        first, last = letters_between(choice.earliest, choice.latest)
        if behind is not None:
            first = max(first, f"{behind} ")
        found: list[Row] = []
        token: str | None = None
        while first <= last:
            page = await self._records.query(
                TABLE,
                partition=account,
                first=first,
                last=last,
                where=_where(choice),
                limit=min(limit - len(found), PAGE),
                token=token,
            )
            found += page.rows
            if (token := page.token) is None:
                break
            if len(found) == limit:
                return found, False
        return found, True

    async def due(
        self, account: str, choice: Choice, batch: str, *, behind: str | None, limit: int
    ) -> tuple[list[Row], bool]:
        """So many rows to be told again, or that the batch has told; whether they are the last."""
        states = (State.OPEN, State.REPLAYING) if choice.state is None else (choice.state,)
        choices = [replace(choice, state=state) for state in states]
        # What it has told already, where it was cut short: it counts, whatever has become of it since.
        choices.append(replace(choice, state=None, batch=batch, category=None, reason=None, cause=None))
        found: dict[str, Row] = {}
        are_all = True
        for each in choices:
            rows, is_last = await self.rows(account, each, behind=behind, limit=limit)
            found |= {row.key: row for row in rows}
            are_all = are_all and is_last
        keys = sorted(found)
        return [found[key] for key in keys[:limit]], are_all and len(keys) <= limit

    async def forget_before(self, instant: datetime, *, limit: int) -> int:
        """Remove so many of any account whose events are older and that nobody dealt with since; how many."""
        first, last = letters_between(None, instant)
        removed, token = 0, None
        while removed < limit:
            page = await self._records.query(TABLE, first=first, last=last, limit=PAGE, token=token)
            for row in page.rows[: limit - removed]:
                removed += await self._forgotten(row, instant)
            if (token := page.token) is None:
                break
        return removed

    async def _forgotten(self, row: Row, instant: datetime) -> bool:
        changed = row.values.get("updated_at")
        if isinstance(changed, datetime) and changed >= instant:
            return False
        try:
            # From here on nobody tells it again. The row goes last: what fails in between is found again.
            gone = {"state": str(State.DISCARDED)}
            etag = await self._records.merge(TABLE, row.partition, row.key, gone, etag=row.etag)
            await self._artifacts.delete_under(f"dead-letters/{row.partition}/{row.key}/")
            await self._records.delete(TABLE, row.partition, row.key, etag=etag)
        except RowChanged:
            return False
        return True


def readable(rows: list[Row]) -> Iterator[Kept]:
    """The rows' letters; one that cannot be read hides no others."""
    for row in rows:
        try:
            yield Kept(letter=letter_of(row), etag=row.etag)
        except Unreadable as error:
            log.warning("The dead letter %s of %s is left out: %s", row.key, row.partition, error)


def _is_of(kept: DeadLetter, told: DeadLetter) -> bool:
    """Whether it tells of a replay of this letter: whoever sends messages can write that into theirs."""
    return (
        told.subscription == kept.subscription
        and known_as(told.event) == known_as(kept.event)
        # A number is written down before its replay is sent.
        and told.replays <= kept.replays
    )


def _own(told: DeadLetter) -> DeadLetter:
    """A letter of its own, by the id that its message has; the replays of that are another event's."""
    event = replay_id(told.event, told.replays) if told.replays else told.event
    made = dead_letter_id(told.subscription, event, told.enqueued_at)
    return replace(told, id=made, event=event, replays=0)


def _has_come_back(kept: DeadLetter, told: DeadLetter) -> bool:
    """Whether it tells of the last replay, and for the first time."""
    return told.replays == kept.replays and kept.state in (State.REPLAYING, State.REPLAYED)


def _reopened(kept: Kept, told: DeadLetter) -> DeadLetter:
    """The letter with its new cause; its message and the replay of many it was part of stay."""
    return replace(
        kept.letter,
        state=State.OPEN,
        source=told.source,
        category=told.category,
        reason=told.reason,
        description=told.description,
        cause=told.cause,
        died_at=told.died_at,
        updated_at=told.updated_at,
        delivery_count=told.delivery_count,
        run=told.run,
        step=told.step,
        error="",
    )


def _folder(letter: DeadLetter) -> str:
    return f"dead-letters/{letter.account}/{letter.id}/"


def _where(choice: Choice) -> dict[str, str]:
    names = ("subscription", "topic", "type", "category", "reason", "cause", "state", "batch")
    where = {name: getattr(choice, name) for name in names}
    return {name: str(value) for name, value in where.items() if value is not None}
