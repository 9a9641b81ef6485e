"""A place for state that is soon full, or cannot be written: as real as this machine and user allow."""

import os
import resource
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

MEBIBYTE = 2**20


class NotPossible(Exception):
    """This user may not make such a place here."""


class SmallDisk:
    """A folder on a disk of one mebibyte."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def make_room(self) -> None:
        """Make the disk large enough."""
        _run("mount", "-o", f"remount,size={64 * MEBIBYTE}", str(self.folder))

    def fill(self) -> Path:
        """Leave no byte free; the file that takes the room."""
        ballast = self.folder / "ballast"
        with ballast.open("wb", buffering=0) as file:
            try:
                while True:
                    file.write(b"\0" * 4096)
            except OSError:
                return ballast

    def forbid_writing(self) -> None:
        _run("mount", "-o", "remount,ro", str(self.folder))


@contextmanager
def small_disk(folder: Path) -> Iterator[SmallDisk]:
    """Mount one on the folder for a while; `NotPossible` says why there is none."""
    folder.mkdir(exist_ok=True)
    try:
        _run("mount", "-t", "tmpfs", "-o", f"size={MEBIBYTE}", "tmpfs", str(folder))
    except (OSError, subprocess.CalledProcessError) as error:
        raise NotPossible(f"a tmpfs cannot be mounted by user {os.geteuid()}: {error}") from error
    try:
        yield SmallDisk(folder)
    finally:
        _run("umount", "-l", str(folder))


@contextmanager
def small_files() -> Iterator[None]:
    """For processes started meanwhile: no file grows beyond a mebibyte, which SQLite takes for a bad disk."""
    before, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (MEBIBYTE, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (before, hard))


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)
