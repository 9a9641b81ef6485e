"""What happens around a step's one effect."""

import asyncio
import json
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from activities.scene import Scene
from activities.stage import Product, Stage
from dirigent.domain.breakers import State
from dirigent.domain.outcomes import Category, Done, Failed, Failure, Outcome, Usage
from dirigent.domain.passages import Level, Passage
from dirigent.domain.records import Degraded
from dirigent.domain.runs import Status
from dirigent.ports.model import ModelFailed
from dirigent.ports.records import RecordsUnavailable
from dirigent.records.claims import CLAIMS
from dirigent.records.runs import Runs


async def draft(_: Scene) -> Product:
    return Product(text="three words long", usage=Usage(input_tokens=1))


DEGRADED = Degraded(by="model", name="small", category=Category.TRANSIENT, because="the circuit is open")
ADMISSION = Passage(level=Level.ACCOUNT, key="a", refused=2, waited=3.5)
PASSAGE = Passage(level=Level.DEPLOYMENT, key="gpt", state=State.CLOSED)


async def degraded(_: Scene) -> Product:
    return Product(text="three words long", degraded=DEGRADED)


async def forbidden(_: Scene) -> Product:
    raise AssertionError("the effect must not happen again")


def performed(job: Any, step: str, effect: Any = draft, **order: Any) -> Outcome:
    return asyncio.run(Stage(job.parts).perform(job.order(step, **order), effect))


def record_of(job: Any) -> Any:
    return asyncio.run(Runs(job.parts.records, job.parts.artifacts).get("a", "run-1"))


def steps_of(job: Any) -> Any:
    return asyncio.run(Runs(job.parts.records, job.parts.artifacts).steps("run-1"))


def test_the_first_step_opens_the_run_and_marks_its_claim(job: Any) -> None:
    values = {"run": "run-1", "body": "b", "claimed_at": job.clock.now(), "started": False}
    asyncio.run(job.parts.records.insert(CLAIMS, "a", "key", values))
    performed(job, "write")

    assert record_of(job).status is Status.IN_PROGRESS
    row = asyncio.run(job.parts.records.get(CLAIMS, "a", "key"))
    assert row.values["started"] is True


def test_keeps_the_output_under_its_name(job: Any) -> None:
    assert performed(job, "write") == Done(usage=Usage(input_tokens=1))
    [step] = steps_of(job)
    assert (step.step, step.record, step.output, step.value.text) == (
        "write",
        "write",
        "draft",
        "three words long",
    )


def test_the_last_step_closes_the_run_with_its_result(job: Any) -> None:
    performed(job, "write")
    performed(job, "publish")

    record = record_of(job)
    assert record.status is Status.COMPLETED
    assert json.loads(record.result.text) == {"topic": "sea wind", "count": None, "words": 3}


def test_a_redelivered_step_is_not_performed_again(job: Any) -> None:
    performed(job, "write")

    assert performed(job, "write", forbidden) == Done(usage=Usage(input_tokens=1), is_repeated=True)
    assert len(steps_of(job)) == 1


def test_a_redelivered_last_step_still_closes(job: Any) -> None:
    performed(job, "write")
    order = replace(job.order("publish"), closes=False)
    asyncio.run(Stage(job.parts).perform(order, draft))

    performed(job, "publish", forbidden)

    assert record_of(job).status is Status.COMPLETED


def test_nothing_is_begun_after_its_time(job: Any) -> None:
    outcome = performed(job, "write", forbidden, seconds=0)

    assert isinstance(outcome, Failed)
    assert (outcome.failure.category, outcome.attempts) == (Category.TIMEOUT, 0)
    assert steps_of(job) == ()


def test_what_was_done_in_time_is_done_even_if_it_is_delivered_again_late(job: Any) -> None:
    performed(job, "write")

    assert isinstance(performed(job, "write", forbidden, seconds=0), Done)


def test_stores_that_do_not_answer_may_answer_later(job: Any) -> None:
    async def unlucky(_: Scene) -> Product:
        raise RecordsUnavailable("the disk is full")

    outcome = performed(job, "write", unlucky)

    assert isinstance(outcome, Failed)
    assert outcome.failure == Failure(
        category=Category.TRANSIENT, message="the app's records did not answer; its log says more"
    )
    assert (outcome.is_theirs, outcome.is_stores) == (False, True)


def test_a_definition_that_is_gone_is_gone_for_good(job: Any) -> None:
    order = replace(job.order("write"), definition="0" * 64)
    outcome = asyncio.run(Stage(job.parts).perform(order, draft))

    assert isinstance(outcome, Failed)
    assert outcome.failure.category is Category.PERMANENT


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("topic", "sea wind", "sea wind"),
        ("draft", "three words long", "three words long"),
        ("count", None, ""),
    ],
)
def test_a_step_sees_the_input_and_what_was_produced(job: Any, name: str, value: object, text: str) -> None:
    seen: list[object] = []

    async def look(scene: Scene) -> Product:
        seen.extend([await scene.value(name), await scene.text(name)])
        return Product(text="")

    performed(job, "write")
    performed(job, "publish", look)

    assert seen == [value, text]


def test_of_two_deliveries_at_a_time_the_first_to_write_counts(job: Any) -> None:
    async def overtaken(scene: Scene) -> Product:
        await Stage(job.parts).perform(scene.order, draft)
        return Product(text="too late")

    performed(job, "write", overtaken)
    performed(job, "publish")

    assert json.loads(record_of(job).result.text)["words"] == 3


def test_long_outputs_are_kept_and_read_whole(job: Any) -> None:
    async def long(_: Scene) -> Product:
        return Product(text="word " * 50_000)

    performed(job, "write", long)
    performed(job, "publish")

    assert steps_of(job)[0].value.text is None
    assert json.loads(record_of(job).result.text)["words"] == 50_000


def test_a_run_and_its_step_say_how_they_came_through_their_gates(job: Any) -> None:
    performed(job, "write", admission=ADMISSION, passage=PASSAGE)

    assert record_of(job).admission == ADMISSION
    assert [step.passage for step in steps_of(job)] == [PASSAGE]


def test_of_two_deliveries_the_recorded_one_says_whether_it_was_degraded(job: Any) -> None:
    async def overtaken(scene: Scene) -> Product:
        await Stage(job.parts).perform(scene.order, draft)
        return await degraded(scene)

    assert performed(job, "write", overtaken) == Done(usage=Usage(input_tokens=1))


@pytest.mark.parametrize("is_again", [False, True], ids=["once", "delivered again"])
@pytest.mark.parametrize(
    ("effects", "steps"),
    [
        ((degraded, draft), ["write"]),
        ((draft, degraded), ["publish"]),
        ((degraded, degraded), ["write", "publish"]),
    ],
    ids=["an earlier step", "the last step", "both"],
)
def test_a_result_says_for_which_steps_a_fallback_answered(
    job: Any, effects: Any, steps: list[str], is_again: bool
) -> None:
    first, last = effects
    outcome = performed(job, "write", first)
    assert isinstance(outcome, Done)
    order = replace(job.order("publish"), is_degraded=outcome.is_degraded)
    if is_again:
        asyncio.run(Stage(job.parts).perform(replace(order, closes=False), last))
        last = forbidden
    asyncio.run(Stage(job.parts).perform(order, last))

    told = {"by": "model", "name": "small", "category": "TRANSIENT", "because": "the circuit is open"}
    assert json.loads(record_of(job).result.text) == {
        "topic": "sea wind",
        "count": None,
        "words": 3,
        "degraded": [{"step": step, **told} for step in steps],
    }


def test_a_fixed_value_has_no_name_in_the_result(job: Any) -> None:
    async def fixed(_: Scene) -> Product:
        return Product(text="", degraded=replace(DEGRADED, by="value", name=None))

    performed(job, "write")
    performed(job, "publish", fixed)

    [told] = json.loads(record_of(job).result.text)["degraded"]
    assert told == {
        "step": "publish",
        "by": "value",
        "category": "TRANSIENT",
        "because": "the circuit is open",
    }


def test_what_was_permitted_is_not_begun_later_than_it_was_to_be(job: Any) -> None:
    late = job.order("write", begin_by=job.clock.now() - timedelta(microseconds=1))
    outcome = asyncio.run(Stage(job.parts).perform(late, forbidden))

    assert isinstance(outcome, Failed)
    assert (outcome.failure.category, outcome.attempts) == (Category.TIMEOUT, 0)


@pytest.mark.parametrize(
    ("wait", "kept"),
    [(float("nan"), None), (-1e308, None), (0.0, None), (1e308, 365 * 86_400.0), (7.0, 7.0)],
)
def test_a_wait_that_is_none_does_not_travel(job: Any, wait: float, kept: float | None) -> None:
    async def busy(_: Scene) -> Product:
        raise ModelFailed(Failure(category=Category.RATE_LIMIT, message="busy", retry_after=wait))

    outcome = asyncio.run(Stage(job.parts).perform(job.order("write"), busy))

    assert isinstance(outcome, Failed)
    assert outcome.failure.retry_after == kept
