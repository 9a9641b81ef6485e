"""Entities work through their operations in order, one at a time, and answer those who called."""

import asyncio
import json
import logging
from typing import Any

import azure.durable_functions as df
import pytest

from devhost.engine.entities import MOST_IDLE
from devhost.storage import queries
from devhost.testing.scripted_hub import ScriptedHub


def notebook(state: Any, operation: str, value: Any) -> tuple[Any, Any]:
    """Writes down what it is told; `tear` makes it go away, `spill` fails."""
    if operation == "tear":
        return None, "torn"
    if operation == "spill":
        raise ValueError("ink")
    lines = [*(state or []), value]
    return lines, len(lines)


def asking(context: Any) -> Any:
    answers = []
    for operation, value in context.get_input():
        try:
            answers.append((yield context.call_entity(df.EntityId("notebook", "k"), operation, value)))
        except Exception as error:  # noqa: BLE001 - the SDK raises no other
            answers.append(f"error: {error}")
    return answers


def mixing(context: Any) -> Any:
    context.signal_entity(df.EntityId("notebook", "k"), "write", "signalled")
    return (yield context.call_entity(df.EntityId("notebook", "k"), "write", "called"))


@pytest.fixture(autouse=True)
def app(hub: ScriptedHub) -> None:
    hub.worker.serve(orchestrators=[asking, mixing], entities=[notebook])


def signal(hub: ScriptedHub, operation: str, value: Any = None, key: str = "k") -> None:
    text = None if value is None else json.dumps(json.dumps(value))
    hub.run(hub.engine.signal_entity("notebook", key, operation, text))


def replies(hub: ScriptedHub, instance_id: str) -> list[dict[str, Any]]:
    return [json.loads(event["Input"]) for event in hub.history(instance_id) if event["EventType"] == 15]


@pytest.mark.parametrize("end", ["none", "crash", "restart"])
def test_operations_are_carried_out_in_the_order_they_were_sent(hub: ScriptedHub, end: str) -> None:
    hub.worker.hold("notebook")
    for number in range(5):
        signal(hub, "write", number)
    hub.worker.release("notebook", 2)
    hub.settle()
    if end != "none":
        getattr(hub, end)()
    hub.worker.release("notebook")
    hub.settle()

    assert hub.entity("notebook", "k") == [0, 1, 2, 3, 4]
    assert list(queries.operations(hub.store)) == []


def test_an_entity_is_asked_one_thing_at_a_time_and_others_do_not_wait_for_it(hub: ScriptedHub) -> None:
    hub.worker.hold("notebook")
    for key in "aabbb":
        signal(hub, "write", 1, key)
    hub.settle()
    first = hub.worker.held("notebook")
    hub.worker.release("notebook")
    hub.settle()

    assert first == 2
    assert [hub.entity("notebook", key) for key in "ab"] == [[1, 1], [1, 1, 1]]


def test_a_caller_gets_each_result(hub: ScriptedHub) -> None:
    hub.start("asking", [["write", "x"], ["write", "y"]], instance_id="i")

    assert hub.output("i") == [1, 2]
    assert replies(hub, "i") == [{"result": "1"}, {"result": "2"}]


def test_a_caller_gets_the_error_and_the_state_stays(hub: ScriptedHub) -> None:
    hub.start("asking", [["write", "x"], ["spill", None], ["write", "y"]], instance_id="i")

    assert hub.output("i") == [1, "error: ink", 2]
    assert replies(hub, "i")[1] == {"result": '"ink"', "exceptionType": "Error"}


def test_a_signal_that_fails_is_logged(hub: ScriptedHub, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        signal(hub, "spill")
        hub.settle()

    assert "Entity '@notebook@k' failed at the signalled operation 'spill': \"ink\"" in caplog.text
    assert hub.entity("notebook", "k") is None


def test_a_signal_before_a_call_is_carried_out_before_it(hub: ScriptedHub) -> None:
    assert hub.output(hub.start("mixing")) == 2
    assert hub.entity("notebook", "k") == ["signalled", "called"]


@pytest.mark.parametrize("end", ["none", "crash", "restart"])
def test_a_deleted_entity_is_gone_and_can_come_back(hub: ScriptedHub, end: str) -> None:
    signal(hub, "write", "x")
    signal(hub, "tear")
    hub.settle()
    if end != "none":
        getattr(hub, end)()
    gone = hub.run(hub.engine.entity("notebook", "k"))
    signal(hub, "write", "y")
    hub.settle()

    assert gone is None
    assert hub.entity("notebook", "k") == ["y"]


def test_tells_state_and_time_of_the_last_operation(hub: ScriptedHub) -> None:
    hub.advance(5)
    signal(hub, "write", "x")
    hub.settle()
    when = hub.clock.now()
    hub.advance(5)
    hub.crash()
    found = hub.run(hub.engine.entity("notebook", "k"))

    assert found is not None
    assert (found.name, found.key, found.state_json, found.last_operation) == ("notebook", "k", '["x"]', when)


def test_keys_may_hold_an_at_sign(hub: ScriptedHub) -> None:
    signal(hub, "write", "x", key="a@b")
    hub.settle()
    found = hub.run(hub.engine.entity("notebook", "a@b"))

    assert found is not None
    assert found.key == "a@b"


@pytest.mark.parametrize("end", ["none", "crash"])
def test_an_operation_sent_before_the_crash_is_carried_out_and_answered_once(
    hub: ScriptedHub, end: str
) -> None:
    hub.worker.hold("notebook")
    hub.start("asking", [["write", "x"], ["write", "y"]], instance_id="i")
    hub.settle()
    if end == "crash":
        hub.crash()
    hub.worker.release("notebook")

    assert hub.output("i") == [1, 2]
    assert hub.entity("notebook", "k") == ["x", "y"]


def test_an_answer_finds_a_suspended_caller_when_it_is_resumed(hub: ScriptedHub) -> None:
    hub.worker.hold("notebook")
    hub.start("asking", [["write", "x"]], instance_id="i")
    hub.settle()
    hub.run(hub.engine.suspend("i", None))
    hub.worker.release("notebook")
    hub.settle()
    hub.crash()
    hub.run(hub.engine.resume("i", None))

    assert hub.output("i") == [1]


def test_more_entities_than_are_kept_in_memory_lose_nothing(hub: ScriptedHub) -> None:
    keys = [str(number) for number in range(MOST_IDLE + 50)]

    async def signal_all() -> None:
        for start in range(0, len(keys), 100):
            batch = [
                hub.engine.signal_entity("notebook", key, "write", '"1"') for key in keys[start : start + 100]
            ]
            await asyncio.gather(*batch)

    for _ in range(2):
        hub.run(signal_all())
        hub.settle()

    assert [hub.entity("notebook", key) for key in (keys[0], keys[25], keys[-1])] == [[1, 1]] * 3


def test_an_entity_whose_state_is_not_on_disk_yet_is_not_dropped_from_memory(hub: ScriptedHub) -> None:
    hub.worker.hold("notebook")
    signal(hub, "write", "first", key="x")
    hub.settle()

    hub.worker.release("notebook")
    hub.settle()

    async def fill() -> None:
        # Asking is enough for an entity to be kept in memory.
        for number in range(MOST_IDLE - 1):
            await hub.engine.entity("notebook", str(number))

    hub.run(fill())
    hub.worker.hold("notebook")
    signal(hub, "write", "second", key="x")
    hub.settle()

    async def overtake() -> None:
        hub.worker.release("notebook")
        # The answer is taken in before these two are sent, and none of it is written until they are.
        await asyncio.gather(
            hub.engine.signal_entity("notebook", "new", "write", '"1"'),
            hub.engine.signal_entity("notebook", "x", "write", '"\\"third\\""'),
        )

    hub.run(overtake())
    hub.settle()

    assert hub.entity("notebook", "x") == ["first", "second", "third"]
