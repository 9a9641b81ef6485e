"""What a message costs on its way through a trigger, and an event on its way to a run."""

import asyncio
import json
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import replace
from itertools import count
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks import emulator, floor
from benchmarks.catalogues import Flow, chain, declared
from benchmarks.event_client import BATCH, BATCHES, EventClient, Request, connected
from benchmarks.plan import Plan
from benchmarks.posting import CONNECTIONS
from benchmarks.runs import TOPIC, dirigent_app
from benchmarks.served_host import ROOT, served
from benchmarks.table import Cell, Table

BUS_APP = Path(__file__).parent / "bus_app"
EVENTS, WORKFLOW, SUBSCRIPTION = "measured", "line", "listener"
#: What stands against what, by the names of the rows.
CALLS = "floor: HTTP calls of a function that does nothing"
SINGLE = "messages through a trigger, one a call"
MANY = "messages through a trigger, as many a call as lie there"
ALONE = "messages laid on a queue, one a request"
TOGETHER = f"messages laid on a queue, {BATCH} a request"
BY_HTTP = "floor: runs started over HTTP, to the last one's end"
BY_EVENTS = f"runs started by events, {BATCH} a request, to the last one's end"
BY_HTTP_ALONE = "floor: a run started over HTTP, alone"
BY_EVENT_ALONE = "a run started by an event, alone"
AGAINST = {
    SINGLE: CALLS,
    MANY: CALLS,
    TOGETHER: ALONE,
    BY_EVENTS: BY_HTTP,
    BY_EVENT_ALONE: BY_HTTP_ALONE,
}

Rates = dict[str, list[float]]
#: Seconds until a run has begun, and until it has ended.
Latencies = dict[str, list[tuple[float, float]]]


def measure(plan: Plan) -> Table:
    rates: Rates = {}
    latencies: Latencies = {}
    with plan.folder() as folder:
        commit = floor.commit_seconds(folder, "FULL")
        flow = _flow(folder / "catalogue")
        for number in range(plan.rounds):
            place = folder / str(number)
            place.mkdir()
            with served("devhost", *_arguments(BUS_APP, place / "bus")) as host:
                asyncio.run(_messages(plan, host.url, rates))
            settings = _settings(place, flow)
            with served("devhost", *_arguments(ROOT, place / "app", "--settings", str(settings))) as host:
                asyncio.run(_runs(plan, host.url, rates, latencies))
        tallied = asyncio.run(_requests(plan, folder / "counted", flow))
    return Table(
        title="events: messages through triggers, and runs that events start",
        columns=(
            "what",
            "a second",
            "÷ its floor",
            "ms until begun",
            "ms until ended",
            "÷ that of its floor",
        ),
        rows=tuple(_rows(rates, latencies)),
        notes=(
            f"Median of {plan.rounds} rounds; {CONNECTIONS} connections of another process; durability FULL.",
            "The first five: functions that do nothing. The others: the app, one asked agent a run.",
            "Through a trigger: laid on the queue and taken from it, the former 100 a request.",
            "Alone: one after another; begun and ended as the run's history has it.",
            *(f"Requests to Azure of {what}: {told}." for what, told in tallied.items()),
            f"Floor: {1 / commit:,.0f} bare FULL commits/s.",
        ),
    )


def _flow(folder: Path) -> Flow:
    flow = declared({WORKFLOW: chain(1)}, folder)[WORKFLOW]
    (folder / "subscriptions").mkdir()
    # As JSON, which is YAML, too.
    subscriptions = {SUBSCRIPTION: {"topic": EVENTS, "workflow": WORKFLOW}}
    (folder / "subscriptions/all.yaml").write_text(json.dumps(subscriptions), encoding="utf-8")
    return flow


def _arguments(app: Path, state: Path, *more: str) -> tuple[str, ...]:
    return ("--app", str(app), "--port", "0", "--state", str(state), "--log-level", "error", *more)


def _settings(folder: Path, flow: Flow) -> Path:
    values = {
        "AZURE_FUNCTIONS_ENVIRONMENT": "Development",
        "DIRIGENT_CATALOGUE": str(flow.folder),
        "DIRIGENT_DATA": str(folder / "data"),
        "DIRIGENT_MODEL": "scripted",
        "DIRIGENT_BUS": "local",
    }
    file = folder / "settings.json"
    file.write_text(json.dumps({"IsEncrypted": False, "Values": values}), encoding="utf-8")
    return file


async def _messages(plan: Plan, url: str, rates: Rates) -> None:
    messages = plan.size(4_000, 200)
    one = {"Body": "x" * 200}

    def laid(queue: str) -> Request:
        return Request(path=f"/servicebus/{queue}/messages", body=[one] * BATCH, headers=BATCHES)

    async with connected(url) as client:

        async def through(queue: str, number: int) -> None:
            await client.post([laid(queue)] * (number // BATCH))
            await client.drained()

        for queue in ("single", "many"):
            await through(queue, BATCH)
        calls = [Request(path="/api/nothing", body={})] * messages
        alone = [Request(path="/servicebus/many/messages", body="x" * 200)] * messages
        await _rate(rates, CALLS, messages, client.post(calls, CONNECTIONS))
        await _rate(rates, SINGLE, messages, through("single", messages))
        await _rate(rates, MANY, messages, through("many", messages))
        await _rate(rates, ALONE, messages, client.post(alone, CONNECTIONS))
        await client.drained()
        await _rate(rates, TOGETHER, messages, client.post([laid("many")] * (messages // BATCH), CONNECTIONS))
        await client.drained()


async def _rate(rates: Rates, what: str, number: int, work: Awaitable[object]) -> None:
    began = time.perf_counter()
    await work
    rates.setdefault(what, []).append(number / (time.perf_counter() - began))


async def _runs(plan: Plan, url: str, rates: Rates, latencies: Latencies) -> None:
    number, alone = plan.size(500, 2) // BATCH * BATCH or BATCH, plan.size(40, 3)
    by_http = Request(path=f"/api/workflows/{WORKFLOW}", body={"topic": TOPIC})
    by_event = Request(path=f"/api/events/{EVENTS}", body=_event())
    by_events = Request(path=f"/api/events/{EVENTS}", body=[_event()] * BATCH)
    async with connected(url) as client:
        # The first of a process reads the workflow's definition, and connects.
        for request in (by_http, by_event):
            await client.latency(request)
        for what, request in ((BY_HTTP_ALONE, by_http), (BY_EVENT_ALONE, by_event)):
            taken = [await client.latency(request) for _ in range(alone)]
            begun, ended = zip(*taken, strict=True)
            latencies.setdefault(what, []).append((median(begun), median(ended)))
        for what, requests in ((BY_HTTP, [by_http] * number), (BY_EVENTS, [by_events] * (number // BATCH))):
            await client.purge()
            await _rate(rates, what, number, _started(client, requests, number))


async def _started(client: EventClient, requests: list[Request], number: int) -> None:
    await client.post(requests, CONNECTIONS)
    runs = await client.ended(number)
    assert len(runs) == number, len(runs)


def _event() -> dict[str, Any]:
    return {"type": "Measured", "data": {"topic": TOPIC}}


async def _requests(plan: Plan, folder: Path, flow: Flow) -> Mapping[str, str]:
    """How often a run asks tables and blobs, by what started it; the first, which makes them, is left out."""
    runs, told = plan.size(20, 2), dict[str, str]()
    with emulator.emulated() as connection:
        async with (
            emulator.counted(connection) as (proxied, tally),
            dirigent_app(folder, flow.folder, settings=_on_azure(proxied)) as app,
            connected(app.host.host.url) as client,
        ):
            for what, draw in _ways().items():
                await client.latency(draw())
                before: Counter[str] = Counter(tally)
                for _ in range(runs):
                    await client.latency(draw())
                counts = tally - before
                told[what] = ", ".join(f"{name} {n / runs:.3g}" for name, n in sorted(counts.items()))
    return told


def _ways() -> Mapping[str, Callable[[], Request]]:
    keys = count()
    started = Request(path=f"/api/workflows/{WORKFLOW}", body={"topic": TOPIC})
    return {
        "a run started over HTTP": lambda: started,
        "one with an Idempotency-Key": lambda: replace(
            started, headers={"Idempotency-Key": f"k{next(keys)}"}
        ),
        "one started by an event": lambda: Request(path=f"/api/events/{EVENTS}", body=_event()),
    }


def _on_azure(connection: str) -> Mapping[str, str]:
    return {
        # Nothing is kept in a folder, and a setting that nobody reads is refused.
        "DIRIGENT_DATA": "",
        "DIRIGENT_BUS": "local",
        "DIRIGENT_RECORDS": "azure-tables",
        "DIRIGENT_ARTIFACTS": "azure-blob",
        "AzureWebJobsStorage": connection,
        "DIRIGENT_STORAGE_PREFIX": "counted",
    }


def _rows(rates: Rates, latencies: Latencies) -> Iterator[tuple[Cell, ...]]:
    for what, taken in rates.items():
        to_floor: Cell = "-"
        if what in AGAINST:
            to_floor = median(own / bare for own, bare in zip(taken, rates[AGAINST[what]], strict=True))
        yield (what, median(taken), to_floor, "-", "-", "-")
    for what, both in latencies.items():
        begun, ended = (1000 * median(column) for column in zip(*both, strict=True))
        to_end: Cell = "-"
        if what in AGAINST:
            floors = latencies[AGAINST[what]]
            to_end = median(own / bare for (_, own), (_, bare) in zip(both, floors, strict=True))
        yield (what, "-", "-", begun, ended, to_end)
