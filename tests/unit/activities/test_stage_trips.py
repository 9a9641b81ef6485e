"""How often a step's activity asks the stores."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec

from activities import activities
from dirigent import codec
from dirigent.adapters.sqlite_records import SqliteRecords
from dirigent.domain.catalogue import Catalogue, InputField, Workflow
from dirigent.domain.outcomes import Turnout
from dirigent.domain.runs import Held, OpenRun
from dirigent.domain.steps import AskStep, CombineStep, Step
from dirigent.domain.teams import Team
from dirigent.ports.records import Page, Row, Values, Write

NAMES = ("a", "b", "c")
STEPS: list[Step] = [
    *(AskStep(name=name, agent="x", prompt="On {{topic}}.", output=name) for name in NAMES),
    CombineStep(name="sum", output="sum"),
]


class CountedRecords(SqliteRecords):
    """Remembers what it was asked."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.asked: list[tuple[str, str]] = []

    async def insert(self, table: str, partition: str, key: str, values: Values) -> str:
        self.asked.append(("insert", table))
        return await super().insert(table, partition, key, values)

    async def get(self, table: str, partition: str, key: str) -> Row | None:
        self.asked.append(("get", table))
        return await super().get(table, partition, key)

    async def merge(
        self, table: str, partition: str, key: str, values: Values, *, etag: str | None = None
    ) -> str:
        self.asked.append(("merge", table))
        return await super().merge(table, partition, key, values, etag=etag)

    async def query(self, table: str, **asked: Any) -> Page:
        self.asked.append(("query", table))
        return await super().query(table, **asked)

    async def insert_then_merge(self, first: Write, second: Write, *, etag: str) -> str:
        self.asked.append((f"insert {first.table}, merge", second.table))
        return await super().insert_then_merge(first, second, etag=etag)

    def since(self) -> list[tuple[str, str]]:
        """What it was asked since it was asked this."""
        asked, self.asked = self.asked, []
        return asked


def test_a_branch_looks_once_and_writes_once_and_merging_reads_nothing_and_writes_once(
    job: Any, tmp_path: Path
) -> None:
    workflow = Workflow(
        name="w",
        description="",
        type="t",
        input=(InputField(name="topic"),),
        steps=tuple(STEPS),
        result={},
        pattern="fan_out",
        team=Team(name="w", members=NAMES, merge="sum"),
    )
    job.adopt(workflow)
    catalogue = Catalogue(models={}, agents={}, workflows={})
    records = CountedRecords(tmp_path / "counted.db")
    does = {one.__name__: one for one in activities(replace(job.parts, records=records), catalogue)}
    start = msgspec.structs.replace(job.start, input=Held(text='{"topic":"bees"}'))
    asyncio.run(does["open_run"](codec.encode(OpenRun(opening=start, is_begun=True))))
    opening = records.since()
    asyncio.run(does["ask_agent"](codec.encode(job.order("a"))))
    branch = records.since()
    for name in NAMES[1:]:
        asyncio.run(does["ask_agent"](codec.encode(job.order(name))))
    records.since()
    order = job.order("sum", closes=True, turnout=Turnout(completed_agents=3))
    asyncio.run(does["combine_branches"](codec.encode(order)))
    merging = records.since()
    records.close()

    assert opening == [("insert", "runs")]
    assert branch == [("get", "steps"), ("insert", "steps")]
    assert merging == [("insert steps, merge", "runs")]
