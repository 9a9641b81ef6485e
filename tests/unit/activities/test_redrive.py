"""One go of a replay of many."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace as replaced
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from activities.redrive import redrive
from dirigent import codec
from dirigent.adapters.memory_bus import MemoryBus
from dirigent.domain.catalogue import Catalogue
from dirigent.domain.dead_letters import Choice, DeadLetter, State, dead_letter_id
from dirigent.domain.events import BusMessage
from dirigent.domain.outcomes import Category
from dirigent.domain.redrives import Course, Progress, Redrive, RedriveGo, Told
from dirigent.domain.run_ids import EPOCH
from dirigent.domain.runs import Held
from dirigent.domain.subscriptions import Subscription
from dirigent.ports import Parts
from dirigent.ports.bus import BusRefused
from dirigent.ports.records import RecordsUnavailable
from dirigent.records.dead_letters import DeadLetters

CATALOGUE = Catalogue(
    models={},
    agents={},
    workflows={},
    subscriptions={"s": Subscription(name="s", topic="data", workflow="w")},
)


def dead(number: int, **others: Any) -> DeadLetter:
    enqueued = EPOCH + timedelta(seconds=number)
    values: dict[str, Any] = {
        "id": dead_letter_id("s", f"e{number}", enqueued),
        "account": "acme",
        "subscription": "s",
        "topic": "data",
        "type": "T",
        "event": f"e{number}",
        "correlation_id": "c",
        "state": State.OPEN,
        "source": "run",
        "category": Category.PERMANENT,
        "reason": "refusal",
        "description": "No.",
        "cause": "cause",
        "enqueued_at": enqueued,
        "died_at": enqueued,
        "updated_at": enqueued,
        "message": Held(),
    }
    return DeadLetter(**(values | others))


def bury(parts: Parts, letters: Sequence[DeadLetter]) -> None:
    async def work() -> None:
        kept = DeadLetters(parts.records, parts.artifacts)
        await asyncio.gather(*(kept.bury(letter, "{}") for letter in letters))

    asyncio.run(work())


def states(parts: Parts) -> dict[str, int]:
    """How many letters are in each state."""

    async def work() -> dict[str, int]:
        kept = DeadLetters(parts.records, parts.artifacts)
        found: dict[str, int] = {}
        for state in State:
            rows, _ = await kept.rows("acme", Choice(state=state), limit=5_000)
            found[state] = len(rows)
        return {state: count for state, count in found.items() if count}

    return asyncio.run(work())


def go(parts: Parts, **others: Any) -> Told:
    values: dict[str, Any] = {
        "id": "b",
        "account": "acme",
        "choice": Choice(),
        "behind": None,
        "size": 10,
        "most_returns": 10,
    }
    order = codec.encode(RedriveGo(**(values | others)))
    return codec.decode(Told, asyncio.run(redrive(parts, CATALOGUE)(order)))


class Picky(MemoryBus):
    """Refuses one message as long as it is told to."""

    refused: str | None = None

    async def send(self, topic: str, messages: Sequence[BusMessage]) -> None:
        if any(message.id == self.refused for message in messages):
            raise BusRefused("too_large", f"The message {self.refused!r} is too large.")
        await super().send(topic, messages)

    @property
    def ids(self) -> list[str]:
        return [message.id for message in self.sent.get("data", ())]


@pytest.fixture
def bus() -> Picky:
    return Picky()


@pytest.fixture
def apart(job: Any, bus: Picky) -> Any:
    """The parts with a bus that can refuse."""
    return replaced(job.parts, bus=bus)


def test_a_go_tells_as_many_as_it_may_newest_first(apart: Parts, bus: Picky) -> None:
    bury(apart, [dead(number) for number in range(5)])

    told = go(apart, size=3)

    assert told == Told(behind=dead(2).id, replayed=3)
    assert bus.ids == ["e4.replay-1", "e3.replay-1", "e2.replay-1"]


def test_the_next_go_begins_behind_it_and_is_the_last(apart: Parts, bus: Picky) -> None:
    bury(apart, [dead(number) for number in range(5)])
    told = go(apart, size=3)

    told = go(apart, size=3, behind=told.behind)

    assert told == Told(behind=dead(0).id, replayed=2, is_last=True)
    assert len(bus.ids) == 5


def test_without_letters_there_is_nothing_to_tell(apart: Parts) -> None:
    assert go(apart) == Told(is_last=True)


def test_other_accounts_letters_are_not_told(apart: Parts, bus: Picky) -> None:
    bury(apart, [dead(0, account="other")])

    assert go(apart) == Told(is_last=True)
    assert bus.ids == []


def test_it_counts_those_of_its_own_that_came_back(apart: Parts) -> None:
    bury(apart, [dead(0), dead(1)])
    go(apart, size=2)
    bury(apart, [replace(dead(0), replays=1, description="No again.")])

    told = go(apart, behind=dead(0).id)

    assert (told.returned, told.returned_letter, told.returned_because) == (
        1,
        dead(0).id,
        "refusal: No again.",
    )
    assert go(apart, id="another", behind=dead(0).id).returned == 0


def test_a_store_that_does_not_answer_may_answer_later(apart: Parts) -> None:
    class Down:
        async def query(self, *given: Any, **named: Any) -> Any:
            raise RecordsUnavailable("host:port is away")

    records: Any = Down()
    told = go(replaced(apart, records=records))

    assert told.is_passing
    assert "host" not in told.because


def test_a_go_says_which_letter_nobody_would_hear(apart: Parts, bus: Picky) -> None:
    bury(apart, [dead(0), dead(1, subscription="former")])

    told = go(apart)

    assert (told.replayed, told.letter, told.is_passing) == (1, dead(1).id, False)
    assert "no subscription 'former' any more" in told.because
    assert bus.ids == ["e0.replay-1"]


def drive(parts: Parts, batch: str) -> Progress:
    """A whole replay of many, go after go."""
    asked = Redrive(
        id=batch, account="acme", choice=Choice(), rate=100, most_returns=5, began_at=parts.clock.now()
    )
    while asked.progress.course is Course.RUNNING:
        asked = asked.heard(go(parts, id=batch, size=asked.size, behind=asked.behind, most_returns=5))
    return asked.progress


def test_a_thousand_with_one_refused_stop_there_and_go_on_when_begun_again(apart: Parts, bus: Picky) -> None:
    bury(apart, [dead(number) for number in range(1_000)])
    bus.refused = "e500.replay-1"
    stopped = drive(apart, "b1")
    before = states(apart)
    bus.refused = None

    ended = drive(apart, "b2")

    assert (stopped.course, stopped.letter) == (Course.STOPPED, dead(500).id)
    assert stopped.because == "The message 'e500.replay-1' is too large."
    assert stopped.replayed == 499
    assert before["replayed"] == 499
    assert before["open"] + before["replaying"] == 501
    assert (ended.course, ended.replayed) == (Course.COMPLETED, 501)
    assert sorted(bus.ids) == sorted(f"e{number}.replay-1" for number in range(1_000))
    assert states(apart) == {"replayed": 1_000}
