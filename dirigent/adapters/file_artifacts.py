"""Artifacts as files in a folder: what a person finds there under its name is the artifact itself."""

import asyncio
import contextlib
import os
import stat
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from hashlib import sha256
from itertools import count
from pathlib import Path
from typing import TypeVar

from dirigent import codec
from dirigent.adapters.artifact_names import NameRefused, check, folder_of
from dirigent.adapters.content_types import check_type
from dirigent.ports.artifacts import Artifact, ArtifactsUnavailable

#: What a name's ending says by itself; any other type is noted beside the file.
TYPES = {
    ".md": "text/markdown; charset=utf-8",
    ".json": "application/json",
}
ELSE = "text/plain; charset=utf-8"

#: No name holds it: what is ours among the artifacts ends in it.
_OURS = "~"
#: Versions of one file whose types are noted: of the last and of those other processes are writing.
_REMEMBERED = 8
#: A folder that was emptied and removed while something was written into it is made anew as often as this.
_TRIES = 20
#: Puts under way at a time: they mostly wait for the disk, and those who wait together share its flushes.
_HANDS = 4
#: Folders of which is remembered that a power cut leaves them.
_MOST_LASTING = 1000

#: Names of drafts: another process, or this one started again, begins elsewhere.
_DRAFTS = count(int.from_bytes(os.urandom(8), "big"))

Result = TypeVar("Result")


class FolderUnusable(ArtifactsUnavailable):
    """The folder of the artifacts cannot be read or written as things are."""

    def __init__(self, folder: Path, reason: str) -> None:
        self.folder, self.reason = folder, reason
        super().__init__(
            f"The artifacts in {str(folder)!r} cannot be read or written ({reason}): "
            "see to the folder's rights and to the disk's free space."
        )


class FileArtifacts:
    """Keeps each artifact in a file of its name; a crash leaves the old one or the new one."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        # Notes beside files are read, changed and written.
        self._noting = threading.Lock()
        self._hands = _hands()
        self._lasting: set[Path] = set()

    async def put(self, name: str, content: bytes, *, content_type: str) -> str:
        """Write the file whole or not at all, over what was there; its address."""
        check_type(content_type)
        return await self._aside(partial(self._put, self._path(name), content, content_type))

    async def get(self, name: str) -> Artifact | None:
        """The file, None when there is none."""
        return await self._aside(partial(self._get, self._path(name)))

    async def delete_under(self, prefix: str) -> int:
        """Remove every file whose name begins with the prefix, which ends in `/`; how many they were."""
        return await self._aside(partial(self._delete_under, self._path(folder_of(prefix))))

    def close(self) -> None:
        """Finish what was asked for and send the threads home; the next operation calls others."""
        hands, self._hands = self._hands, _hands()
        hands.shutdown()

    def _path(self, name: str) -> Path:
        check(name)
        return self._folder.joinpath(*name.split("/"))

    async def _aside(self, act: Callable[[], Result]) -> Result:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._hands, act)
        except OSError as error:
            raise FolderUnusable(self._folder, str(error)) from error

    def _put(self, path: Path, content: bytes, content_type: str) -> str:
        self._stay_inside(path.parent)
        for attempt in range(1, _TRIES + 1):
            try:
                self._write_to_last(path, content, content_type)
                break
            except FileNotFoundError:
                # Somebody removed the folder, as empty, before there was anything in it.
                if attempt == _TRIES:
                    raise
            except (NotADirectoryError, IsADirectoryError) as error:
                name = path.relative_to(self._folder).as_posix()
                rule = "a file stands where it needs a folder, or a folder where it would stand"
                raise NameRefused(name, rule) from error
        # The file itself is no link any more.
        return Path(os.path.realpath(path.parent), path.name).as_uri()

    def _write_to_last(self, path: Path, content: bytes, content_type: str) -> None:
        try:
            self._write_with_note(path, content, content_type)
            made: list[Path] = []
        except FileNotFoundError:
            made = _make_folders(path.parent)
            self._write_with_note(path, content, content_type)
        # After the content and from below to above: by then the disk has most of it, and is asked for less.
        ours = len(path.parts) - len(self._folder.parts)
        for height, folder in enumerate(path.parents):
            # If found there, too: whoever made it may not have come to this, or have ended before.
            if folder in made or (height < ours and folder not in self._lasting):
                _sync(folder.parent)
                self._remember(folder)
            elif height >= ours:
                break

    def _remember(self, folder: Path) -> None:
        if len(self._lasting) >= _MOST_LASTING:
            self._lasting.clear()
        self._lasting.add(folder)

    def _write_with_note(self, path: Path, content: bytes, content_type: str) -> None:
        note = _note(path)
        if content_type == _usual_type(path) and not os.path.lexists(note):
            _write(path, content)
            return
        with self._noting:
            # The note goes first: under the content's hash it says nothing until that content is there.
            types = {kind: noted for kind, noted in _types(note).items() if kind != _digest(content)}
            types[_digest(content)] = content_type
            _write(note, codec.to_json(dict(list(types.items())[-_REMEMBERED:])))
            _write(path, content)

    def _get(self, path: Path) -> Artifact | None:
        self._stay_inside(path)
        try:
            content = path.read_bytes()
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            return None
        noted = _types(_note(path)).get(_digest(content))
        return Artifact(content=content, content_type=noted or _usual_type(path))

    def _delete_under(self, folder: Path) -> int:
        self._stay_inside(folder)
        if not folder.is_dir():
            return 0
        removed = sum(_remove(path) for path in _files_under(folder))
        # Whoever makes these folders again has to see to it that they last.
        self._lasting.clear()
        self._drop_empty_parents(folder)
        return removed

    def _drop_empty_parents(self, folder: Path) -> None:
        while folder != self._folder:
            try:
                folder.rmdir()
            except OSError:
                # Something was written here meanwhile.
                return
            folder = folder.parent

    def _stay_inside(self, path: Path) -> None:
        # Names cannot lead out; a symbolic link that somebody laid into the folder could.
        if not _has_link(str(self._folder), path.relative_to(self._folder).parts):
            return
        try:
            is_inside = path.resolve().is_relative_to(self._folder.resolve())
        except RuntimeError as error:
            # This is how pathlib tells of links that lead in a circle.
            raise FolderUnusable(self._folder, str(error)) from error
        if not is_inside:
            raise FolderUnusable(self._folder, f"{str(path)!r} lies outside of it, behind a symbolic link")


def _hands() -> ThreadPoolExecutor:
    # Its threads come with the work.
    return ThreadPoolExecutor(_HANDS, thread_name_prefix="artifacts")


def _has_link(place: str, parts: tuple[str, ...]) -> bool:
    for part in parts:
        place = f"{place}{os.sep}{part}"
        try:
            mode = os.lstat(place).st_mode
        except (FileNotFoundError, NotADirectoryError):
            return False
        if stat.S_ISLNK(mode):
            return True
    return False


def _make_folders(folder: Path) -> list[Path]:
    """Make the folder and those above it; which of them were missing."""
    made = []
    try:
        folder.mkdir()
    except FileExistsError:
        return []
    except FileNotFoundError:
        made = _make_folders(folder.parent)
        with contextlib.suppress(FileExistsError):
            folder.mkdir()
    return [*made, folder]


def _usual_type(path: Path) -> str:
    return TYPES.get(path.suffix, ELSE)


def _note(path: Path) -> Path:
    return path.with_name(f"{path.name}.type{_OURS}")


def _types(note: Path) -> dict[str, str]:
    try:
        return codec.from_json(dict[str, str], note.read_bytes())
    except (FileNotFoundError, codec.Undecodable):
        return {}


def _digest(content: bytes) -> str:
    return sha256(content).hexdigest()


def _write(path: Path, content: bytes) -> None:
    draft = path.with_name(f"{path.name}.{next(_DRAFTS):x}{_OURS}")
    # Nothing between the file and the content: whoever waits for the interpreter waits at each such call.
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
    try:
        try:
            left = memoryview(content)
            while left:
                left = left[os.write(descriptor, left) :]
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        draft.replace(path)
    except OSError:
        draft.unlink(missing_ok=True)
        raise
    _sync(path.parent)


def _sync(folder: Path) -> None:
    """Let what was made, renamed or removed in the folder outlast a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _files_under(folder: Path) -> Iterator[Path]:
    for place, folders, files in os.walk(folder, topdown=False):
        yield from (Path(place, file) for file in files)
        for inner in folders:
            path = Path(place, inner)
            if path.is_symlink():
                yield path
            else:
                with contextlib.suppress(OSError):
                    path.rmdir()


def _remove(path: Path) -> int:
    """Remove a file; 1 when it was an artifact and still there."""
    try:
        path.unlink()
    except FileNotFoundError:
        return 0
    return 0 if path.name.endswith(_OURS) else 1
