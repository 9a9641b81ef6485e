"""Request paths: cut at their slashes, then decoded as the Functions host's server does."""

from urllib.parse import unquote

#: Kestrel's limit for the whole request line.
LONGEST = 8192


class BadPath(Exception):
    """A path no server would take."""

    def __init__(self, status: int, reason: str) -> None:
        self.status, self.reason = status, reason
        super().__init__(reason)


def segments(path: str) -> tuple[str, ...]:
    """The pieces between the slashes, still encoded; a slash at the end makes an empty last one."""
    if len(path) > LONGEST:
        raise BadPath(414, f"The path is {len(path)} characters long; {LONGEST} are allowed.")
    if not path.startswith("/"):
        raise BadPath(400, "The path does not begin with a slash.")
    if "\0" in path or "%00" in path:
        raise BadPath(400, "The path holds a null character.")
    pieces = path[1:].split("/")
    if not any(piece[:1] in {".", "%"} for piece in pieces):
        return tuple(pieces)
    return tuple(_without_dots(pieces))


def _without_dots(pieces: list[str]) -> list[str]:
    kept: list[str] = []
    for place, piece in enumerate(pieces):
        step = decoded(piece)
        if step not in {".", ".."}:
            kept.append(piece)
            continue
        if step == ".." and kept:
            kept.pop()
        if place == len(pieces) - 1:
            kept.append("")
    return kept


def decoded(piece: str, *, slashes: bool = False) -> str:
    """The piece without its escapes; what is no escape, or no UTF-8, stays as it came.

    An encoded slash stays encoded unless `slashes` asks for it, so that it never looks like a separator.
    """
    if "%" not in piece and piece.isascii():
        return piece
    if not slashes:
        piece = piece.replace("%2F", "%252F").replace("%2f", "%252f")
    return "".join(_escape_stray(letter) for letter in unquote(piece, errors="surrogateescape"))


def _escape_stray(letter: str) -> str:
    return f"%{ord(letter) - 0xDC00:02X}" if "\udc80" <= letter <= "\udcff" else letter
