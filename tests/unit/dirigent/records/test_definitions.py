"""Frozen definitions."""

import asyncio

import pytest
from msgspec.structs import replace

from dirigent.adapters.file_artifacts import FileArtifacts
from dirigent.domain.catalogue import Agent, Definition, InputField, Model, Workflow
from dirigent.domain.retries import RetryPolicy
from dirigent.domain.steps import AskStep
from dirigent.records.definitions import REMEMBERED, Definitions
from dirigent.records.texts import TextLost
from dirigent.records.unreadable import Unreadable

DEFINITION = Definition(
    workflow=Workflow(
        name="rhyme",
        description="Grüße",
        type="rhyming",
        input=(InputField(name="word", max_length=10),),
        steps=(AskStep(name="write", agent="poet", prompt="{{word}}", output="poem"),),
        result={},
        sample={"word": "moon", "more": [1, 2.5, None]},
    ),
    agents={
        "poet": Agent(
            name="poet", description="", instructions="", model="large", retry=RetryPolicy(max_attempts=9)
        )
    },
    models={"large": Model(name="large", deployment="gpt")},
)


def named(name: str) -> Definition:
    return replace(DEFINITION, workflow=replace(DEFINITION.workflow, name=name))


def test_another_process_finds_what_was_frozen(artifacts: FileArtifacts) -> None:
    digest = asyncio.run(Definitions(artifacts).freeze(DEFINITION))

    assert asyncio.run(Definitions(artifacts).find(digest)) == DEFINITION


def test_the_hash_tells_definitions_apart(artifacts: FileArtifacts) -> None:
    definitions = Definitions(artifacts)
    frozen = [asyncio.run(definitions.freeze(named(name))) for name in ("a", "b", "a")]

    assert frozen[0] == frozen[2] != frozen[1]
    assert asyncio.run(definitions.find(frozen[1])).workflow.name == "b"


def test_what_was_met_once_is_not_fetched_again(artifacts: FileArtifacts) -> None:
    definitions = Definitions(artifacts)
    digest = asyncio.run(definitions.freeze(DEFINITION))
    asyncio.run(artifacts.delete_under("definitions/"))

    assert asyncio.run(definitions.find(digest)) == DEFINITION
    with pytest.raises(TextLost, match=digest):
        asyncio.run(Definitions(artifacts).find(digest))


def test_forgets_the_oldest_and_fetches_it_again(artifacts: FileArtifacts) -> None:
    async def work() -> tuple[Definition, Definition]:
        definitions = Definitions(artifacts)
        digests = [await definitions.freeze(named(f"w{number}")) for number in range(REMEMBERED + 1)]
        found = await definitions.find(digests[0]), await definitions.find(digests[-1])
        await artifacts.delete_under("definitions/")
        with pytest.raises(TextLost):
            await definitions.find(digests[1])
        return found

    first, last = asyncio.run(work())

    assert (first.workflow.name, last.workflow.name) == ("w0", f"w{REMEMBERED}")


def test_says_which_definition_is_spoilt(artifacts: FileArtifacts) -> None:
    digest = asyncio.run(Definitions(artifacts).freeze(DEFINITION))
    name = f"definitions/{digest}.json"
    asyncio.run(artifacts.put(name, b'{"broken', content_type="application/json"))

    with pytest.raises(Unreadable, match=name):
        asyncio.run(Definitions(artifacts).find(digest))
