"""A bus without alarms, heaps or a file: each message is looked at on its own, at every instant anew."""

import copy
from dataclasses import dataclass, field


@dataclass(kw_only=True)
class Terms:
    """How one place of the plain bus keeps messages; spans in seconds."""

    most: int = 3
    lock: int = 10
    life: int | None = None
    buries: bool = True


@dataclass(kw_only=True)
class Held:
    """One message in its place."""

    number: int
    place: str
    message_id: str
    expires: int | None
    due: int
    count: int = 0
    token: str | None = None
    until: int = 0
    lasting: bool = False
    reason: str | None = None


@dataclass
class PlainBus:
    """What a bus should hold; instants are whole seconds."""

    terms: dict[str, Terms]
    held: list[Held] = field(default_factory=list)
    numbers: int = 0
    #: When each id was taken, where duplicates are detected.
    taken: dict[str, int] = field(default_factory=dict)

    def snapshot(self) -> "PlainBus":
        return copy.deepcopy(self)

    def takes(self, message_id: str, now: int, window: int) -> bool:
        first = self.taken.get(message_id)
        if first is not None and now < first + window:
            return False
        self.taken[message_id] = now
        return True

    def lay(self, place: str, message_id: str, *, now: int, life: int | None, wait: int) -> None:
        self.numbers += 1
        bounds = [bound for bound in (life, self.terms[place].life) if bound is not None]
        due = now + wait
        expires = due + min(bounds) if bounds else None
        self.held.append(
            Held(number=self.numbers, place=place, message_id=message_id, expires=expires, due=due)
        )
        self.pass_to(now)

    def receive(self, place: str, most: int, now: int) -> list[Held]:
        free = sorted(self.free(place, now), key=lambda held: held.number)[:most]
        for held in free:
            held.count += 1
            held.token, held.until = "?", now + self._terms(held).lock
        return free

    def free(self, place: str, now: int) -> list[Held]:
        return [held for held in self.held if held.place == place and not held.token and held.due <= now]

    def give_back(self, held: Held, now: int, pause: int = 0) -> None:
        held.token, held.due = None, now + pause
        self._judge(held, now)

    def restart(self, now: int) -> None:
        self.pass_to(now)
        for held in list(self.held):
            if held.token and not held.lasting:
                held.token = None
                self._judge(held, now)

    def pass_to(self, now: int) -> None:
        """What the time has done to each message until now."""
        for held in list(self.held):
            if held.token and held.until <= now:
                held.token = None
            if not held.token:
                self._judge(held, now)

    def _judge(self, held: Held, now: int) -> None:
        if held.reason is not None:
            return
        if held.count >= self._terms(held).most:
            self._bury(held, "MaxDeliveryCountExceeded", now)
        elif held.expires is not None and held.expires <= now:
            if self._terms(held).buries:
                self._bury(held, "TTLExpiredException", now)
            else:
                self.held.remove(held)

    def _bury(self, held: Held, reason: str, now: int) -> None:
        held.reason, held.place, held.due = reason, held.place + "/$deadletterqueue", now

    def _terms(self, held: Held) -> Terms:
        return self.terms[held.place.removesuffix("/$deadletterqueue")]
