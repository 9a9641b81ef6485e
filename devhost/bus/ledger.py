"""What the state file knows of the bus: every message once, wherever it lies."""

from collections import Counter
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from devhost.bus.contents import read, written
from devhost.bus.copies import Copy, Death, Lock
from devhost.bus.duplicates import Duplicates
from devhost.bus.messages import Sent
from devhost.bus.topology import Queue, Topic
from devhost.engine.commits import Commits
from devhost.engine.history import instant, stamp
from devhost.engine.ports import Clock
from devhost.storage import queries
from devhost.storage.store import Store
from devhost.storage.tables import BUS_CONTENTS, BUS_DUPLICATES, BUS_MESSAGES, BUS_NUMBERS


class Ledger:
    """Writes what becomes of messages; all of a turn of the loop goes to disk together."""

    def __init__(self, store: Store, clock: Clock, commits: Commits) -> None:
        self._store, self._clock, self._commits = store, clock, commits
        self._number = queries.bus_number(store)
        #: How many copies each content has.
        self._shares: Counter[int] = Counter()

    def next_number(self) -> int:
        """A number no message has had: the last one is written with whatever is written."""
        self._number += 1
        return self._number

    def keep_content(self, number: int, message: Sent, *, copies: int) -> None:
        """Write what all those copies have in common under the number of the first."""
        self._store.put(BUS_CONTENTS, (number, written(message), message.body))
        self._shares[number] = copies

    def keep(self, copy: Copy) -> None:
        """Write where and how the copy is."""
        self._store.put(BUS_MESSAGES, _row(copy))
        self._changed()

    def drop(self, copy: Copy) -> None:
        """Delete the copy, and with the last one what they had in common."""
        self._store.drop(BUS_MESSAGES, (copy.sequence_number,))
        self._shares[copy.content] -= 1
        if not self._shares[copy.content]:
            del self._shares[copy.content]
            self._store.drop(BUS_CONTENTS, (copy.content,))
        self._changed()

    def copies(self) -> list[Copy]:
        """Every message as it was at the last commit, also of places that are gone."""
        contents = {number: read(text, body) for number, text, body in queries.bus_contents(self._store)}
        copies = [_copy(row, contents) for row in queries.bus_messages(self._store)]
        self._shares.update(copy.content for copy in copies)
        return copies

    def duplicates(self, entity: str, terms: Queue | Topic) -> Duplicates | None:
        """What the queue or topic remembers of ids, None where it takes every message."""
        if terms.duplicate_window is None:
            return None
        return Duplicates(
            terms.duplicate_window,
            ((_text(key), instant(seen)) for key, seen in queries.bus_duplicates(self._store, entity)),
            keep=partial(self._keep_id, entity),
            forget=partial(self._forget_id, entity),
        )

    def _keep_id(self, entity: str, message_id: str, now: datetime) -> None:
        self._store.put(BUS_DUPLICATES, (entity, _key(message_id), stamp(now)))
        self._changed()

    def _forget_id(self, entity: str, message_id: str) -> None:
        self._store.drop(BUS_DUPLICATES, (entity, _key(message_id)))
        self._changed()

    def _changed(self) -> None:
        self._store.put(BUS_NUMBERS, ("sequence", self._number, stamp(self._clock.now())))
        self._commits.soon()


def _row(copy: Copy) -> tuple[object, ...]:
    lock, death = copy.lock, copy.death
    return (
        copy.sequence_number,
        copy.place,
        copy.content,
        stamp(copy.enqueued),
        None if copy.expires is None else stamp(copy.expires),
        None if copy.due is None else stamp(copy.due),
        copy.deliveries,
        *((None, None, 0) if lock is None else (lock.token, stamp(lock.until), int(lock.lasting))),
        *((None, None, None) if death is None else (death.reason, death.description, death.source)),
    )


def _copy(row: tuple[Any, ...], contents: dict[int, Sent]) -> Copy:
    number, place, content, enqueued, expires, due, deliveries, token, until, lasting, *death = row
    copy = Copy(
        sequence_number=number,
        place=place,
        content=content,
        message=contents[content],
        enqueued=instant(enqueued),
        expires=None if expires is None else instant(expires),
        due=None if due is None else instant(due),
        deliveries=deliveries,
        lock=None if token is None else Lock(token=token, until=instant(until), lasting=bool(lasting)),
        death=None if death[0] is None else Death(reason=death[0], description=death[1], source=death[2]),
    )
    if copy.expires is not None:
        copy.message = replace(copy.message, time_to_live=copy.expires - copy.enqueued)
    return copy


# As bytes: an id may hold half of a surrogate pair, which the database takes for no text.
def _key(message_id: str) -> bytes:
    return message_id.encode(errors="surrogatepass")


def _text(key: bytes) -> str:
    return key.decode(errors="surrogatepass")
