"""Dirigent itself, in the measuring process: catalogues of any length, and runs of them without HTTP."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import yaml

from benchmarks.opened_host import OpenedHost, opened
from devhost.options import Replay
from dirigent import codec, declarations
from dirigent.domain.catalogue import Definition
from dirigent.domain.run_ids import new_run_id
from dirigent.domain.runs import Held, StartRun
from dirigent.ports import Parts
from dirigent.records.definitions import Definitions

ROOT = Path(__file__).parents[1]
TOPIC = "solar power at sea"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningApp:
    """The app on the local host; made by `dirigent_app`."""

    host: OpenedHost
    parts: Parts
    numbers: "count[int]"

    async def run(self, definition: Definition, digest: str) -> str:
        """One run to its good end; its id."""
        run = new_run_id(datetime.now(UTC), next(self.numbers))
        start = StartRun(
            run=run,
            account="default",
            workflow=definition.workflow.name,
            type=definition.workflow.type,
            definition=digest,
            plan=definition.plan(),
            input=Held(text=codec.to_json({"topic": TOPIC}).decode()),
            created_at=datetime.now(UTC),
            timeout=definition.workflow.timeout,
        )
        await self.host.start(definition.workflow.pattern, codec.encode(start), instance_id=run)
        await self.host.result(run)
        return run

    async def drive(self, definition: Definition, runs: int, in_flight: int) -> list[str]:
        """Run so many to their ends, so many at a time; their ids."""
        digest = await Definitions(self.parts.artifacts).freeze(definition)
        left = iter(range(runs))

        async def run_some() -> list[str]:
            return [await self.run(definition, digest) for _ in left]

        async with asyncio.TaskGroup() as group:
            lanes = [group.create_task(run_some()) for _ in range(min(in_flight, runs))]
        return [run for lane in lanes for run in lane.result()]


@asynccontextmanager
async def dirigent_app(folder: Path, *, replay: Replay = "sticky") -> AsyncIterator[RunningApp]:
    """Open the host with the app as it is, its data and state in the folder; durability FULL."""
    settings = {"DIRIGENT_DATA": str(folder / "data"), "AZURE_FUNCTIONS_ENVIRONMENT": "Development"}
    async with opened(folder / "state", app=ROOT, settings=settings, replay=replay) as host:
        yield RunningApp(host=host, parts=host.host.module.parts, numbers=count())


def shipped(workflow: str) -> Definition:
    """A workflow of the catalogue."""
    return declarations.read(ROOT / "catalogue").definition(workflow)


def chain_of(steps: int, folder: Path) -> Definition:
    """A workflow of so many agents asked one after another, each reading the input and the one before it."""
    asked = [
        {
            "name": f"step-{number}",
            "agent": "asked",
            "prompt": "Write a line about {{topic}}." if number == 0 else f"Go on: {{{{o{number - 1}}}}}",
            "output": f"o{number}",
        }
        for number in range(steps)
    ]
    content = {
        "models.yaml": {"fast": {"deployment": "fast"}},
        "agents/asked.yaml": {
            "asked": {"description": "Is asked.", "instructions": "Answer in a line.", "model": "fast"}
        },
        "workflows/long.yaml": {
            "long": {
                "description": "Asks again and again.",
                "type": "long",
                "input": {"topic": {"type": "string"}},
                "steps": asked,
                "result": {"last": {"value": f"o{steps - 1}"}},
            }
        },
    }
    for name, declared in content.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(yaml.safe_dump(declared, sort_keys=False), encoding="utf-8")
    return declarations.read(folder).definition("long")
