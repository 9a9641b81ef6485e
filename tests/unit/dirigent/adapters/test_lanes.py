"""A thread that works off what coroutines hand it."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import pytest

from dirigent.adapters.lanes import BATCH, Job, Lane


class Bench:
    """Where a lane's jobs are done: it remembers the batches, and can be held up."""

    def __init__(self) -> None:
        self.batches: list[int] = []
        self.rests = 0
        self.is_free = threading.Event()
        self.is_free.set()
        self.has_begun = threading.Event()
        self.lane = Lane("bench", self._work, self._rest)

    def _work(self, jobs: list[Job]) -> None:
        self.has_begun.set()
        self.is_free.wait(30)
        self.batches.append(len(jobs))
        for job in jobs:
            job.outcome = job.act(self)

    def _rest(self) -> None:
        self.rests += 1


class Greedy(Bench):
    """Takes in what comes while it is held up, and may fail with all of it."""

    def __init__(self, error: Exception | None = None) -> None:
        super().__init__()
        self.error = error

    def _work(self, jobs: list[Job]) -> None:
        super()._work(jobs)
        late = self.lane.more()
        if late:
            super()._work(late)
        if self.error is not None:
            raise self.error


def saying(what: Any) -> Callable[[Any], Any]:
    return lambda _bench: what


def test_gives_each_caller_its_own_result() -> None:
    bench = Bench()

    async def work() -> list[int]:
        return list(await asyncio.gather(*(bench.lane.do(saying(number)) for number in range(100))))

    assert asyncio.run(work()) == list(range(100))
    assert sum(bench.batches) == 100


async def while_held(bench: Bench, act: Callable[[], Awaitable[None]]) -> None:
    """Hold the lane up with one job until `act` has been called."""
    bench.is_free.clear()
    first = asyncio.create_task(bench.lane.do(saying("first")))
    await asyncio.to_thread(bench.has_begun.wait, 30)
    await act()
    bench.is_free.set()
    assert await first == "first"


def test_what_waits_is_done_together_up_to_a_limit() -> None:
    bench = Bench()

    async def work() -> None:
        tasks: list[asyncio.Task[Any]] = []

        async def hand_over() -> None:
            tasks.extend(asyncio.create_task(bench.lane.do(saying(n))) for n in range(BATCH + 5))
            await asyncio.sleep(0)

        await while_held(bench, hand_over)
        await asyncio.gather(*tasks)

    asyncio.run(work())

    assert bench.batches == [1, BATCH, 5]


def test_a_cancelled_job_is_done_and_others_hear_of_theirs() -> None:
    bench = Bench()
    done: list[int] = []

    async def work() -> list[Any]:
        tasks: list[asyncio.Task[Any]] = []

        async def hand_over() -> None:
            wishes = (partial(_note, done, number) for number in range(4))
            tasks.extend(asyncio.create_task(bench.lane.do(wish)) for wish in wishes)
            await asyncio.sleep(0)
            tasks[1].cancel()

        await while_held(bench, hand_over)
        return list(await asyncio.gather(*tasks, return_exceptions=True))

    outcomes = asyncio.run(work())

    assert isinstance(outcomes[1], asyncio.CancelledError)
    assert outcomes[:1] + outcomes[2:] == [0, 2, 3]
    assert done == [0, 1, 2, 3]


def _note(done: list[int], number: int, _bench: Any) -> int:
    done.append(number)
    return number


def test_a_failure_is_told_to_all_who_wait_and_the_lane_goes_on() -> None:
    bench = Bench()

    def fail(_bench: Any) -> None:
        raise ZeroDivisionError

    async def work() -> Any:
        with pytest.raises(ZeroDivisionError):
            await bench.lane.do(fail)
        return await bench.lane.do(saying("well again"))

    assert asyncio.run(work()) == "well again"


def test_a_loop_that_was_closed_meanwhile_harms_nobody() -> None:
    bench = Bench()
    bench.is_free.clear()
    abandoned = asyncio.new_event_loop()
    task = abandoned.create_task(bench.lane.do(saying("nobody hears it")))
    abandoned.call_soon(abandoned.stop)
    abandoned.run_forever()
    task.cancel()
    abandoned.run_until_complete(asyncio.gather(task, return_exceptions=True))
    abandoned.close()

    bench.is_free.set()

    assert asyncio.run(bench.lane.do(saying("heard"))) == "heard"


def test_closing_finishes_what_waits_and_lets_go() -> None:
    bench = Bench()

    async def work() -> list[Any]:
        tasks = [asyncio.create_task(bench.lane.do(saying(number))) for number in range(10)]
        await asyncio.sleep(0)
        bench.lane.close()
        return list(await asyncio.gather(*tasks))

    assert asyncio.run(work()) == list(range(10))
    assert bench.rests == 1
    bench.lane.close()
    assert bench.rests == 1


def test_comes_back_after_closing() -> None:
    bench = Bench()
    asyncio.run(bench.lane.do(saying(1)))
    bench.lane.close()

    assert asyncio.run(bench.lane.do(saying(2))) == 2


def three_after_the_first(bench: Bench) -> list[Any]:
    """What three jobs came to that were handed over while the first was worked on."""

    async def work() -> list[Any]:
        bench.is_free.clear()
        first = asyncio.create_task(bench.lane.do(saying("first")))
        await asyncio.to_thread(bench.has_begun.wait, 30)
        late = [asyncio.create_task(bench.lane.do(saying(number))) for number in range(3)]
        await asyncio.sleep(0)
        bench.is_free.set()
        return list(await asyncio.gather(first, *late, return_exceptions=True))

    return asyncio.run(work())


def test_what_comes_during_a_batch_can_be_taken_into_it() -> None:
    bench = Greedy()

    assert three_after_the_first(bench) == ["first", 0, 1, 2]
    assert bench.batches == [1, 3]


def test_what_was_taken_into_a_batch_fails_with_it() -> None:
    error = OSError("the disk is full")

    assert three_after_the_first(Greedy(error)) == [error] * 4
