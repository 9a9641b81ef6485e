"""Code that holds what others wait for is named while it does so, and nothing else is."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from devhost.functions.watchdog import Watchdog

LONG = 10.0


@pytest.fixture
def functions_loop() -> Iterator[asyncio.AbstractEventLoop]:
    """A loop on a thread of its own."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    yield loop
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


@contextmanager
def holding(put_up: Callable[[int], None]) -> Iterator[None]:
    """A thread that waits inside, as one that sleeps would."""
    go_on = threading.Event()
    started = threading.Event()

    def hold() -> None:
        put_up(threading.get_ident())
        started.set()
        go_on.wait(LONG)

    thread = threading.Thread(target=hold)
    thread.start()
    started.wait(LONG)
    yield
    go_on.set()
    thread.join()


async def until(check: Callable[[], object]) -> None:
    async with asyncio.timeout(LONG):
        while not check():  # noqa: ASYNC110 - what is waited for happens on other threads
            await asyncio.sleep(0)


async def rounds(number: int) -> None:
    for _ in range(number):
        await asyncio.sleep(0)


def test_names_an_orchestrator_that_keeps_its_thread(
    functions_loop: asyncio.AbstractEventLoop, caplog: pytest.LogCaptureFixture
) -> None:
    async def scene() -> None:
        dog = Watchdog(asyncio.get_running_loop(), functions_loop, is_needed=lambda: True, interval=0)
        with holding(lambda thread: dog.turns.__setitem__(thread, "'sleepy' (instance 'i')")):
            dog.wake(None)
            await until(lambda: caplog.records)
            await rounds(20)
        dog.stop()

    asyncio.run(scene())

    [record] = caplog.records
    text = record.getMessage()
    assert text.startswith(
        "The orchestrator 'sleepy' (instance 'i') has held its thread for more than a second"
    )
    assert "wait with context.create_timer" in text


def test_says_nothing_of_turns_that_follow_each_other(
    functions_loop: asyncio.AbstractEventLoop, caplog: pytest.LogCaptureFixture
) -> None:
    async def scene() -> None:
        dog = Watchdog(asyncio.get_running_loop(), functions_loop, is_needed=lambda: True, interval=0)
        dog.wake(None)
        for number in range(30):
            dog.turns[1] = f"turn {number}"
            await asyncio.sleep(0)
        dog.stop()

    asyncio.run(scene())

    assert caplog.records == []


def test_names_the_async_function_that_blocks_the_loop(
    functions_loop: asyncio.AbstractEventLoop, caplog: pytest.LogCaptureFixture
) -> None:
    go_on = threading.Event()

    idents: list[int] = []

    async def block() -> None:
        idents.append(threading.get_ident())
        go_on.wait(LONG)

    async def scene() -> None:
        dog = Watchdog(asyncio.get_running_loop(), functions_loop, is_needed=lambda: True, interval=0)
        functions_loop.call_soon_threadsafe(lambda: functions_loop.create_task(block(), name="greedy"))
        await until(lambda: idents)
        dog.wake(idents[0])
        await until(lambda: caplog.records)
        await rounds(20)
        dog.stop()
        go_on.set()

    asyncio.run(scene())

    [record] = caplog.records
    text = record.getMessage()
    assert text.startswith("The async function 'greedy' has blocked the loop of all async functions")
    assert "Await asyncio.sleep" in text


def test_sleeps_when_nothing_is_under_way(
    functions_loop: asyncio.AbstractEventLoop, caplog: pytest.LogCaptureFixture
) -> None:
    async def scene() -> bool:
        dog = Watchdog(asyncio.get_running_loop(), functions_loop, is_needed=lambda: False, interval=0)
        dog.wake(None)
        await until(lambda: not dog.is_awake)
        return dog.is_awake

    assert asyncio.run(scene()) is False
    assert caplog.records == []
