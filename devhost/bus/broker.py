"""The bus of the local host: every call at once in memory, and on disk with the next commit."""

import logging
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import uuid4

from devhost.bus.contents import size_of
from devhost.bus.copies import Copy
from devhost.bus.custody import Custody
from devhost.bus.ledger import Ledger
from devhost.bus.listeners import Listeners
from devhost.bus.messages import Received, Sent
from devhost.bus.places import Place
from devhost.bus.ports import DEAD_LETTERS, PlaceFigures, TooLarge, UnknownPlace
from devhost.bus.routes import Branch, Route, branch_of
from devhost.bus.topology import Queue, Terms, Topic, Topology, place_of
from devhost.engine.commits import Commits
from devhost.engine.ports import Clock
from devhost.storage.store import Store

log = logging.getLogger("devhost.bus")

#: What the Standard tier takes at once.
MOST_BYTES = 256 * 1024


class LocalBroker:
    """A `Broker` on the state file; `recover` takes up what a former one left."""

    def __init__(self, store: Store, clock: Clock, commits: Commits, topology: Topology) -> None:
        self._clock, self._commits = clock, commits
        self._topology = topology
        self._ledger = Ledger(store, clock, commits)
        self._listeners = Listeners(commits)
        self._places: dict[str, Place] = {}
        self._routes = dict(self._made_routes())
        self._custody = Custody(self._places, self._ledger, self._listeners, clock, commits)
        self._left_behind: Counter[str] = Counter()

    def recover(self) -> None:
        """Take up what the state file holds; what lies in places that are gone is told and stays there."""
        for copy in self._ledger.copies():
            if copy.place in self._places:
                self._custody.take_up(copy)
            else:
                self._left_behind[copy.place] += 1
        for name, number in sorted(self._left_behind.items()):
            log.warning("The state file holds %d messages of %r, which is no place any more.", number, name)

    def stop(self) -> None:
        """Let nothing more happen by itself."""
        self._custody.stop()

    @property
    def is_quiet(self) -> bool:
        # Whatever it does by itself, it does with a commit.
        return not self._commits.pending

    def send(self, name: str, messages: Sequence[Sent]) -> None:
        route = self._routes.get(name.lower())
        if route is None:
            raise UnknownPlace(name, sorted(self._routes))
        size = sum(map(size_of, messages))
        if size > MOST_BYTES:
            raise TooLarge(size, MOST_BYTES)
        now = self._clock.now()
        for message in messages:
            if not message.message_id:
                message = replace(message, message_id=uuid4().hex)  # noqa: PLW2901
            if route.duplicates is None or route.duplicates.takes(message.message_id, now):
                self._lay(route, message, now)

    def _lay(self, route: Route, message: Sent, now: datetime) -> None:
        places = route.places(message)
        if not places:
            return
        numbers = [self._ledger.next_number() for _ in places]
        self._ledger.keep_content(numbers[0], message, copies=len(places))
        due = None if message.scheduled is None or message.scheduled <= now else message.scheduled
        enqueued = due or now
        for number, place in zip(numbers, places, strict=True):
            life = route.life(message, place)
            expires = _later(enqueued, life)
            self._custody.lay(
                Copy(
                    sequence_number=number,
                    place=place.name,
                    content=numbers[0],
                    message=message if expires is None else _living(message, life),
                    enqueued=enqueued,
                    expires=expires,
                    due=due,
                )
            )

    def receive(self, place: str, most: int = 1, *, lasting: bool = False) -> list[Received]:
        found = self._place(place)
        taken: list[Received] = []
        while len(taken) < most and (copy := self._custody.lock(found, lasting=lasting)) is not None:
            taken.append(copy.seen())
        return taken

    def complete(self, place: str, sequence_number: int, lock_token: str) -> None:
        self._custody.remove(self._custody.held(self._place(place), sequence_number, lock_token))

    def abandon(
        self, place: str, sequence_number: int, lock_token: str, *, pause: timedelta = timedelta()
    ) -> None:
        self._custody.release(self._custody.held(self._place(place), sequence_number, lock_token), pause)

    def renew(self, place: str, sequence_number: int, lock_token: str) -> datetime:
        return self._custody.renew(self._custody.held(self._place(place), sequence_number, lock_token))

    def remove(self, place: str, sequence_number: int) -> bool:
        copy = self._place(place).copies.get(sequence_number)
        if copy is None:
            return False
        self._custody.remove(copy)
        return True

    def listen(self, place: str, wake: Callable[[], None]) -> Callable[[], None]:
        found = self._place(place)
        leave = self._listeners.add(found.name, wake)
        if found.has_ready():
            self._listeners.call(found.name)
        return leave

    def peek(self, place: str, *, first: int = 0, most: int = 100) -> list[Received]:
        return [copy.seen() for copy in self._place(place).from_number(first, most)]

    def figures(self) -> list[PlaceFigures]:
        self._custody.catch_up()
        return [place.figures() for place in self._places.values() if place.dead is not None]

    def left_behind(self) -> dict[str, int]:
        return dict(self._left_behind)

    def topics(self) -> dict[str, tuple[str, ...]]:
        return {name: tuple(topic.subscriptions) for name, topic in self._topology.topics.items()}

    def _place(self, name: str) -> Place:
        place = self._places.get(name.lower())
        if place is None:
            raise UnknownPlace(name, sorted(self._places))
        self._custody.catch_up()
        return place

    def _made_routes(self) -> Iterator[tuple[str, Route]]:
        for name, queue in self._topology.queues.items():
            yield name, self._route(name, queue, (Branch(place=self._made_place(name, "queue", queue)),))
        for name, topic in self._topology.topics.items():
            branches = (
                branch_of(self._made_place(place_of(name, of), "subscription", subscription), subscription)
                for of, subscription in topic.subscriptions.items()
            )
            yield name, self._route(name, topic, tuple(branches))

    def _route(self, name: str, terms: Queue | Topic, branches: tuple[Branch, ...]) -> Route:
        bound = terms.time_to_live if isinstance(terms, Topic) else None
        return Route(branches=branches, time_to_live=bound, duplicates=self._ledger.duplicates(name, terms))

    def _made_place(self, name: str, kind: str, terms: Terms) -> Place:
        dead = Place(name + DEAD_LETTERS, kind, terms)
        place = Place(name, kind, terms, dead=dead)
        self._places |= {place.name: place, dead.name: dead}
        return place


def _later(start: datetime, life: timedelta | None) -> datetime | None:
    try:
        return None if life is None else start + life
    except OverflowError:
        # The longest time that .NET can say: for ever.
        return None


def _living(message: Sent, life: timedelta | None) -> Sent:
    return message if message.time_to_live == life else replace(message, time_to_live=life)
