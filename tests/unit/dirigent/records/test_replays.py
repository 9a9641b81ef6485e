"""Replays: told again under the same id whatever happens in between."""

import asyncio
import base64
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from dirigent.adapters.file_artifacts import FileArtifacts
from dirigent.adapters.memory_bus import MemoryBus
from dirigent.adapters.sqlite_records import SqliteRecords
from dirigent.domain.dead_letters import Choice, DeadLetter, State
from dirigent.domain.redrives import Told
from dirigent.domain.subscriptions import Subscription
from dirigent.ports.bus import BusRefused, BusUnavailable
from dirigent.records.dead_letters import DeadLetters, Kept, readable
from dirigent.records.replays import UNTOLD, NotReplayable, Replays, SubscriptionGone
from dirigent.records.unreadable import Unreadable

Dead = Callable[..., DeadLetter]
NOON = datetime(2031, 5, 6, 12, tzinfo=UTC)
SUBSCRIPTIONS = {
    name: Subscription(name=name, topic=topic, workflow="analysis")
    for name, topic in (("analyser", "data"), ("notifier", "news"))
}
GONE = (
    "There is no subscription 'analyzer' any more (there is 'analyser'), and nobody would hear of it: "
    "declare it again, or discard its dead letters."
)


class Killed(BaseException):
    """The process is no more."""


@dataclass
class Fragile:
    """A store under a process that is killed at a write, before or just after it is done."""

    records: SqliteRecords
    #: Steps until then: each write and each send has two, one before and one after.
    left: int

    def step(self) -> None:
        self.left -= 1
        if self.left == 0:
            raise Killed

    async def merge(self, *given: Any, **named: Any) -> str:
        self.step()
        etag = await self.records.merge(*given, **named)
        self.step()
        return etag

    def __getattr__(self, name: str) -> Any:
        return getattr(self.records, name)


@dataclass
class FragileBus:
    """The same of a bus."""

    bus: MemoryBus
    process: Fragile

    async def send(self, topic: str, messages: Any) -> None:
        self.process.step()
        await self.bus.send(topic, messages)
        self.process.step()

    def close(self) -> None:
        """Nothing is held."""


@dataclass
class Clock:
    time: datetime = NOON + timedelta(days=1)

    def now(self) -> datetime:
        return self.time

    async def sleep(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


@dataclass
class Desk:
    """A store of dead letters, and a bus to tell them on."""

    records: SqliteRecords
    artifacts: FileArtifacts
    bus: MemoryBus = field(default_factory=MemoryBus)

    def __post_init__(self) -> None:
        self.letters = DeadLetters(self.records, self.artifacts)
        self.replays = Replays(self.letters, self.bus, Clock(), SUBSCRIPTIONS)

    def bury(self, *those: DeadLetter, text: str = '{"n":1}') -> None:
        async def work() -> None:
            await asyncio.gather(*(self.letters.bury(letter, text) for letter in those))

        asyncio.run(work())

    def find(self, letter: DeadLetter) -> Kept:
        found = asyncio.run(self.letters.find(letter.account, letter.id))
        assert found is not None
        return found

    def set_to(self, letter: DeadLetter, **others: Any) -> None:
        kept = self.find(letter)
        asyncio.run(self.letters.change(kept, replace(kept.letter, **others)))

    def one(self, letter: DeadLetter, **options: Any) -> DeadLetter:
        return asyncio.run(self.replays.one(self.find(letter), **options))

    def many(self, batch: str = "b") -> Told:
        async def work() -> Told:
            rows, _ = await self.letters.due("acme", Choice(), batch, behind=None, limit=100)
            return await self.replays.many(list(readable(rows)), batch)

        return asyncio.run(work())

    @property
    def sent(self) -> list[str]:
        return [message.id for topic in self.bus.sent.values() for message in topic]

    def stands(self, *those: DeadLetter) -> list[tuple[str, int, str]]:
        found = [self.find(letter).letter for letter in those]
        return [(letter.state, letter.replays, letter.error) for letter in found]


@pytest.fixture
def desk(records: SqliteRecords, artifacts: FileArtifacts) -> Desk:
    return Desk(records, artifacts)


def test_a_replay_reaches_its_subscription_alone_under_an_id_of_its_own(desk: Desk, dead: Dead) -> None:
    desk.bury(dead())

    told = desk.one(dead(), traceparent="00-aa-bb-01")

    [message] = desk.bus.sent["data"]
    assert (message.id, message.body, message.subject, message.correlation_id) == (
        "e0.replay-1",
        b'{"n":1}',
        "DataReceived",
        "c0",
    )
    assert message.properties == {
        "type": "DataReceived",
        "account": "acme",
        "hops": 2,
        "replay_for": "analyser",
        "dead_letter": dead().id,
        "replay": 1,
        "traceparent": "00-aa-bb-01",
        "Diagnostic-Id": "00-aa-bb-01",
    }
    assert message.time_to_live is None
    assert (told.state, told.replays) == (State.REPLAYED, 1)


def test_a_message_that_named_no_account_is_told_on_its_letters(desk: Desk, dead: Dead) -> None:
    desk.bury(dead(properties={}))

    desk.one(dead())

    [message] = desk.bus.sent["data"]
    assert (message.properties["account"], message.properties["type"]) == ("acme", "DataReceived")


def test_a_body_that_is_no_text_is_told_byte_by_byte(desk: Desk, dead: Dead) -> None:
    body = bytes(range(256))
    desk.bury(
        dead(is_base64=True, content_type="application/octet-stream"), text=base64.b64encode(body).decode()
    )

    desk.one(dead())

    [message] = desk.bus.sent["data"]
    assert (message.body, message.content_type) == (body, "application/octet-stream")


@pytest.mark.parametrize("killed_at", range(1, 7))
def test_killed_anywhere_and_repeated_it_is_the_same_message(desk: Desk, dead: Dead, killed_at: int) -> None:
    desk.bury(dead())
    process = Fragile(desk.records, killed_at)
    fragile: Any = process
    letters = DeadLetters(fragile, desk.artifacts)
    with pytest.raises(Killed):
        asyncio.run(
            Replays(letters, FragileBus(desk.bus, process), Clock(), SUBSCRIPTIONS).one(desk.find(dead()))
        )

    if desk.find(dead()).letter.state is not State.REPLAYED:
        desk.one(dead())

    assert set(desk.sent) == {"e0.replay-1"}
    assert desk.stands(dead()) == [(State.REPLAYED, 1, "")]


@pytest.mark.parametrize("killed_at", range(1, 15))
def test_many_killed_anywhere_and_repeated_are_the_same_messages(
    desk: Desk, dead: Dead, killed_at: int
) -> None:
    those = [dead(number) for number in range(3)]
    desk.bury(*those)
    process = Fragile(desk.records, killed_at)
    fragile: Any = process

    async def work() -> None:
        letters = DeadLetters(fragile, desk.artifacts)
        rows, _ = await letters.due("acme", Choice(), "b", behind=None, limit=100)
        await Replays(letters, FragileBus(desk.bus, process), Clock(), SUBSCRIPTIONS).many(
            list(readable(rows)), "b"
        )

    with pytest.raises(Killed):
        asyncio.run(work())

    told = desk.many()

    assert told == Told(replayed=3)
    assert set(desk.sent) == {f"e{number}.replay-1" for number in range(3)}
    assert desk.stands(*those) == [(State.REPLAYED, 1, "")] * 3


def test_two_people_at_once_tell_one_message(desk: Desk, dead: Dead) -> None:
    desk.bury(dead())
    seen = desk.find(dead())

    async def work() -> list[DeadLetter]:
        return list(await asyncio.gather(*(desk.replays.one(seen) for _ in range(8))))

    told = asyncio.run(work())

    assert set(desk.sent) == {"e0.replay-1"}
    assert {(letter.state, letter.replays) for letter in told} == {(State.REPLAYED, 1)}


def test_whoever_comes_a_moment_later_tells_nothing_more(desk: Desk, dead: Dead) -> None:
    desk.bury(dead())
    seen = desk.find(dead())
    desk.one(dead())

    told = asyncio.run(desk.replays.one(seen))

    assert (told.state, desk.sent) == (State.REPLAYED, ["e0.replay-1"])


def test_what_was_told_again_is_not_told_once_more(desk: Desk, dead: Dead) -> None:
    desk.bury(dead())
    desk.one(dead())

    with pytest.raises(NotReplayable):
        desk.one(dead())

    assert desk.sent == ["e0.replay-1"]


def test_asked_for_it_is_told_once_more(desk: Desk, dead: Dead) -> None:
    desk.bury(dead())
    desk.one(dead())

    desk.one(dead(), again=True)

    assert desk.sent == ["e0.replay-1", "e0.replay-2"]


def test_asked_for_by_two_it_is_told_once_more(desk: Desk, dead: Dead) -> None:
    desk.bury(dead())
    desk.one(dead())
    seen = desk.find(dead())
    asyncio.run(desk.replays.one(seen, again=True))

    with pytest.raises(NotReplayable):
        asyncio.run(desk.replays.one(seen, again=True))

    assert desk.sent == ["e0.replay-1", "e0.replay-2"]


def test_what_was_discarded_is_not_told_again(desk: Desk, dead: Dead) -> None:
    desk.bury(dead())
    asyncio.run(desk.letters.discard(desk.find(dead()), at=NOON))

    with pytest.raises(NotReplayable):
        desk.one(dead(), again=True)

    assert desk.sent == []


def test_a_send_of_unknown_fate_is_repeated_with_the_same_id(desk: Desk, dead: Dead) -> None:
    desk.bury(dead())
    desk.bus.troubles.append(BusUnavailable("It did not answer."))
    with pytest.raises(BusUnavailable):
        desk.one(dead())
    before = desk.stands(dead())

    desk.one(dead())

    assert before == [(State.REPLAYING, 1, "It did not answer.")]
    assert desk.sent == ["e0.replay-1"]
    assert desk.stands(dead()) == [(State.REPLAYED, 1, "")]


def test_what_the_bus_refuses_is_kept_with_the_reason(desk: Desk, dead: Dead) -> None:
    desk.bury(dead())
    desk.bus.troubles.append(BusRefused("too_large", "It is too large."))

    with pytest.raises(BusRefused):
        desk.one(dead())

    assert desk.stands(dead()) == [(State.REPLAYING, 1, "It is too large.")]


def test_a_message_that_is_lost_is_told_by_the_letter(desk: Desk, dead: Dead) -> None:
    desk.bury(dead(), text="long " * 5_000)
    asyncio.run(desk.artifacts.delete_under("dead-letters/acme/"))

    with pytest.raises(Unreadable):
        desk.one(dead())

    [(state, replays, error)] = desk.stands(dead())
    assert (state, replays) == (State.REPLAYING, 1)
    assert "cannot be read any more" in error


def test_a_replay_that_fails_while_it_is_being_told_stays_open(desk: Desk, dead: Dead) -> None:
    desk.bury(dead())
    back = replace(dead(), replays=1, description="Again.")

    class Quick(MemoryBus):
        """Whoever hears of it has failed before it is written down as told."""

        async def send(self, topic: str, messages: Any) -> None:
            await super().send(topic, messages)
            await desk.letters.bury(back, "{}")

    told = asyncio.run(Replays(desk.letters, Quick(), Clock(), SUBSCRIPTIONS).one(desk.find(dead())))

    assert (told.state, told.description) == (State.OPEN, "Again.")
    assert desk.stands(dead()) == [(State.OPEN, 1, "")]


def test_what_came_back_is_told_again_under_the_next_id(desk: Desk, dead: Dead) -> None:
    desk.bury(dead())
    desk.one(dead())
    desk.bury(replace(dead(), replays=1))

    desk.one(dead())

    assert desk.sent == ["e0.replay-1", "e0.replay-2"]


def test_many_go_out_in_one_request_for_each_topic(desk: Desk, dead: Dead) -> None:
    those = [dead(0), dead(1), dead(2, subscription="notifier", topic="news")]
    desk.bury(*those)

    told = desk.many()

    assert told == Told(replayed=3)
    assert sorted(map(len, desk.bus.sent.values())) == [1, 2]
    assert {desk.find(letter).letter.batch for letter in those} == {"b"}


def test_many_that_cannot_be_sent_now_keep_their_numbers(desk: Desk, dead: Dead) -> None:
    those = [dead(0), dead(1), dead(2, subscription="notifier", topic="news")]
    desk.bury(*those)
    desk.bus.troubles.append(BusUnavailable("Away."))

    told = desk.many()

    assert (told.replayed, told.because, told.is_passing) == (0, "Away.", True)
    assert {(state, number) for state, number, _ in desk.stands(*those)} == {(State.REPLAYING, 1)}
    assert {error for _, _, error in desk.stands(*those)} == {"Away.", UNTOLD}


def test_of_many_the_one_that_is_refused_is_named(desk: Desk, dead: Dead) -> None:
    those = [dead(number) for number in range(5)]
    desk.bury(*those)
    refusal = BusRefused("too_large", "Too large.")

    class Picky(MemoryBus):
        async def send(self, topic: str, messages: Any) -> None:
            if any(message.id == "e2.replay-1" for message in messages):
                raise refusal
            await super().send(topic, messages)

    desk.bus = Picky()
    desk.replays = Replays(desk.letters, desk.bus, Clock(), SUBSCRIPTIONS)
    told = desk.many()

    assert told == Told(replayed=2, because="Too large.", letter=dead(2).id)
    assert desk.sent == ["e4.replay-1", "e3.replay-1"]
    assert [error for _, _, error in desk.stands(*those)] == [UNTOLD, UNTOLD, "Too large.", "", ""]


def test_one_that_is_lost_holds_the_others_not_up(desk: Desk, dead: Dead) -> None:
    desk.bury(dead(0), dead(2))
    desk.bury(dead(1), text="long " * 5_000)
    asyncio.run(desk.artifacts.delete_under("dead-letters/acme/"))

    told = desk.many()

    assert (told.replayed, told.letter) == (2, dead(1).id)
    assert sorted(desk.sent) == ["e0.replay-1", "e2.replay-1"]


def test_delivered_twice_a_go_counts_what_it_told_and_tells_it_once(desk: Desk, dead: Dead) -> None:
    desk.bury(*(dead(number) for number in range(3)))
    desk.many()
    # One has come back meanwhile: that is for the next replay of many.
    desk.bury(replace(dead(1), replays=1))

    told = desk.many()

    assert told == Told(replayed=3)
    assert len(desk.sent) == 3


def test_what_others_deal_with_meanwhile_is_left_alone(desk: Desk, dead: Dead) -> None:
    desk.bury(dead(0), dead(1))
    seen = [desk.find(dead(0)), desk.find(dead(1))]
    asyncio.run(desk.letters.discard(seen[0], at=NOON))
    desk.one(dead(1))

    told = asyncio.run(desk.replays.many(seen, "b"))

    assert told == Told()
    assert desk.sent == ["e1.replay-1"]


def test_two_replays_of_many_at_once_tell_each_message_by_one_id(desk: Desk, dead: Dead) -> None:
    those = [dead(number) for number in range(10)]
    desk.bury(*those)
    seen = [desk.find(letter) for letter in those]

    async def work() -> None:
        await asyncio.gather(*(desk.replays.many(seen, batch) for batch in ("b1", "b2", "b3")))

    asyncio.run(work())

    assert set(desk.sent) == {f"e{number}.replay-1" for number in range(10)}
    assert desk.stands(*those) == [(State.REPLAYED, 1, "")] * 10


def test_what_nobody_would_hear_is_not_told_and_stays_as_it_is(desk: Desk, dead: Dead) -> None:
    letter = dead(subscription="analyzer")
    desk.bury(letter)
    before = desk.find(letter)

    with pytest.raises(SubscriptionGone) as caught:
        desk.one(letter)

    assert (str(caught.value), caught.value.letter) == (GONE, before.letter)
    assert desk.find(letter) == before
    assert desk.sent == []


def test_what_was_begun_and_nobody_would_hear_can_be_discarded(desk: Desk, dead: Dead) -> None:
    letter = dead(subscription="analyzer")
    desk.bury(letter)
    desk.set_to(letter, state=State.REPLAYING, replays=1)

    with pytest.raises(SubscriptionGone):
        desk.one(letter)
    discarded = asyncio.run(desk.letters.discard(desk.find(letter), at=NOON))

    assert (discarded.state, discarded.error) == (State.DISCARDED, GONE)


def test_of_many_the_one_that_nobody_would_hear_is_named(desk: Desk, dead: Dead) -> None:
    those = [dead(0), dead(1, subscription="analyzer"), dead(2, subscription="analyzer"), dead(3)]
    desk.bury(*those)

    told = desk.many()

    assert told == Told(replayed=2, because=GONE, letter=dead(2, subscription="analyzer").id)
    assert sorted(desk.sent) == ["e0.replay-1", "e3.replay-1"]
    assert [state for state, _, _ in desk.stands(*those)] == [
        State.REPLAYED,
        State.OPEN,
        State.OPEN,
        State.REPLAYED,
    ]


def test_a_subscription_that_has_moved_is_told_where_it_listens_today(desk: Desk, dead: Dead) -> None:
    desk.bury(dead(0, topic="former"), dead(1, topic="former"))

    desk.one(dead(0, topic="former"))
    told = desk.many()

    assert told == Told(replayed=1)
    assert {topic: len(messages) for topic, messages in desk.bus.sent.items()} == {"data": 2}
