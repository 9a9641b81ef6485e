"""The scripted worker answers later, in order, exactly once, and can hold answers back."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from devhost.engine import history
from devhost.engine.messages import (
    ActivityCall,
    ActivityFailed,
    ActivityResult,
    ActivitySucceeded,
    Completed,
    EntityCall,
    EntityResult,
    Episode,
    Failed,
    Turn,
)
from devhost.testing.scripted_worker import Delivery, ScriptedWorker

NOW = "2030-01-01T00:00:00.000000Z"


def greeting(context: Any) -> Any:
    name = yield context.wait_for_external_event("name")
    return f"hello {name}"


def shout(value: Any) -> Any:
    return value.upper()


def silent(value: Any) -> Any:
    return None


def counter(state: Any, operation: str, value: Any) -> tuple[Any, Any]:
    if operation == "delete":
        return None, None
    return (state or 0) + value, "added"


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    with closing(asyncio.new_event_loop()) as loop:
        yield loop


@pytest.fixture
def worker(loop: asyncio.AbstractEventLoop) -> ScriptedWorker:
    worker = ScriptedWorker(loop)
    worker.serve(orchestrators=[greeting], activities=[shout, silent], entities=[counter])
    return worker


def turn(loop: asyncio.AbstractEventLoop, times: int = 3) -> None:
    async def turns() -> None:
        for _ in range(times):
            await asyncio.sleep(0)

    loop.run_until_complete(turns())


def call(name: str, value: Any) -> ActivityCall:
    return ActivityCall(name=name, instance_id="i", input_json=json.dumps(value))


def operation(name: str, value: Any, state: Any = None) -> EntityCall:
    return EntityCall(
        name="counter",
        key="k",
        exists=state is not None,
        state_json=None if state is None else json.dumps(state),
        operation=name,
        input_json=None if value is None else json.dumps(json.dumps(value)),
        is_signal=False,
    )


def episode(*news: Any, name: str = "greeting", held: object | None = None) -> Episode:
    return Episode(
        instance_id="i",
        name=name,
        parent_instance_id=None,
        input_json=None,
        past=(),
        news=[history.orchestrator_started(NOW), *news],
        commands_so_far=0,
        held=held,
    )


STARTED = history.execution_started(
    NOW, name="greeting", version="", input_json=None, instance_id="i", execution_id="e", parent=None
)


def test_knows_its_functions_whatever_the_case(worker: ScriptedWorker) -> None:
    assert worker.orchestrator_named("GREETING") == "greeting"
    assert worker.activity_named("Shout") == "shout"
    assert worker.entity_named("COUNTER") == "counter"
    assert worker.activity_named("greeting") is None
    assert [worker.names(kind) for kind in ("orchestrator", "activity", "entity")] == [
        ("greeting",),
        ("shout", "silent"),
        ("counter",),
    ]


def test_answers_in_a_later_turn_and_in_the_order_of_the_calls(
    worker: ScriptedWorker, loop: asyncio.AbstractEventLoop
) -> None:
    answers: list[ActivityResult] = []
    for word in ("a", "b"):
        worker.act(call("shout", word), answers.append)
    before = (list(answers), worker.running)
    turn(loop)

    assert before == ([], 2)
    assert answers == [ActivitySucceeded(result_json='"A"'), ActivitySucceeded(result_json='"B"')]
    assert worker.running == 0


def test_an_activity_without_a_result_has_none(
    worker: ScriptedWorker, loop: asyncio.AbstractEventLoop
) -> None:
    answers: list[ActivityResult] = []
    worker.act(call("silent", 1), answers.append)
    turn(loop)

    assert answers == [ActivitySucceeded(result_json=None)]


@pytest.mark.parametrize(
    ("name", "error"),
    [("shout", "AttributeError: 'int' object has no attribute 'upper'"), ("gone", "KeyError: 'gone'")],
)
def test_what_an_activity_raises_is_its_answer(
    worker: ScriptedWorker, loop: asyncio.AbstractEventLoop, name: str, error: str
) -> None:
    answers: list[ActivityResult] = []
    worker.act(call(name, 5), answers.append)
    turn(loop)

    [answer] = answers
    assert isinstance(answer, ActivityFailed)
    assert answer.error == error
    assert "Traceback" in answer.details


def test_plays_an_orchestrator_and_goes_on_with_it(
    worker: ScriptedWorker, loop: asyncio.AbstractEventLoop
) -> None:
    turns: list[Turn] = []
    worker.play(episode(STARTED), turns.append)
    turn(loop)
    worker.play(episode(history.event_raised(NOW, "name", '"you"'), held=turns[0].held), turns.append)
    turn(loop)

    assert (turns[0].waits, turns[0].outcome) == ({"name": 1}, None)
    assert turns[1].outcome == Completed(output_json='"hello you"')


def test_an_orchestrator_that_is_gone_fails(worker: ScriptedWorker, loop: asyncio.AbstractEventLoop) -> None:
    turns: list[Turn] = []
    worker.play(episode(STARTED, name="gone"), turns.append)
    turn(loop)

    assert turns[0].outcome == Failed(error="LookupError: 'gone' is no longer in the app")


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        (
            operation("add", 2, state=3),
            EntityResult(exists=True, state_json="5", result_json='"added"', is_error=False),
        ),
        (
            operation("add", 2),
            EntityResult(exists=True, state_json="2", result_json='"added"', is_error=False),
        ),
        (
            operation("delete", None, state=3),
            EntityResult(exists=False, state_json=None, result_json="null", is_error=False),
        ),
    ],
)
def test_an_entity_gets_its_state_and_leaves_another(
    worker: ScriptedWorker, loop: asyncio.AbstractEventLoop, asked: EntityCall, answer: EntityResult
) -> None:
    answers: list[EntityResult] = []
    worker.operate(asked, answers.append)
    turn(loop)

    assert answers == [answer]


def test_an_entity_that_raises_keeps_its_state(
    worker: ScriptedWorker, loop: asyncio.AbstractEventLoop
) -> None:
    answers: list[EntityResult] = []
    worker.operate(operation("add", "x", state=3), answers.append)
    turn(loop)

    [answer] = answers
    assert (answer.exists, answer.state_json, answer.is_error) == (True, "3", True)


def test_a_held_function_runs_but_is_not_heard_until_it_is_released(
    worker: ScriptedWorker, loop: asyncio.AbstractEventLoop
) -> None:
    answers: list[ActivityResult] = []
    worker.hold("shout")
    for word in ("a", "b", "c"):
        worker.act(call("shout", word), answers.append)
    turn(loop)
    held = (list(answers), worker.held("shout"), worker.running)
    worker.release("shout", 1)
    turn(loop)
    one = list(answers)
    worker.release("shout")
    worker.act(call("shout", "d"), answers.append)
    turn(loop)

    assert held == ([], 3, 0)
    assert one == [ActivitySucceeded(result_json='"A"')]
    assert [
        json.loads(answer.result_json or "") for answer in answers if isinstance(answer, ActivitySucceeded)
    ] == [
        "A",
        "B",
        "C",
        "D",
    ]
    assert worker.running == 0


def test_remembers_every_call(worker: ScriptedWorker) -> None:
    worker.act(call("shout", "a"), print)
    worker.operate(operation("add", 1), print)

    assert worker.deliveries == [
        Delivery(kind="activity", name="shout", instance_id="i", value="a"),
        Delivery(kind="entity", name="counter", instance_id="@counter@k", value="add"),
    ]
    assert worker.delivered("shout") == ["a"]


def test_the_dead_answer_nothing_held_or_not(worker: ScriptedWorker, loop: asyncio.AbstractEventLoop) -> None:
    answers: list[ActivityResult] = []
    worker.hold("silent")
    worker.act(call("silent", 1), answers.append)
    turn(loop)
    worker.release("silent", 1)
    worker.act(call("shout", "a"), answers.append)
    worker.die()
    worker.release("silent")
    turn(loop)
    afterwards = list(answers)
    worker.act(call("shout", "b"), answers.append)
    turn(loop)

    assert afterwards == []
    assert answers == [ActivitySucceeded(result_json='"B"')]
    assert worker.running == 0
