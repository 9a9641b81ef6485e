"""A source's rows in the state file."""

from collections.abc import Callable
from dataclasses import dataclass

from devhost.engine.history import stamp
from devhost.engine.ports import Clock
from devhost.storage import queries
from devhost.storage.store import Store
from devhost.storage.tables import TRIGGERS


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """Keeps the rows of one source apart from those of the others."""

    source: str
    store: Store
    clock: Clock
    #: Sees to it that what was changed is committed in this turn of the loop.
    changed: Callable[[], None]
    #: Runs an action after that commit.
    after_commit: Callable[[Callable[[], None]], None]

    def remembered(self) -> dict[str, str]:
        return dict(queries.trigger_rows(self.store, self.source))

    def put(self, key: str, value: str) -> None:
        now = stamp(self.clock.now())
        self.store.put(TRIGGERS, (self.source, key, now, value))
        self.changed()

    def drop(self, key: str) -> None:
        self.store.drop(TRIGGERS, (self.source, key))
        self.changed()

    def then(self, action: Callable[[], None]) -> None:
        self.after_commit(action)
