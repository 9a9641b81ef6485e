"""Whatever is done to a bus, and wherever it is killed: each message lies in one place, the one it should."""

import asyncio
import logging
import tempfile
from datetime import datetime, timedelta
from pathlib import Path
from types import MappingProxyType

import pytest
from bus_bench import BusBench
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from plain_bus import Held, PlainBus, Terms

from devhost.bus.messages import Received
from devhost.bus.ports import DEAD_LETTERS, LockLost
from devhost.bus.topology import Correlation, Queue, Rule, Subscription, Topic, Topology
from devhost.storage import queries
from devhost.testing.virtual_clock import START

WINDOW = 15
ALL, RED = "news/subscriptions/all", "news/subscriptions/red"
TERMS = {
    "work": Terms(most=2, lock=10),
    "brief": Terms(most=3, lock=10, life=20, buries=False),
    "once": Terms(most=3, lock=5),
    ALL: Terms(most=3, lock=10, life=30),
    RED: Terms(most=1, lock=10),
}
PLACES = [place + dead for place in TERMS for dead in ("", DEAD_LETTERS)]


def seconds(number: int | None) -> timedelta | None:
    return None if number is None else timedelta(seconds=number)


def of(terms: Terms) -> dict[str, object]:
    return {
        "max_delivery_count": terms.most,
        "lock_duration": seconds(terms.lock),
        "time_to_live": seconds(terms.life),
        "dead_letters_expired": terms.buries,
    }


RED_ONLY = Rule(name="red", filter=Correlation(properties=MappingProxyType({"color": "red"})))
TOPOLOGY = Topology(
    queues={
        "work": Queue(**of(TERMS["work"])),  # type: ignore[arg-type]
        "brief": Queue(**of(TERMS["brief"])),  # type: ignore[arg-type]
        "once": Queue(**of(TERMS["once"]), duplicate_window=seconds(WINDOW)),  # type: ignore[arg-type]
    },
    topics={
        "news": Topic(
            subscriptions={
                "all": Subscription(**of(TERMS[ALL])),  # type: ignore[arg-type]
                "red": Subscription(**of(TERMS[RED]), rules=(RED_ONLY,)),  # type: ignore[arg-type]
                "none": Subscription(rules=()),
            }
        )
    },
)

lives = st.sampled_from([None, 1, 8, 25])
waits = st.sampled_from([0, 0, 0, 3, 12])
spans = st.integers(1, 12)
picks = st.integers(0, 50)


def somebody_holds(machine: "BusAgainstPlainBus") -> bool:
    return any(held.token for held in machine.plain.held)


class BusAgainstPlainBus(RuleBasedStateMachine):
    """The broker's file, and what should be in it."""

    def __init__(self) -> None:
        super().__init__()
        self._log = logging.getLogger("devhost.bus")
        self._level = self._log.level
        self._log.setLevel(logging.ERROR)
        self._folder = tempfile.TemporaryDirectory()
        self._loop = asyncio.new_event_loop()
        self.bench = BusBench(Path(self._folder.name), self._loop, TOPOLOGY)
        self.plain = PlainBus(TERMS)
        self.on_disk = self.plain.snapshot()
        self.ids = 0
        self.late = 0
        #: Numbers that were on disk → the message that had it, and where it was sent to.
        self.known: dict[int, tuple[str, str]] = {}
        self.lost: list[tuple[str, int, str]] = []
        self._listen()

    def teardown(self) -> None:
        self.bench.close()
        self._loop.close()
        self._folder.cleanup()
        self._log.setLevel(self._level)

    @property
    def now(self) -> int:
        return round((self.bench.clock.now() - START).total_seconds())

    def _listen(self) -> None:
        self.bench.woken.clear()
        for place in PLACES:
            self.bench.listen(place)

    def _begin(self) -> None:
        """An alarm that is late must not be missed by the next call."""
        self.bench.oversleep(seconds=self.late)
        self.late = 0
        self.plain.pass_to(self.now)

    @initialize()
    def begin_with_some(self) -> None:
        for name in ("work", "brief", "news"):
            self._send(name, [f"{name}-1", f"{name}-2"], color="red")

    @rule(
        name=st.sampled_from(["work", "brief", "once", "news"]),
        number=st.integers(1, 4),
        life=lives,
        wait=waits,
        color=st.sampled_from(["red", "blue", None]),
    )
    def send(self, name: str, number: int, life: int | None, wait: int, color: str | None) -> None:
        self._begin()
        ids = [f"m{self.ids + one}" for one in range(number)]
        self.ids += number
        self._send(name, ids, life=life, wait=wait, color=color)

    @rule(ids=st.lists(st.sampled_from(["a", "b", "c"]), min_size=1, max_size=3))
    def send_again(self, ids: list[str]) -> None:
        self._begin()
        self._send("once", ids)

    def _send(
        self, name: str, ids: list[str], *, life: int | None = None, wait: int = 0, color: str | None = None
    ) -> None:
        now = self.bench.clock.now()
        self.bench.send(
            name,
            *ids,
            time_to_live=seconds(life),
            scheduled=now + timedelta(seconds=wait) if wait else None,
            properties={} if color is None else {"color": color},
        )
        targets = [name] if name != "news" else [ALL, RED] if color == "red" else [ALL]
        for one in ids:
            if name != "once" or self.plain.takes(one, self.now, WINDOW):
                for target in targets:
                    self.plain.lay(target, one, now=self.now, life=life, wait=wait)

    @rule(pick=picks, most=st.integers(1, 3), lasting=st.booleans())
    def receive(self, pick: int, most: int, lasting: bool) -> None:
        self._begin()
        # Rather where there is something: long stories are made of messages that come again and again.
        filled = [place for place in PLACES if self.plain.free(place, self.now)] or PLACES
        place = filled[pick % len(filled)]
        received = self.bench.broker.receive(place, most, lasting=lasting)
        expected = self.plain.receive(place, most, self.now)
        assert [one.message.message_id for one in received] == [held.message_id for held in expected]
        if len(received) < most:
            self.bench.woken.pop(place, None)
        for one, held in zip(received, expected, strict=True):
            held.token, held.lasting = one.lock_token, lasting

    def _held(self, pick: int) -> tuple[Held, int, str]:
        held = [one for one in self.plain.held if one.token]
        chosen = held[pick % len(held)]
        [number] = [
            found.sequence_number
            for found in self.bench.broker.peek(chosen.place, most=1000)
            if found.lock_token == chosen.token
        ]
        return chosen, number, str(chosen.token)

    def _still(self, held: Held, number: int, token: str) -> bool:
        """Whether the lock holds after the late alarms."""
        place = held.place
        self._begin()
        if held.token == token:
            return True
        self.lost.append((place, number, token))
        return False

    @precondition(somebody_holds)
    @rule(pick=picks)
    def complete(self, pick: int) -> None:
        held, number, token = self._held(pick)
        place = held.place
        if not self._still(held, number, token):
            return
        self.bench.broker.complete(place, number, token)
        self.plain.held.remove(held)
        self.lost.append((place, number, token))

    @precondition(somebody_holds)
    @rule(pick=picks, pause=waits)
    def abandon(self, pick: int, pause: int) -> None:
        held, number, token = self._held(pick)
        place = held.place
        if not self._still(held, number, token):
            return
        self.bench.broker.abandon(place, number, token, pause=timedelta(seconds=pause))
        self.plain.give_back(held, self.now, pause)
        self.lost.append((place, number, token))

    @precondition(somebody_holds)
    @rule(pick=picks)
    def renew(self, pick: int) -> None:
        held, number, token = self._held(pick)
        place = held.place
        if not self._still(held, number, token):
            return
        self.bench.broker.renew(place, number, token)
        held.until = self.now + TERMS[place.removesuffix(DEAD_LETTERS)].lock

    @precondition(lambda self: self.lost)
    @rule(pick=picks, what=st.sampled_from(["complete", "abandon", "renew"]))
    def come_with_a_lock_that_is_lost(self, pick: int, what: str) -> None:
        self._begin()
        with pytest.raises(LockLost):
            getattr(self.bench.broker, what)(*self.lost[pick % len(self.lost)])

    @precondition(lambda self: self.plain.held)
    @rule(pick=picks)
    def remove(self, pick: int) -> None:
        held = self.plain.held[pick % len(self.plain.held)]
        [number] = [number for place, number in self._numbers().items() if place == held.number]
        assert self.bench.broker.remove(held.place, number)
        self.plain.held.remove(held)

    def _numbers(self) -> dict[int, int]:
        """The plain bus's numbers → the broker's."""
        return {
            held.number: found.sequence_number
            for place in PLACES
            for held, found in zip(self._plain_at(place), self._found_at(place), strict=True)
        }

    @rule(span=spans)
    def pass_time(self, span: int) -> None:
        self._begin()
        self.bench.pass_time(seconds=span)
        self.plain.pass_to(self.now)

    @rule(span=spans)
    def oversleep(self, span: int) -> None:
        self.late += span

    @rule()
    def commit(self) -> None:
        self._begin()
        self.bench.commit()
        self._is_on_disk()

    @rule()
    def die_after_the_commit(self) -> None:
        self._begin()
        self.bench.die_after_commit()
        self._is_on_disk()
        self._begin_again()

    @rule()
    def die(self) -> None:
        self.bench.kill()
        self._begin_again()

    def _begin_again(self) -> None:
        self.plain = self.on_disk.snapshot()
        self.plain.restart(self.now)
        self.lost.clear()
        self._listen()

    def _is_on_disk(self) -> None:
        self.on_disk = self.plain.snapshot()
        store = self.bench.store
        contents = {number for number, _, _ in queries.bus_contents(store)}
        assert contents == {row[2] for row in queries.bus_messages(store)}
        for place in PLACES:
            for found in self._found_at(place):
                sent = (found.message.message_id, place.removesuffix(DEAD_LETTERS))
                assert self.known.setdefault(found.sequence_number, sent) == sent

    def _found_at(self, place: str) -> list[Received]:
        return self.bench.broker.peek(place, most=10_000)

    def _plain_at(self, place: str) -> list[Held]:
        return [held for held in self.plain.held if held.place == place]

    @invariant()
    def every_message_lies_where_it_should(self) -> None:
        for place in PLACES:
            found, expected = self._found_at(place), self._plain_at(place)
            assert [self._as_found(one) for one in found] == [self._as_expected(held) for held in expected]

    def _as_found(self, found: Received) -> tuple[object, ...]:
        return (
            found.message.message_id,
            found.delivery_count,
            found.lock_token,
            found.locked_until and self._second(found.locked_until),
            found.expires and self._second(found.expires),
            found.dead_letter_reason,
        )

    @staticmethod
    def _as_expected(held: Held) -> tuple[object, ...]:
        until = held.until if held.token else None
        return (held.message_id, held.count, held.token, until, held.expires, held.reason)

    @staticmethod
    def _second(when: datetime) -> int:
        return round((when - START).total_seconds())

    @invariant()
    def whoever_listens_knows_of_what_may_be_received(self) -> None:
        if not self.bench.broker.is_quiet:
            return
        for place in PLACES:
            assert self.bench.woken[place] or not self.plain.free(place, self.now)

    @invariant()
    def figures_add_up(self) -> None:
        for figures in self.bench.broker.figures():
            here = self._plain_at(figures.place)
            locked = sum(held.token is not None for held in here)
            free = len(self.plain.free(figures.place, self.now))
            assert (figures.active, figures.locked) == (free, locked)
            assert figures.scheduled == len(here) - free - locked
            assert figures.dead == len(self._plain_at(figures.place + DEAD_LETTERS))


TestBusAgainstPlainBus = BusAgainstPlainBus.TestCase
TestBusAgainstPlainBus.settings = settings(max_examples=60, stateful_step_count=50, deadline=None)
