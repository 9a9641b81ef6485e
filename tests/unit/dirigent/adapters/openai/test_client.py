import asyncio
import threading

import pytest

from dirigent.adapters.openai.calls import Answer, Call
from dirigent.adapters.openai.client import OpenAIClient
from dirigent.adapters.openai.tokens import EntraTokens
from dirigent.domain.outcomes import Category
from dirigent.ports.model import ModelFailed
from dirigent.settings.endpoints import Endpoint

NAME = "under-test"
CALL = Call(path="/x", body={}, headers={}, deployment="large", endpoint=None, seconds=20.0, most=9)


class Waiting(EntraTokens):
    """Says when it was asked, and never answers."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = threading.Event()

    async def token(self, url: str) -> str:
        self.asked.set()
        await asyncio.get_running_loop().create_future()
        return ""


def body_of(answer: Answer) -> bytes:
    return answer.body


def threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name == NAME]


def test_makes_nothing_before_the_first_call() -> None:
    client = OpenAIClient(NAME, {})

    assert threads() == []
    client.close()


def test_what_fails_is_told_and_nothing_stays_behind() -> None:
    client = OpenAIClient(NAME, {})

    with pytest.raises(ModelFailed) as caught:
        asyncio.run(client.post(CALL, body_of))
    client.close()

    assert caught.value.failure.reason == "no_endpoint"
    assert threads() == []


def test_a_call_that_is_closed_upon_fails_and_its_caller_lives_on() -> None:
    tokens = Waiting()
    client = OpenAIClient(NAME, {None: Endpoint(url="https://nobody.invalid/v1")}, tokens)

    async def ask() -> None:
        call = asyncio.create_task(client.post(CALL, body_of))
        await asyncio.to_thread(tokens.asked.wait, 10)
        await asyncio.to_thread(client.close)
        await call

    with pytest.raises(ModelFailed) as caught:
        asyncio.run(ask())

    assert (caught.value.failure.category, caught.value.failure.reason) == (Category.TRANSIENT, "closed")
    assert not caught.value.is_theirs


def test_a_caller_that_is_given_up_is_cancelled() -> None:
    tokens = Waiting()
    client = OpenAIClient(NAME, {None: Endpoint(url="https://nobody.invalid/v1")}, tokens)

    async def give_up() -> bool:
        call = asyncio.create_task(client.post(CALL, body_of))
        await asyncio.to_thread(tokens.asked.wait, 10)
        call.cancel()
        await asyncio.wait([call])
        return call.cancelled()

    is_cancelled = asyncio.run(give_up())
    client.close()

    assert is_cancelled
