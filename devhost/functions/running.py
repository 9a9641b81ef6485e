"""Where the app's code runs: sync calls in a pool, async ones on a loop of their own.

How it works
    Azure's Python worker runs sync functions, orchestrators and entities in one pool of threads and all
    async functions on one loop; so does this. What is added is thrift at the border. The host's loop is
    woken by a write to a pipe, which costs more than a short function: so endings are laid in a deque and
    the loop is woken once for all that lie there, and coroutines reach the functions' loop in the same way.
"""

import asyncio
import logging
import os
import threading
from collections import deque
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Any

from devhost.functions import client_session
from devhost.functions.watchdog import Watchdog

logger = logging.getLogger(__name__)

#: Handed to functions as `context.thread_local_storage`: its `invocation_id` ties a thread's logs.
thread_local_storage = threading.local()
_task_invocation_id: ContextVar[str | None] = ContextVar("devhost_invocation_id", default=None)

_ON_AZURE: dict[type, str] = {
    SystemExit: "this ends the worker process on Azure, with every invocation in it",
    KeyboardInterrupt: "this ends the worker process on Azure, with every invocation in it",
    asyncio.CancelledError: "Azure never answers such a call: it hangs until functionTimeout",
    StopIteration: "Azure never answers such a call: it hangs until functionTimeout",
}

#: Seconds that cancelled tasks and the SDK's session get to wind up.
_LAST_PATIENCE = 1.0


@dataclass(frozen=True, slots=True)
class Returned:
    """The call came back."""

    value: Any


@dataclass(frozen=True, slots=True)
class Raised:
    """The call raised."""

    error: BaseException


Ending = Returned | Raised
Done = Callable[[Ending], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Invocation:
    """One run of one function; exactly one of `call` and `coroutine` is set."""

    function_name: str
    invocation_id: str
    call: Callable[[], Any] | None = None
    coroutine: Callable[[], Coroutine[Any, Any, Any]] | None = None
    #: The instance whose orchestrator this plays; None for every other function.
    instance_id: str | None = None

    def __str__(self) -> str:
        return f"{self.function_name!r} (instance '{self.instance_id}')"


def pool_size(environ: Mapping[str, str]) -> int:
    """PYTHON_THREADPOOL_THREAD_COUNT, or what Python's own pools take."""
    asked = environ.get("PYTHON_THREADPOOL_THREAD_COUNT", "").strip()
    if asked:
        if asked.isdecimal() and int(asked) > 0:
            return int(asked)
        logger.warning("PYTHON_THREADPOOL_THREAD_COUNT=%r is not a positive number and is ignored", asked)
    return min(32, (os.cpu_count() or 1) + 4)


def current_invocation_id() -> str | None:
    """The invocation this code runs for, where Azure's worker could tell it too."""
    try:
        task = asyncio.current_task()
    except RuntimeError:
        task = None
    if task is not None:
        # Only inside a task: `asyncio.to_thread` copies the variable into threads where Azure loses track.
        found = _task_invocation_id.get()
        if found is not None:
            return found
    return getattr(thread_local_storage, "invocation_id", None)


class Runner:
    """Runs invocations off the host's loop and brings each ending back to it, exactly once."""

    def __init__(self, host_loop: asyncio.AbstractEventLoop, threads: int | None = None) -> None:
        self._host_loop = host_loop
        self._size = threads or pool_size(os.environ)
        self._jobs: SimpleQueue[tuple[Invocation, Callable[[], Any], Done] | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._busy = 0
        self._endings: deque[tuple[Invocation, Done, Ending]] = deque()
        self._host_is_waking = False
        self._starts: deque[tuple[Invocation, Callable[[], Coroutine[Any, Any, Any]], Done]] = deque()
        self._functions_is_waking = False
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = False
        self._wound_up = False
        self._idle = asyncio.Event()
        self._stopped = asyncio.Event()
        self.live: dict[str, Invocation] = {}
        self.in_flight = 0
        client_session.forget()
        self._functions_loop = asyncio.new_event_loop()
        self._watchdog = Watchdog(host_loop, self._functions_loop, is_needed=lambda: self.in_flight > 0)
        self._functions_thread = threading.Thread(
            target=self._run_functions_loop, name="functions-async", daemon=True
        )
        self._functions_thread.start()

    @property
    def functions_loop(self) -> asyncio.AbstractEventLoop:
        """The one loop of all async functions."""
        return self._functions_loop

    def submit(self, invocation: Invocation, done: Done) -> None:
        """Run it soon; `done` is called on the host's loop. To be called on the host's loop too."""
        if self._closed:
            raise RunnerClosed(invocation.function_name)
        self.in_flight += 1
        if not self._watchdog.is_awake:
            self._watchdog.wake(self._functions_thread.ident)
        self.live[invocation.invocation_id] = invocation
        if invocation.coroutine is not None:
            self._starts.append((invocation, invocation.coroutine, done))
            if not self._functions_is_waking:
                self._functions_is_waking = True
                self._functions_loop.call_soon_threadsafe(self._start_tasks)
        elif invocation.call is not None:
            self._busy += 1
            if self._busy > len(self._threads) and len(self._threads) < self._size:
                self._add_thread()
            self._jobs.put((invocation, invocation.call, done))

    async def run(self, invocation: Invocation) -> Ending:
        """Run it and wait for its ending."""
        future: asyncio.Future[Ending] = self._host_loop.create_future()

        def settle(ending: Ending) -> None:
            if not future.done():
                future.set_result(ending)

        self.submit(invocation, settle)
        return await future

    async def close(self, timeout: float = 5.0) -> None:
        """Wait for what runs, at most `timeout` seconds, then stop; endings that come later are lost."""
        if self._closed:
            return
        if self.in_flight:
            self._idle.clear()
            await _within(timeout, self._idle)
        self._closed = True
        self._watchdog.stop()
        if self.in_flight:
            names = sorted({invocation.function_name for invocation in list(self.live.values())})
            logger.warning("stopped while %d calls were running: %s", self.in_flight, ", ".join(names))
        for _ in self._threads:
            self._jobs.put(None)
        asyncio.run_coroutine_threadsafe(self._quit(), self._functions_loop)
        if not await _within(_LAST_PATIENCE, self._stopped):
            logger.warning("the functions' loop did not stop: an async function blocks it")

    def _add_thread(self) -> None:
        # Daemons: a function that never comes back must not keep the process alive.
        name = f"functions-{len(self._threads)}"
        thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _work(self) -> None:
        take, local = self._jobs.get, thread_local_storage
        turns, here = self._watchdog.turns, threading.get_ident()
        while (job := take()) is not None:
            invocation, call, done = job
            local.invocation_id = invocation.invocation_id
            if invocation.instance_id is not None:
                turns[here] = invocation
            ending: Ending
            try:
                ending = Returned(call())
            except BaseException as error:  # noqa: BLE001 - the app may raise anything; none of it may end the host
                self._warn_of(error, invocation)
                ending = Raised(error)
            local.invocation_id = None
            turns.pop(here, None)
            self._report(invocation, done, ending)
            # Or the last job's values would live until the next one comes.
            del job, invocation, done, call, ending

    def _report(self, invocation: Invocation, done: Done, ending: Ending) -> None:
        self.live.pop(invocation.invocation_id, None)
        self._endings.append((invocation, done, ending))
        # Laid down first, looked second: `_drain` clears the mark first and takes second, so none is missed.
        if not self._host_is_waking:
            self._host_is_waking = True
            self._wake_host()

    def _wake_host(self) -> None:
        if not self._closed:
            try:
                self._host_loop.call_soon_threadsafe(self._drain)
            except RuntimeError:
                # The host's loop was closed under us: nobody is left to hear it.
                self._closed = True

    def _drain(self) -> None:
        self._host_is_waking = False
        if self._closed:
            return
        take = self._endings.popleft
        # What is laid down meanwhile has woken the host again: a bound keeps the loop's other work going.
        try:
            for _ in range(len(self._endings)):
                invocation, done, ending = take()
                self.in_flight -= 1
                if invocation.call is not None:
                    self._busy -= 1
                done(ending)
        finally:
            # A `done` that raises is the loop's to report, and must not keep the others from theirs.
            if self._endings and not self._host_is_waking:
                self._host_is_waking = True
                self._host_loop.call_soon(self._drain)
            if not self.in_flight:
                self._idle.set()

    def _run_functions_loop(self) -> None:
        loop = self._functions_loop
        asyncio.set_event_loop(loop)
        while not self._wound_up:
            try:
                loop.run_forever()
            except (SystemExit, KeyboardInterrupt) as error:
                # Raised by a task or callback that the app itself made: asyncio lets these two through.
                logger.error("a background task raised %s: %s", type(error).__name__, _ON_AZURE[type(error)])
        loop.close()
        with suppress(RuntimeError):  # the host's loop did not wait for us
            self._host_loop.call_soon_threadsafe(self._stopped.set)

    def _start_tasks(self) -> None:
        self._functions_is_waking = False
        for _ in range(len(self._starts)):
            invocation, coroutine, done = self._starts.popleft()
            task = self._functions_loop.create_task(
                self._attend(invocation, coroutine, done), name=invocation.function_name
            )
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _attend(
        self, invocation: Invocation, coroutine: Callable[[], Coroutine[Any, Any, Any]], done: Done
    ) -> None:
        _task_invocation_id.set(invocation.invocation_id)
        ending: Ending
        try:
            ending = Returned(await coroutine())
        except BaseException as error:  # noqa: BLE001 - as in the pool; SystemExit would end the loop of all functions
            self._warn_of(error, invocation)
            ending = Raised(error)
        self._report(invocation, done, ending)

    def _warn_of(self, error: BaseException, invocation: Invocation) -> None:
        fate = next((_ON_AZURE[kind] for kind in type(error).__mro__ if kind in _ON_AZURE), None)
        # While closing, it is the host that cancels.
        if fate is not None and not self._closed:
            name, kind = invocation.function_name, type(error).__name__
            logger.error("%s raised %s: reported as a failure here, but %s", name, kind, fate)

    async def _quit(self) -> None:
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        if tasks:
            # A task may refuse to be cancelled; it is not waited for.
            await asyncio.wait(tasks, timeout=0.3)
        try:
            await client_session.close()
            await self._functions_loop.shutdown_asyncgens()
        finally:
            self._wound_up = True
            self._functions_loop.stop()


class RunnerClosed(RuntimeError):
    """Work was handed in after the runner was closed."""

    def __init__(self, function_name: str) -> None:
        self.function_name = function_name
        super().__init__(f"The host is stopping and does not start {function_name!r} any more.")


async def _within(seconds: float, event: asyncio.Event) -> bool:
    with suppress(TimeoutError):
        await asyncio.wait_for(event.wait(), seconds)
    return event.is_set()
