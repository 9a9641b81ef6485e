"""The catalogue's files: which there are, and what stands in each."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from dirigent.declarations import nodes
from dirigent.declarations.findings import Place, Report
from dirigent.declarations.nodes import Node
from dirigent.domain.spelling import nearest

#: A larger file is no declaration a person wrote.
LARGEST_FILE = 500_000

FOLDERS = ("agents", "workflows", "subscriptions")
SINGLES = {"models.yaml": "models", "accounts.yaml": "accounts"}

_ENDINGS = (".yaml", ".yml")


def files(folder: Path, report: Report) -> Iterator[tuple[str, Path, Place]]:
    """Every file that declares something: its section, itself and its place; strays are reported."""
    for path in _entries(folder, Place(file="."), report):
        place = Place(file=path.name)
        if path.is_dir():
            yield from _in_folder(path, report)
        elif path.name in SINGLES:
            section = SINGLES[path.name]
            yield section, path, Place(file=place.file, path=section)
        elif path.suffix in _ENDINGS:
            report.add(place, f"Nobody reads this: {_hint(path.stem)}")


def _hint(stem: str) -> str:
    meant = nearest(stem, SINGLES.values())
    if meant is not None:
        return f"did you mean {meant}.yaml?"
    where = f"{', '.join(f'{name}/' for name in FOLDERS[:-1])} or {FOLDERS[-1]}/"
    return f"move it to {where}; models stand in models.yaml, accounts in accounts.yaml."


def _in_folder(folder: Path, report: Report) -> Iterator[tuple[str, Path, Place]]:
    meant = nearest(folder.name, FOLDERS)
    hint = (
        f"did you mean {meant}/?"
        if meant
        else "declarations stand in agents/, workflows/ and subscriptions/."
    )
    for path in _entries(folder, Place(file=folder.name), report):
        place = Place(file=f"{folder.name}/{path.name}")
        if path.is_dir() and path.suffix not in _ENDINGS:
            if any(inner.suffix in _ENDINGS for inner in _entries(path, place, report)):
                report.add(place, "Nobody reads folders within folders: move the files up.")
        elif path.suffix in _ENDINGS and folder.name not in FOLDERS:
            report.add(Place(file=folder.name), f"Nobody reads this folder: {hint}")
        elif path.suffix == ".yml":
            report.add(place, "Files end in .yaml here: rename it.")
        elif path.suffix == ".yaml":
            yield folder.name, path, Place(file=place.file, path=folder.name)


def _entries(folder: Path, place: Place, report: Report) -> list[Path]:
    try:
        # Hidden files are an editor's or the platform's own.
        return sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    except OSError as error:
        why = f"The folder {folder} cannot be read: {error.strerror}; name one that is there and may be read."
        report.add(place, why)
        return []


def _is_ordinary(path: Path) -> bool:
    # A folder passes, for opening it says what it is.
    mode = path.stat().st_mode
    return stat.S_ISREG(mode) or stat.S_ISDIR(mode)


def read(path: Path, place: Place, report: Report) -> Node | None:
    """The file as a tree; None once it has been reported why there is none."""
    whole = Place(file=place.file)
    try:
        # Opening a pipe waits for whoever writes to it, and a device has no end.
        if not _is_ordinary(path):
            report.add(whole, "Cannot be read: it is a pipe, socket or device; put a file in its place.")
            return None
        with path.open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
    except OSError as error:
        report.add(whole, f"Cannot be read: {error.strerror or os.strerror(error.errno or 0)}.")
        return None
    if len(content) > LARGEST_FILE:
        report.add(whole, f"Is larger than {LARGEST_FILE} bytes: split it.")
        return None
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        at = Place(file=place.file, line=line)
        report.add(at, f"Is not UTF-8 (byte {content[error.start]:#04x}): save it as UTF-8.")
        return None
    return nodes.parse(text, place, report)
