"""Telling many dead letters again: how fast, how far that is, and when it stops."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Self

from msgspec.structs import replace

from dirigent.domain.dead_letters import Choice
from dirigent.domain.messages import Message

#: Letters in one go, however fast they are told: each is read and written in one activity.
MOST_AT_ONCE = 100
#: So many that come back dead stop it, unless it is asked for otherwise.
USUAL_RETURNS = 10


class Course(StrEnum):
    """How a replay of many stands."""

    RUNNING = "running"
    COMPLETED = "completed"  #: every letter that fits was told again
    STOPPED = "stopped"  #: it came to something that somebody should look at


class Progress(Message, frozen=True, kw_only=True, omit_defaults=False):
    """How far it is, for whoever looks at it."""

    course: Course = Course.RUNNING
    replayed: int = 0
    #: Of these, so many had come back dead.
    returned: int = 0
    #: The letter it stopped at, and why.
    letter: str | None = None
    because: str = ""


class Redrive(Message, frozen=True, kw_only=True, omit_defaults=False):
    """A replay of many, between one go and the next."""

    #: Its instance's; it marks its letters by it.
    id: str
    account: str
    choice: Choice
    #: Messages a second.
    rate: float
    #: No more than these in all.
    limit: int | None = None
    #: It stops when so many have come back dead; 0 is never.
    most_returns: int = USUAL_RETURNS
    #: How many there were when it began; None where they were too many to count.
    matching: int | None = None
    began_at: datetime
    traceparent: str | None = None
    progress: Progress = Progress()
    #: The last letter it came to.
    behind: str | None = None

    @property
    def size(self) -> int:
        """Letters of the next go."""
        most = min(max(int(self.rate), 1), MOST_AT_ONCE)
        return most if self.limit is None else min(most, self.limit - self.progress.replayed)

    def due(self, began: datetime, told: int) -> datetime:
        """When the next go may begin after one that began then and told so many."""
        return began + timedelta(seconds=told / self.rate)

    def heard(self, told: "Told") -> Self:
        """The replay after a go that ended so."""
        done = self.progress.replayed + told.replayed
        progress = replace(self.progress, replayed=done, returned=told.returned)
        after = replace(self, behind=told.behind or self.behind, progress=progress)
        if told.because:
            return after.stopped(told.letter, told.because)
        if self.most_returns and told.returned >= self.most_returns:
            who = "letter that was" if told.returned == 1 else "letters that were"
            why = f"{told.returned} {who} told again came back dead: {told.returned_because}"
            return after.stopped(told.returned_letter, why)
        if told.is_last or (self.limit is not None and done >= self.limit):
            return replace(after, progress=replace(progress, course=Course.COMPLETED))
        return after

    def stopped(self, letter: str | None, because: str) -> Self:
        """The replay, stopped there for that reason."""
        stop = replace(self.progress, course=Course.STOPPED, letter=letter, because=because)
        return replace(self, progress=stop)


class RedriveGo(Message, frozen=True, kw_only=True):
    """Tell the next letters again."""

    id: str
    account: str
    choice: Choice
    behind: str | None
    size: int
    #: Whoever counts those that came back need not count further.
    most_returns: int
    traceparent: str | None = None


class Told(Message, frozen=True, kw_only=True):
    """What became of one go."""

    #: The last letter it came to; None where it came to none.
    behind: str | None = None
    replayed: int = 0
    is_last: bool = False
    #: Why it could not go on, and at which letter.
    because: str = ""
    letter: str | None = None
    #: The same may work later.
    is_passing: bool = False
    #: Of all that this replay told again, so many have come back dead; one of them, and why.
    returned: int = 0
    returned_letter: str | None = None
    returned_because: str = ""
