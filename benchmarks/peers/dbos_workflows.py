"""DBOS Transact on SQLite: as its documents have it, or with a journal and a pool that suit SQLite better."""
# mypy: disable-error-code="untyped-decorator"
# DBOS is not in the environment that types are checked in.

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import sqlalchemy
from dbos import DBOS, SetWorkflowID

from benchmarks.peers import work


class Dbos:
    """The contender; its workflows are registered once, before DBOS is launched."""

    def __init__(self, model: work.Model, found: dict[str, str]) -> None:
        self._found = found

        @DBOS.step(name="ask")
        async def ask(role: str, prompt: str) -> str:
            return await model.ask(role, prompt)

        self._chain = DBOS.workflow(name="chain")(_chain(ask))
        self._parts = DBOS.workflow(name="parts")(_parts(ask))
        self._poll = DBOS.workflow(name="poll")(_poll(ask))
        manager = DBOS.workflow(name="manager")(_manager(ask))
        self._company = DBOS.workflow(name="company")(_company(manager))

    async def chain(self, run: str) -> str:
        return await _run(run, self._chain, work.topic(run))

    async def fan_out(self, run: str, width: int) -> str:
        return await _run(run, self._parts, work.topic(run), width)

    async def quorum(self, run: str) -> str:
        return await _run(run, self._poll, work.topic(run))

    async def hierarchy(self, run: str) -> str:
        return await _run(run, self._company)

    async def settings(self) -> dict[str, str]:
        return dict(self._found)


async def _run(run: str, workflow: Any, *given: object) -> str:
    with SetWorkflowID(run):
        return str(await workflow(*given))


@asynccontextmanager
async def opened(
    folder: Path, model: work.Model, *, journal_mode: str | None = None, connections: int | None = None
) -> AsyncIterator[Dbos]:
    """The contender, its system database in the folder; what is None is as DBOS has it."""
    found: dict[str, str] = {}

    @sqlalchemy.event.listens_for(sqlalchemy.Engine, "connect")
    def connected(connection: Any, _: object) -> None:
        if journal_mode is not None:
            connection.execute(f"PRAGMA journal_mode={journal_mode}")
        for pragma in ("journal_mode", "synchronous"):
            found[pragma] = str(connection.execute(f"PRAGMA {pragma}").fetchone()[0])

    config: dict[str, object] = {
        "name": "peers",
        "system_database_url": f"sqlite:///{folder}/dbos.db",
        "log_level": "ERROR",
    }
    if connections is not None:
        config["sys_db_pool_size"] = connections
    DBOS(config=config)
    contender = Dbos(model, found)
    DBOS.launch()
    try:
        yield contender
    finally:
        DBOS.destroy()


def _chain(ask: Any) -> Any:
    async def chain(text: str) -> str:
        for role in work.STAGES:
            text = await ask(role, text)
        return text

    return chain


def _parts(ask: Any) -> Any:
    @DBOS.step(name="together")
    async def together(answers: list[str]) -> str:
        return work.joined(answers)

    async def parts(topic: str, width: int) -> str:
        asked = [ask(work.AGENT, f"{topic} {work.part(number)}") for number in range(width)]
        return str(await together(await asyncio.gather(*asked)))

    return parts


def _poll(ask: Any) -> Any:
    async def poll(prompt: str) -> str:
        heard: list[str] = []
        still: Any = [ask(voter, prompt) for voter in work.VOTERS]
        # DBOS's own wait notes who came first: a workflow taken up again hears the same.
        while max(map(heard.count, heard), default=0) < work.NEEDED:
            ended, still = await DBOS.asyncio_wait(list(still), return_when=asyncio.FIRST_COMPLETED)
            heard += [vote.result() for vote in ended]
        for late in still:
            late.cancel()
        return max(heard, key=heard.count)

    return poll


def _manager(ask: Any) -> Any:
    async def manager(name: str) -> str:
        return work.joined(await asyncio.gather(*(ask(role, f"For [{name}].") for role in work.WORKERS)))

    return manager


def _company(manager: Any) -> Any:
    async def company() -> str:
        begun = [await DBOS.start_workflow_async(manager, name) for name in work.MANAGERS]
        return work.joined([await child.get_result() for child in begun])

    return company
