"""Waiting before a gate: for how long, and how often it is asked again."""

from datetime import datetime, timedelta
from typing import Self

from msgspec.structs import replace

from dirigent.domain.breakers import State
from dirigent.domain.messages import Message
from dirigent.domain.passages import Level, Passage, Refusal, instant, latest
from dirigent.domain.retries import share

#: Each further asking comes after a longer pause: when to come back is told to many, and true for a few.
FIRST_PAUSE, GROWTH, LONGEST_PAUSE = 0.25, 1.5, 60.0
#: Whoever has waited for long asks more rarely, after this part of the time it has waited: every asking is
#: kept in its history, and a day of waiting is some seventy of them.
PART = 1 / 8
#: Those whom a circuit sends away all hear the same instant: they come back over so many seconds.
SPREAD = 2.0


class Queue(Message, frozen=True, kw_only=True):
    """Somebody who was refused, and may ask again."""

    #: Since when it waits; None while it does not.
    since: datetime | None = None
    #: How often it has asked in vain since then, and in all.
    streak: int = 0
    refused: int = 0
    #: The last few refusals of all.
    refusals: tuple[Refusal, ...] = ()
    #: Seconds it has waited before.
    waited: float = 0.0
    #: Not to ask before then.
    due: datetime | None = None

    def refuse(self, refusal: Refusal, now: datetime, *, patience: datetime, seed: str) -> Self:
        """Refused once more; without a `due` it is in vain to ask again."""
        queue = replace(
            self,
            since=self.since or now,
            streak=self.streak + 1,
            refused=self.refused + 1,
            refusals=latest((*self.refusals, refusal)),
            due=None,
        )
        if refusal.come_back_at is None or now >= patience:
            return queue
        waited = 0.0 if self.since is None else (now - self.since).total_seconds()
        dice = share(f"{seed}/{queue.refused}")
        # Those who were refused together shall not be so for ever.
        part = waited * PART * (0.5 + dice)
        pause = max(min(FIRST_PAUSE * GROWTH ** min(self.streak, 50), LONGEST_PAUSE), part)
        is_crowd = refusal.level is Level.DEPLOYMENT
        spread = timedelta(seconds=dice * SPREAD if is_crowd else 0.0)
        # A last time at the end of its patience.
        due = max(
            instant(refusal.come_back_at) + spread, min(now + timedelta(seconds=pause) + spread, patience)
        )
        return replace(queue, due=due) if due <= patience else queue

    def leave(self, now: datetime) -> Self:
        """It waits no longer, whatever came of it."""
        return replace(self, since=None, streak=0, due=None, waited=self._waited(now))

    def passage(self, level: Level, key: str, now: datetime, state: State | None = None) -> Passage:
        """How it came through, or how far it came."""
        return Passage(
            level=level,
            key=key,
            state=state,
            refused=self.refused,
            waited=round(self._waited(now), 3),
            refusals=self.refusals,
        )

    def _waited(self, now: datetime) -> float:
        return self.waited + (0.0 if self.since is None else (now - self.since).total_seconds())
