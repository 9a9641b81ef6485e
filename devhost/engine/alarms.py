"""The timers of all instances behind one alarm of the clock."""

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count

from devhost.engine.ports import Alarm, Clock

#: Cancelled entries are swept out of the heap when they outnumber the live ones by this much.
SLACK = 256


@dataclass(slots=True, order=True)
class _Entry:
    fire_at: datetime
    number: int
    instance_id: str = field(compare=False)
    task: int = field(compare=False)
    live: bool = field(default=True, compare=False)


class Alarms:
    """Rings once for each timer that is set and not cancelled, never before its time."""

    def __init__(self, clock: Clock, ring: Callable[[str, int, datetime], None]) -> None:
        self._clock = clock
        self._ring = ring
        self._heap: list[_Entry] = []
        self._live: dict[tuple[str, int], _Entry] = {}
        self._numbers = count()
        self._alarm: Alarm | None = None
        self._alarm_at: datetime | None = None

    def __len__(self) -> int:
        return len(self._live)

    def set(self, instance_id: str, task: int, fire_at: datetime) -> None:
        """Ring at `fire_at`; a timer set again replaces the former."""
        self.cancel(instance_id, task)
        entry = _Entry(fire_at, next(self._numbers), instance_id, task)
        self._live[instance_id, task] = entry
        heapq.heappush(self._heap, entry)
        self._arm()

    def cancel(self, instance_id: str, task: int) -> None:
        """Do not ring for that timer."""
        entry = self._live.pop((instance_id, task), None)
        if entry is not None:
            entry.live = False
            if len(self._heap) > 2 * len(self._live) + SLACK:
                self._heap = list(self._live.values())
                heapq.heapify(self._heap)
            if self._alarm_at == entry.fire_at:
                self._arm()

    def catch_up(self) -> None:
        """Ring for what is due, should the clock be late with it."""
        if self._alarm is not None and self._alarm_at is not None and self._alarm_at <= self._clock.now():
            self._alarm.cancel()
            self._rung()

    def stop(self) -> None:
        """Ring no more."""
        self._live.clear()
        self._heap.clear()
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = self._alarm_at = None

    def _arm(self) -> None:
        while self._heap and not self._heap[0].live:
            heapq.heappop(self._heap)
        first = self._heap[0].fire_at if self._heap else None
        if first == self._alarm_at:
            return
        if self._alarm is not None:
            self._alarm.cancel()
        self._alarm_at = first
        self._alarm = None if first is None else self._clock.call_at(first, self._rung)

    def _rung(self) -> None:
        self._alarm = self._alarm_at = None
        now = self._clock.now()
        while self._heap and (not self._heap[0].live or self._heap[0].fire_at <= now):
            entry = heapq.heappop(self._heap)
            if entry.live:
                del self._live[entry.instance_id, entry.task]
                self._ring(entry.instance_id, entry.task, entry.fire_at)
        self._arm()
