"""What asking a model over HTTP costs beside the bare request, and whether fifty can be asked at once."""

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, ExitStack
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from statistics import median

from benchmarks import teams
from benchmarks.bare_calls import BareLine
from benchmarks.canned_model import ANSWER
from benchmarks.catalogues import declared
from benchmarks.plan import Plan
from benchmarks.runs import dirigent_app
from benchmarks.served_host import ROOT, served
from benchmarks.table import Cell, Table
from dirigent.adapters.openai_model import OpenAIModel
from dirigent.ports.model import Request
from dirigent.settings.endpoints import Endpoint

IN_FLIGHT = (1, 10, 50)
#: Into so many parts the calls are divided, to go bare and through the adapter by turns.
TURNS = 5
#: Milliseconds that the adapter may add to a call that is alone.
AIM = 10.0
#: Seconds that a call takes, how many are made at once, and seconds within which all are to be answered.
CALL, AT_ONCE, ALL = 1.0, 50, 1.2

BARE, ADAPTER = "floor: the bare POST", "OpenAIModel"
FIRST = "OpenAIModel, the first call of a process"
RUN = "the whole app: a fan-out, without guards"

REQUEST = Request(
    deployment="canned",
    agent="asked",
    instructions="You answer in a line. " * 20,
    prompt="Write a line about <topic>solar power at sea</topic>. " * 40,
    temperature=0.7,
    token_limit=4096,
    run="20260101000000-0000",
    step="step",
)

#: Asks once, by the connection of that number.
Ask = Callable[[int], Awaitable[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """What calls took."""

    #: From question to answer, the median's.
    latency: float
    #: Of the whole and of the processor, for each.
    wall: float
    cpu: float


Samples = dict[tuple[str, int], list[Sample]]


def measure(plan: Plan) -> Table:
    samples: Samples = {}
    with plan.folder() as folder, ExitStack() as processes:
        canned = processes.enter_context(served("benchmarks.canned_model")).url
        script = folder / "script.yaml"
        # As JSON, which is YAML, too.
        script.write_text(json.dumps({"pace": CALL, "answers": [{"answer": ANSWER}]}), encoding="utf-8")
        arguments = ("--port", "0", "--script", str(script))
        paced = processes.enter_context(served("dirigent.modelserver", *arguments)).url
        asyncio.run(_overheads(plan, canned, samples))
        first = median(_first(canned) for _ in range(_rounds(plan)))
        waits = asyncio.run(_waits(plan, paced))
        waits[RUN] = asyncio.run(_runs(plan, folder, paced))
    return Table(
        title="calls: a model asked over HTTP, beside the bare request to the same server",
        columns=("what", "in flight", "ms", "over the floor, ms", "CPU ms each", "calls/s", "aim"),
        rows=(*_overhead_rows(samples), (FIRST, 1, 1000 * first, "-", "-", "-", "-"), *_wait_rows(waits)),
        notes=(
            f"Median of {_rounds(plan)} rounds, by turns; the server is a process of its own.",
            "Bare: asyncio's streams, a body that is ready, a connection that is kept, JSON that is read.",
            f"openai {version('openai')}; ms: from question to answer, the median call's.",
            "CPU is the asking process's.",
            f"Calls of {CALL:g} s, by dirigent.modelserver: until the last of {AT_ONCE} at once is answered.",
            "The whole app: from the start, in process, until the orchestration has ended; gates not asked.",
        ),
    )


async def _overheads(plan: Plan, url: str, samples: Samples) -> None:
    async with AsyncExitStack() as leave:
        lines = [await leave.enter_async_context(BareLine(url, REQUEST)) for _ in range(max(IN_FLIGHT))]
        model = model_at(url)
        leave.callback(model.close)
        asks: dict[str, Ask] = {BARE: lambda lane: lines[lane].ask(), ADAPTER: _asking(model)}
        for ask in asks.values():
            await _drive(ask, max(IN_FLIGHT), max(IN_FLIGHT))
        for _ in range(_rounds(plan) * TURNS):
            for in_flight in IN_FLIGHT:
                for what, ask in asks.items():
                    count = max(in_flight, plan.size(100, 20))
                    sample = await _drive(ask, count, in_flight)
                    samples.setdefault((what, in_flight), []).append(sample)


def _first(url: str) -> float:
    command = [sys.executable, "-m", "benchmarks.first_call", url]
    return float(subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout)


async def _waits(plan: Plan, url: str) -> dict[str, list[float]]:
    """Seconds until the last of many calls that take a second is answered."""
    taken: dict[str, list[float]] = {BARE: [], ADAPTER: []}
    async with AsyncExitStack() as leave:
        lines = [await leave.enter_async_context(BareLine(url, REQUEST)) for _ in range(AT_ONCE)]
        model = model_at(url)
        leave.callback(model.close)
        asks: dict[str, Ask] = {BARE: lambda lane: lines[lane].ask(), ADAPTER: _asking(model)}
        for number in range(_rounds(plan) + 1):
            for what, ask in asks.items():
                sample = await _drive(ask, AT_ONCE, AT_ONCE)
                # The first round connects and imports.
                if number:
                    taken[what].append(sample.wall * AT_ONCE)
    return taken


async def _runs(plan: Plan, folder: Path, url: str) -> list[float]:
    """The same of a run whose branches make the calls."""
    taken = []
    flow = declared({"fan": teams.fan_out(AT_ONCE)}, folder / "catalogue")["fan"]
    settings = {"DIRIGENT_MODEL": "openai", "OPENAI_BASE_URL": url, "OPENAI_API_KEY": "none"}
    async with dirigent_app(folder / "app", folder / "catalogue", settings=settings) as app:
        prepared = await app.prepared(flow, is_guarded=False)
        for _ in range(_rounds(plan) + 1):
            began = time.perf_counter()
            await app.run(prepared)
            taken.append(time.perf_counter() - began)
    return taken[1:]


def model_at(url: str) -> OpenAIModel:
    """As the app makes it."""
    return OpenAIModel({None: Endpoint(url=url, key="none")}, attribution=True)


def _asking(model: OpenAIModel) -> Ask:
    async def ask(_: int) -> str:
        return (await model.complete(REQUEST)).text

    return ask


async def _drive(ask: Ask, count: int, in_flight: int) -> Sample:
    """Ask so often, so many at a time."""
    left, latencies = iter(range(count)), []

    async def ask_some(lane: int) -> None:
        for _ in left:
            began = time.perf_counter()
            assert await ask(lane) == ANSWER
            latencies.append(time.perf_counter() - began)

    began, cpu = time.perf_counter(), time.process_time()
    async with asyncio.TaskGroup() as lanes:
        for lane in range(in_flight):
            lanes.create_task(ask_some(lane))
    wall, cpu = time.perf_counter() - began, time.process_time() - cpu
    return Sample(latency=median(latencies), wall=wall / count, cpu=cpu / count)


def _rounds(plan: Plan) -> int:
    return plan.size(7, 1)


def _overhead_rows(samples: Samples) -> list[tuple[Cell, ...]]:
    rows: list[tuple[Cell, ...]] = []
    for (what, in_flight), taken in samples.items():
        floor = samples[BARE, in_flight]
        over = 1000 * median(own.latency - bare.latency for own, bare in zip(taken, floor, strict=True))
        is_aimed = what == ADAPTER and in_flight == 1
        rows.append(
            (
                what,
                in_flight,
                1000 * median(sample.latency for sample in taken),
                over,
                1000 * median(sample.cpu for sample in taken),
                1 / median(sample.wall for sample in taken),
                f"{AIM:g} ms over, {'kept' if over < AIM else 'MISSED'}" if is_aimed else "-",
            )
        )
    return rows


def _wait_rows(waits: dict[str, list[float]]) -> list[tuple[Cell, ...]]:
    rows: list[tuple[Cell, ...]] = []
    for what, taken in waits.items():
        seconds = median(taken)
        over = 1000 * (seconds - median(waits[BARE]))
        aim = "-" if what == BARE else f"{1000 * ALL:,g} ms, {'kept' if seconds <= ALL else 'MISSED'}"
        name = f"{what}, calls of {CALL:g} s"
        rows.append((name, AT_ONCE, 1000 * seconds, over, "-", AT_ONCE / seconds, aim))
    return rows
