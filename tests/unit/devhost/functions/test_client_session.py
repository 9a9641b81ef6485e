"""The SDK's one HTTP session does not outlive the loop it belongs to."""

import asyncio

import azure.durable_functions.models.utils.http_utils as sdk

from devhost.functions import client_session


async def opened_and_closed() -> bool:
    session = await sdk._get_session()
    await client_session.close()
    return bool(session.closed)


def test_closes_the_session_the_sdk_opened() -> None:
    assert asyncio.run(opened_and_closed())
    assert sdk._client_session is None


def test_gives_each_loop_a_lock_of_its_own() -> None:
    before = sdk._session_lock

    client_session.forget()

    assert sdk._session_lock is not before


def test_a_second_host_can_use_the_client_while_a_first_still_holds_the_lock() -> None:
    async def held() -> None:
        await sdk._session_lock.acquire()

    asyncio.run(held())
    client_session.forget()

    assert asyncio.run(opened_and_closed())
