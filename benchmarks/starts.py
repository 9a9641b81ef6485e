"""How many orchestrations a second can be started over HTTP."""

import asyncio
import time
from contextlib import ExitStack
from pathlib import Path
from statistics import median

import aiohttp

from benchmarks import floor
from benchmarks.opened_host import opened
from benchmarks.plan import Plan
from benchmarks.posting import CONNECTIONS, post, rate
from benchmarks.served_host import devhost_arguments, served
from benchmarks.table import Cell, Table

EMPTY = "floor: an empty aiohttp handler"
THROUGH_SDK = "floor: the SDK's client in one such handler, calling another"
BY_APP = "devhost: the app's function, with the SDK's client"
BY_API = "devhost: its management API"
IN_PROCESS = "devhost: the engine, without HTTP"


def measure(plan: Plan) -> Table:
    rates: dict[str, list[float]] = {}
    with plan.folder() as folder, ExitStack() as processes:
        bare = processes.enter_context(served("benchmarks.http_floor")).url
        host = processes.enter_context(served("devhost", *devhost_arguments(folder / "served"))).url
        urls = {
            EMPTY: f"{bare}/empty",
            THROUGH_SDK: f"{bare}/start",
            BY_APP: f"{host}/api/start/at_once",
            BY_API: f"{host}/runtime/webhooks/durabletask/orchestrators/at_once",
        }
        for _ in range(plan.rounds):
            for name, url in urls.items():
                rates.setdefault(name, []).append(asyncio.run(rate(url, plan.size(2_000, 100))))
            rates.setdefault(IN_PROCESS, []).append(asyncio.run(_in_process(folder / "opened", plan)))
        commit = floor.commit_seconds(folder, "FULL")
        asyncio.run(_check(urls[BY_APP]))
    return Table(
        title="starts: orchestrations started over HTTP, each of which ends at once",
        columns=("what", "a second", "share of the empty handler", "share of the SDK's floor"),
        rows=tuple(_row(name, rates) for name in rates),
        notes=(
            f"{CONNECTIONS} connections from a process of its own; durability FULL, sticky.",
            f"Median of {plan.rounds} rounds of {plan.size(2_000, 100):,} starts.",
            "The empty handler is as fast as the one client: whoever comes near it is limited by that, too.",
            "A start through the app is two requests: the client's, and the SDK's to the host.",
            f"Floor: {1 / commit:,.0f} bare FULL commits/s.",
        ),
    )


def _row(name: str, rates: dict[str, list[float]]) -> tuple[Cell, ...]:
    mine = rates[name]
    to_empty, to_sdk = (
        median(rate / bare for rate, bare in zip(mine, rates[other], strict=True))
        for other in (EMPTY, THROUGH_SDK)
    )
    return (name, median(mine), to_empty, to_sdk)


async def _check(url: str) -> None:
    """Stop if the host only says that it started something."""
    ids = await post(url, 50)
    host = url.partition("/api/")[0]
    assert len(set(ids)) == len(ids), ids
    async with aiohttp.ClientSession() as session:
        for identity in ids:
            async with session.get(f"{host}/runtime/webhooks/durabletask/instances/{identity}") as reply:
                status = (await reply.json())["runtimeStatus"]
                assert status == "Completed", (identity, status)


async def _in_process(state: Path, plan: Plan) -> float:
    count = plan.size(2_000, 100)
    async with opened(state) as host:
        await host.drive("at_once", CONNECTIONS, CONNECTIONS)
        began = time.perf_counter()
        await host.drive("at_once", count, CONNECTIONS)
        return count / (time.perf_counter() - began)
