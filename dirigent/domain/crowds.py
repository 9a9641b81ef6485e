"""Windows of many who share a gate: as many as it can carry along, and one count for all others."""

from typing import Self

import msgspec
from msgspec.structs import replace

from dirigent.domain.messages import Message
from dirigent.domain.windows import Marks, Windows


class Crowd(Message, frozen=True, kw_only=True):
    """Windows of many keys; who comes when there are too many shares one count with the others."""

    #: Written short: of a thousand, one is looked at, and all are carried along.
    known: dict[str, str] = msgspec.field(default_factory=dict)
    #: Of all who are not known. Each has the whole limit, together: strict, never permissive. Who is taken in
    #: from among them begins with all that they were admitted.
    others: Windows = Windows()
    #: Until then all who are known count something: nobody can make room.
    full_until: int = 0

    def of(self, key: str, now: int, most: int) -> tuple[Self, Windows]:
        """The windows that count for the key, and the crowd without those that count nothing any more."""
        if key in self.known:
            return self, unpacked(self.known[key])
        crowd = self._pruned(now) if len(self.known) >= most and now >= self.full_until else self
        # Whoever is new may be one of the others: what they were admitted must not be forgotten.
        return crowd, crowd.others.at(now)

    def _pruned(self, now: int) -> Self:
        ends = {name: unpacked(text).ends_at for name, text in self.known.items()}
        kept = {name: text for name, text in self.known.items() if ends[name] > now}
        return replace(self, known=kept, full_until=min((ends[name] for name in kept), default=0))

    def put(self, key: str, windows: Windows, most: int) -> Self:
        """The crowd with the key's windows as they are now."""
        if key in self.known or len(self.known) < most:
            return replace(self, known=self.known | {key: packed(windows)})
        return replace(self, others=windows)


def packed(windows: Windows) -> str:
    """The windows in few characters."""
    counts = (",".join(f"{slice_}:{number}" for slice_, number in marks) for _, marks in windows.marks())
    return "|".join((str(windows.turn), *counts))


def unpacked(text: str) -> Windows:
    """The windows that were packed."""
    turn, *counts = text.split("|")
    burst, minute, hour, day = (_unpacked_marks(count) for count in counts)
    return Windows(burst=burst, minute=minute, hour=hour, day=day, turn=int(turn))


def _unpacked_marks(text: str) -> Marks:
    pairs = (mark.split(":") for mark in text.split(",") if mark)
    return tuple((int(slice_), int(number)) for slice_, number in pairs)
