"""What dead letters died of."""

import asyncio
from collections.abc import Callable
from datetime import timedelta

from dirigent.adapters.file_artifacts import FileArtifacts
from dirigent.adapters.sqlite_records import SqliteRecords
from dirigent.domain.dead_letters import Choice, DeadLetter
from dirigent.records.dead_letters import DeadLetters
from dirigent.records.letter_causes import Causes, causes_of

Dead = Callable[..., DeadLetter]


def counted(records: SqliteRecords, artifacts: FileArtifacts, *those: DeadLetter, most: int = 100) -> Causes:
    async def work() -> Causes:
        letters = DeadLetters(records, artifacts)
        for letter in those:
            await letters.bury(letter, "{}")
        return await causes_of(letters, "acme", Choice(subscription="analyser"), most=most)

    return asyncio.run(work())


def test_nothing_has_no_cause(records: SqliteRecords, artifacts: FileArtifacts) -> None:
    assert counted(records, artifacts) == Causes()


def test_the_most_frequent_cause_comes_first(
    records: SqliteRecords, artifacts: FileArtifacts, dead: Dead
) -> None:
    late = [dead(number, reason="late", description=f"Took {number} s.") for number in (3, 4, 5)]
    found = counted(
        records,
        artifacts,
        dead(0),
        dead(1),
        *late,
        dead(2, subscription="notifier"),
        dead(6, account="other"),
    )

    assert [(cause.count, cause.example.reason) for cause in found.causes] == [(3, "late"), (2, "refusal")]
    assert (found.counted, found.is_whole) == (5, True)


def test_a_cause_says_when_it_began_and_shows_the_last(
    records: SqliteRecords, artifacts: FileArtifacts, dead: Dead
) -> None:
    late = dead(0).died_at + timedelta(hours=1)

    [cause] = counted(records, artifacts, dead(0, died_at=late), dead(1), dead(2)).causes

    assert (cause.first, cause.last, cause.example.event) == (dead(1).died_at, late, "e0")


def test_too_many_are_not_all_counted(records: SqliteRecords, artifacts: FileArtifacts, dead: Dead) -> None:
    found = counted(records, artifacts, *(dead(number) for number in range(5)), most=3)

    assert (found.counted, found.is_whole, found.causes[0].count) == (3, False, 3)
