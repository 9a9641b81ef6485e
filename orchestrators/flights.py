"""Tasks that are under way together: whichever ends next is heard of at once."""

from datetime import datetime, timedelta
from typing import Any

from dirigent.ports.orchestration import Context, Steps
from orchestrators.hearing import now, settled

#: So many tasks are waited for as one. Whenever somebody waits again, the SDK looks at each task of a group
#: that was made anew: with 500 branches in one group a run would take a fifth longer.
GROUP = 24
#: The SDK's longer timers cannot be cancelled.
LONGEST_TIMER = timedelta(days=2)


class Flight:
    """Tasks by their keys, and the timers that were set while they were waited for."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._tasks: dict[int, Any] = {}
        self._keys: dict[Any, int] = {}
        self._places: dict[int, int] = {}
        self._groups: dict[int, dict[int, Any]] = {}
        #: Of the groups that have not changed since they were last waited for.
        self._firsts: dict[int, Any] = {}
        self._timers: dict[datetime, Any] = {}
        self._count = 0

    def __len__(self) -> int:
        return len(self._tasks)

    def __contains__(self, key: int) -> bool:
        return key in self._tasks

    def add(self, key: int, task: Any) -> None:
        """The task is under way from now on, or as soon as somebody waits."""
        place = self._count // GROUP
        self._count += 1
        self._tasks[key], self._keys[task], self._places[key] = task, key, place
        self._groups.setdefault(place, {})[key] = task
        self._firsts.pop(place, None)

    def take(self, key: int) -> Any:
        """The task, which is none of the flight's any more."""
        task, place = self._tasks.pop(key), self._places.pop(key)
        del self._keys[task], self._groups[place][key]
        self._firsts.pop(place, None)
        if not self._groups[place]:
            del self._groups[place]
        return task

    def landed(self) -> list[int]:
        """Keys of tasks that have ended, in the order in which they were added."""
        return [key for key, task in self._tasks.items() if task.is_completed]

    def next(self, until: datetime | None) -> Steps:
        """The key of the next task that ends; None when it is `until` before."""
        if len(self._tasks) == 1 and until is None:
            [(key, task)] = self._tasks.items()
            yield from settled(task)
            return key
        waited = self._waited()
        if until is None:
            winner = yield self._context.task_any(waited)
        else:
            timer = self._timer(until)
            if not waited:
                yield timer
                return None
            winner = yield self._context.task_any([*waited, timer])
            if winner is timer:
                return None
        while winner not in self._keys:
            # It is the first of a group.
            winner = winner.result
        return self._keys[winner]

    def _waited(self) -> list[Any]:
        if len(self._groups) == 1:
            [group] = self._groups.values()
            return list(group.values())
        for place, group in self._groups.items():
            if place not in self._firsts:
                self._firsts[place] = self._context.task_any(list(group.values()))
        return [self._firsts[place] for place in self._groups]

    def _timer(self, until: datetime) -> Any:
        fires, longest = until, now(self._context) + LONGEST_TIMER
        if until > longest:
            # One that is open will do: whatever ends meanwhile would leave another behind.
            still = [at for at, timer in self._timers.items() if at <= until and not timer.is_completed]
            fires = max(still, default=longest)
        found = self._timers.get(fires)
        if found is None or found.is_completed:
            found = self._timers[fires] = self._context.create_timer(fires)
        return found

    def land(self) -> None:
        """Cancel the timers that nobody waits for: an instance is not over while one is open."""
        for timer in self._timers.values():
            if not timer.is_completed:
                timer.cancel()
        self._timers.clear()
