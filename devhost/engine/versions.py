"""Which versions of an orchestration this host runs, as host.json's durableTask section says."""

from dataclasses import dataclass
from itertools import zip_longest
from typing import Literal

Strategy = Literal["None", "Strict", "CurrentOrOlder"]
OnMismatch = Literal["Reject", "Fail"]


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionPolicy:
    """Compares an instance's version with the host's own."""

    #: What instances get that are started without a version.
    own: str = ""
    strategy: Strategy = "None"
    on_mismatch: OnMismatch = "Reject"

    def mismatch(self, version: str) -> str | None:
        """Why an instance of that version may not run here, None when it may."""
        if self.strategy == "Strict" and version != self.own:
            return f"its version is {version!r} and this host runs {self.own!r} only (Strict)"
        if self.strategy == "CurrentOrOlder" and is_newer(version, self.own):
            return f"its version {version!r} is newer than this host's {self.own!r} (CurrentOrOlder)"
        return None


def is_newer(version: str, other: str) -> bool:
    """Whether a version comes after another: part by part, numbers as numbers, the empty one first."""
    for mine, theirs in zip_longest(_parts(version), _parts(other), fillvalue=(0, 0, "")):
        if mine != theirs:
            return mine > theirs
    return False


def _parts(version: str) -> list[tuple[int, int, str]]:
    # Words sort before numbers, so that 1.0-preview… comes before 1.0.1.
    pieces = version.split(".") if version else []
    return [(1, int(piece), "") if piece.isdecimal() else (-1, 0, piece.lower()) for piece in pieces]
