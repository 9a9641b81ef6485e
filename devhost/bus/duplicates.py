"""Ids that a queue or topic has taken lately."""

from collections import deque
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta


class Duplicates:
    """Knows each id for a while after its first message."""

    def __init__(
        self,
        window: timedelta,
        remembered: Iterable[tuple[str, datetime]],
        *,
        keep: Callable[[str, datetime], None],
        forget: Callable[[str], None],
    ) -> None:
        self._window, self._keep, self._forget = window, keep, forget
        self._order = deque(remembered)
        self._known = {message_id for message_id, _ in self._order}

    def takes(self, message_id: str, now: datetime) -> bool:
        """Whether the id is new, and remembers it; an id that is known is not made young again."""
        while self._order and self._order[0][1] + self._window <= now:
            gone, _ = self._order.popleft()
            self._known.discard(gone)
            self._forget(gone)
        if message_id in self._known:
            return False
        self._known.add(message_id)
        self._order.append((message_id, now))
        self._keep(message_id, now)
        return True
