"""Connections to Azure Storage, as far as they need no account."""

import asyncio

import pytest

from dirigent.adapters.services.sessions import session


def heeds_proxies(url: str) -> bool:
    async def work() -> bool:
        async with session(url) as made:
            return made.trust_env

    return asyncio.run(work())


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:10002/house", "https://LOCALHOST.:1/house", "http://0.0.0.0:1/house"]
)
def test_goes_through_no_proxy_to_this_machine(url: str) -> None:
    assert not heeds_proxies(url)


@pytest.mark.parametrize("url", ["https://house.table.core.windows.net", "http://10.0.0.1:10002/house"])
def test_goes_elsewhere_as_the_environment_says(url: str) -> None:
    assert heeds_proxies(url)
