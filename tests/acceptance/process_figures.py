"""What a running host takes of the machine: memory and disk, as figures to compare."""

from collections.abc import Sequence
from pathlib import Path
from statistics import median


def resident(pid: int) -> int:
    """Bytes of memory the process holds; 0 when it is gone."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS:")), 0)


def on_disk(state: Path) -> int:
    """Bytes of the state file and its log."""
    return sum(path.stat().st_size for path in state.glob("devhost.db*") if path.exists())


def growth(name: str, figures: Sequence[int], *, slack: int, factor: float = 1.15) -> list[str]:
    """A complaint if the last third's median is beyond the middle third's by more than factor and slack."""
    third = len(figures) // 3
    if third < 2:
        return [f"{name}: {len(figures)} figures are too few to tell whether they level off"]
    middle, last = median(figures[third : 2 * third]), median(figures[-third:])
    if last <= middle * factor + slack:
        return []
    return [f"{name} grows: {mebibytes(middle)} MiB in the middle third, {mebibytes(last)} in the last"]


def mebibytes(count: float) -> str:
    return f"{count / 2**20:.1f}"
