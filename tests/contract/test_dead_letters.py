"""Dead letters and their replays in every store they may be kept in."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from dirigent.adapters.file_artifacts import FileArtifacts
from dirigent.adapters.memory_bus import MemoryBus
from dirigent.adapters.system_clock import SystemClock
from dirigent.domain.dead_letters import Choice, DeadLetter, State, dead_letter_id
from dirigent.domain.events import Property
from dirigent.domain.outcomes import Category
from dirigent.domain.runs import Held
from dirigent.domain.subscriptions import Subscription
from dirigent.ports.records import Records
from dirigent.records.dead_letters import DeadLetters, Kept, readable
from dirigent.records.letter_causes import causes_of
from dirigent.records.replays import Replays

NOON = datetime(2031, 5, 6, 12, 30, 15, 123456, tzinfo=UTC)
ANALYSER = Subscription(name="analyser", topic="data", workflow="analysis")
LATER = NOON + timedelta(days=1)


@dataclass
class Desk:
    """A store, and who works on it."""

    letters: DeadLetters
    replays: Replays
    bus: MemoryBus

    async def kept(self, letter: DeadLetter) -> Kept:
        found = await self.letters.find(letter.account, letter.id)
        assert found is not None
        return found


@pytest.fixture
def desk(records: Records, tmp_path: Path) -> Desk:
    letters, bus = DeadLetters(records, FileArtifacts(tmp_path / "artifacts")), MemoryBus()
    return Desk(letters, Replays(letters, bus, SystemClock(), {ANALYSER.name: ANALYSER}), bus)


def dead(number: int = 0, *, account: str = "acme", description: str = "It refused.") -> DeadLetter:
    enqueued = NOON + timedelta(seconds=number)
    properties: dict[str, Property] = {"type": "T", "ünïcode 😀": "wert\n", "size": 2.5, "is": True}
    return DeadLetter(
        id=dead_letter_id("analyser", f"e{number}", enqueued),
        account=account,
        subscription="analyser",
        topic="data",
        type="",
        event=f"e{number}",
        correlation_id="",
        state=State.OPEN,
        source="bus",
        category=Category.PERMANENT,
        reason="refusal",
        description=description,
        cause=description[:10],
        enqueued_at=enqueued,
        died_at=enqueued,
        updated_at=enqueued,
        message=Held(),
        properties=properties,
    )


def test_a_letter_comes_back_as_it_was_buried(desk: Desk) -> None:
    async def work() -> Kept:
        await desk.letters.bury(dead(), '{"text": "ü😀\\u0000"}')
        return await desk.kept(dead())

    kept = asyncio.run(work())

    assert kept.letter == replace(dead(), message=Held(text='{"text": "ü😀\\u0000"}'))


def test_as_much_as_a_message_may_say_of_itself_is_kept(desk: Desk) -> None:
    properties: dict[str, Property] = {f"name-{number}": "😀" * 500 for number in range(60)}
    letter = replace(dead(), properties=properties, type="😀" * 1_000, description="😀" * 5_000)

    async def work() -> Kept:
        await desk.letters.bury(letter, "ü" * 250_000)
        return await desk.kept(letter)

    kept = asyncio.run(work())

    assert kept.letter.properties == properties
    assert asyncio.run(desk.letters.text(kept.letter)) == "ü" * 250_000


def test_of_many_who_bury_and_replay_at_once_one_message_comes(desk: Desk) -> None:
    async def work() -> Kept:
        await asyncio.gather(*(desk.letters.bury(dead(), "{}") for _ in range(5)))
        seen = await desk.kept(dead())
        await asyncio.gather(*(desk.replays.one(seen) for _ in range(5)))
        return await desk.kept(dead())

    kept = asyncio.run(work())

    assert {message.id for message in desk.bus.sent["data"]} == {"e0.replay-1"}
    assert (kept.letter.state, kept.letter.replays) == (State.REPLAYED, 1)


def test_what_comes_back_is_the_same_letter_with_its_new_cause(desk: Desk) -> None:
    async def work() -> Kept:
        await desk.letters.bury(dead(), "{}")
        await desk.replays.one(await desk.kept(dead()))
        await desk.letters.bury(replace(dead(description="Again."), replays=1, died_at=LATER), "{}")
        await desk.letters.bury(dead(description="Late."), "{}")
        return await desk.kept(dead())

    letter = asyncio.run(work()).letter

    assert (letter.state, letter.description, letter.replays, letter.died_at) == (
        State.OPEN,
        "Again.",
        1,
        LATER,
    )


def test_goes_come_to_every_letter_once(desk: Desk) -> None:
    async def work() -> list[int]:
        await asyncio.gather(*(desk.letters.bury(dead(number), "{}") for number in range(25)))
        await desk.letters.bury(dead(99, account="other"), "{}")
        behind, is_last, told = None, False, []
        while not is_last:
            rows, is_last = await desk.letters.due("acme", Choice(), "b", behind=behind, limit=10)
            told.append((await desk.replays.many(list(readable(rows)), "b")).replayed)
            behind = rows[-1].key
        return told

    told = asyncio.run(work())

    assert told == [10, 10, 5]
    assert sorted(message.id for message in desk.bus.sent["data"]) == sorted(
        f"e{number}.replay-1" for number in range(25)
    )


def test_lists_and_causes_know_time_state_and_account(desk: Desk) -> None:
    async def work() -> tuple[list[str], list[int], int]:
        for number in range(6):
            await desk.letters.bury(dead(number, description=f"Cause {number % 2}"), "{}")
        await desk.letters.bury(dead(7, account="other"), "{}")
        await desk.letters.discard(await desk.kept(dead(3)), at=LATER)
        choice = Choice(state=State.OPEN, earliest=NOON + timedelta(seconds=1))
        first = await desk.letters.page("acme", choice, limit=3)
        second = await desk.letters.page("acme", choice, limit=3, token=first.token)
        causes = await causes_of(desk.letters, "acme", choice)
        removed = await desk.letters.forget_before(NOON + timedelta(seconds=2), limit=10)
        return (
            [letter.event for letter in (*first.letters, *second.letters)],
            [cause.count for cause in causes.causes],
            removed,
        )

    assert asyncio.run(work()) == (["e5", "e4", "e2", "e1"], [2, 2], 2)
