"""Refusing."""

import asyncio
import json

import azure.functions as func
import pytest

from dirigent.domain.inputs import InputRefused, Problem
from dirigent.ports.artifacts import ArtifactsUnavailable
from dirigent.ports.records import RecordsUnavailable
from dirigent.records.texts import TextLost
from triggers.instances import InstancesUnavailable
from triggers.problems import Refused, answered, ill_fitting


def answer_to(error: Exception) -> func.HttpResponse:
    """What a caller gets whose request ends so."""

    async def work() -> func.HttpResponse:
        raise error

    return asyncio.run(answered(work()))


def test_tells_the_sentence_for_programs_and_for_people() -> None:
    answer = answer_to(Refused(409, "Taken.", headers={"Retry-After": "9"}))

    assert (answer.status_code, answer.mimetype) == (409, "application/problem+json")
    assert answer.headers["Retry-After"] == "9"
    assert json.loads(answer.get_body()) == {
        "type": "about:blank",
        "title": "Conflict",
        "status": 409,
        "detail": "Taken.",
        "error": "Taken.",
    }


def test_names_every_field_that_does_not_fit() -> None:
    problems = (Problem(field="a", message="A is missing."), Problem(field="b", message="B is odd."))
    answer = answer_to(ill_fitting(InputRefused(problems)))

    told = json.loads(answer.get_body())
    assert (told["status"], told["error"]) == (400, "A is missing.")
    assert told["errors"] == [
        {"field": "a", "message": "A is missing."},
        {"field": "b", "message": "B is odd."},
    ]


def test_tells_programs_more() -> None:
    told = json.loads(answer_to(Refused(429, "Too many.", members={"left": 0})).get_body())

    assert (told["status"], told["left"]) == (429, 0)


class DiskFull(RecordsUnavailable):
    """One way of being away."""


@pytest.mark.parametrize(
    ("kind", "who"),
    [
        (DiskFull, "The records do"),
        (ArtifactsUnavailable, "The artifacts do"),
        (InstancesUnavailable, "Durable Functions does"),
    ],
)
def test_asks_for_patience_while_a_store_is_down_and_keeps_the_reason(
    kind: type[Exception], who: str
) -> None:
    answer = answer_to(kind("secret"))

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert json.loads(answer.get_body())["error"] == f"{who} not answer. Try again in 5 seconds."


@pytest.mark.parametrize("kind", [DiskFull, ArtifactsUnavailable])
def test_logs_a_store_that_is_down_in_one_line(
    kind: type[Exception], caplog: pytest.LogCaptureFixture
) -> None:
    answer_to(kind("The account 'a' did not\nanswer."))

    [record] = caplog.records
    assert record.levelname == "WARNING"
    assert (record.getMessage(), record.exc_info) == (
        "A request could not be answered: The account 'a' did not answer.",
        None,
    )


def test_says_that_a_text_is_gone() -> None:
    assert answer_to(TextLost("runs/1/draft.txt")).status_code == 410


def test_tells_half_a_character_back_as_a_whole_one() -> None:
    fields = (Problem(field="\udc80", message="\ud800"),)

    assert answer_to(Refused(400, "Odd: \ud800.", fields=fields)).status_code == 400
