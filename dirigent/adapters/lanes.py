"""A thread that works off what coroutines of any event loop hand it, all that waits at once."""

import asyncio
import threading
from collections.abc import Callable, Generator
from typing import Any

#: Seconds without work after which the thread goes home and what it holds is let go.
IDLE = 30.0
#: Jobs done at once: nobody waits for ever behind others who came later.
BATCH = 1000


class Job:
    """One wish, and how it went."""

    __slots__ = ("_future", "act", "error", "loop", "outcome")

    def __init__(self, act: Callable[[Any], Any], loop: asyncio.AbstractEventLoop) -> None:
        #: What to do, given what the lane works on.
        self.act = act
        self.loop = loop
        self.outcome: Any = None
        self.error: BaseException | None = None
        self._future: asyncio.Future[Any] = loop.create_future()

    def __await__(self) -> Generator[Any, None, Any]:
        return self._future.__await__()

    def settle(self) -> None:
        """Tell whoever waits, on their own loop; nobody does who was cancelled."""
        if self._future.done():
            return
        if self.error is None:
            self._future.set_result(self.outcome)
        else:
            self._future.set_exception(self.error)


class Lane:
    """Runs `work` on the jobs that wait, batch after batch, and `rest` when there were none for long."""

    def __init__(self, name: str, work: Callable[[list[Job]], None], rest: Callable[[], None]) -> None:
        self._name, self._work, self._rest = name, work, rest
        self._waiting: list[Job] = []
        self._batch: list[Job] = []
        self._change = threading.Condition()
        self._thread: threading.Thread | None = None
        self._is_closing = False

    async def do(self, act: Callable[[Any], Any]) -> Any:
        """What the act returned or raised; it is done even if its caller is cancelled meanwhile."""
        job = Job(act, asyncio.get_running_loop())
        with self._change:
            self._waiting.append(job)
            if self._thread is None:
                # A daemon: a process that ends does not wait for a thread that merely waits for work.
                self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
                self._thread.start()
            else:
                self._change.notify()
        return await job

    def more(self) -> list[Job]:
        """For `work`: what has come since it began; part of its batch from now on, and settled with it."""
        with self._change:
            room = BATCH - len(self._batch)
            late, self._waiting = self._waiting[:room], self._waiting[room:]
        self._batch += late
        return late

    def close(self) -> None:
        """Do what waits, then send the thread home; the next job calls it back."""
        with self._change:
            thread, self._is_closing = self._thread, True
            self._change.notify()
        if thread is not None:
            thread.join()
        with self._change:
            self._is_closing = False

    def _run(self) -> None:
        while jobs := self._next():
            self._batch = jobs
            try:
                self._work(jobs)
            except BaseException as error:  # noqa: BLE001 - whatever it was, somebody waits for an answer
                for job in jobs:
                    job.outcome, job.error = None, error
            _settle(jobs)

    def _next(self) -> list[Job]:
        with self._change:
            if not self._waiting and not self._is_closing:
                self._change.wait(IDLE)
            jobs, self._waiting = self._waiting[:BATCH], self._waiting[BATCH:]
            if not jobs:
                # Under the lock: whoever comes next finds no thread and starts one, which opens anew.
                self._rest()
                self._thread = None
            return jobs


def _settle(jobs: list[Job]) -> None:
    loops: dict[asyncio.AbstractEventLoop, list[Job]] = {}
    for job in jobs:
        loops.setdefault(job.loop, []).append(job)
    for loop, theirs in loops.items():
        try:
            loop.call_soon_threadsafe(_settle_all, theirs)
        except RuntimeError:
            # The loop was closed, and with it everybody who waited there has gone.
            continue


def _settle_all(jobs: list[Job]) -> None:
    for job in jobs:
        job.settle()
