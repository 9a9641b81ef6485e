"""What activities read of what is kept."""

import asyncio
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from activities.archive import Archive
from dirigent.domain.runs import Held
from dirigent.records.texts import TextLost
from dirigent.records.unreadable import Unreadable


class CountedArtifacts:
    """Remembers what was asked for."""

    def __init__(self, inner: Any) -> None:
        self._inner, self.asked = inner, list[str]()

    async def get(self, name: str) -> Any:
        self.asked.append(name)
        return await self._inner.get(name)

    async def put(self, name: str, content: bytes, *, content_type: str) -> str:
        return str(await self._inner.put(name, content, content_type=content_type))

    async def delete_under(self, prefix: str) -> int:
        return int(await self._inner.delete_under(prefix))


def test_definitions_and_inputs_are_read_once(job: Any) -> None:
    name = "runs/run-1/input.json"
    asyncio.run(job.parts.artifacts.put(name, b'{"topic":"bees"}', content_type="application/json"))
    job.open(input=Held(artifact=name), claim=None)
    artifacts = CountedArtifacts(job.parts.artifacts)
    archive = Archive(replace(job.parts, artifacts=artifacts))
    order = msgspec.structs.replace(job.order("publish"), opening=None)
    inputs = [asyncio.run(archive.input(order)) for _ in range(3)]
    outlines = [asyncio.run(archive.outline(order.definition)) for _ in range(3)]

    assert inputs == [{"topic": "bees"}] * 3
    assert outlines == [outlines[0]] * 3
    assert artifacts.asked == [name, f"definitions/{order.definition}.json"]


def test_a_run_that_is_nowhere_has_no_input(job: Any) -> None:
    with pytest.raises(TextLost):
        asyncio.run(Archive(job.parts).input(job.order("publish")))


@pytest.mark.parametrize("text", ["[]", "{", ""])
def test_an_input_that_was_spoilt_cannot_be_read(job: Any, text: str) -> None:
    job.open(input=Held(text=text), claim=None)

    with pytest.raises(Unreadable, match="The input of the run 'run-1'"):
        asyncio.run(Archive(job.parts).input(job.order("publish")))
