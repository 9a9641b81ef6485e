"""Stores for what is kept."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from dirigent.adapters.file_artifacts import FileArtifacts
from dirigent.adapters.sqlite_records import SqliteRecords
from dirigent.domain.dead_letters import DeadLetter, State, cause_of, dead_letter_id
from dirigent.domain.outcomes import Category
from dirigent.domain.runs import Held

NOON = datetime(2031, 5, 6, 12, tzinfo=UTC)


@pytest.fixture
def records(tmp_path: Path) -> Iterator[SqliteRecords]:
    """An empty store of records."""
    records = SqliteRecords(tmp_path / "records.db")
    yield records
    records.close()


@pytest.fixture
def artifacts(tmp_path: Path) -> FileArtifacts:
    """An empty store of artifacts."""
    return FileArtifacts(tmp_path / "artifacts")


@pytest.fixture
def dead() -> Callable[..., DeadLetter]:
    """Makes dead letters; each number is an event of its own, told as many seconds after noon."""

    def dead(number: int = 0, **others: Any) -> DeadLetter:
        enqueued = NOON + timedelta(seconds=number)
        values: dict[str, Any] = {
            "account": "acme",
            "subscription": "analyser",
            "topic": "data",
            "type": "DataReceived",
            "event": f"e{number}",
            "correlation_id": f"c{number}",
            "state": State.OPEN,
            "source": "run",
            "category": Category.PERMANENT,
            "reason": "refusal",
            "description": "It refused.",
            "enqueued_at": enqueued,
            "died_at": enqueued + timedelta(minutes=1),
            "updated_at": enqueued + timedelta(minutes=1),
            "message": Held(),
            "properties": {"type": "DataReceived", "account": "acme", "hops": 2},
            "run": f"run-{number}",
        } | others
        own = {
            "id": dead_letter_id(values["subscription"], values["event"], enqueued),
            "cause": cause_of(
                values["subscription"], values["category"], values["reason"], values["description"], None
            ),
        }
        return DeadLetter(**(own | values))

    return dead
