"""Sliding windows: how often something may happen in any second, minute, hour and day.

Instants and spans are whole microseconds, so that no rounding lets one too many through.
"""

from typing import Self

from msgspec.structs import replace

from dirigent.domain.messages import Message

SECOND = 1_000_000
#: Any such span of time, not only those that begin with the clock's hand at the top.
SPANS = {"burst": SECOND, "minute": 60 * SECOND, "hour": 3_600 * SECOND, "day": 86_400 * SECOND}
#: A window counts in so many slices and forgets a slice whole. So what was admitted is counted for up to a
#: twentieth of the window too long, and never too short: a limit is kept early rather than late.
SLICES = 20
#: Later than any instant there is.
NEVER = 2**63

#: Number of the slice and how many were admitted in it, oldest first.
Marks = tuple[tuple[int, int], ...]


class Limits(Message, frozen=True, kw_only=True, omit_defaults=False):
    """How many in any such span; None is without limit."""

    burst: int | None = 10
    minute: int | None = 60
    hour: int | None = 1_000
    day: int | None = 10_000

    def of(self, window: str) -> int | None:
        """The limit of the window of that name."""
        limit: int | None = getattr(self, window)
        return limit


class Admission(Message, frozen=True, kw_only=True):
    """How many may go ahead, and when the next may ask again."""

    granted: int
    #: The window that refused the rest; of several, the one that stays full longest.
    refused_by: str | None = None
    #: When there is room for one more; None when there never will be.
    come_back_at: int | None = None


class Windows(Message, frozen=True, kw_only=True):
    """What was admitted lately, counted; it never holds more than SLICES + 1 marks a window."""

    burst: Marks = ()
    minute: Marks = ()
    hour: Marks = ()
    day: Marks = ()
    #: The last instant that a refused one was told to come back at.
    turn: int = 0

    def at(self, now: int) -> Self:
        """The same, without what is over by now."""
        return replace(self, **{name: _since(marks, now, SPANS[name]) for name, marks in self.marks()})

    def marks(self) -> tuple[tuple[str, Marks], ...]:
        """What is counted, window by window."""
        return (("burst", self.burst), ("minute", self.minute), ("hour", self.hour), ("day", self.day))

    @property
    def ends_at(self) -> int:
        """From when on nothing is counted any more, if nothing is added."""
        return max(
            ((marks[-1][0] + 1) * _width(SPANS[name]) + SPANS[name] for name, marks in self.marks() if marks),
            default=0,
        )

    def left(self, limits: Limits, now: int) -> dict[str, int]:
        """How many more each limited window would admit now."""
        return {
            name: max(limit - _total(marks), 0)
            for name, marks in self.at(now).marks()
            if (limit := limits.of(name)) is not None
        }

    def admit(
        self, limits: Limits, now: int, wanted: int, *, patience: int = NEVER
    ) -> tuple[Self, Admission]:
        """As many of the wanted as every window has room for, counted from now on.

        The refused take turns: each is told another instant, unless it lies beyond their patience.
        """
        granted = min([wanted, *self.left(limits, now).values()])
        marks = self.at(now).marks()
        if granted:
            marks = tuple((name, _more(counted, granted, now, SPANS[name])) for name, counted in marks)
        after = replace(self, **dict(marks))
        if granted == wanted:
            return after, Admission(granted=granted)
        name, free = _fullest(after, limits)
        if free is None:
            return after, Admission(granted=granted, refused_by=name)
        gap = SECOND // min(limits.burst or SLICES, SECOND)
        # All at once they would be refused at once again, but for the few there is room for.
        turn = max(free, after.turn + gap)
        if turn > free + SPANS["minute"]:
            # There are more than a minute of turns, or they were given under former limits: begin again.
            turn = free + (turn - free) % SPANS["minute"]
        if turn <= patience:
            after = replace(after, turn=turn + gap * (wanted - granted - 1))
        return after, Admission(granted=granted, refused_by=name, come_back_at=turn)

    def release(self, at: int, number: int) -> Self:
        """Take back admissions that were given at that instant and not used; others stay counted."""
        return replace(self, **{name: _less(marks, number, at, SPANS[name]) for name, marks in self.marks()})


def _fullest(windows: Windows, limits: Limits) -> tuple[str, int | None]:
    """The window that admits no more for longest, and until when."""
    waits = [
        (name, _free_at(marks, limit, SPANS[name]))
        for name, marks in windows.marks()
        if (limit := limits.of(name)) is not None and _total(marks) >= limit
    ]
    return max(waits, key=lambda wait: NEVER if wait[1] is None else wait[1])


def _width(span: int) -> int:
    return span // SLICES


def _since(marks: Marks, now: int, span: int) -> Marks:
    width = _width(span)
    if not marks or (marks[0][0] + 1) * width > now - span:
        return marks
    return tuple((slice_, number) for slice_, number in marks if (slice_ + 1) * width > now - span)


def _total(marks: Marks) -> int:
    return sum(number for _, number in marks)


def _more(marks: Marks, number: int, now: int, span: int) -> Marks:
    current = now // _width(span)
    if marks and marks[-1][0] == current:
        return (*marks[:-1], (current, marks[-1][1] + number))
    return (*marks, (current, number))


def _less(marks: Marks, number: int, at: int, span: int) -> Marks:
    """Only of the slice that counted them: another would forget what it counts itself."""
    counted = at // _width(span)
    fewer = ((slice_, left - number if slice_ == counted else left) for slice_, left in marks)
    return tuple((slice_, left) for slice_, left in fewer if left > 0)


def _free_at(marks: Marks, limit: int, span: int) -> int | None:
    surplus = _total(marks) + 1 - limit
    for slice_, number in marks:
        surplus -= number
        if surplus <= 0:
            return (slice_ + 1) * _width(span) + span
    return None
