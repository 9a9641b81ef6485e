"""Dirigent itself, in the measuring process: its runs without HTTP."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from msgspec.structs import replace

from benchmarks.catalogues import ROOT, Flow
from benchmarks.opened_host import OpenedHost, opened
from devhost.engine.messages import Event
from devhost.options import Replay
from dirigent import codec
from dirigent.domain.run_ids import new_run_id
from dirigent.domain.runs import Held, StartRun
from dirigent.ports import Parts
from triggers.freezing import Freezing

TOPIC = "solar power at sea"


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """What runs of a workflow are started with, and by which orchestrator."""

    orchestrator: str
    start: StartRun


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningApp:
    """The app on the local host; made by `dirigent_app`."""

    host: OpenedHost
    parts: Parts
    numbers: "count[int]"

    async def prepared(self, flow: Flow, *, is_guarded: bool = True) -> Prepared:
        """Ready to be run any number of times; runs that are not guarded pass no gate."""
        frozen = await Freezing(flow.catalogue, self.parts.artifacts).frozen(flow.name)
        start = StartRun(
            run="",
            account="default",
            workflow=frozen.workflow,
            type=frozen.type,
            definition=frozen.definition,
            plan=frozen.plan,
            input=Held(text=codec.to_json({"topic": TOPIC}).decode()),
            created_at=datetime.now(UTC),
            timeout=frozen.timeout,
            max_wait=frozen.max_wait if is_guarded else None,
            team=frozen.team,
            election=frozen.election,
        )
        return Prepared(orchestrator=frozen.pattern, start=start)

    async def run(self, prepared: Prepared) -> StartRun:
        """One run to its good end; what it was started with, its id in it."""
        at = datetime.now(UTC)
        start = replace(prepared.start, run=new_run_id(at, next(self.numbers)), created_at=at)
        await self.host.start(prepared.orchestrator, codec.encode(start), instance_id=start.run)
        await self.host.result(start.run)
        return start

    async def history(self, instance: str) -> list[Event]:
        """Every event of an instance."""
        return await self.host.host.hub.history(instance)

    async def drive(self, prepared: Prepared, runs: int, in_flight: int) -> None:
        """Run so many to their ends, so many at a time."""
        left = iter(range(runs))

        async def run_some() -> None:
            for _ in left:
                await self.run(prepared)

        async with asyncio.TaskGroup() as group:
            for _ in range(min(in_flight, runs)):
                group.create_task(run_some())


@asynccontextmanager
async def dirigent_app(
    folder: Path,
    catalogue: Path,
    *,
    app: Path = ROOT,
    replay: Replay = "sticky",
    script: Mapping[str, object] | None = None,
    settings: Mapping[str, str] | None = None,
) -> AsyncIterator[RunningApp]:
    """Open the host with the app as it is, its data and state in the folder; durability FULL."""
    settings = {
        # Whatever keys the machine has: where nothing else is said, no other model is measured.
        "DIRIGENT_MODEL": "scripted",
        "DIRIGENT_DATA": str(folder / "data"),
        "DIRIGENT_CATALOGUE": str(catalogue),
        "AZURE_FUNCTIONS_ENVIRONMENT": "Development",
        **(settings or {}),
    }
    if script is not None:
        file = folder / "script.yaml"
        file.parent.mkdir(parents=True, exist_ok=True)
        # As JSON, which is YAML, too.
        file.write_text(json.dumps(script), encoding="utf-8")
        settings["DIRIGENT_SCRIPT"] = str(file)
    async with opened(folder / "state", app=app, settings=settings, replay=replay) as host:
        parts = host.host.module.parts
        yield RunningApp(host=host, parts=parts, numbers=count())
    # An app is one process's; here several follow one another.
    parts.close()
