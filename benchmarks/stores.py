"""Records and content runs on Azurite beside the embedded stores, and how often a run asks the storage."""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import closing
from importlib.metadata import version
from itertools import count
from pathlib import Path
from statistics import median

from benchmarks import emulator, floor
from benchmarks.catalogues import Flow, shipped
from benchmarks.plan import Plan
from benchmarks.runs import dirigent_app
from benchmarks.table import Cell, Table
from dirigent.adapters.azure_tables import AzureTables
from dirigent.adapters.sqlite_records import SqliteRecords
from dirigent.ports.records import Records, Values
from dirigent.settings.storage import Storage

IN_FLIGHT = (1, 20)
EMBEDDED, AZURITE = "embedded", "Azurite"
TABLE = "measured"
#: Rows of a query, and of a partition.
ROWS = 100
#: About what a step's record holds.
VALUES: Values = {"name": "write", "attempts": 1, "status": "completed", "output": "x" * 2_000}
RUN = "a content run, whole"
COLUMNS = (
    "what",
    "in flight",
    "embedded/s",
    "Azurite/s",
    "Azurite ÷ embedded",
    "Azurite, ms each",
    "embedded, CPU ms",
    "Azurite, CPU ms",
)

#: Does it once, for the lane of that number.
Act = Callable[[Records, int], Awaitable[object]]
#: So many a second, and seconds of the processor for each.
Rate = tuple[float, float]
#: What was done, how many at a time, where → how fast, round after round.
Rates = dict[tuple[str, int, str], list[Rate]]


def measure(plan: Plan) -> Table:
    rates: Rates = {}
    commits = []
    with plan.folder() as folder, emulator.emulated() as connection:
        content = shipped("content-creation", folder / "catalogue")
        for number in range(plan.rounds):
            place = folder / str(number)
            place.mkdir()
            commits.append(floor.commit_seconds(place, "FULL"))
            asyncio.run(
                _operations(plan, place, Storage(connection=connection, prefix=f"operations{number}"), rates)
            )
            asyncio.run(_runs(plan, place, content, connection, rates))
        tallied = asyncio.run(_requests(plan, folder / "counted", content, connection))
    return Table(
        title="stores: records and content runs on Azurite, beside the embedded stores",
        columns=COLUMNS,
        rows=tuple(_rows(rates)),
        notes=(
            f"azure-data-tables {version('azure-data-tables')}, Azurite {emulator.version()}.",
            f"Median of {plan.rounds} rounds, by turns. Embedded: SQLite, durability FULL, and files.",
            "Azurite: a process of its own on the same machine, everything in memory; no network, no TLS.",
            "ms each: from wish to answer, the mean. The first is thrown away: it makes the table.",
            "CPU ms: of this process, for each; what Azurite itself takes is not in it.",
            f"A query is one page of {ROWS} rows of a partition; a row holds some 2,000 characters.",
            "Runs: guards on, limits wide; started in process; the scripted model answers.",
            f"Requests of a content run to Azure: {tallied}.",
            f"Floor: {1 / median(commits):,.0f} bare FULL commits/s.",
        ),
    )


async def _operations(plan: Plan, folder: Path, storage: Storage, rates: Rates) -> None:
    stores: dict[str, Records] = {
        EMBEDDED: SqliteRecords(folder / "records.db"),
        AZURITE: AzureTables(storage),
    }
    for where, records in stores.items():
        with closing(records):
            for key in range(ROWS):
                await records.insert(TABLE, "full", f"{key:03}", VALUES)
            for what, act in _acts():
                for in_flight in IN_FLIGHT:
                    times = plan.size(200, 5) * (1 if in_flight == 1 else 4)
                    rate = await _rate(records, act, times, in_flight)
                    rates.setdefault((what, in_flight, where), []).append(rate)


def _acts() -> Iterator[tuple[str, Act]]:
    numbers = count()
    etags: dict[int, str] = {}

    async def insert(records: Records, lane: int) -> None:
        await records.insert(TABLE, f"new-{lane}", f"{next(numbers):06}", VALUES)

    async def get(records: Records, lane: int) -> None:
        assert await records.get(TABLE, "full", f"{lane:03}") is not None

    async def merge(records: Records, lane: int) -> None:
        key = ("other", f"{lane:03}")
        if lane not in etags:
            etags[lane] = await records.insert(TABLE, *key, VALUES)
        etags[lane] = await records.merge(TABLE, *key, {"attempts": 2}, etag=etags[lane])

    async def query(records: Records, _: int) -> None:
        page = await records.query(TABLE, partition="full", limit=ROWS)
        assert len(page.rows) == ROWS, len(page.rows)

    yield "insert", insert
    yield "get", get
    yield "merge with etag", merge
    yield f"query of {ROWS} rows", query


async def _rate(records: Records, act: Act, times: int, in_flight: int) -> Rate:
    left = iter(range(times))

    async def act_some(lane: int) -> None:
        for _ in left:
            await act(records, lane)

    await asyncio.gather(*(act(records, lane) for lane in range(in_flight)))

    async def act_all() -> None:
        async with asyncio.TaskGroup() as lanes:
            for lane in range(in_flight):
                lanes.create_task(act_some(lane))

    return await _taken(act_all(), times)


async def _taken(work: Awaitable[None], times: int) -> Rate:
    began, cpu = time.perf_counter(), time.process_time()
    await work
    return times / (time.perf_counter() - began), (time.process_time() - cpu) / times


async def _runs(plan: Plan, folder: Path, content: Flow, connection: str, rates: Rates) -> None:
    for where in (EMBEDDED, AZURITE):
        settings = {} if where == EMBEDDED else _settings(connection, f"runs{folder.name}")
        async with dirigent_app(folder / where, content.folder, settings=settings) as app:
            prepared = await app.prepared(content)
            for in_flight in IN_FLIGHT:
                runs = plan.size(40, 3) if in_flight == 1 else plan.size(200, 20)
                await app.drive(prepared, in_flight, in_flight)
                rate = await _taken(app.drive(prepared, runs, in_flight), runs)
                rates.setdefault((RUN, in_flight, where), []).append(rate)


async def _requests(plan: Plan, folder: Path, content: Flow, connection: str) -> str:
    """How often a run asks tables and blobs; the first one, which makes them, is left out."""
    runs = plan.size(20, 2)
    async with (
        emulator.counted(connection) as (proxied, tally),
        dirigent_app(folder, content.folder, settings=_settings(proxied, "counted")) as app,
    ):
        prepared = await app.prepared(content)
        await app.drive(prepared, 1, 1)
        before: Counter[str] = Counter(tally)
        await app.drive(prepared, runs, 1)
        counts = tally - before
    return ", ".join(f"{what} {number / runs:.3g}" for what, number in sorted(counts.items()))


def _settings(connection: str, prefix: str) -> Mapping[str, str]:
    return {
        # Nothing is kept in a folder, and a setting that nobody reads is refused.
        "DIRIGENT_DATA": "",
        "DIRIGENT_RECORDS": "azure-tables",
        "DIRIGENT_ARTIFACTS": "azure-blob",
        "AzureWebJobsStorage": connection,
        "DIRIGENT_STORAGE_PREFIX": prefix,
    }


def _rows(rates: Rates) -> Iterator[tuple[Cell, ...]]:
    for (what, in_flight, where), taken in rates.items():
        if where == AZURITE:
            embedded = rates[what, in_flight, EMBEDDED]
            rate = median(rate for rate, _ in taken)
            yield (
                what,
                in_flight,
                median(rate for rate, _ in embedded),
                rate,
                median(own / other for (own, _), (other, _) in zip(taken, embedded, strict=True)),
                1000 * in_flight / rate,
                1000 * median(cpu for _, cpu in embedded),
                1000 * median(cpu for _, cpu in taken),
            )
