"""One event, told, given up, replayed and told anew by hosts that die anywhere: it is handled once."""

import asyncio
import dataclasses
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from activities.archive import Archive
from activities.close_run import close_run
from dirigent import codec
from dirigent.domain.dead_letters import Choice, DeadLetter, State
from dirigent.domain.outcomes import Category, Failed, Failure
from dirigent.domain.runs import ENDED, CloseRun, Held, StartRun
from dirigent.records.claims import Claims
from dirigent.records.dead_letters import DeadLetters
from dirigent.records.replays import NotReplayable, Replays
from dirigent.records.runs import Runs
from triggers.deliveries import Delivery, Poison, delivery_of
from triggers.instances import DurableInstances
from triggers.receiving import Receiving
from triggers.retention import Sweeping
from triggers.undeliverable import Undeliverable

NAME = "write-orders"
AGE = timedelta(days=1)
TABLES = ("claims", "memories", "runs", "deliveries", "deadletters")
#: Of a host that does not die.
WHOLE = 1_000.0
#: After so many deliveries that failed the bus gives a message up.
MOST = 3


class Killed(BaseException):
    """The host is gone, between one operation and the next."""


class Mortal:
    """Does what the other does; with the last operation, before or after it is done, the host dies."""

    def __init__(self, other: Any, left: list[float]) -> None:
        self._other, self._left = other, left

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._other, name)

        async def operated(*told: Any, **more: Any) -> Any:
            self._left[0] -= 0.5
            if self._left[0] <= 0:
                raise Killed
            done = await found(*told, **more)
            self._left[0] -= 0.5
            if self._left[0] <= 0:
                raise Killed
            return done

        return operated


@dataclasses.dataclass
class Lying:
    """A message on the bus."""

    told: dict[str, Any]
    count: int = 0


class World:
    """An app, a bus before it, and people who tell the one event, again and anew."""

    def __init__(self, heard: Any) -> None:
        self._heard, self._parts = heard, heard.parts
        for table in TABLES:
            for row in asyncio.run(self._parts.records.query(table)).rows:
                asyncio.run(self._parts.records.delete(table, row.partition, row.key))
        heard.client.instances.clear()
        heard.client.started.clear()
        self._parts.bus.sent.clear()
        self._runs = Runs(self._parts.records, self._parts.artifacts)
        self._letters = DeadLetters(self._parts.records, self._parts.artifacts)
        self.lying: list[Lying] = []
        self.given_up: list[Lying] = []
        self.handled = 0
        #: Runs that are to be closed: what has failed does not succeed because a host died.
        self._failing: set[str] = set()
        #: Runs that did what the event is for.
        self.done: list[str] = []

    def _lived(self, life: float, work: Callable[[Any, Any], Awaitable[Any]]) -> bool:
        """Whether a host of so many operations did the work."""
        left, bench = [life], self._parts
        parts: Any = dataclasses.replace(
            bench, **{name: Mortal(getattr(bench, name), left) for name in ("records", "artifacts", "bus")}
        )
        try:
            asyncio.run(work(parts, Mortal(DurableInstances(self._heard.client), left)))  # type: ignore[arg-type]
        except (Killed, Poison):
            return False
        return True

    def _delivery(self, message: Lying, catalogue: Any) -> Delivery:
        subscription = self._heard.catalogue.subscriptions[NAME]
        came = self._heard.delivered(**message.told, DeliveryCount=message.count + 1)
        return delivery_of(came, subscription, self._heard.settings, now=self._heard.clock.now())

    def tell(self) -> None:
        """Somebody tells the event, under its one id."""
        self._heard.clock.time += timedelta(seconds=1)
        self.lying.append(Lying({"EnqueuedTimeUtc": self._heard.clock.now().isoformat()}))

    def deliver(self, place: int, life: float, *, is_poison: bool = False) -> None:
        """A host is given a message; as long as the catalogue is spoilt, it can make nothing of it."""
        if not self.lying:
            return
        message = self.lying[place % len(self.lying)]
        catalogue = self._heard.catalogue
        if is_poison:
            catalogue = msgspec.structs.replace(catalogue, workflows={})
        came = self._delivery(message, catalogue)

        async def received(parts: Any, instances: Any) -> None:
            desk = Receiving(parts, catalogue, self._heard.settings)
            await desk.receive(came, catalogue.subscriptions[NAME], instances)

        is_handled = self._lived(life, received)
        message.count += 1
        if is_handled or message.count == MOST:
            self.lying.remove(message)
        if is_handled:
            self.handled += 1
        elif message.count == MOST:
            self.given_up.append(message)

    def expire(self, place: int) -> None:
        """A message's time to live is over."""
        if self.lying:
            self.given_up.append(self.lying.pop(place % len(self.lying)))

    def come_to_nothing(self, place: int) -> None:
        """The same, and it is buried at once."""
        self.expire(place)
        self.bury(-1, WHOLE)

    def bury(self, place: int, life: float) -> None:
        """A host is given what the bus gave up."""
        if not self.given_up:
            return
        message = self.given_up[place % len(self.given_up)]
        came = self._delivery(message, self._heard.catalogue)

        async def buried(parts: Any, instances: Any) -> None:
            receiving = Receiving(parts, self._heard.catalogue, self._heard.settings)
            await Undeliverable(parts, receiving).bury(came, instances)

        if self._lived(life, buried):
            self.given_up.remove(message)

    def letters(self, *states: State) -> list[DeadLetter]:
        """The event's dead letters that stand so."""
        page = asyncio.run(self._letters.page("default", Choice()))
        return [letter for letter in page.letters if letter.state in states]

    def replay(self, place: int, life: float, *, again: bool = False) -> None:
        """Somebody has a dead letter told again, even one that is told already."""
        found = self.letters(*State) if again else self.letters(State.OPEN, State.REPLAYING)
        if not found:
            return
        letter, heard = found[place % len(found)], self._heard.catalogue

        async def told(parts: Any, _: Any) -> None:
            letters = DeadLetters(parts.records, parts.artifacts)
            kept = await self._letters.find(letter.account, letter.id)
            assert kept is not None
            try:
                await Replays(letters, parts.bus, parts.clock, heard.subscriptions).one(kept, again=again)
            except NotReplayable:
                return

        self._lived(life, told)
        for message in self._parts.bus.sent.pop("orders", ()):
            at = self._heard.clock.now().isoformat()
            told_again = {"MessageId": message.id, "UserProperties": message.properties}
            self.lying.append(Lying({**told_again, "EnqueuedTimeUtc": at}))

    def _under_way(self) -> list[str]:
        instances = self._heard.client.instances
        return [run for run, one in instances.items() if one["runtimeStatus"] in ("Pending", "Running")]

    def progress(self, life: float = WHOLE, *, end: str = "") -> None:
        """All runs open their records, and may end, `completed` or `failed`."""
        for run in self._under_way():
            start = codec.from_json(StartRun, self._heard.client.instances[run]["input"])
            asyncio.run(self._runs.open(start, at=self._heard.clock.now()))
            asyncio.run(Claims(self._parts.records).mark(start.account, str(start.claim), run=run))
            self._heard.client.put(run, "Running")
            if end == "failed" or run in self._failing:
                self._fail(start, life)
            elif end == "completed":
                asyncio.run(self._runs.complete("default", run, Held(text="{}"), at=self._heard.clock.now()))
                self._heard.client.put(run, "Completed")
                self.done.append(run)

    def _fail(self, start: StartRun, life: float) -> None:
        self._failing.add(start.run)
        failure = Failure(category=Category.PERMANENT, message="It refused.")
        order = codec.encode(CloseRun(opening=start, failed=Failed(failure=failure)))

        async def closed(parts: Any, _: Any) -> None:
            await close_run(Archive(parts))(order)

        if self._lived(life, closed):
            record = asyncio.run(self._runs.get("default", start.run))
            assert record is not None
            assert record.status in ENDED
            self._heard.client.put(start.run, "Failed")

    def purge(self) -> None:
        """Somebody has Durable forget what has ended."""
        instances = self._heard.client.instances
        for run in set(instances) - set(self._under_way()):
            del instances[run]

    def age(self) -> None:
        """A night a while later; whatever is yet to be dealt with is dealt with before."""
        if self.lying or self.given_up or self.letters(State.OPEN, State.REPLAYING):
            return
        self._heard.clock.time += AGE * 2
        sweeping = Sweeping(self._parts, age=AGE, memory=timedelta(days=10_000))
        asyncio.run(sweeping.sweep(DurableInstances(self._heard.client)))

    def wait(self, seconds: int) -> None:
        """Time passes."""
        self._heard.clock.time += timedelta(seconds=seconds)

    def settle(self) -> None:
        """Hosts die no more, and people tell again what is dead until nothing is."""
        for _ in range(20):
            self.progress(end="completed")
            while self.lying:
                self.deliver(0, WHOLE)
            while self.given_up:
                self.bury(0, WHOLE)
            self.progress(end="completed")
            self.replay(0, WHOLE)
            if not self.lying and not self.letters(State.OPEN, State.REPLAYING):
                return
        raise AssertionError("It does not come to rest.")


LIVES = st.one_of(st.just(WHOLE), st.sampled_from([step / 2 for step in range(1, 24)]))
PLACES = st.integers(0, 3)
STEPS = st.one_of(
    st.tuples(st.just("deliver"), LIVES),
    st.tuples(st.just("progress"), st.sampled_from(["", "completed"])),
    st.tuples(st.just("wait"), st.integers(1, 200)),
    st.sampled_from([("purge", None), ("age", None)]),
)
DEEDS = st.one_of(
    st.tuples(st.just("tell"), st.fixed_dictionaries({})),
    st.tuples(st.just("deliver"), st.fixed_dictionaries({"place": PLACES, "life": LIVES})),
    st.tuples(
        st.just("deliver"),
        st.fixed_dictionaries({"place": PLACES, "life": LIVES, "is_poison": st.just(True)}),
    ),
    st.tuples(st.sampled_from(["expire", "come_to_nothing"]), st.fixed_dictionaries({"place": PLACES})),
    st.tuples(st.just("bury"), st.fixed_dictionaries({"place": PLACES, "life": LIVES})),
    st.tuples(
        st.just("replay"), st.fixed_dictionaries({"place": PLACES, "life": LIVES, "again": st.booleans()})
    ),
    st.tuples(
        st.just("progress"),
        st.fixed_dictionaries({"life": LIVES, "end": st.sampled_from(["", "failed", "completed"])}),
    ),
    st.tuples(st.just("wait"), st.fixed_dictionaries({"seconds": st.integers(1, 200)})),
    st.tuples(st.sampled_from(["purge", "age"]), st.fixed_dictionaries({})),
)


@pytest.mark.usefixtures("heard")
@given(steps=st.lists(STEPS, min_size=3, max_size=8))
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_one_message_starts_one_run_wherever_hosts_die(heard: Any, steps: list[tuple[str, Any]]) -> None:
    world = World(heard)

    def delivered(life: float) -> None:
        world.lying = [Lying({})]
        world.deliver(0, life)

    for name, told in steps:
        if name == "deliver":
            delivered(told)
        elif name == "progress":
            world.progress(end=told)
        elif name == "wait":
            world.wait(told)
        elif name == "purge":
            world.purge()
        else:
            world.progress(end="completed")
            world.age()
    delivered(WHOLE)

    assert world.handled >= 1
    assert len(heard.client.started) == 1


def deeds(*names: str) -> list[tuple[str, dict[str, Any]]]:
    """These, by hosts that do not die, to the first that there is."""
    told: dict[str, dict[str, Any]] = {
        "deliver": {"place": 0, "life": WHOLE},
        "come_to_nothing": {"place": 0},
        "replay": {"place": 0, "life": WHOLE},
    }
    return [(name, told.get(name, {})) for name in names]


@pytest.mark.usefixtures("heard")
@given(deeds=st.lists(DEEDS, min_size=8, max_size=30))
@example(deeds=deeds("come_to_nothing", "tell", "deliver", "replay", "deliver"))
@example(deeds=deeds("come_to_nothing", "tell", "deliver", "progress", "replay", "deliver"))
@example(deeds=deeds("come_to_nothing", "replay", "deliver", "tell", "deliver"))
@example(deeds=deeds("come_to_nothing", "replay", "tell", "deliver", "deliver"))
@example(deeds=deeds("come_to_nothing", "tell", "come_to_nothing", "replay", "replay", "deliver", "deliver"))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_however_often_it_is_told_and_replayed_an_event_is_handled_once(
    heard: Any, deeds: list[tuple[str, dict[str, Any]]]
) -> None:
    world = World(heard)
    world.tell()
    try:
        for name, told in deeds:
            getattr(world, name)(**told)
        world.settle()
    finally:
        # What is shown of a failure is to be short.
        for remembered in (heard.client.instances, heard.client.asked, heard.client.started):
            remembered.clear()

    assert len(world.done) == 1
