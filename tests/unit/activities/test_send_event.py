"""Telling events."""

import asyncio
from dataclasses import replace
from typing import Any

import msgspec
import pytest
from watcher import Watcher, trace_id

from activities.send_event import send_event
from activities.stage import Stage
from dirigent import codec
from dirigent.domain.catalogue import InputField, ResultField, Workflow
from dirigent.domain.events import MOST_HOPS, BusMessage, Origin
from dirigent.domain.outcomes import Category, Done, Failed
from dirigent.domain.run_ids import child_id
from dirigent.domain.runs import Held
from dirigent.domain.steps import ChooseStep, FieldType, PublishStep, SendStep
from dirigent.ports.bus import BusRefused, BusUnavailable

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = f"00-{TRACE}-00f067aa0ba902b7-01"
STEP = SendStep(
    name="tell",
    topic="data",
    event="DataAnalysed",
    output="told",
    given={"topic": "{{topic}}", "size": "{{count}}", "note": "On {{topic}}.", "tone": "{{tone}}"},
    properties={"kind": "{{topic}}s"},
    time_to_live=60,
)
WORKFLOW = Workflow(
    name="w",
    description="",
    type="t",
    input=(
        InputField(name="topic"),
        InputField(name="count", type="integer"),
        InputField(name="tone", required=False),
    ),
    steps=(STEP,),
    result={"told": ResultField(value="told.id")},
)


@pytest.fixture
def teller(job: Any) -> Any:
    """A run whose one step tells an event."""
    job.adopt(WORKFLOW)
    job.open(run="r" * 25, user="u", input=Held(text='{"topic":"wind","count":3}'))
    return job


def origin(hops: int) -> Origin:
    """The event by which a run was started."""
    return Origin(
        subscription="wind-watch",
        topic="data",
        type="DataReceived",
        event="first",
        correlation_id="all-of-it",
        enqueued_at=msgspec.convert("2030-01-01T00:00:00Z", type=Origin.__annotations__["enqueued_at"]),
        hops=hops,
    )


def told(job: Any, watcher: Watcher | None = None, **order: Any) -> Any:
    """What came of the step."""
    stage = Stage(job.parts, tracing=None if watcher is None else watcher.tracing)
    outcome = asyncio.run(send_event(stage, job.parts)(codec.encode(job.order("tell", **order))))
    return codec.decode(Done | Failed, outcome)  # type: ignore[arg-type]


def sent(job: Any) -> list[BusMessage]:
    """What lies on the topic."""
    return list(job.parts.bus.sent.get("data", []))


def test_lays_the_event_on_its_topic(teller: Any) -> None:
    told(teller)

    [message] = sent(teller)
    assert message.id == f"{'r' * 25}.tell"
    assert message.subject == "DataAnalysed"
    assert codec.from_json(dict[str, Any], message.body) == {
        "topic": "wind",
        "size": 3,
        "note": "On wind.",
        "tone": None,
    }
    assert message.time_to_live == 60
    assert message.properties == {
        "kind": "winds",
        "type": "DataAnalysed",
        "account": "a",
        "user": "u",
        "run": "r" * 25,
    }


@pytest.mark.parametrize(
    ("type_", "value", "told_as"),
    [
        ("integer", 26, 26),
        ("integer", 2**63, str(2**63)),
        ("number", 2.5, 2.5),
        ("boolean", False, False),
        ("string", "26", "26"),
        ("list", ["a"], '["a"]'),
        ("integer", None, ""),
    ],
)
def test_filters_see_numbers_and_truths_as_they_are(
    teller: Any, type_: FieldType, value: object, told_as: object
) -> None:
    step = msgspec.structs.replace(STEP, properties={"wind": "{{ count }}", "said": "{{count}} m/s"})
    field = InputField(name="count", type=type_, required=False)
    inputs = (InputField(name="topic"), field, InputField(name="tone", required=False))
    teller.adopt(msgspec.structs.replace(WORKFLOW, steps=(step,), input=inputs))
    given = {"topic": "wind"} | ({} if value is None else {"count": value})
    teller.open(run="s" * 25, input=Held(text=codec.to_json(given).decode()))
    told(teller)

    [message] = sent(teller)
    wind = message.properties["wind"]
    assert (wind, type(wind)) == (told_as, type(told_as))
    assert isinstance(message.properties["said"], str)


def test_keeps_which_event_was_told(teller: Any) -> None:
    told(teller)

    [step] = teller.steps("r" * 25)
    assert step.is_json
    assert codec.from_json(dict[str, Any], step.value.text) == {
        "topic": "data",
        "type": "DataAnalysed",
        "id": f"{'r' * 25}.tell",
        "correlation_id": "r" * 25,
    }


def test_told_again_it_is_the_same_event(teller: Any) -> None:
    told(teller)
    # Whoever told it was cut off before it could write that down.
    asyncio.run(teller.parts.records.delete("steps", "r" * 25, "00000-tell"))
    told(teller)

    first, second = sent(teller)
    assert first == second


def test_what_is_done_is_not_told_again(teller: Any) -> None:
    told(teller)
    repeated = told(teller)

    assert repeated.is_repeated
    assert len(sent(teller)) == 1


def test_passes_on_what_belongs_together(teller: Any) -> None:
    teller.open(run="s" * 25, origin=origin(hops=4))
    told(teller)

    [message] = sent(teller)
    assert (message.correlation_id, message.properties["hops"]) == ("all-of-it", 5)


def test_a_run_within_another_tells_for_whoever_began_the_task(teller: Any) -> None:
    teller.open(run="s" * 25, origin=origin(hops=0))
    child = child_id("s" * 25, "inner")
    teller.open(run=child, origin=msgspec.UNSET)
    told(teller)

    [message] = sent(teller)
    assert (message.correlation_id, message.properties["hops"]) == ("all-of-it", 1)
    assert (message.id, message.properties["run"]) == (f"{child}.tell", child)


@pytest.mark.parametrize(("hops", "is_told"), [(MOST_HOPS - 1, True), (MOST_HOPS, False)])
def test_a_circle_comes_to_an_end(teller: Any, hops: int, *, is_told: bool) -> None:
    teller.open(run="s" * 25, origin=origin(hops))
    outcome = told(teller)

    assert isinstance(outcome, Done) is is_told
    assert len(sent(teller)) == is_told
    if not is_told:
        assert (outcome.failure.category, outcome.failure.reason) == (Category.PERMANENT, "circle")
        assert "'DataAnalysed'" in outcome.failure.message


@pytest.mark.parametrize(
    ("trouble", "category", "reason", "says"),
    [
        (BusUnavailable("bus-7.example"), Category.TRANSIENT, "", "the app's log says more"),
        (BusRefused("too_large", "It is too large."), Category.PERMANENT, "too_large", "It is too large."),
        (BusRefused("no_bus", "There is no bus."), Category.PERMANENT, "no_bus", "There is no bus."),
        (BusRefused("unauthorized", "No role."), Category.AUTHENTICATION, "unauthorized", "No role."),
    ],
)
def test_what_the_bus_does_not_take_is_a_failure(
    teller: Any, trouble: Exception, category: Category, reason: str, says: str
) -> None:
    teller.parts.bus.troubles.append(trouble)
    failure = told(teller).failure

    assert (failure.category, failure.reason) == (category, reason)
    assert failure.message.startswith("the event 'DataAnalysed' was not told on the topic 'data': ")
    assert says in failure.message
    assert "bus-7" not in failure.message


def test_where_a_bus_lies_is_for_the_log(teller: Any, caplog: pytest.LogCaptureFixture) -> None:
    teller.parts.bus.troubles.append(BusUnavailable("bus-7.example"))
    told(teller)

    assert "bus-7.example" in caplog.text


def test_an_event_that_was_refused_once_is_told_later(teller: Any) -> None:
    teller.parts.bus.troubles.append(BusUnavailable("busy"))
    told(teller)
    outcome = told(teller, attempt=2)

    assert (isinstance(outcome, Done), len(sent(teller))) == (True, 1)


class SilentBus:
    """Takes nothing and says nothing."""

    async def send(self, topic: str, messages: Any) -> None:
        await asyncio.Event().wait()

    def close(self) -> None:
        """Nothing is held."""


def test_a_bus_that_hangs_is_left_when_the_time_is_over(teller: Any) -> None:
    silent = replace(teller, parts=replace(teller.parts, bus=SilentBus()))
    failure = told(silent, seconds=0.05).failure

    assert failure.category is Category.TIMEOUT
    assert "within 0.05 s" in failure.message


def test_whoever_hears_of_it_is_in_the_trace_of_the_step(teller: Any) -> None:
    watcher = Watcher()
    told(teller, watcher, traceparent=PARENT)

    [message] = sent(teller)
    span, step = watcher.spans
    traceparent = message.properties["traceparent"]
    assert (span.name, step.name) == ("tell data", "dirigent.step tell")
    assert (span.attributes or {})["dirigent.event"] == message.id
    assert (trace_id(span), message.properties["Diagnostic-Id"]) == (TRACE, traceparent)
    assert str(traceparent).split("-")[1:3] == [TRACE, f"{span.context.span_id:016x}"]


def test_a_span_tells_why_an_event_was_not_told(teller: Any) -> None:
    watcher = Watcher()
    teller.parts.bus.troubles.append(BusRefused("unknown_topic", "There is no topic 'data'."))
    told(teller, watcher)

    facts = [span.attributes or {} for span in watcher.spans]
    why = [(told["error.type"], told["dirigent.category"]) for told in facts]
    assert why == [("unknown_topic", "PERMANENT")] * 2


def test_one_of_several_ways_tells_an_event(teller: Any) -> None:
    way = ChooseStep(
        name="tell",
        choose="topic.kind",
        output="told",
        branches={"windy": STEP},
        otherwise=PublishStep(name="tell", publish="topic", output="told", filename="a.md"),
    )
    teller.adopt(msgspec.structs.replace(WORKFLOW, steps=(way,)))
    told(teller, branch="windy")

    assert [message.id for message in sent(teller)] == [f"{'r' * 25}.tell"]


def test_no_other_step_is_told_as_an_event(job: Any) -> None:
    with pytest.raises(TypeError, match="'write' tells nobody"):
        asyncio.run(send_event(Stage(job.parts), job.parts)(codec.encode(job.order("write"))))
