"""Publishing."""

import asyncio
from dataclasses import replace
from typing import Any

from activities.ask_agent import ask_agent
from activities.publish_artifact import publish_artifact
from activities.stage import Stage
from dirigent import codec
from dirigent.domain.outcomes import Category, Failed
from dirigent.domain.runs import Perform
from dirigent.records.runs import Runs


def published(job: Any) -> None:
    stage = Stage(job.parts)
    asyncio.run(ask_agent(stage, job.parts)(codec.encode(job.order("write"))))
    order: Perform = job.order("publish")
    asyncio.run(publish_artifact(stage, job.parts)(codec.encode(order)))


def test_writes_the_output_as_a_file_and_gives_its_address(job: Any) -> None:
    published(job)

    artifact = asyncio.run(job.parts.artifacts.get("runs/run-1/publish.sea-wind.md"))
    assert (artifact.content, artifact.content_type) == (b"said by writer", "text/markdown; charset=utf-8")
    [_, step] = asyncio.run(Runs(job.parts.records, job.parts.artifacts).steps("run-1"))
    assert str(step.value.text).endswith("runs/run-1/publish.sea-wind.md")


def test_published_twice_is_there_once(job: Any) -> None:
    published(job)
    published(job)

    assert asyncio.run(job.parts.artifacts.delete_under("runs/run-1/")) == 1


class SlowArtifacts:
    """Answers what it has, and never writes anything."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    async def put(self, name: str, content: bytes, *, content_type: str) -> str:
        await asyncio.Event().wait()
        raise AssertionError

    async def get(self, name: str) -> Any:
        return await self._inner.get(name)

    async def delete_under(self, prefix: str) -> int:
        return 0


def test_a_store_that_hangs_is_left_when_the_time_is_over(job: Any) -> None:
    asyncio.run(ask_agent(Stage(job.parts), job.parts)(codec.encode(job.order("write"))))
    parts = replace(job.parts, artifacts=SlowArtifacts(job.parts.artifacts))
    order = job.order("publish", seconds=0.05)
    outcome = asyncio.run(publish_artifact(Stage(parts), parts)(codec.encode(order)))

    assert codec.decode(Failed, outcome).failure.category is Category.TRANSIENT
