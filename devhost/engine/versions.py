"""Which versions of an orchestration this host runs, as host.json's durableTask section says."""

from dataclasses import dataclass
from typing import Literal

Strategy = Literal["None", "Strict", "CurrentOrOlder"]
OnMismatch = Literal["Reject", "Fail"]

MOST_PARTS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionPolicy:
    """Compares an instance's version with the host's own."""

    #: What instances get that are started without a version.
    own: str = ""
    strategy: Strategy = "CurrentOrOlder"
    on_mismatch: OnMismatch = "Reject"

    def mismatch(self, version: str) -> str | None:
        """Why an instance of that version may not run here, None when it may."""
        if self.strategy == "Strict" and version != self.own:
            return f"its version is {version!r} and this host runs {self.own!r} only (Strict)"
        if self.strategy == "CurrentOrOlder" and is_newer(version, self.own):
            return f"its version {version!r} is newer than this host's {self.own!r} (CurrentOrOlder)"
        return None


def is_newer(version: str, other: str) -> bool:
    """Whether a version comes after another, in the order of Azure's engine; the empty one comes first."""
    if not version.strip() or not other.strip():
        return bool(version.strip())
    mine, theirs = _numbers(version), _numbers(other)
    if mine is not None and theirs is not None:
        return mine > theirs
    return version.upper() > other.upper()


def _numbers(version: str) -> tuple[int, ...] | None:
    # What .NET's System.Version reads: two to four numbers; a lone "2" is none, and compares as text.
    pieces = version.split(".")
    if 2 <= len(pieces) <= MOST_PARTS and all(piece.strip().isdecimal() for piece in pieces):
        return tuple(int(piece) for piece in pieces)
    return None
