"""Every adapter of every port that keeps something: a further one is a line here and takes the same tests."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest
from azurite import Azurite

from dirigent.adapters.azure_tables import AzureTables
from dirigent.adapters.blob_artifacts import BlobArtifacts
from dirigent.adapters.file_artifacts import FileArtifacts
from dirigent.adapters.sqlite_records import SqliteRecords
from dirigent.adapters.system_clock import SystemClock
from dirigent.ports.artifacts import Artifacts
from dirigent.ports.clock import Clock
from dirigent.ports.records import Records
from dirigent.settings.storage import Storage


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where an empty store is made; what must be undone goes onto the stack."""

    folder: Path
    leave: ExitStack
    storage: Callable[[], Storage]


def _sqlite(place: Place) -> Records:
    records = SqliteRecords(place.folder / "records.db")
    place.leave.callback(records.close)
    return records


def _tables(place: Place) -> Records:
    records = AzureTables(place.storage())
    place.leave.callback(records.close)
    return records


def _files(place: Place) -> Artifacts:
    artifacts = FileArtifacts(place.folder)
    place.leave.callback(artifacts.close)
    return artifacts


def _blobs(place: Place) -> Artifacts:
    artifacts = BlobArtifacts(place.storage())
    place.leave.callback(artifacts.close)
    return artifacts


def _system() -> Clock:
    return SystemClock()


def _follower() -> Clock:
    clock = SystemClock()
    clock.follow(SystemClock())
    return clock


#: Each makes an empty store.
RECORDS: dict[str, Callable[[Place], Records]] = {"azure-tables": _tables, "sqlite": _sqlite}
ARTIFACTS: dict[str, Callable[[Place], Artifacts]] = {"azure-blob": _blobs, "files": _files}
CLOCKS: dict[str, Callable[[], Clock]] = {"system": _system, "follower": _follower}


@pytest.fixture
def storage(request: pytest.FixtureRequest) -> Callable[[], Storage]:
    """Makes empty accounts, so to say; the emulator starts with the first."""

    def made() -> Storage:
        azurite: Azurite = request.getfixturevalue("azurite")
        return azurite.storage()

    return made


@pytest.fixture(params=sorted(RECORDS))
def new_records(
    request: pytest.FixtureRequest, tmp_path: Path, storage: Callable[[], Storage]
) -> Iterator[Callable[[], Records]]:
    """Makes empty stores of records."""
    numbers = count()
    with ExitStack() as leave:
        yield lambda: RECORDS[request.param](
            Place(folder=tmp_path / f"store-{next(numbers)}", leave=leave, storage=storage)
        )


@pytest.fixture
def records(new_records: Callable[[], Records]) -> Records:
    """An empty store of records."""
    return new_records()


@pytest.fixture(params=sorted(ARTIFACTS))
def artifacts(
    request: pytest.FixtureRequest, tmp_path: Path, storage: Callable[[], Storage]
) -> Iterator[Artifacts]:
    """An empty store of artifacts."""
    with ExitStack() as leave:
        yield ARTIFACTS[request.param](Place(folder=tmp_path / "artifacts", leave=leave, storage=storage))


@pytest.fixture(params=sorted(CLOCKS))
def clock(request: pytest.FixtureRequest) -> Clock:
    """A clock whose time passes by itself."""
    return CLOCKS[request.param]()
