"""How much is measured, and where."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Sizes of a run; `quick` tells whether everything works, not how fast it is."""

    quick: bool

    def size(self, full: int, quick: int) -> int:
        return quick if self.quick else full

    @property
    def rounds(self) -> int:
        """How often a measurement is repeated; the median counts."""
        return self.size(3, 1)

    @contextmanager
    def folder(self) -> Iterator[Path]:
        """A folder for state files, where TMPDIR says; gone afterwards."""
        with TemporaryDirectory(prefix="devhost-bench-") as name:
            yield Path(name)
