"""A run to perform steps of: shipped stores in a folder, a model that says what it is told."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from activities.archive import Archive
from activities.outline import Outline
from activities.scene import Scene
from dirigent.adapters.file_artifacts import FileArtifacts
from dirigent.adapters.memory_bus import MemoryBus
from dirigent.adapters.outbox_channels import OutboxChannels
from dirigent.adapters.sqlite_records import SqliteRecords
from dirigent.domain.catalogue import (
    Agent,
    Definition,
    Fallback,
    InputField,
    Model,
    ResultField,
    Workflow,
    plain,
)
from dirigent.domain.outcomes import Usage
from dirigent.domain.records import StepRecord
from dirigent.domain.runs import Held, Perform, StartRun
from dirigent.domain.steps import AskStep, PublishStep
from dirigent.ports import Parts
from dirigent.ports.model import Reply, Request
from dirigent.records.definitions import Definitions
from dirigent.records.runs import Runs

NOW = datetime(2030, 1, 1, tzinfo=UTC)


@dataclass
class StillClock:
    """Stands still until somebody sleeps on it; who sleeps moves it."""

    time: datetime = NOW

    def now(self) -> datetime:
        return self.time

    async def sleep(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


@dataclass
class ToldModel:
    """Answers with what it is told to, and remembers what it was asked."""

    say: Callable[[Request], str] = lambda request: f"said by {request.agent}"
    asked: list[Request] = field(default_factory=list)

    async def complete(self, request: Request) -> Reply:
        self.asked.append(request)
        return Reply(
            text=self.say(request),
            model=f"told:{request.deployment}",
            usage=Usage(input_tokens=3, output_tokens=4),
        )

    def close(self) -> None:
        """Nothing is held."""


DEFINITION = Definition(
    workflow=Workflow(
        name="w",
        description="",
        type="t",
        input=(InputField(name="topic"), InputField(name="count", type="integer", required=False)),
        steps=(
            AskStep(name="write", agent="writer", prompt="On {{topic}}, {{count}} words.", output="draft"),
            PublishStep(
                name="publish",
                record="publishing",
                publish="draft",
                output="address",
                filename="{{topic}}.md",
            ),
        ),
        result={
            "topic": ResultField(value="topic"),
            "count": ResultField(value="count"),
            "words": ResultField(words_of="draft"),
        },
    ),
    agents={
        "writer": Agent(name="writer", description="", instructions="Write.", model="m"),
        "stand-in": Agent(
            name="stand-in",
            description="",
            instructions="Stand in.",
            model="n",
            temperature=0.1,
            token_limit=77,
        ),
    },
    models={"m": Model(name="m", deployment="gpt"), "n": Model(name="n", deployment="gpt-small")},
)


@dataclass
class Job:
    """The parts, and orders for the run's steps."""

    parts: Parts
    model: ToldModel
    clock: StillClock
    start: StartRun

    def declare(self, fallback: Fallback, step: AskStep | None = None) -> None:
        """The run is frozen to a definition where its first agent has this fallback."""
        workflow, writer = DEFINITION.workflow, DEFINITION.agents["writer"]
        name = "writer" if step is None else step.agent
        agents = {**DEFINITION.agents, name: msgspec.structs.replace(writer, name=name, fallback=fallback)}
        if step is not None:
            workflow = msgspec.structs.replace(workflow, steps=(step,), result={})
        definition = msgspec.structs.replace(DEFINITION, workflow=workflow, agents=agents)
        frozen = Definitions(self.parts.artifacts).freeze(definition)
        self.start = msgspec.structs.replace(self.start, definition=asyncio.run(frozen))

    def order(self, step: str, *, attempt: int = 1, seconds: float = 30, **more: Any) -> Perform:
        order = Perform(
            run=self.start.run,
            account=self.start.account,
            definition=self.start.definition,
            step=step,
            attempt=attempt,
            not_after=self.clock.now() + timedelta(seconds=seconds),
            timeout=30,
            opening=self.start if step == "write" else None,
            closes=step == "publish",
        )
        return msgspec.structs.replace(order, **more)

    def adopt(self, workflow: Workflow) -> str:
        """The run is frozen to this workflow, whose agents all speak with the model `m`."""
        names = {step.agent for step in plain(workflow) if isinstance(step, AskStep)}
        agents = {
            name: Agent(name=name, description="", instructions=f"Be {name}.", model="m") for name in names
        }
        definition = Definition(workflow=workflow, agents=agents, models=DEFINITION.models)
        digest = asyncio.run(Definitions(self.parts.artifacts).freeze(definition))
        self.start = msgspec.structs.replace(self.start, definition=digest, plan=(), claim=None)
        return digest

    def open(self, **start: Any) -> None:
        """The run's record is there."""
        self.start = msgspec.structs.replace(self.start, **start)
        asyncio.run(self.runs.open(self.start, at=self.clock.now()))

    @property
    def runs(self) -> Runs:
        """Records, by somebody who remembers nothing."""
        return Runs(self.parts.records, self.parts.artifacts)

    def did(self, outline: Outline, step: str, text: str, **record: Any) -> None:
        """The step is done."""
        kept = StepRecord(
            step=step,
            position=outline.places[step],
            record=step,
            output=outline.step(step).output,
            value=Held(text=text),
            started_at=self.clock.now(),
            completed_at=self.clock.now(),
        )
        asyncio.run(self.runs.add_step(self.start.run, msgspec.structs.replace(kept, **record)))

    def outline(self) -> Outline:
        """The definition that the run is frozen to."""
        return asyncio.run(Archive(self.parts).outline(self.start.definition))

    def scene(self, step: str, **order: Any) -> Scene:
        """The run as the step sees it."""
        archive = Archive(self.parts)
        return Scene(self.order(step, **order), self.outline(), archive)

    def record(self, run: str = "run-1") -> Any:
        """The run's record."""
        return asyncio.run(self.runs.get("a", run))

    def steps(self, run: str = "run-1") -> Any:
        """The records of the run's steps."""
        return asyncio.run(self.runs.steps(run))


@pytest.fixture
def job(tmp_path: Path) -> Iterator[Job]:
    """A run that has been accepted, and nothing done yet."""
    clock, model = StillClock(), ToldModel()
    artifacts = FileArtifacts(tmp_path / "artifacts")
    records = SqliteRecords(tmp_path / "records.db")
    digest = asyncio.run(Definitions(artifacts).freeze(DEFINITION))
    parts = Parts(
        clock=clock,
        model=model,
        records=records,
        artifacts=artifacts,
        bus=MemoryBus(),
        channels=OutboxChannels(artifacts),
    )
    start = StartRun(
        run="run-1",
        account="a",
        workflow="w",
        type="t",
        definition=digest,
        plan=DEFINITION.plan(),
        input=Held(text='{"topic":"sea wind"}'),
        created_at=NOW,
        timeout=3600,
        claim="key",
    )
    yield Job(parts=parts, model=model, clock=clock, start=start)
    records.close()
