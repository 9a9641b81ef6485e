"""Threads that keep a host busy while it dies, and note what it acknowledged."""

import heapq
import http.client
import json
import threading
import time
from collections.abc import Callable, Mapping
from itertools import count
from random import Random
from typing import Any

from chaos_book import CLIENT_WALLETS, LAST_WORD, Answer, Book, Run, draw

HOOKS = "/runtime/webhooks/durabletask"
THREADS = 4
#: A host that lives answers within this many seconds, however busy it is.
ANSWER_WITHIN = 30.0

Reply = tuple[int, Any]


class Unanswered(Exception):
    """The host died before it answered: nobody can tell what it did."""


class Unreached(Exception):
    """No host was there, or none that was ready: nothing was done."""


class Line:
    """One thread's connection; opened again whenever the host has died."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._connection: http.client.HTTPConnection | None = None

    def send(
        self, method: str, path: str, given: Any = None, extra: Mapping[str, str] | None = None
    ) -> Reply:
        """The status and the parsed body of the answer; extra headers go with the request."""
        connection = self._connected()
        body = None if given is None else json.dumps(given)
        headers = dict(extra or {}) if body is None else {"Content-Type": "application/json", **(extra or {})}
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            text = response.read()
        except TimeoutError:
            raise
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise Unanswered(path) from error
        if response.status == 503:
            # It listens and is not ready: it says that it has done nothing.
            raise Unreached(path)
        return response.status, json.loads(text) if text.startswith((b"{", b"[", b'"')) else text.decode()

    def _connected(self) -> http.client.HTTPConnection:
        if self._connection is None:
            connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=ANSWER_WITHIN)
            try:
                connection.connect()
            except OSError as error:
                connection.close()
                raise Unreached(str(self._port)) from error
            self._connection = connection
        return self._connection

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


Act = Callable[[Line], None]


class Load:
    """Starts runs, raises events and signals wallets until it is told to finish."""

    def __init__(self, port: int, dice: Random, *, wanted: int, most: int) -> None:
        self.book = Book()
        #: What a living host answered that it should not have.
        self.faults: list[str] = []
        #: Runs whose start nobody answered: they may exist, and then wait for their events.
        self.unanswered: list[Run] = []
        #: Runs that have been purged: an event that is repeated need not find them.
        self.purged: set[str] = set()
        self._port = port
        self._dice = dice
        self._wanted = wanted
        self._most = most
        self._lock = threading.Lock()
        self._numbers = count(1)
        self._acts: list[tuple[float, int, Act]] = []
        self._alive: set[str] = set()
        self._is_over = threading.Event()
        self._starts_no_more = threading.Event()
        jobs = [self._work] * THREADS + [self._watch]
        self._threads = [threading.Thread(target=job, daemon=True) for job in jobs]

    def begin(self) -> None:
        for thread in self._threads:
            thread.start()

    @property
    def alive(self) -> int:
        """How many runs have not ended, as far as is known."""
        return len(self._alive)

    def start_no_more(self) -> None:
        self._starts_no_more.set()

    @property
    def is_idle(self) -> bool:
        """Whether everything that was to be sent has been answered."""
        return not self._acts

    def end(self) -> None:
        self._is_over.set()
        for thread in self._threads:
            if thread.ident is not None:
                thread.join(ANSWER_WITHIN + 5)

    def take_up(self, run: Run) -> None:
        """Send a run its events: it is known to exist."""
        with self._lock:
            if run.program == "race" and run.given["is_decided"]:
                self._later(self._dice.random() * 3, lambda line: self._decide(line, run))
            elif run.program == "listen":
                words = [f"{run.id} word {number}" for number in range(self._dice.randrange(1, 6))]
                self._later(0.1, lambda line: self._say(line, run, [*words, LAST_WORD]))

    def _later(self, seconds: float, act: Act) -> None:
        heapq.heappush(self._acts, (time.monotonic() + seconds, next(self._numbers), act))

    def _work(self) -> None:
        line = Line(self._port)
        while not self._is_over.is_set():
            act = self._next()
            if act is None:
                self._is_over.wait(0.01)
                continue
            try:
                act(line)
            except Unreached:
                # Nothing was sent: the very same is done again when there is a host.
                with self._lock:
                    self._later(0.1, act)
                self._is_over.wait(0.02)
            except TimeoutError:
                self.faults.append(f"a living host did not answer within {ANSWER_WITHIN} s")
                line.close()
        line.close()

    def _next(self) -> Act | None:
        with self._lock:
            if self._acts and self._acts[0][0] <= time.monotonic():
                return heapq.heappop(self._acts)[2]
            if self._starts_no_more.is_set() or len(self.book.runs) >= self._most:
                return None
            if len(self._alive) >= self._wanted:
                return None
            number = next(self._numbers)
            if self._dice.random() < 0.2:
                return self._signalling(self._dice.choice(CLIENT_WALLETS), f"signal {number}")
            run = draw(self._dice, number)
            self._alive.add(run.id)
            by_app = self._dice.random() < 0.5
            return lambda line: self._start(line, run, by_app=by_app)

    def _start(self, line: Line, run: Run, *, by_app: bool) -> None:
        path = f"{HOOKS}/orchestrators/{run.program}/{run.id}"
        if by_app:
            path = f"/api/start/{run.program}?instance_id={run.id}"
        run.answer = self._sent(line, path, run.given, lambda: self.book.runs.setdefault(run.id, run))
        if run.answer is Answer.ACKNOWLEDGED:
            self.take_up(run)
        else:
            self.unanswered.append(run)

    def _signalling(self, wallet: str, signal: str) -> Act:
        def act(line: Line) -> None:
            signals = self.book.signals[wallet]
            path = f"/api/signal/{wallet}"
            signals[signal] = self._sent(
                line, path, signal, lambda: signals.setdefault(signal, Answer.UNKNOWN)
            )

        return act

    def _sent(self, line: Line, path: str, given: Any, note: Callable[[], object]) -> Answer:
        """How the one attempt went; it is noted before, for it may be carried out and not answered."""
        note()
        try:
            status, told = line.send("POST", path, given)
        except Unanswered:
            return Answer.UNKNOWN
        if status not in (200, 202):
            self.faults.append(f"POST {path}: {status} {told}")
            return Answer.UNKNOWN
        return Answer.ACKNOWLEDGED

    def _decide(self, line: Line, run: Run) -> None:
        """Raised until it is acknowledged: a second decision finds nobody who waits for it."""
        if not self._is_raised(line, run, "Decision", "yes"):
            with self._lock:
                self._later(0.05, lambda line: self._decide(line, run))

    def _say(self, line: Line, run: Run, words: list[str]) -> None:
        """Each word is said once, whatever becomes of it; the last is repeated until it is acknowledged."""
        word, *rest = words
        run.words.setdefault(word, Answer.UNKNOWN)
        if self._is_raised(line, run, "Word", word):
            run.words[word] = Answer.ACKNOWLEDGED
        elif not rest:
            rest = words
        if rest:
            with self._lock:
                self._later(self._dice.random() * 0.3, lambda line: self._say(line, run, rest))

    def _is_raised(self, line: Line, run: Run, name: str, value: str) -> bool:
        try:
            status, told = line.send("POST", f"{HOOKS}/instances/{run.id}/raiseEvent/{name}", value)
        except Unanswered:
            return False
        # Gone: an earlier attempt that nobody answered was heard, and the run has ended.
        if status not in (202, 410) and not (status == 404 and run.id in self.purged):
            self.faults.append(f"raising {name} to {run.id}: {status} {told}")
        return True

    def _watch(self) -> None:
        """Look, again and again, which runs have not ended."""
        line = Line(self._port)
        while not self._is_over.wait(0.25):
            try:
                status, listed = line.send(
                    "GET", f"{HOOKS}/instances?runtimeStatus=Pending,Running&showInput=false"
                )
            except (Unreached, Unanswered):
                continue
            if status != 200:
                self.faults.append(f"listing: {status} {listed}")
                continue
            with self._lock:
                self._alive = {one["instanceId"] for one in listed} & self.book.runs.keys()
        line.close()
