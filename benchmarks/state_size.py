"""What a state takes on disk."""

from pathlib import Path


def folder_bytes(state: Path) -> int:
    """Bytes of all files in a state folder, write-ahead log included."""
    return sum(file.stat().st_size for file in state.iterdir())
