"""A script has the same effects behind HTTP as in process."""

import asyncio

import pytest
from msgspec.structs import replace

from dirigent.adapters.model_script import WORDS, Answered, Dictated, Fault, Rule, Script
from dirigent.adapters.openai_model import OpenAIModel
from dirigent.adapters.scripted_model import ScriptedModel
from dirigent.adapters.system_clock import SystemClock
from dirigent.domain.answers import instruction
from dirigent.domain.dialects import Dialect, Structure
from dirigent.domain.outcomes import Failure
from dirigent.domain.steps import AnswerField
from dirigent.modelserver import ModelServer
from dirigent.ports.model import Model, ModelFailed, Reply, Request
from dirigent.settings.endpoints import Endpoint

FIELDS = (
    AnswerField(name="summary", description="Two lines; no more."),
    AnswerField(name="mood", one_of=("calm", "very upset"), description="How it sounds."),
    AnswerField(name="score", type="number", description="0 to 100"),
    AnswerField(name="votes", type="integer"),
    AnswerField(name="is_urgent", type="boolean"),
    AnswerField(name="tags", type="list"),
)
LETTER = "Read it.\n<letter>I am very upset. It is late, and this is the 3rd letter.</letter>"
FAULTS: tuple[Fault, ...] = (
    *(word for word in WORDS if word != "timeout"),
    *(Answered(status=status) for status in (400, 401, 403, 404, 408, 409, 422, 500, 502)),
    Answered(status=429, retry_after=7.0),
    Answered(status=503, retry_after=1.5),
)


def request(structure: Structure = "json_schema", fields: tuple[AnswerField, ...] = ()) -> Request:
    return Request(
        deployment="large",
        dialect=Dialect(structure=structure),
        agent="café / 1",
        instructions="You are a careful reader.",
        prompt=f"{LETTER}\n\n{instruction(fields)}" if fields else LETTER,
        temperature=0.7,
        token_limit=600,
        answers=fields,
        run="run/1",
        step="read",
        seconds=20.0,
    )


def ended(model: Model, asked: Request) -> Reply | Failure:
    try:
        return asyncio.run(model.complete(asked))
    except ModelFailed as failed:
        return failed.failure
    finally:
        model.close()


def both(script: Script, asked: Request) -> tuple[Reply | Failure, Reply | Failure]:
    """How the call ends in process, and behind HTTP."""
    here = ended(ScriptedModel(SystemClock(), script), asked)
    with ModelServer(script, key="secret") as server:
        endpoint = Endpoint(url=server.url, key="secret")
        there = ended(OpenAIModel({None: endpoint}, attribution=True), asked)
    return here, there


@pytest.mark.parametrize("structure", ["json_schema", "json_object", "none"])
@pytest.mark.parametrize("fields", [(), FIELDS], ids=["text", "fields"])
def test_says_the_same(structure: Structure, fields: tuple[AnswerField, ...]) -> None:
    here, there = both(Script(), request(structure, fields))

    assert isinstance(here, Reply)
    assert isinstance(there, Reply)
    assert replace(there, request_id=None, response_id=None) == here


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_fails_in_the_same_way(fault: Fault) -> None:
    here, there = both(Script(faults=(Rule(agent="café / 1", fault=fault),)), request())

    assert isinstance(here, Failure)
    assert isinstance(there, Failure)
    assert (there.category, there.reason, there.retry_after) == (here.category, here.reason, here.retry_after)


def test_says_what_is_dictated_in_both_places() -> None:
    dictated = Dictated(agent="café / 1", contains="letter", answer={"mood": "odd", "more": [1, None]})

    here, there = both(Script(answers=(dictated,)), request(fields=FIELDS))

    assert isinstance(here, Reply)
    assert isinstance(there, Reply)
    assert there.text == here.text == '{"mood":"odd","more":[1,null]}'
