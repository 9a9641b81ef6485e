"""A client of twenty connections."""

import asyncio
import time

import aiohttp

CONNECTIONS = 20


async def post(url: str, count: int) -> list[str]:
    """Send so many empty POSTs through one pool of connections; what they answered, all of it good."""
    left, answers = iter(range(count)), []
    limits = aiohttp.TCPConnector(limit=CONNECTIONS)
    async with aiohttp.ClientSession(connector=limits) as session:

        async def send_some() -> None:
            for _ in left:
                async with session.post(url) as reply:
                    answers.append(await reply.text())
                    assert reply.status == 202, (reply.status, answers[-1])

        async with asyncio.TaskGroup() as lanes:
            for _ in range(CONNECTIONS):
                lanes.create_task(send_some())
    return answers


async def rate(url: str, count: int) -> float:
    """Answers a second."""
    await post(url, CONNECTIONS)
    began = time.perf_counter()
    await post(url, count)
    return count / (time.perf_counter() - began)
