"""Stores for what is kept."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from dirigent.adapters.file_artifacts import FileArtifacts
from dirigent.adapters.sqlite_records import SqliteRecords


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
