"""A host in a process of its own that is killed and started again on the same state and port."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from driver import APPS, ROOT

#: No start takes this long, even when two processors do the work of many.
PATIENCE = 60.0


class HostFell(Exception):
    """The host ended, or never listened, without having been killed."""


class MortalHost:
    """`python -m devhost` on one port and one state folder, in one incarnation after another."""

    def __init__(self, app: str, folder: Path, settings: dict[str, str], replay: str) -> None:
        self.port = free_port()
        self.incarnations = 0
        self._folder = folder
        self._environment = {**os.environ, **settings, "PYTHONPATH": paths()}
        self._command = [sys.executable, "-m", "devhost", "--app", str(APPS / app), "--port", str(self.port)]
        self._command += ["--state", str(folder / "state"), "--log-level", "warning", "--replay", replay]
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The present incarnation's process."""
        assert self._process is not None
        return self._process.pid

    @property
    def log(self) -> Path:
        """What the present incarnation printed."""
        return self._folder / f"host-{self.incarnations}.log"

    def spawn(self) -> None:
        """Begin to start; it is not ready yet."""
        self.incarnations += 1
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                self._command, stdout=log, stderr=subprocess.STDOUT, env=self._environment
            )

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + PATIENCE
        while b"Listening on" not in self.log.read_bytes():
            self.refuse_to_be_dead()
            if time.monotonic() > deadline:
                raise HostFell(f"does not listen after {PATIENCE} s:\n{self.last_words()}")
            time.sleep(0.005)

    def refuse_to_be_dead(self) -> None:
        assert self._process is not None
        status = self._process.poll()
        if status is not None:
            raise HostFell(f"ended by itself with {status}:\n{self.last_words()}")

    def kill(self) -> None:
        """End it as a power cut would, as far as one process can be."""
        self.refuse_to_be_dead()
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._end(signal.SIGTERM)

    def _end(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            raise

    def last_words(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")[-3000:]


def paths() -> str:
    return os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
