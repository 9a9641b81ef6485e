"""Why the state cannot be used.

StateRefused
├── StateInUse          another host holds it: the developer stops that one or chooses another folder
├── StateOfAnotherKind  written by another version: the developer moves it away
├── StateOutOfReach     it cannot be opened or written: the developer mends the folder or the disk
├── StateGone           it was taken away from a running host: the developer puts it back or starts empty
└── StateDamaged        not a readable database: the developer restores or removes it
"""

from pathlib import Path


class StateRefused(Exception):
    """The state folder cannot be used; nothing more in it was changed."""


class StateInUse(StateRefused):
    """Another host works on this state."""

    def __init__(self, folder: Path, holder: str) -> None:
        self.folder, self.holder = folder, holder
        super().__init__(
            f"The state in {str(folder)!r} is in use by another host (process {holder or 'unknown'}): "
            "stop that host, or give this one a folder of its own with --state."
        )


class StateOfAnotherKind(StateRefused):
    """The file's schema is not this program's."""

    def __init__(self, file: Path, found: int, expected: int) -> None:
        self.file, self.found, self.expected = file, found, expected
        super().__init__(
            f"The state file {str(file)!r} has schema version {found}, this host reads version {expected}: "
            "move the file away to start empty, or run the version that wrote it."
        )


class StateOutOfReach(StateRefused):
    """The machine does not let the file be opened or written."""

    def __init__(self, file: Path, reason: str) -> None:
        self.file, self.reason = file, reason
        super().__init__(
            f"The state file {str(file)!r} cannot be written ({reason}): see to the folder's rights and the "
            "disk's free space, or give the host another folder with --state."
        )


class StateGone(StateRefused):
    """The file was deleted, moved or replaced while a host was working on it."""

    def __init__(self, file: Path, reason: str) -> None:
        self.file, self.reason = file, reason
        super().__init__(
            f"The state file {str(file)!r} was taken away from the running host ({reason}): "
            "put it back before the next start, or start without it to begin with an empty state."
        )


class StateDamaged(StateRefused):
    """The file is no database that can be read."""

    def __init__(self, file: Path, reason: str) -> None:
        self.file, self.reason = file, reason
        super().__init__(
            f"The state file {str(file)!r} cannot be read ({reason}): "
            "restore it from a copy, or move it away to start empty."
        )
