"""What a story's app stands on: what it brings along, or services that are reached over a network.

Whatever starts the app asks here for its settings. The services' are in the environment, so that programs
that a story starts find the same.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit

from devhost.testing import VirtualClock

#: Holds the connection string of the storage; where it is not set, the app stands on what it brings along.
STORAGE = "STORY_STORAGE"

#: What the names begin with of all that an app reads of models, and of settings of its own.
OF_APPS = ("AZURE_OPENAI_", "DIRIGENT_", "OPENAI_")

Settings = Mapping[str, str]


class Footing(Protocol):
    """An app's settings, and the time that it is to live by once it is hosted in process."""

    settings: dict[str, str]

    def time(self, clock: VirtualClock) -> Any:
        """The host's time, as a clock for the app to follow."""


class Surroundings(Protocol):
    """Where an app finds its model, its records and its artifacts."""

    def hosted(self, folder: Path, settings: Settings) -> AbstractContextManager[Footing]:
        """For an app in this process; with one folder, twice, it finds what it left."""

    def apart(self, folder: Path, settings: Settings) -> AbstractContextManager[dict[str, str]]:
        """The settings of an app in a process of its own; with one folder, as above."""

    def published(self, address: str) -> str:
        """What an app has stored at that address."""

    def files(self, folder: Path) -> list[str]:
        """The names of all that the folder's app has stored."""


def present() -> Surroundings:
    """Those of this story."""
    connection = os.environ.get(STORAGE)
    if connection is None:
        return Embedded()
    # Not before: their server is of the app's package, which nobody may have loaded who hosts copies of it.
    from story_services import Services  # noqa: PLC0415

    return Services(connection, name=STORAGE)


@contextmanager
def alone() -> Iterator[None]:
    """Have stories find nothing that whoever runs them has set: no model of theirs is to be asked."""
    theirs = {name: value for name, value in os.environ.items() if name.startswith(OF_APPS)}
    for name in theirs:
        del os.environ[name]
    try:
        yield
    finally:
        os.environ.update(theirs)


@contextmanager
def services(connection: str) -> Iterator[None]:
    """Have stories stand on services meanwhile, with this storage."""
    os.environ[STORAGE] = connection
    try:
        yield
    finally:
        del os.environ[STORAGE]


class Embedded:
    """The scripted model in the app's process, records in SQLite, artifacts in files."""

    @contextmanager
    def hosted(self, folder: Path, settings: Settings) -> Iterator[Footing]:
        yield OwnFooting(self._given(folder, settings))

    @contextmanager
    def apart(self, folder: Path, settings: Settings) -> Iterator[dict[str, str]]:
        yield self._given(folder, settings)

    def published(self, address: str) -> str:
        return Path(unquote(urlsplit(address).path)).read_text(encoding="utf-8")

    def files(self, folder: Path) -> list[str]:
        root = folder / "data" / "artifacts"
        return [path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()]

    def _given(self, folder: Path, settings: Settings) -> dict[str, str]:
        # By name, for tests of other folders that host the app: a model's key around them would change it.
        return {"DIRIGENT_DATA": str(folder / "data"), "DIRIGENT_MODEL": "scripted", **settings}


class OwnFooting:
    """All in one process."""

    def __init__(self, settings: dict[str, str]) -> None:
        self.settings = settings

    def time(self, clock: VirtualClock) -> VirtualClock:
        return clock
