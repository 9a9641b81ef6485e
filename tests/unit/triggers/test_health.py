"""Telling how the app is."""

import asyncio
import json
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from dirigent import VERSION
from dirigent.ports.artifacts import ArtifactsUnavailable
from dirigent.ports.records import RecordsUnavailable
from triggers.health import PERIOD, Examination, health


@dataclass
class Stubborn:
    """Hangs, and does not let itself be cancelled."""

    released: asyncio.Event = field(default_factory=asyncio.Event)

    async def get(self, *names: str) -> None:
        while not self.released.is_set():
            try:
                await self.released.wait()
            except asyncio.CancelledError:
                continue

    async def merge(self, *names: Any) -> None:
        await self.get()

    async def put(self, *names: Any, **kinds: str) -> None:
        await self.get()


@dataclass
class Store:
    """Fails while it is told to, and counts what is written into it."""

    reads: Exception | None = None
    writes: Exception | None = None
    written: int = 0

    async def get(self, *names: str) -> None:
        if self.reads:
            raise self.reads

    async def put(self, name: str, content: bytes, *, content_type: str) -> None:
        await self.merge()

    async def merge(self, *values: Any) -> None:
        self.written += 1
        if self.writes:
            raise self.writes


@dataclass
class Ticks:
    """Seconds that pass when told."""

    now: float = 0.0

    def __call__(self) -> float:
        return self.now


def examination(bench: Any, ticks: Ticks | None = None, patience: float = 5.0, **others: Any) -> Examination:
    """The examination of an app with these stores instead of its own."""
    return Examination(replaced(bench, **others), "default", patience=patience, ticks=ticks or Ticks())


def replaced(bench: Any, **others: Any) -> Any:
    return replace(bench.parts, **others)


def test_is_healthy_when_all_is_well(bench: Any) -> None:
    [function] = bench.functions(health(bench.parts, bench.settings)).values()
    answer = asyncio.run(function(req=bench.request("health")))

    told = json.loads(answer.get_body())
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
    assert (told["status"], told["service"], told["version"]) == ("healthy", "orchestrator", VERSION)
    assert told["adapters"] == {
        "model": "scripted",
        "records": "sqlite",
        "artifacts": "files",
        "bus": "local",
        "channels": "outbox",
    }
    assert {name: check["status"] for name, check in told["checks"].items()} == {
        "records": "healthy",
        "artifacts": "healthy",
    }
    assert all(check["response_time_ms"] >= 0 for check in told["checks"].values())


@pytest.mark.parametrize(
    ("others", "status"),
    [
        ({"records": Store(reads=RecordsUnavailable("secret"))}, "unhealthy"),
        ({"records": Store(writes=RecordsUnavailable("secret"))}, "unhealthy"),
        ({"artifacts": Store(reads=ArtifactsUnavailable("secret"))}, "degraded"),
        ({"artifacts": Store(writes=ArtifactsUnavailable("secret"))}, "degraded"),
        ({"artifacts": Store(reads=OSError("secret"))}, "degraded"),
    ],
)
def test_says_which_store_is_ill_but_not_why(bench: Any, others: dict[str, Any], status: str) -> None:
    told: Any = asyncio.run(examination(bench, **others).told())

    [name] = others
    assert (told["status"], told["checks"][name]["status"]) == (status, "unhealthy")
    assert "secret" not in json.dumps(told)


def test_writes_no_oftener_than_it_has_to(bench: Any) -> None:
    ticks, records, artifacts = Ticks(), Store(), Store()
    looking = examination(bench, ticks, records=records, artifacts=artifacts)
    for now in (0, 1, PERIOD - 0.1, PERIOD, PERIOD + 1):
        ticks.now = now
        asyncio.run(looking.told())

    assert (records.written, artifacts.written) == (2, 2)


def test_stays_ill_until_something_could_be_written(bench: Any) -> None:
    ticks, records = Ticks(), Store(writes=RecordsUnavailable("full"))
    looking = examination(bench, ticks, records=records)
    seen = []
    for now in (0, 1, PERIOD - 0.1, PERIOD):
        ticks.now = now
        seen.append(asyncio.run(looking.told())["status"])
        records.writes = None

    assert seen == ["unhealthy", "unhealthy", "unhealthy", "healthy"]


def test_does_not_wait_for_a_store_that_hangs(bench: Any) -> None:
    async def asked() -> Any:
        stubborn: Any = Stubborn()
        told = await examination(bench, patience=0.05, records=stubborn).told()
        stubborn.released.set()
        return told

    told = asyncio.run(asked())
    assert told["status"] == "unhealthy"
    assert told["checks"]["records"]["detail"] == "no answer within 0.05 s"


def test_logs_a_store_that_hangs_once_a_period(bench: Any, caplog: pytest.LogCaptureFixture) -> None:
    ticks = Ticks()

    async def asked() -> None:
        stubborn: Any = Stubborn()
        looking = examination(bench, ticks, patience=0.05, artifacts=stubborn, records=Store())
        for now in (0, 1, PERIOD - 0.1, PERIOD):
            ticks.now = now
            await looking.told()
        stubborn.released.set()

    asyncio.run(asked())

    line = "The artifacts are not well: no answer within 0.05 s."
    assert [record.getMessage() for record in caplog.records] == [line] * 2


@pytest.mark.parametrize(
    ("error", "line", "has_stack"),
    [
        (
            RecordsUnavailable("The account 'a' is away."),
            "The records are not well: The account 'a' is away.",
            False,
        ),
        (OSError("odd"), "The records are not well.", True),
    ],
)
def test_logs_what_is_wrong_once_a_period_and_a_stack_where_that_says_more(
    bench: Any, caplog: pytest.LogCaptureFixture, error: Exception, line: str, has_stack: bool
) -> None:
    looking = examination(bench, records=Store(reads=error, writes=error), artifacts=Store())

    for _ in range(3):
        asyncio.run(looking.told())

    assert [(record.getMessage(), bool(record.exc_info)) for record in caplog.records] == [(line, has_stack)]


def test_answers_503_when_it_cannot_work(bench: Any) -> None:
    parts = replaced(bench, records=Store(writes=RecordsUnavailable("down")))
    [function] = bench.functions(health(parts, bench.settings)).values()

    assert asyncio.run(function(req=bench.request("health"))).status_code == 503
