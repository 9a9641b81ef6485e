"""Who waits for messages, and is told when there may be some."""

from collections.abc import Callable

from devhost.engine.commits import Commits

Wake = Callable[[], None]


class Listeners:
    """Wakes whoever listens to a place, once what changed is on disk and no call of the bus runs."""

    def __init__(self, commits: Commits) -> None:
        self._commits = commits
        self._of: dict[str, dict[object, Wake]] = {}
        self._called: dict[str, None] = {}

    def add(self, place: str, wake: Wake) -> Callable[[], None]:
        """Have `wake` called for that place; the answer ends it."""
        listener = object()
        self._of.setdefault(place, {})[listener] = wake

        def leave() -> None:
            self._of.get(place, {}).pop(listener, None)

        return leave

    def call(self, place: str) -> None:
        """Wake the listeners of the place, soon, and once however often they are called until then."""
        if not self._of.get(place):
            return
        if not self._called:
            self._commits.then(self._tell)
        self._called[place] = None

    def _tell(self) -> None:
        called, self._called = self._called, {}
        for place in called:
            for listener, wake in list(self._of.get(place, {}).items()):
                # One may have left because another was woken.
                if listener in self._of[place]:
                    wake()
