"""Sends malformed requests to a host of its own and sees whether it is still right afterwards."""

import http.client
import json
import socket
import sqlite3
import struct
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from random import Random
from select import select
from typing import Any

from chaos_load import HOOKS, Line
from driver import ENDED, polled
from malformed import Attempt, Manner, attempt
from mortal_host import MortalHost
from process_figures import mebibytes, resident

THREADS = 4
#: An answer, or the end of the connection, comes within this many seconds, on a busy machine too.
WITHIN = 20.0
#: How long a client that will say no more listens before it says so.
LISTENING = 0.05
#: What the host may hold more at the end than in the middle: its allocator's noise, and the instances that
#: the requests have started.
MOST_GROWTH = 16 * 2**20
#: Azure's own API answers 500 where the status of an instance forbids what is asked.
CONFLICTS = frozenset({"InstanceConflict"})
#: What the host's log must not hold.
ALARMS = (
    "The host failed to answer",
    "Traceback",
    "The host made a mistake",
    "Error handling request",
    "Unhandled",
)


class MalformedRun:
    """So many malformed requests; `complaints` is empty if the host stood all of them."""

    def __init__(self, folder: Path, *, seed: int, requests: int) -> None:
        self._state = folder / "state"
        self._host = MortalHost("open_house", folder, {}, "sticky")
        self._seed, self._requests = seed, requests
        self._sent = 0
        self._lock = threading.Lock()
        self._found: list[str] = []
        self._answers: Counter[str] = Counter()

    def complaints(self) -> list[str]:
        """Everything that went wrong."""
        try:
            self._start()
            self._prepare()
            half = self._requests // 2
            self._send_until(half)
            middle = resident(self._host.pid)
            self._send_until(self._requests)
            self._look_after(middle, resident(self._host.pid))
            self._host.stop()
            self._found += self._about_state()
            self._found += self._about_log()
            self._start()
            self._complete_a_chain()
        finally:
            self._host.stop()
        print(f"{self._requests} requests: {dict(sorted(self._answers.items()))}")
        return self._found

    def _start(self) -> None:
        self._host.spawn()
        self._host.wait_until_ready()

    def _prepare(self) -> None:
        with closing(Line(self._host.port)) as line:
            for name, instance_id in (("chain", "ended"), ("listen", "waiting"), ("listen", "other")):
                line.send("POST", f"{HOOKS}/orchestrators/{name}/{instance_id}", {})
            polled(lambda: _has_ended(line, "ended"))

    def _send_until(self, bound: int) -> None:
        threads = [threading.Thread(target=self._send, args=(bound,), daemon=True) for _ in range(THREADS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self._host.refuse_to_be_dead()

    def _send(self, bound: int) -> None:
        while (number := self._next(bound)) is not None:
            # Each from dice of its own: the order in which threads come does not change the requests.
            one = attempt(Random(f"{self._seed} {number}"))
            outcome = self._outcome(one)
            with self._lock:
                self._answers[outcome] += 1

    def _next(self, bound: int) -> int | None:
        with self._lock:
            if self._sent >= bound or len(self._found) > 50:
                return None
            self._sent += 1
            return self._sent

    def _outcome(self, one: Attempt) -> str:
        try:
            return self._told(one, exchange(self._host.port, one))
        except TimeoutError:
            self._complain(f"neither answered nor closed within {WITHIN} s: {one}")
            return "silence"
        except http.client.UnknownProtocol:
            # Who says HTTP/2.0 in plain text is answered in kind by the web server.
            return "another version"
        except (http.client.HTTPException, ValueError) as error:
            self._complain(f"answered with no HTTP ({error!r}): {one}")
            return "no HTTP"
        except OSError:
            return "closed"

    def _told(self, one: Attempt, reply: tuple[int, bytes] | None) -> str:
        if reply is None:
            return "closed"
        status, body = reply
        if status >= 500 and status not in (501, 505) and not _is_conflict(body):
            self._complain(f"{status} {body[:300]!r}: {one}")
        return str(status)

    def _complain(self, text: str) -> None:
        with self._lock:
            self._found.append(text)

    def _look_after(self, middle: int, end: int) -> None:
        print(f"\nmemory: {mebibytes(middle)} MiB in the middle, {mebibytes(end)} MiB at the end")
        if end > middle + MOST_GROWTH:
            self._found.append(f"memory grew from {mebibytes(middle)} to {mebibytes(end)} MiB")
        self._complete_a_chain()
        with closing(Line(self._host.port)) as line:
            for path in ("/", "/admin/host/status", "/admin/functions", f"{HOOKS}/instances"):
                status, _ = line.send("GET", path)
                if status != 200:
                    self._found.append(f"GET {path} is {status} afterwards")

    def _complete_a_chain(self) -> None:
        with closing(Line(self._host.port)) as line:
            status, told = line.send("POST", "/api/start/chain", {})
            if status != 202:
                self._found.append(f"a start is {status} afterwards: {told}")
                return
            ended: Any = polled(lambda: _has_ended(line, told["id"]))
        if ended["output"] != [0, 2, 4]:
            self._found.append(f"a chain returned {ended} afterwards")

    def _about_state(self) -> Iterator[str]:
        with closing(sqlite3.connect(self._state / "devhost.db")) as connection:
            told = connection.execute("PRAGMA integrity_check").fetchall()
        if told != [("ok",)]:
            yield f"the state file is damaged: {told}"

    def _about_log(self) -> Iterator[str]:
        lines = self._host.log.read_text(encoding="utf-8", errors="replace").splitlines()
        for place, line in enumerate(lines):
            if any(alarm in line for alarm in ALARMS):
                yield "the log says: " + "\n".join(lines[place : place + 40])
                return


def exchange(port: int, one: Attempt) -> tuple[int, bytes] | None:
    """Send it; the last answer's status and body, None where the connection ended without any."""
    with socket.create_connection(("127.0.0.1", port), timeout=WITHIN) as line:
        # A host that has heard enough closes: what it said before that still counts.
        with suppress(BrokenPipeError, ConnectionResetError):
            _say(line, one)
        if one.manner is Manner.BROKEN:
            line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return None
        if one.manner is Manner.HALF_CLOSED:
            # What is complete is answered at once; what is not never would be.
            select([line], [], [], LISTENING)
            with suppress(OSError):
                line.shutdown(socket.SHUT_WR)
        return _heard(line, one.method)


def _say(line: socket.socket, one: Attempt) -> None:
    if one.manner is not Manner.SLOWLY:
        line.sendall(one.raw)
        return
    bite = max(len(one.raw) // 8, 1)
    for start in range(0, len(one.raw), bite):
        line.sendall(one.raw[start : start + bite])
        time.sleep(0.005)


def _heard(line: socket.socket, method: str) -> tuple[int, bytes] | None:
    response = http.client.HTTPResponse(line, method=method.upper())
    try:
        response.begin()
        return response.status, response.read()
    except http.client.RemoteDisconnected:
        return None
    except http.client.IncompleteRead as error:
        return response.status, error.partial
    finally:
        response.close()


def _is_conflict(body: bytes) -> bool:
    with suppress(ValueError):
        told = json.loads(body)
        return isinstance(told, dict) and told.get("ExceptionType") in CONFLICTS
    return False


def _has_ended(line: Line, instance_id: str) -> Any:
    _, told = line.send("GET", f"{HOOKS}/instances/{instance_id}")
    return told if isinstance(told, dict) and told["runtimeStatus"] in ENDED else None
