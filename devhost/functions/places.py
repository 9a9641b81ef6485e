"""Where in the app's own code something happened."""

import linecache
from collections.abc import Iterable
from pathlib import Path
from types import FrameType, TracebackType

#: A file and a line of it.
Place = tuple[str, int]


def failed_at(error: BaseException) -> str:
    """The innermost line of the app that an exception passed, as ` in file, line n: code`, else nothing."""
    places = list(_passed(error.__traceback__))
    return _told(reversed(places))


def stands_at(frame: FrameType) -> str:
    """The innermost line of the app that a frame was called from, else its own."""
    return _told(_callers(frame)) or _line(_place(frame))


def _told(places: Iterable[Place]) -> str:
    # The app's folder is the working directory, as on Azure.
    home = str(Path.cwd())
    own = (place for place in places if place[0].startswith(home) and "site-packages" not in place[0])
    place = next(own, None)
    return "" if place is None else _line(place)


def _line(place: Place) -> str:
    file, line = place
    return f" in {Path(file).name}, line {line}: `{linecache.getline(file, line).strip()}`"


def _callers(innermost: FrameType) -> Iterable[Place]:
    frame: FrameType | None = innermost
    while frame is not None:
        yield _place(frame)
        frame = frame.f_back


def _place(frame: FrameType) -> Place:
    return frame.f_code.co_filename, frame.f_lineno


def _passed(entry: TracebackType | None) -> Iterable[Place]:
    while entry is not None:
        yield entry.tb_frame.f_code.co_filename, entry.tb_lineno
        entry = entry.tb_next
