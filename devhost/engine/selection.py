"""Which of the messages that lie before an orchestrator it may hear now."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from devhost.engine.history import COMPLETES, EventType
from devhost.engine.instances import Letter


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Letters to hear, letters nobody waits for any more, and letters that must wait."""

    taken: tuple[Letter, ...]
    stale: tuple[Letter, ...]
    kept: tuple[Letter, ...]


def select(
    letters: Iterable[Letter],
    *,
    execution: str,
    open_tasks: Mapping[int, str],
    waits: Mapping[str, int],
) -> Selection:
    """Sort the letters in their order of arrival.

    An external event is held back until the orchestrator waits for its name: handed over
    earlier, the SDK would keep only the last of a name and answer every later wait with it.
    """
    taken: list[Letter] = []
    stale: list[Letter] = []
    kept: list[Letter] = []
    open_now = set(open_tasks)
    free = dict(waits)
    for letter in letters:
        place = _place(letter, execution, open_now, free)
        (taken if place == "taken" else stale if place == "stale" else kept).append(letter)
    return Selection(taken=tuple(taken), stale=tuple(stale), kept=tuple(kept))


def _place(letter: Letter, execution: str, open_now: set[int], free: dict[str, int]) -> str:
    if letter.execution is not None and letter.execution != execution:
        return "stale"
    event = letter.event
    kind = event["EventType"]
    if kind in COMPLETES:
        task = event[COMPLETES[kind]]
        if task not in open_now:
            return "stale"
        open_now.remove(task)
        return "taken"
    if kind != EventType.EVENT_RAISED or letter.execution is not None:
        return "taken"
    if free.get(event["Name"], 0) < 1:
        return "kept"
    free[event["Name"]] -= 1
    return "taken"
