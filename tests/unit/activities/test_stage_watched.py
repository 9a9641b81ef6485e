"""What is told of a step while it is performed: spans, and lines of the log."""

import asyncio
import logging
from typing import Any

import pytest
from msgspec.structs import replace
from watcher import Watcher, trace_id

from activities import reports
from activities.ask_agent import ask_agent
from activities.scene import Scene
from activities.stage import Product, Stage
from dirigent import codec
from dirigent.domain.catalogue import Fallback
from dirigent.domain.outcomes import Category, Failure
from dirigent.ports.model import ModelFailed, Request
from dirigent.ports.records import RecordsUnavailable
from dirigent.telemetry.tracing import carried

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = f"00-{TRACE}-00f067aa0ba902b7-01"
STEP = {
    "dirigent.task_id": "run-1",
    "dirigent.run": "run-1",
    "dirigent.workflow": "w",
    "dirigent.step": "write",
    "dirigent.attempt": 1,
}
BECAUSE = Failure(category=Category.TRANSIENT, message="the circuit is open")


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> Any:
    """What was said of steps and runs, so far."""
    caplog.set_level(logging.INFO)

    def said() -> list[str]:
        return [record.getMessage() for record in caplog.records if record.name == reports.__name__]

    return said


def asked(job: Any, watcher: Watcher, **order: Any) -> Any:
    activity = ask_agent(Stage(job.parts, tracing=watcher.tracing), job.parts)
    return asyncio.run(activity(codec.encode(job.order("write", **order))))


def performed(job: Any, watcher: Watcher, step: str, effect: Any, **order: Any) -> None:
    asyncio.run(Stage(job.parts, tracing=watcher.tracing).perform(job.order(step, **order), effect))


async def draft(_: Scene) -> Product:
    return Product(text="a text")


def test_who_is_asked_has_a_span_for_each_attempt(job: Any) -> None:
    watcher = Watcher()
    asked(job, watcher)

    [span] = watcher.spans
    assert span.name == "invoke_agent writer"
    assert span.attributes == STEP | {
        "gen_ai.operation.name": "invoke_agent",
        "gen_ai.agent.name": "writer",
        "gen_ai.request.model": "gpt",
        "dirigent.outcome": "done",
    }


def test_what_asks_nobody_has_a_span_of_its_step(job: Any) -> None:
    watcher = Watcher()
    performed(job, Watcher(), "write", draft)
    performed(job, watcher, "publish", draft)

    [span] = watcher.spans
    assert (span.name, (span.attributes or {})["dirigent.outcome"]) == ("dirigent.step publish", "done")


@pytest.mark.parametrize(
    ("fallback", "told"),
    [
        (Fallback(agent="stand-in"), ("invoke_agent stand-in", "agent", "gpt-small")),
        (Fallback(model="n"), ("invoke_agent writer", "model", "gpt-small")),
        (Fallback(value="as always"), ("dirigent.step write", None, None)),
    ],
)
def test_a_span_tells_who_stands_in(job: Any, fallback: Fallback, told: tuple[Any, ...]) -> None:
    job.declare(fallback)
    watcher = Watcher()
    asked(job, watcher, instead_of=BECAUSE)

    [span] = watcher.spans
    attributes = dict(span.attributes or {})
    names = ("dirigent.fallback", "gen_ai.request.model")
    assert (span.name, *(attributes.get(name) for name in names)) == told


def test_a_failed_attempt_says_why_and_not_in_whose_words(job: Any, lines: Any) -> None:
    def refuse(_: Request) -> str:
        failure = Failure(category=Category.PERMANENT, message="I won't say a secret.", reason="refusal")
        raise ModelFailed(failure)

    job.model.say, watcher = refuse, Watcher()
    asked(job, watcher, attempt=2)

    [span] = watcher.spans
    attributes = dict(span.attributes or {})
    assert (attributes["dirigent.outcome"], attributes["error.type"]) == ("failed", "refusal")
    assert "secret" not in span.to_json()
    [line] = lines()
    sentence, _, facts = line.partition(": ")
    assert sentence == "A step failed"
    assert facts.startswith("task_id=run-1 run=run-1 workflow=w step=write agent=writer attempt=2 ")
    assert facts.endswith(" category=PERMANENT reason=refusal")


def test_what_is_not_begun_has_no_span(job: Any, lines: Any) -> None:
    watcher = Watcher()
    asked(job, watcher, seconds=0)

    assert watcher.spans == ()
    [line] = lines()
    assert line.startswith("A step was not begun: ")


def test_spans_belong_to_the_trace_that_the_order_carries(job: Any) -> None:
    seen: list[object] = []

    async def look(_: Scene) -> Product:
        seen.append(carried())
        return Product(text="")

    watcher = Watcher()
    job.start = replace(job.start, traceparent=PARENT)
    asked(job, watcher)
    performed(job, watcher, "publish", look, traceparent=PARENT)

    step = watcher.spans[1]
    assert [trace_id(span) for span in watcher.spans] == [TRACE, TRACE]
    assert step.context is not None
    assert str(seen[0]).split("-")[1:3] == [TRACE, f"{step.context.span_id:016x}"]


def test_says_of_each_step_that_it_is_done_and_of_the_run_that_it_has_ended(job: Any, lines: Any) -> None:
    asked(job, Watcher())
    performed(job, Watcher(), "publish", draft)

    assert lines() == [
        "A step is done: task_id=run-1 run=run-1 workflow=w step=write agent=writer attempt=1 seconds=0",
        "A step is done: task_id=run-1 run=run-1 workflow=w step=publish attempt=1 seconds=0",
        "A run has ended: task_id=run-1 run=run-1 workflow=w status=completed",
    ]


def test_says_of_a_delivery_that_it_repeats(job: Any, lines: Any) -> None:
    watcher = Watcher()
    performed(job, Watcher(), "write", draft)
    performed(job, Watcher(), "publish", draft)
    performed(job, watcher, "publish", draft)

    assert [line.partition(": ")[0] for line in lines()[-2:]] == [
        "A step was done before; this delivery repeats it",
        "A run had ended before; this delivery repeats it",
    ]
    assert watcher.spans == ()


def test_says_of_a_store_that_did_not_answer_once_and_for_which_step(job: Any, caplog: Any) -> None:
    async def unlucky(_: Scene) -> Product:
        raise RecordsUnavailable("the disk is full")

    caplog.set_level(logging.INFO)
    performed(job, Watcher(), "write", unlucky)

    [record] = caplog.records
    assert record.levelno == logging.WARNING
    assert (record.step, record.category, record.because) == ("write", "TRANSIENT", "the disk is full")
