"""Dirigent: the app of this checkout on the local host, both in the measuring process."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from msgspec.structs import replace

from benchmarks.opened_host import OpenedHost
from benchmarks.opened_host import opened as opened_host
from benchmarks.peers import definitions, work
from dirigent import codec
from dirigent.domain.catalogue import Catalogue, Definition
from dirigent.domain.run_ids import new_run_id
from dirigent.domain.runs import Held, StartRun, Status
from dirigent.ports import Parts
from dirigent.records.definitions import Definitions
from dirigent.records.runs import Runs

APP = Path(__file__).parent / "app"
ACCOUNT = "default"


class Dirigent:
    """The contender; a run starts in process, and its answer is read from its record once it has ended."""

    def __init__(self, host: OpenedHost, catalogue: Catalogue, *, is_guarded: bool) -> None:
        self._host, self._catalogue, self._is_guarded = host, catalogue, is_guarded
        parts: Parts = host.host.module.parts
        self._definitions, self._runs = Definitions(parts.artifacts), Runs(parts.records, parts.artifacts)
        self._starts: dict[str, tuple[str, StartRun]] = {}
        self._numbers = count()

    async def chain(self, run: str) -> str:
        return await self._ran("chain", definitions.chain, run)

    async def fan_out(self, run: str, width: int) -> str:
        return await self._ran(f"fan-out-{width}", lambda known: definitions.fan_out(known, width), run)

    async def quorum(self, run: str) -> str:
        return await self._ran("quorum", definitions.quorum, run)

    async def hierarchy(self, run: str) -> str:
        return await self._ran("hierarchy", definitions.hierarchy, run)

    async def settings(self) -> dict[str, str]:
        return {"guards": "on" if self._is_guarded else "off", "synchronous": "FULL"}

    async def _ran(self, name: str, define: definitions.Define, run: str) -> str:
        if name not in self._starts:
            self._starts[name] = await self._prepared(define(self._catalogue))
        orchestrator, prepared = self._starts[name]
        at = datetime.now(UTC)
        topic = codec.to_json({"topic": work.topic(run)}).decode()
        start = replace(
            prepared, run=new_run_id(at, next(self._numbers)), created_at=at, input=Held(text=topic)
        )
        await self._host.start(orchestrator, codec.encode(start), instance_id=start.run)
        await self._host.result(start.run)
        return await self._answer(start.run)

    async def _answer(self, run: str) -> str:
        record = await self._runs.get(ACCOUNT, run)
        assert record is not None, run
        assert record.status is Status.COMPLETED, record
        assert record.result is not None, record
        assert record.result.text is not None, record
        return str(codec.from_json(dict[str, object], record.result.text)[definitions.ANSWER])

    async def _prepared(self, definition: Definition) -> tuple[str, StartRun]:
        workflow = definition.workflow
        return workflow.pattern, StartRun(
            run="",
            account=ACCOUNT,
            workflow=workflow.name,
            type=workflow.type,
            definition=await self._definitions.freeze(definition),
            plan=definition.plan(),
            input=Held(),
            created_at=datetime.now(UTC),
            timeout=workflow.timeout,
            # As runs were started before there were gates: such a run passes none.
            max_wait=workflow.max_wait if self._is_guarded else None,
            team=workflow.team,
            election=workflow.election,
        )


@asynccontextmanager
async def opened(folder: Path, model: work.Model, *, is_guarded: bool) -> AsyncIterator[Dirigent]:
    """The contender, its state, records and artifacts in the folder."""
    catalogue = definitions.declared(folder / "catalogue")
    settings = {
        "DIRIGENT_DATA": str(folder / "data"),
        "DIRIGENT_CATALOGUE": str(folder / "catalogue"),
        "AZURE_FUNCTIONS_ENVIRONMENT": "Development",
        "PEERS_MODEL_SECONDS": str(model.seconds),
    }
    async with opened_host(folder / "state", app=APP, settings=settings) as host:
        yield Dirigent(host, catalogue, is_guarded=is_guarded)
