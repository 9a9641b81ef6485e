"""The app's code runs off the host's loop, and each ending comes back once."""

import asyncio
import contextvars
import threading
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, TypeVar

import pytest

from devhost.functions.running import (
    Ending,
    Invocation,
    Raised,
    Returned,
    Runner,
    RunnerClosed,
    current_invocation_id,
    pool_size,
    thread_local_storage,
)

Answer = TypeVar("Answer")
Body = Callable[[Runner], Awaitable[Answer]]


def with_runner(body: Body[Answer], threads: int | None = None) -> Answer:
    async def scene() -> Answer:
        runner = Runner(asyncio.get_running_loop(), threads)
        try:
            return await body(runner)
        finally:
            await runner.close(timeout=0)

    return asyncio.run(scene())


def sync(call: Callable[[], Any], name: str = "f", invocation_id: str = "1") -> Invocation:
    return Invocation(function_name=name, invocation_id=invocation_id, call=call)


def task(coroutine: Callable[[], Any], name: str = "f", invocation_id: str = "1") -> Invocation:
    return Invocation(function_name=name, invocation_id=invocation_id, coroutine=coroutine)


def failing(error: BaseException) -> Callable[[], Any]:
    def fail() -> None:
        raise error

    return fail


def failing_async(error: BaseException) -> Callable[[], Any]:
    async def fail() -> None:
        raise error

    return fail


def test_runs_sync_calls_in_the_pool_without_a_loop() -> None:
    def where() -> tuple[str, bool]:
        return threading.current_thread().name, has_loop()

    def has_loop() -> bool:
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return False
        return True

    ending = with_runner(lambda runner: runner.run(sync(where)))

    assert ending == Returned(("functions-0", False))


def test_runs_async_calls_on_one_loop_in_a_task_each() -> None:
    async def where() -> tuple[Any, Any, str]:
        return asyncio.get_running_loop(), asyncio.current_task(), threading.current_thread().name

    async def body(runner: Runner) -> tuple[Any, ...]:
        endings = await asyncio.gather(runner.run(task(where)), runner.run(task(where, invocation_id="2")))
        return (*endings, runner.functions_loop)

    first, second, loop = with_runner(body)

    assert first.value[0] is second.value[0] is loop
    assert first.value[1] is not second.value[1]
    assert first.value[2] == "functions-async"


def test_reports_endings_on_the_hosts_loop() -> None:
    async def body(runner: Runner) -> bool:
        loop, heard = asyncio.get_running_loop(), asyncio.Event()
        on_loop: list[bool] = []

        def done(_: Ending) -> None:
            on_loop.append(asyncio.get_running_loop() is loop)
            heard.set()

        runner.submit(sync(int), done)
        await heard.wait()
        return on_loop == [True]

    assert with_runner(body)


@pytest.mark.parametrize("threads", [1, 3])
def test_brings_every_ending_back_once(threads: int) -> None:
    async def soon(number: int) -> int:
        return number

    def numbered(number: int) -> Invocation:
        if number % 2:
            return sync(partial(int, number), invocation_id=str(number))
        return task(partial(soon, number), invocation_id=str(number))

    async def body(runner: Runner) -> list[int]:
        endings = await asyncio.gather(*(runner.run(numbered(number)) for number in range(400)))
        assert (runner.in_flight, runner.live) == (0, {})
        return [ending.value for ending in endings if isinstance(ending, Returned)]

    assert with_runner(body, threads) == list(range(400))


def test_starts_no_more_threads_than_allowed_and_no_more_than_needed() -> None:
    async def body(runner: Runner) -> int:
        gate = threading.Event()
        waiting = [runner.run(sync(gate.wait, invocation_id=str(i))) for i in range(5)]
        pending = asyncio.gather(*waiting)
        await asyncio.sleep(0)
        names = {thread.name for thread in threading.enumerate() if thread.name.startswith("functions-")}
        gate.set()
        await pending
        return len(names - {"functions-async"})

    assert with_runner(body, threads=2) == 2


def test_counts_what_is_in_flight_until_it_is_delivered() -> None:
    async def body(runner: Runner) -> list[int]:
        gate = threading.Event()
        future = asyncio.ensure_future(runner.run(sync(gate.wait, name="g", invocation_id="7")))
        await asyncio.sleep(0)
        counts = [runner.in_flight]
        assert runner.live["7"].function_name == "g"
        gate.set()
        await future
        return [*counts, runner.in_flight]

    assert with_runner(body) == [1, 0]


@pytest.mark.parametrize(
    ("error", "fate"),
    [
        (SystemExit(1), "ends the worker process on Azure"),
        (KeyboardInterrupt(), "ends the worker process on Azure"),
        (asyncio.CancelledError(), "hangs until functionTimeout"),
        (StopIteration(), "hangs until functionTimeout"),
    ],
)
def test_turns_what_azure_cannot_answer_into_a_failure_and_says_so(
    caplog: pytest.LogCaptureFixture, error: BaseException, fate: str
) -> None:
    ending = with_runner(lambda runner: runner.run(sync(failing(error))))

    assert ending == Raised(error)
    assert fate in caplog.text


@pytest.mark.parametrize("error", [SystemExit(1), KeyboardInterrupt(), asyncio.CancelledError()])
def test_async_functions_cannot_end_the_host_either(
    caplog: pytest.LogCaptureFixture, error: BaseException
) -> None:
    async def fine() -> str:
        return "still here"

    async def body(runner: Runner) -> list[Ending]:
        return [await runner.run(task(failing_async(error))), await runner.run(task(fine))]

    assert with_runner(body) == [Raised(error), Returned("still here")]
    assert "Azure" in caplog.text


def test_a_background_task_cannot_end_the_functions_loop(caplog: pytest.LogCaptureFixture) -> None:
    async def leaves_a_task() -> None:
        asyncio.ensure_future(failing_async(SystemExit(1))())  # noqa: RUF006 - the app's own carelessness
        await asyncio.sleep(0)

    async def body(runner: Runner) -> Ending:
        await runner.run(task(leaves_a_task))
        return await runner.run(task(leaves_a_task))

    assert with_runner(body) == Returned(None)
    assert "a background task raised SystemExit" in caplog.text


def test_async_stop_iteration_is_the_languages_own_error() -> None:
    ending = with_runner(lambda runner: runner.run(task(failing_async(StopIteration()))))

    assert isinstance(ending, Raised)
    assert str(ending.error) == "coroutine raised StopIteration"


def test_an_ending_nobody_can_take_does_not_keep_others_from_theirs() -> None:
    async def body(runner: Runner) -> list[str]:
        loop, told = asyncio.get_running_loop(), list[str]()
        loop.set_exception_handler(lambda _, context: told.append(str(context["exception"])))
        gate = threading.Event()
        runner.submit(sync(gate.wait), lambda _: failing(ValueError("not mine"))())
        rest = [asyncio.ensure_future(runner.run(sync(int, invocation_id=str(i)))) for i in range(20)]
        await asyncio.sleep(0)
        gate.set()
        await asyncio.gather(*rest)
        return told

    assert with_runner(body, threads=1) == ["not mine"]


def test_context_variables_leak_from_one_sync_call_to_the_next_as_on_azure() -> None:
    variable = contextvars.ContextVar("variable", default="unset")

    async def body(runner: Runner) -> Ending:
        await runner.run(sync(lambda: variable.set("leaked")))
        return await runner.run(sync(variable.get))

    assert with_runner(body, threads=1) == Returned("leaked")


def test_knows_the_invocation_in_its_thread_its_task_and_tasks_made_by_it() -> None:
    async def own_and_childs_and_threads() -> tuple[str | None, str | None, str | None]:
        async def child() -> str | None:
            return current_invocation_id()

        return (
            current_invocation_id(),
            await asyncio.create_task(child()),
            await asyncio.to_thread(current_invocation_id),
        )

    async def body(runner: Runner) -> list[Ending]:
        return [
            await runner.run(sync(current_invocation_id, invocation_id="s")),
            await runner.run(task(own_and_childs_and_threads, invocation_id="a")),
        ]

    # Azure loses track in asyncio.to_thread.
    assert with_runner(body) == [Returned("s"), Returned(("a", "a", None))]
    assert current_invocation_id() is None


def test_a_thread_of_the_app_can_name_its_invocation() -> None:
    seen: list[str | None] = []

    def claim() -> None:
        thread_local_storage.invocation_id = "mine"
        seen.append(current_invocation_id())

    thread = threading.Thread(target=claim)
    thread.start()
    thread.join()

    assert seen == ["mine"]


def test_waits_for_what_runs_when_it_closes() -> None:
    async def scene() -> list[Ending]:
        runner, heard, gate = Runner(asyncio.get_running_loop()), list[Ending](), threading.Event()
        runner.submit(sync(gate.wait), heard.append)
        closing = asyncio.ensure_future(runner.close(timeout=60))
        await asyncio.sleep(0)
        gate.set()
        await closing
        return heard

    assert asyncio.run(scene()) == [Returned(True)]


def test_does_not_hang_on_what_never_ends(caplog: pytest.LogCaptureFixture) -> None:
    gate, heard = threading.Event(), list[Ending]()

    async def forever() -> None:
        await asyncio.Event().wait()

    async def scene() -> None:
        runner = Runner(asyncio.get_running_loop())
        runner.submit(sync(gate.wait, "stuck"), heard.append)
        runner.submit(task(forever, "sleeper", "2"), heard.append)
        await runner.close(timeout=0.01)
        with pytest.raises(RunnerClosed, match="does not start 'late'"):
            runner.submit(sync(int, "late"), heard.append)
        await runner.close()

    asyncio.run(scene())
    gate.set()

    assert heard == []
    assert "stopped while 2 calls were running: sleeper, stuck" in caplog.text


@pytest.mark.parametrize(("asked", "size"), [("3", 3), ("", None), ("none", None), ("0", None), ("-1", None)])
def test_sizes_the_pool_as_azure_does(asked: str, size: int | None) -> None:
    found = pool_size({"PYTHON_THREADPOOL_THREAD_COUNT": asked})

    assert found == (size or pool_size({}))
    assert 5 <= pool_size({}) <= 32
