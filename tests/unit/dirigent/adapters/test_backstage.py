import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import pytest

from dirigent.adapters.backstage import Backstage

NAME = "under-test"
MARK: ContextVar[str] = ContextVar("MARK", default="")


class Client:
    """Tells where it was made, and whether it was let go of."""

    def __init__(self) -> None:
        self.thread, self.loop = threading.current_thread(), asyncio.get_running_loop()
        self.is_left = False

    async def leave(self) -> None:
        self.is_left = True


@contextmanager
def backstage() -> Iterator[tuple[Backstage[Client], list[Client]]]:
    made: list[Client] = []

    def make() -> Client:
        made.append(Client())
        return made[-1]

    stage = Backstage(NAME, make, Client.leave)
    try:
        yield stage, made
    finally:
        stage.close()


async def itself(client: Client) -> Client:
    return client


def threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == NAME]


def test_makes_its_client_when_it_is_first_needed_and_once() -> None:
    with backstage() as (stage, made):
        before = len(made)
        clients = [asyncio.run(stage.do(itself)) for _ in range(3)]

    assert before == 0
    assert clients == made * 3


def test_callers_of_many_loops_share_the_client_on_a_loop_of_its_own() -> None:
    async def where(client: Client) -> bool:
        return (client.thread, client.loop) == (threading.current_thread(), asyncio.get_running_loop())

    async def many() -> list[bool]:
        return list(await asyncio.gather(*(stage.do(where) for _ in range(20))))

    with backstage() as (stage, made):
        found = asyncio.run(many()) + asyncio.run(many())

    assert found == [True] * 40
    assert made[0].thread is not threading.current_thread()
    assert len(made) == 1


def test_tells_the_caller_what_was_raised() -> None:
    async def fail(_: Client) -> None:
        raise LookupError("nothing there")

    with backstage() as (stage, _), pytest.raises(LookupError, match="nothing there"):
        asyncio.run(stage.do(fail))


def test_a_client_that_cannot_be_made_is_the_callers_to_know_and_is_tried_again() -> None:
    tried: list[int] = []

    def make() -> Client:
        tried.append(1)
        raise OSError("no room")

    stage = Backstage(NAME, make, Client.leave)
    for _ in range(2):
        with pytest.raises(OSError, match="no room"):
            asyncio.run(stage.do(itself))
    stage.close()

    assert len(tried) == 2


def test_what_is_given_up_is_cancelled() -> None:
    ended = threading.Event()

    async def wait(_: Client) -> None:
        begun.set()
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            ended.set()

    async def give_up() -> bool:
        call = asyncio.create_task(stage.do(wait))
        await asyncio.to_thread(begun.wait, 5)
        call.cancel()
        await asyncio.wait([call])
        return call.cancelled()

    begun = threading.Event()
    with backstage() as (stage, _):
        is_cancelled = asyncio.run(give_up())
        has_ended = ended.wait(5)

    assert is_cancelled
    assert has_ended


def test_knows_the_callers_context() -> None:
    async def mark(_: Client) -> str:
        return MARK.get()

    async def ask() -> str:
        MARK.set("mine")
        return await stage.do(mark)

    with backstage() as (stage, _):
        assert asyncio.run(ask()) == "mine"


def test_lets_go_of_everything_and_begins_anew_when_it_is_needed_again() -> None:
    with backstage() as (stage, made):
        asyncio.run(stage.do(itself))
        stage.close()
        left, there = made[0].is_left, threads()
        asyncio.run(stage.do(itself))

    assert (left, there) == (True, [])
    assert [client.is_left for client in made] == [True, True]
    assert made[0].loop.is_closed()
    assert threads() == []


def test_closing_gives_up_what_is_under_way() -> None:
    async def wait(_: Client) -> None:
        begun.set()
        await asyncio.get_running_loop().create_future()

    async def ask() -> None:
        call = asyncio.create_task(stage.do(wait))
        await asyncio.to_thread(begun.wait, 5)
        await asyncio.to_thread(stage.close)
        with pytest.raises(asyncio.CancelledError):
            await call

    begun = threading.Event()
    with backstage() as (stage, made):
        asyncio.run(ask())

    assert made[0].is_left


def test_who_comes_while_it_is_closed_has_a_client_of_their_own() -> None:
    begun, clinging, let_go = threading.Event(), threading.Event(), threading.Event()

    async def cling(_: Client) -> None:
        begun.set()
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            clinging.set()
            await asyncio.to_thread(let_go.wait, 5)

    async def come_meanwhile() -> Client:
        call = asyncio.create_task(stage.do(cling))
        await asyncio.to_thread(begun.wait, 5)
        closing = asyncio.create_task(asyncio.to_thread(stage.close))
        await asyncio.to_thread(clinging.wait, 5)
        other = await stage.do(itself)
        let_go.set()
        await asyncio.gather(call, closing, return_exceptions=True)
        return other

    with backstage() as (stage, made):
        other = asyncio.run(come_meanwhile())

    assert other is made[1]
    assert other.loop is not made[0].loop
    assert [client.is_left for client in made] == [True, True]


def test_closing_what_was_never_used_does_nothing() -> None:
    with backstage() as (stage, made):
        stage.close()
        stage.close()

    assert made == []


def test_names_looked_up_meanwhile_leave_no_thread() -> None:
    async def look_up(_: Client) -> None:
        await asyncio.get_running_loop().getaddrinfo("127.0.0.1", 80)

    before = threading.active_count()
    with backstage() as (stage, _):
        asyncio.run(stage.do(look_up))

    assert threading.active_count() == before
