"""The host as a process of its own, the way users run it."""

import re
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks import machine
from benchmarks.opened_host import APP

ROOT = Path(__file__).parents[1]
_LISTENING = re.compile(r"Listening on (\S+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A process that listens."""

    url: str
    process: int
    #: From its start to the line that says where it listens.
    seconds: float
    #: What it said before that line.
    said: str

    @property
    def resident_mb(self) -> float:
        return machine.resident_mb(self.process)


@contextmanager
def served(module: str, *arguments: str) -> Iterator[Served]:
    """Run a module that prints `Listening on URL`, and end it afterwards."""
    began = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, "-m", module, *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        try:
            url, said = _announcement(process)
            yield Served(url=url, process=process.pid, seconds=time.perf_counter() - began, said=said)
        finally:
            process.terminate()
            process.wait(10)


def devhost_arguments(state: Path, *more: str) -> Sequence[str]:
    """The command line's options for the benchmarks' app, quiet."""
    return ("--app", str(APP), "--port", "0", "--state", str(state), "--log-level", "error", *more)


def _announcement(process: subprocess.Popen[str]) -> tuple[str, str]:
    assert process.stdout is not None
    printed = []
    for line in process.stdout:
        printed.append(line)
        if found := _LISTENING.search(line):
            return found[1], "".join(printed)
    raise RuntimeError(f"The process ended without listening: {''.join(printed)}")
