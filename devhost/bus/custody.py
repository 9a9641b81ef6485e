"""What becomes of a message where it lies: locked, given back, due, expired, dead-lettered, gone."""

import logging
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import uuid4

from devhost.bus.copies import Copy, Death, Lock
from devhost.bus.ledger import Ledger
from devhost.bus.listeners import Listeners
from devhost.bus.places import Place
from devhost.bus.ports import DEAD_LETTERS, LockLost
from devhost.engine.alarms import Alarms
from devhost.engine.commits import Commits
from devhost.engine.ports import Clock

log = logging.getLogger("devhost.bus")


class Custody:
    """Moves messages from state to state, each step written as it is made; time makes some of them."""

    def __init__(
        self,
        places: Mapping[str, Place],
        ledger: Ledger,
        listeners: Listeners,
        clock: Clock,
        commits: Commits,
    ) -> None:
        self._places, self._ledger, self._listeners, self._clock = places, ledger, listeners, clock
        self._alarms = Alarms(clock, commits.sealed(self._ring))
        #: By number, wherever they lie.
        self._copies: dict[int, Copy] = {}

    def lay(self, copy: Copy) -> None:
        """Take in a message that lies nowhere yet."""
        self._copies[copy.sequence_number] = self._places[copy.place].copies[copy.sequence_number] = copy
        self._rest(copy)

    def take_up(self, copy: Copy) -> None:
        """Take in a message that a former host left; of its locks only lasting ones still hold."""
        if copy.lock is not None and copy.lock.lasting and copy.lock.until > self._clock.now():
            self._copies[copy.sequence_number] = self._places[copy.place].copies[copy.sequence_number] = copy
            self._wait(copy)
            return
        copy.lock = None
        self.lay(copy)

    def lock(self, place: Place, *, lasting: bool) -> Copy | None:
        """Lock the next message of the place, None when there is none."""
        copy = place.next_ready()
        if copy is None:
            return None
        copy.deliveries += 1
        until = self._clock.now() + place.terms.lock_duration
        copy.lock = Lock(token=str(uuid4()), until=until, lasting=lasting)
        self._wait(copy)
        self._ledger.keep(copy)
        return copy

    def held(self, place: Place, number: int, token: str) -> Copy:
        """The message that is under that lock; `LockLost`."""
        copy = place.copies.get(number)
        if copy is None or copy.lock is None or copy.lock.token != token:
            raise LockLost(place.name, number)
        return copy

    def renew(self, copy: Copy) -> datetime:
        """Hold it on; until when."""
        if copy.lock is None:
            raise LockLost(copy.place, copy.sequence_number)
        until = self._clock.now() + self._places[copy.place].terms.lock_duration
        copy.lock = replace(copy.lock, until=until)
        self._wait(copy)
        self._ledger.keep(copy)
        return until

    def release(self, copy: Copy, pause: timedelta) -> None:
        """Give it back, to be received again after the pause."""
        if pause > timedelta():
            copy.due = self._clock.now() + pause
        self._end_lock(copy)

    def remove(self, copy: Copy) -> None:
        """It is done with."""
        self._alarms.cancel("", copy.sequence_number)
        del self._copies[copy.sequence_number], self._places[copy.place].copies[copy.sequence_number]
        self._ledger.drop(copy)

    def catch_up(self) -> None:
        """Make what the time has brought about true, should the clock be late with it."""
        self._alarms.catch_up()

    def stop(self) -> None:
        """Let time change nothing more."""
        self._alarms.stop()

    def _ring(self, _: str, number: int, __: datetime) -> None:
        copy = self._copies[number]
        if copy.lock is not None:
            self._end_lock(copy)
        else:
            self._rest(copy)

    def _end_lock(self, copy: Copy) -> None:
        copy.lock = None
        self._rest(copy)

    def _rest(self, copy: Copy) -> None:
        """See what is to become of a message that nobody holds."""
        now, terms = self._clock.now(), self._places[copy.place].terms
        if copy.death is None and copy.deliveries >= terms.max_delivery_count:
            self._bury(
                copy,
                "MaxDeliveryCountExceeded",
                f"Message could not be consumed after {copy.deliveries} delivery attempts.",
            )
        elif copy.is_over(now):
            if terms.dead_letters_expired:
                self._bury(copy, "TTLExpiredException", "The message expired and was dead lettered.")
            else:
                self.remove(copy)
        elif copy.due is not None and copy.due > now:
            self._wait(copy)
            self._ledger.keep(copy)
        else:
            copy.due = None
            self._offer(copy)

    def _bury(self, copy: Copy, reason: str, description: str) -> None:
        source, dead = copy.place, copy.place + DEAD_LETTERS
        log.warning("Message %r of %s is dead-lettered: %s", copy.message.message_id, source, description)
        del self._places[source].copies[copy.sequence_number]
        copy.place, copy.due = dead, None
        copy.death = Death(reason=reason, description=description, source=source)
        self._places[dead].copies[copy.sequence_number] = copy
        self._offer(copy)

    def _offer(self, copy: Copy) -> None:
        self._places[copy.place].offer(copy)
        self._wait(copy)
        self._ledger.keep(copy)
        self._listeners.call(copy.place)

    def _wait(self, copy: Copy) -> None:
        when = copy.next_change()
        if when is None:
            self._alarms.cancel("", copy.sequence_number)
        else:
            self._alarms.set("", copy.sequence_number, when)
