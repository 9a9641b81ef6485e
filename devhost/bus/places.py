"""Queues, subscriptions and dead-letter queues: who lies there, and who is next."""

import heapq

from devhost.bus.copies import Copy
from devhost.bus.ports import PlaceFigures
from devhost.bus.topology import Terms


class Place:
    """Messages that lie together, handed out in the order of their numbers."""

    def __init__(self, name: str, kind: str, terms: Terms, *, dead: "Place | None" = None) -> None:
        self.name, self.kind, self.terms = name, kind, terms
        #: Where its messages go in the end; a dead-letter queue has none of its own.
        self.dead = dead
        self.rules: tuple[str, ...] = ()
        self.copies: dict[int, Copy] = {}
        # Numbers that may be received; one that has left the place meanwhile stays until it is met.
        self._ready: list[int] = []

    def offer(self, copy: Copy) -> None:
        """Let that message of its own be received."""
        heapq.heappush(self._ready, copy.sequence_number)

    def next_ready(self) -> Copy | None:
        """Take the first message out of those that may be received."""
        while self._ready:
            copy = self.copies.get(heapq.heappop(self._ready))
            if copy is not None:
                return copy
        return None

    def has_ready(self) -> bool:
        while self._ready and self._ready[0] not in self.copies:
            heapq.heappop(self._ready)
        return bool(self._ready)

    def from_number(self, first: int, most: int) -> list[Copy]:
        """Messages from that number on, in the order of numbers."""
        numbers = heapq.nsmallest(most, (number for number in self.copies if number >= first))
        return [self.copies[number] for number in numbers]

    def figures(self) -> PlaceFigures:
        locked = sum(copy.lock is not None for copy in self.copies.values())
        scheduled = sum(copy.lock is None and copy.due is not None for copy in self.copies.values())
        return PlaceFigures(
            place=self.name,
            kind=self.kind,
            active=len(self.copies) - locked - scheduled,
            locked=locked,
            scheduled=scheduled,
            dead=0 if self.dead is None else len(self.dead.copies),
            rules=self.rules,
            max_delivery_count=self.terms.max_delivery_count,
            lock_duration=self.terms.lock_duration,
            time_to_live=self.terms.time_to_live,
        )
