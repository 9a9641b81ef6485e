"""Where what takes long is written."""

import asyncio
import threading
from functools import partial

from dirigent.modelserver.desks import AT_ONCE, Desk


async def place() -> threading.Thread:
    return threading.current_thread()


def test_writes_at_once_what_is_short_and_on_a_thread_what_is_long() -> None:
    async def run() -> tuple[threading.Thread, threading.Thread]:
        desk = Desk()
        return await desk.written(AT_ONCE, place), await desk.written(AT_ONCE + 1, place)

    short, long = asyncio.run(run())

    assert short is threading.current_thread()
    assert long is not short


def test_writes_one_long_text_after_another() -> None:
    told: list[str] = []

    async def write(name: str) -> None:
        told.append(f"{name} begins")
        for _ in range(100):
            await asyncio.sleep(0)
        told.append(f"{name} ends")

    async def run() -> None:
        desk = Desk()
        names = ("one", "two", "three")
        await asyncio.gather(*(desk.written(AT_ONCE + 1, partial(write, name)) for name in names))

    asyncio.run(run())

    assert told == [f"{name} {what}" for name in ("one", "two", "three") for what in ("begins", "ends")]
