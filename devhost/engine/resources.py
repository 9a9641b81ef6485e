"""What every part of the engine works with."""

import json
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count

from devhost.engine.commits import Commits
from devhost.engine.history import stamp
from devhost.engine.identities import Identities
from devhost.engine.instances import Letter
from devhost.engine.journal import Journal, SilentJournal
from devhost.engine.messages import Event
from devhost.engine.ports import Clock, Worker
from devhost.engine.versions import VersionPolicy
from devhost.storage.store import Store
from devhost.storage.tables import LETTERS, Key, Row, Table


@dataclass(slots=True, kw_only=True)
class Resources:
    """One state file, one clock, one worker; rows change here and are committed together."""

    store: Store
    commits: Commits
    clock: Clock
    worker: Worker
    identities: Identities
    versions: VersionPolicy = field(default_factory=VersionPolicy)
    journal: Journal = field(default_factory=SilentJournal)
    #: The host is stopping: nothing of the app's is called any more.
    winding_down: bool = False
    #: Orders messages across restarts; set past the highest number on disk when the engine recovers.
    numbers: "count[int]" = field(default_factory=lambda: count(1))

    def put(self, table: Table, row: Row) -> None:
        self.store.put(table, row)
        self.commits.soon()

    def drop(self, table: Table, key: Key) -> None:
        if table is LETTERS:
            # A letter's number is never used again, so one that was not written yet needs no deletion.
            self.store.forget(table, key)
        else:
            self.store.drop(table, key)
        self.commits.soon()

    def letter(self, instance_id: str, event: Event, *, execution: str | None = None) -> Letter:
        """A letter that survives the process until its row is dropped."""
        number = next(self.numbers)
        self.put(LETTERS, (number, instance_id, execution, json.dumps(event)))
        return Letter(event=event, table=LETTERS, key=(number,), execution=execution)

    def now(self) -> datetime:
        return self.clock.now()

    def stamp(self) -> str:
        return stamp(self.clock.now())
