"""What the numbers were measured on."""

import os
import platform
import sqlite3
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path


def described() -> str:
    """Date, machine and versions in one line."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    packages = ("azure-functions", "azure-functions-durable", "aiohttp")
    versions = ", ".join(f"{name} {version(name)}" for name in packages)
    return (
        f"{datetime.now(UTC):%Y-%m-%d}, {platform.system()}, {cores} cores, "
        f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, {versions}"
    )


def resident_mb(process: int) -> float:
    """Memory a process holds now; nan where the system has no /proc."""
    return _field(Path(f"/proc/{process}/status"), "VmRSS:") / 1024


def written_bytes() -> float:
    """Bytes this process has handed to the system so far; nan where the system has no /proc."""
    return _field(Path("/proc/self/io"), "wchar:")


def _field(file: Path, name: str) -> float:
    if not file.exists():
        return float("nan")
    [line] = (line for line in file.read_text().splitlines() if line.startswith(name))
    return float(line.split()[1])
