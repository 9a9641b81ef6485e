"""Dead letters: burying, finding, changing, forgetting."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from dirigent.adapters.file_artifacts import FileArtifacts
from dirigent.adapters.sqlite_records import SqliteRecords
from dirigent.domain.dead_letters import Choice, DeadLetter, State, is_dead_letter_id, replay_id
from dirigent.domain.outcomes import Category
from dirigent.domain.runs import Held
from dirigent.ports.records import TokenRefused
from dirigent.records.dead_letters import TABLE, DeadLetters, Kept, LetterPage, NotDiscarded

Dead = Callable[..., DeadLetter]
NOON = datetime(2031, 5, 6, 12, tzinfo=UTC)
LATER = NOON + timedelta(days=1)


@pytest.fixture
def letters(records: SqliteRecords, artifacts: FileArtifacts) -> DeadLetters:
    return DeadLetters(records, artifacts)


def bury(letters: DeadLetters, *those: DeadLetter, text: str = "{}") -> None:
    async def work() -> None:
        for letter in those:
            await letters.bury(letter, text)

    asyncio.run(work())


def find(letters: DeadLetters, letter: DeadLetter) -> Kept:
    found = asyncio.run(letters.find(letter.account, letter.id))
    assert found is not None
    return found


def set_to(letters: DeadLetters, letter: DeadLetter, **others: object) -> DeadLetter:
    kept = find(letters, letter)
    changed = replace(kept.letter, **others)
    assert asyncio.run(letters.change(kept, changed)) is not None
    return changed


def pages(letters: DeadLetters, choice: Choice, limit: int) -> list[LetterPage]:
    async def work() -> list[LetterPage]:
        found = [await letters.page("acme", choice, limit=limit)]
        while found[-1].token is not None:
            found.append(await letters.page("acme", choice, limit=limit, token=found[-1].token))
        return found

    return asyncio.run(work())


def test_what_is_buried_is_found_with_its_message(letters: DeadLetters, dead: Dead) -> None:
    letter = dead()

    bury(letters, letter, text='{"a":1}')

    found = find(letters, letter).letter
    assert found == replace(letter, message=Held(text='{"a":1}'))
    assert asyncio.run(letters.text(found)) == '{"a":1}'


def test_a_long_message_is_kept_as_an_artifact(letters: DeadLetters, dead: Dead) -> None:
    bury(letters, dead(), text="ü" * 100_000)

    found = find(letters, dead()).letter

    assert found.message.artifact is not None
    assert asyncio.run(letters.text(found)) == "ü" * 100_000


def test_buried_twice_it_is_one_letter(letters: DeadLetters, dead: Dead) -> None:
    bury(letters, dead(), replace(dead(), description="Told otherwise."))

    assert find(letters, dead()).letter.description == "It refused."


def test_buried_by_many_at_once_it_is_one_letter(letters: DeadLetters, dead: Dead) -> None:
    async def work() -> LetterPage:
        await asyncio.gather(*(letters.bury(dead(), "{}") for _ in range(20)))
        return await letters.page("acme", Choice())

    assert len(asyncio.run(work()).letters) == 1


def test_an_id_that_is_none_is_replaced(letters: DeadLetters, dead: Dead) -> None:
    bury(letters, replace(dead(), id="../../etc", replays=7))

    [found] = asyncio.run(letters.page("acme", Choice())).letters
    assert is_dead_letter_id(found.id)
    assert found.replays == 0


@pytest.mark.parametrize("state", [State.REPLAYING, State.REPLAYED])
def test_a_replay_that_fails_reopens_the_letter(letters: DeadLetters, dead: Dead, state: State) -> None:
    bury(letters, dead(), text="the first")
    set_to(letters, dead(), state=state, replays=1, batch="b", error="")

    back = dead(replays=1, category=Category.TIMEOUT, reason="late", description="Too late.", run="run-9")
    bury(letters, replace(back, died_at=LATER, cause="new"), text="the second")

    found = find(letters, dead()).letter
    assert (found.state, found.category, found.cause, found.died_at) == (
        State.OPEN,
        Category.TIMEOUT,
        "new",
        LATER,
    )
    assert (found.batch, found.replays, found.run, found.event) == ("b", 1, "run-9", "e0")
    assert asyncio.run(letters.text(found)) == "the first"


def test_the_late_failure_of_an_older_replay_changes_nothing(letters: DeadLetters, dead: Dead) -> None:
    bury(letters, dead())
    before = set_to(letters, dead(), state=State.REPLAYED, replays=2)

    bury(letters, replace(dead(), replays=1, description="Late."), dead())

    assert find(letters, dead()).letter == before


def test_the_same_failure_told_again_changes_nothing(letters: DeadLetters, dead: Dead) -> None:
    bury(letters, dead())
    set_to(letters, dead(), state=State.REPLAYED, replays=1)
    bury(letters, replace(dead(), replays=1, description="First."))

    bury(letters, replace(dead(), replays=1, description="Again."))

    assert find(letters, dead()).letter.description == "First."


def test_what_somebody_has_discarded_stays_so(letters: DeadLetters, dead: Dead) -> None:
    bury(letters, dead())
    set_to(letters, dead(), state=State.DISCARDED, replays=1)

    bury(letters, replace(dead(), replays=1, description="Back."))

    assert find(letters, dead()).letter.state is State.DISCARDED


def test_a_replay_whose_letter_is_forgotten_is_a_letter_of_its_own(letters: DeadLetters, dead: Dead) -> None:
    bury(letters, dead(replays=3), dead(replays=3), text="it")

    [found] = asyncio.run(letters.page("acme", Choice())).letters
    # Under the message's own id: the numbers of its replays begin anew.
    assert (found.event, found.replays, found.message) == ("e0.replay-3", 0, Held(text="it"))
    assert found.id == dead(event="e0.replay-3").id


@pytest.mark.parametrize(
    ("told", "event"),
    [
        ({"replays": 2}, "e0.replay-2"),
        ({"replays": 2**31 - 1}, f"e0.replay-{2**31 - 1}"),
        ({"replays": 1, "subscription": "notifier"}, "e0.replay-1"),
        ({"replays": 1, "event": "another"}, "another.replay-1"),
    ],
)
def test_what_only_says_it_is_a_replay_is_a_letter_of_its_own(
    letters: DeadLetters, dead: Dead, told: dict[str, Any], event: str
) -> None:
    bury(letters, dead())
    before = set_to(letters, dead(), state=State.REPLAYED, replays=1)

    spoofed = replace(dead(), died_at=LATER, **told)
    bury(letters, spoofed, spoofed, text="spoofed")

    page = asyncio.run(letters.page("acme", Choice()))
    assert before in page.letters
    [own] = (letter for letter in page.letters if letter != before)
    assert (own.state, own.event, own.replays, own.subscription) == (
        State.OPEN,
        event,
        0,
        spoofed.subscription,
    )
    assert asyncio.run(letters.text(own)) == "spoofed"


def test_a_replay_of_a_long_id_goes_back_to_its_letter(letters: DeadLetters, dead: Dead) -> None:
    letter = dead(event="e" * 125)
    bury(letters, letter)
    set_to(letters, letter, state=State.REPLAYED, replays=1)

    bury(letters, replace(letter, event=replay_id(letter.event, 1).removesuffix(".replay-1"), replays=1))

    [found] = asyncio.run(letters.page("acme", Choice())).letters
    assert (found.id, found.state) == (letter.id, State.OPEN)


def test_of_two_changes_to_the_same_reading_one_is_written(letters: DeadLetters, dead: Dead) -> None:
    bury(letters, dead())
    kept = find(letters, dead())

    first = asyncio.run(letters.change(kept, replace(kept.letter, state=State.REPLAYING)))
    second = asyncio.run(letters.change(kept, replace(kept.letter, state=State.DISCARDED)))

    assert first is not None
    assert second is None
    assert find(letters, dead()).letter.state is State.REPLAYING


@pytest.mark.parametrize(
    ("state", "error"), [(State.OPEN, ""), (State.REPLAYED, ""), (State.REPLAYING, "too large")]
)
def test_what_nobody_is_telling_can_be_discarded(
    letters: DeadLetters, dead: Dead, state: State, error: str
) -> None:
    bury(letters, dead())
    set_to(letters, dead(), state=state, error=error)

    asyncio.run(letters.discard(find(letters, dead()), at=LATER))

    found = find(letters, dead()).letter
    assert (found.state, found.updated_at) == (State.DISCARDED, LATER)


def test_discarded_twice_is_discarded_once(letters: DeadLetters, dead: Dead) -> None:
    bury(letters, dead())
    stale = find(letters, dead())
    asyncio.run(letters.discard(stale, at=NOON))

    found = asyncio.run(letters.discard(stale, at=LATER))

    assert (found.state, found.updated_at) == (State.DISCARDED, NOON)


def test_what_is_being_told_again_is_not_discarded(letters: DeadLetters, dead: Dead) -> None:
    bury(letters, dead())
    stale = find(letters, dead())
    set_to(letters, dead(), state=State.REPLAYING)

    with pytest.raises(NotDiscarded):
        asyncio.run(letters.discard(stale, at=LATER))


def test_another_accounts_letters_are_invisible(letters: DeadLetters, dead: Dead) -> None:
    bury(letters, dead())

    assert asyncio.run(letters.find("other", dead().id)) is None
    assert asyncio.run(letters.page("other", Choice())).letters == ()


def test_pages_hold_every_letter_once_newest_first(letters: DeadLetters, dead: Dead) -> None:
    bury(letters, *(dead(number) for number in range(7)))

    found = pages(letters, Choice(), 3)

    assert [[letter.event for letter in page.letters] for page in found] == [
        ["e6", "e5", "e4"],
        ["e3", "e2", "e1"],
        ["e0"],
    ]


@pytest.mark.parametrize(
    "choice",
    [
        Choice(subscription="notifier"),
        Choice(topic="news"),
        Choice(type="Other"),
        Choice(category=Category.TIMEOUT),
        Choice(reason="late"),
        Choice(cause="mine"),
        Choice(state=State.REPLAYED),
        Choice(batch="b"),
        Choice(earliest=NOON + timedelta(seconds=5)),
        Choice(subscription="notifier", state=State.REPLAYED, latest=LATER),
    ],
)
def test_each_filter_finds_its_own(letters: DeadLetters, dead: Dead, choice: Choice) -> None:
    odd = dead(
        5,
        subscription="notifier",
        topic="news",
        type="Other",
        category=Category.TIMEOUT,
        reason="late",
        cause="mine",
    )
    bury(letters, dead(0), dead(1), odd)
    set_to(letters, odd, state=State.REPLAYED, batch="b")

    [page] = pages(letters, choice, 10)

    assert [letter.id for letter in page.letters] == [odd.id]


def test_a_token_of_other_filters_is_refused(letters: DeadLetters, dead: Dead) -> None:
    bury(letters, dead(0), dead(1))
    token = asyncio.run(letters.page("acme", Choice(), limit=1)).token

    with pytest.raises(TokenRefused):
        asyncio.run(letters.page("acme", Choice(topic="data"), limit=1, token=token))


def test_a_letter_that_cannot_be_read_hides_no_others(
    letters: DeadLetters, records: SqliteRecords, dead: Dead
) -> None:
    bury(letters, dead(0), dead(1))
    asyncio.run(records.merge(TABLE, "acme", dead(1).id, {"state": "lost"}))

    [page] = pages(letters, Choice(), 10)

    assert [letter.event for letter in page.letters] == ["e0"]


def test_those_to_be_told_are_open_or_were_begun(letters: DeadLetters, dead: Dead) -> None:
    states = (State.OPEN, State.REPLAYING, State.REPLAYED, State.DISCARDED)
    for number, state in enumerate(states):
        bury(letters, dead(number))
        set_to(letters, dead(number), state=state)
    bury(letters, dead(8))
    set_to(letters, dead(8), state=State.REPLAYED, batch="mine")

    rows, is_last = asyncio.run(letters.due("acme", Choice(), "mine", behind=None, limit=10))
    some, is_all = asyncio.run(letters.due("acme", Choice(), "mine", behind=dead(8).id, limit=1))

    assert [row.values["event"] for row in rows] == ["e8", "e1", "e0"]
    assert is_last
    assert [row.values["event"] for row in some] == ["e1"]
    assert not is_all


def test_the_old_are_forgotten_with_their_messages(
    letters: DeadLetters, artifacts: FileArtifacts, dead: Dead
) -> None:
    young = dead(1, updated_at=LATER)
    bury(letters, dead(0), young, text="long " * 5_000)
    held = find(letters, dead(0)).letter.message.artifact or ""

    removed = asyncio.run(letters.forget_before(NOON + timedelta(hours=1), limit=100))

    assert removed == 1
    assert asyncio.run(letters.find("acme", dead(0).id)) is None
    assert asyncio.run(artifacts.get(held)) is None
    assert asyncio.run(letters.text(find(letters, young).letter)) == "long " * 5_000


def test_no_more_are_forgotten_than_allowed(letters: DeadLetters, dead: Dead) -> None:
    bury(letters, *(dead(number) for number in range(5)))

    assert asyncio.run(letters.forget_before(LATER, limit=3)) == 3
    assert asyncio.run(letters.forget_before(LATER, limit=3)) == 2
