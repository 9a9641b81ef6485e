"""Every adapter of every port that keeps something: a further one is a line here and takes the same tests."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path

import pytest

from dirigent.adapters.file_artifacts import FileArtifacts
from dirigent.adapters.sqlite_records import SqliteRecords
from dirigent.adapters.system_clock import SystemClock
from dirigent.ports.artifacts import Artifacts
from dirigent.ports.clock import Clock
from dirigent.ports.records import Records


def _sqlite(folder: Path, leave: ExitStack) -> Records:
    records = SqliteRecords(folder / "records.db")
    leave.callback(records.close)
    return records


def _files(folder: Path, leave: ExitStack) -> Artifacts:
    return FileArtifacts(folder)


def _system() -> Clock:
    return SystemClock()


def _follower() -> Clock:
    clock = SystemClock()
    clock.follow(SystemClock())
    return clock


#: Each makes an empty store; the folder is its own, and what must be undone goes onto the stack.
RECORDS: dict[str, Callable[[Path, ExitStack], Records]] = {"sqlite": _sqlite}
ARTIFACTS: dict[str, Callable[[Path, ExitStack], Artifacts]] = {"files": _files}
CLOCKS: dict[str, Callable[[], Clock]] = {"system": _system, "follower": _follower}


@pytest.fixture(params=sorted(RECORDS))
def new_records(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], Records]]:
    """Makes empty stores of records."""
    numbers = count()
    with ExitStack() as leave:
        yield lambda: RECORDS[request.param](tmp_path / f"store-{next(numbers)}", leave)


@pytest.fixture
def records(new_records: Callable[[], Records]) -> Records:
    """An empty store of records."""
    return new_records()


@pytest.fixture(params=sorted(ARTIFACTS))
def artifacts(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Artifacts]:
    """An empty store of artifacts."""
    with ExitStack() as leave:
        yield ARTIFACTS[request.param](tmp_path / "artifacts", leave)


@pytest.fixture(params=sorted(CLOCKS))
def clock(request: pytest.FixtureRequest) -> Clock:
    """A clock whose time passes by itself."""
    return CLOCKS[request.param]()
