"""Dirigent itself, in the measuring process: its runs without HTTP."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from msgspec.structs import replace

from benchmarks.catalogues import ROOT
from benchmarks.opened_host import OpenedHost, opened
from devhost.options import Replay
from dirigent import codec
from dirigent.domain.catalogue import Definition
from dirigent.domain.run_ids import new_run_id
from dirigent.domain.runs import Held, StartRun
from dirigent.ports import Parts
from dirigent.records.definitions import Definitions

TOPIC = "solar power at sea"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningApp:
    """The app on the local host; made by `dirigent_app`."""

    host: OpenedHost
    parts: Parts
    numbers: "count[int]"

    async def prepared(self, definition: Definition, *, is_guarded: bool = True) -> StartRun:
        """What runs of the definition are started with; those that are not guarded pass no gate."""
        return StartRun(
            run="",
            account="default",
            workflow=definition.workflow.name,
            type=definition.workflow.type,
            definition=await Definitions(self.parts.artifacts).freeze(definition),
            plan=definition.plan(),
            input=Held(text=codec.to_json({"topic": TOPIC}).decode()),
            created_at=datetime.now(UTC),
            timeout=definition.workflow.timeout,
            max_wait=definition.workflow.max_wait if is_guarded else None,
        )

    async def run(self, prepared: StartRun, orchestrator: str = "sequential") -> str:
        """One run to its good end; its id."""
        at = datetime.now(UTC)
        start = replace(prepared, run=new_run_id(at, next(self.numbers)), created_at=at)
        await self.host.start(orchestrator, codec.encode(start), instance_id=start.run)
        await self.host.result(start.run)
        return start.run

    async def drive(
        self, prepared: StartRun, runs: int, in_flight: int, orchestrator: str = "sequential"
    ) -> list[str]:
        """Run so many to their ends, so many at a time; their ids."""
        left = iter(range(runs))

        async def run_some() -> list[str]:
            return [await self.run(prepared, orchestrator) for _ in left]

        async with asyncio.TaskGroup() as group:
            lanes = [group.create_task(run_some()) for _ in range(min(in_flight, runs))]
        return [run for lane in lanes for run in lane.result()]


@asynccontextmanager
async def dirigent_app(
    folder: Path, catalogue: Path, *, app: Path = ROOT, replay: Replay = "sticky"
) -> AsyncIterator[RunningApp]:
    """Open the host with the app as it is, its data and state in the folder; durability FULL."""
    settings = {
        "DIRIGENT_DATA": str(folder / "data"),
        "DIRIGENT_CATALOGUE": str(catalogue),
        "AZURE_FUNCTIONS_ENVIRONMENT": "Development",
    }
    async with opened(folder / "state", app=app, settings=settings, replay=replay) as host:
        yield RunningApp(host=host, parts=host.host.module.parts, numbers=count())
