"""Clients start, ask, steer and purge instances; what they are told is on disk."""

import asyncio
import json
from typing import Any

import pytest

from devhost.engine.errors import (
    InstanceConflict,
    InstanceEnded,
    InstanceNotFound,
    InvalidInstanceId,
    InvalidRequest,
    UnknownFunction,
)
from devhost.engine.history import EventType
from devhost.engine.hub import InstanceFilter
from devhost.storage import queries
from devhost.testing.scripted_hub import ScriptedHub


def shouting(context: Any) -> Any:
    said = yield context.call_activity("shout", context.get_input())
    return said


def waiting(context: Any) -> Any:
    heard = yield context.wait_for_external_event("go")
    return heard


def at_once(context: Any) -> Any:
    return context.instance_id


def describing(context: Any) -> Any:
    context.set_custom_status("half way")
    yield context.wait_for_external_event("go")
    return "done"


def failing(context: Any) -> Any:
    yield context.call_activity("shout", "a")
    raise ValueError("no \ud800 luck")


def shout(value: Any) -> Any:
    return str(value).upper()


def counter(state: Any, operation: str, value: Any) -> tuple[Any, Any]:
    return (state or 0) + (value or 1), None


@pytest.fixture(autouse=True)
def app(request: pytest.FixtureRequest) -> None:
    hub: ScriptedHub = request.getfixturevalue("sticky_hub")
    hub.worker.serve(
        orchestrators=[shouting, waiting, at_once, describing, failing],
        activities=[shout],
        entities=[counter],
    )


def kinds(hub: ScriptedHub, instance_id: str) -> list[EventType]:
    return [EventType(event["EventType"]) for event in hub.history(instance_id)]


class DiskGone(Exception):
    """What a test's disk raises."""


def fail(number: int) -> None:
    raise DiskGone(f"at commit {number}")


def test_a_started_instance_is_on_disk_before_its_id_is_told(sticky_hub: ScriptedHub) -> None:
    identity = sticky_hub.start("waiting")

    assert queries.instance(sticky_hub.store, identity) is not None


def test_start_finds_the_orchestrator_whatever_the_case(sticky_hub: ScriptedHub) -> None:
    assert sticky_hub.status(sticky_hub.start("SHOUTING", "a")).name == "shouting"


def test_gives_an_id_to_those_who_name_none(sticky_hub: ScriptedHub) -> None:
    ids = [sticky_hub.start("at_once") for _ in range(3)]

    assert ids == sorted(set(ids))
    assert [sticky_hub.output(identity) for identity in ids] == ids


def test_refuses_to_start_what_is_not_there(sticky_hub: ScriptedHub) -> None:
    with pytest.raises(UnknownFunction, match=r"'singing' doesn't exist.*at_once, describing"):
        sticky_hub.start("singing")


@pytest.mark.parametrize(
    ("identity", "rule"),
    [
        ("", "is empty"),
        ("@a@b", "starts with '@'"),
        ("a/b", "holds one of"),
        ("a#b", "holds one of"),
        ("a\\b", "holds one of"),
        ("a?b", "holds one of"),
        ("a\x07b", "holds one of"),
        ("a\ud800b", "holds one of"),
        ("a" * 257, "longer than 256"),
    ],
)
def test_refuses_an_id_azure_refuses(sticky_hub: ScriptedHub, identity: str, rule: str) -> None:
    with pytest.raises(InvalidInstanceId, match=rule):
        sticky_hub.start("at_once", instance_id=identity)
    assert sticky_hub.engine.live_instances == 0


def test_refuses_to_start_an_id_that_is_running(sticky_hub: ScriptedHub) -> None:
    sticky_hub.start("waiting", instance_id="i")
    sticky_hub.settle()

    with pytest.raises(InstanceConflict, match="with the status Running already exists"):
        sticky_hub.start("waiting", instance_id="i")


def test_of_two_that_start_one_id_at_once_one_is_refused(sticky_hub: ScriptedHub) -> None:
    async def start_both() -> list[object]:
        starts = [sticky_hub.engine.start("waiting", instance_id="i") for _ in range(2)]
        return await asyncio.gather(*starts, return_exceptions=True)

    answers = sticky_hub.run(start_both())

    assert answers[0] == "i"
    assert isinstance(answers[1], InstanceConflict)


def test_an_ended_id_is_replaced_and_its_history_is_gone(sticky_hub: ScriptedHub) -> None:
    sticky_hub.start("shouting", "first", instance_id="i")
    first = sticky_hub.output("i")
    sticky_hub.start("at_once", instance_id="i")
    second = sticky_hub.output("i")

    assert (first, second) == ("FIRST", "i")
    assert "shout" not in json.dumps(sticky_hub.history("i"))
    assert [status.name for status in listed(sticky_hub)] == ["at_once"]


def listed(hub: ScriptedHub) -> Any:
    return hub.run(hub.engine.instances(InstanceFilter())).instances


@pytest.mark.parametrize("version", [None, "", "2.0"])
def test_keeps_the_version_it_was_started_with(sticky_hub: ScriptedHub, version: str | None) -> None:
    identity = sticky_hub.start("waiting", version=version)

    assert sticky_hub.status(identity).version == (version or "")


def test_tells_input_output_and_times(sticky_hub: ScriptedHub) -> None:
    identity = sticky_hub.start("describing", {"a": 1})
    created = sticky_hub.clock.now()
    sticky_hub.advance(5)
    sticky_hub.raise_event(identity, "go")
    status = sticky_hub.status(identity)

    assert json.loads(json.loads(status.input_json or "")) == {"a": 1}
    assert (status.output_text, status.custom_status_json) == ('"done"', '"half way"')
    assert (status.created, (status.updated - created).total_seconds()) == (created, 5)
    assert status.parent_instance_id is None


def test_knows_nothing_of_an_id_that_never_was(sticky_hub: ScriptedHub) -> None:
    for question in (
        sticky_hub.engine.status("nobody"),
        sticky_hub.engine.history("nobody"),
        sticky_hub.engine.ended("nobody"),
        sticky_hub.engine.raise_event("nobody", "go", None),
        sticky_hub.engine.terminate("nobody", None),
        sticky_hub.engine.suspend("nobody", None),
        sticky_hub.engine.resume("nobody", None),
    ):
        with pytest.raises(InstanceNotFound, match="nobody"):
            sticky_hub.run(question)


def test_an_ended_instance_takes_no_more_messages(sticky_hub: ScriptedHub) -> None:
    sticky_hub.output(sticky_hub.start("at_once", instance_id="i"))

    for message in (
        sticky_hub.engine.raise_event("i", "go", None),
        sticky_hub.engine.terminate("i", None),
        sticky_hub.engine.suspend("i", None),
        sticky_hub.engine.resume("i", None),
    ):
        with pytest.raises(InstanceEnded, match="is Completed and takes no more messages"):
            sticky_hub.run(message)


def test_refuses_to_suspend_twice_and_to_resume_what_runs(sticky_hub: ScriptedHub) -> None:
    sticky_hub.start("waiting", instance_id="i")
    with pytest.raises(InstanceConflict, match="is not suspended"):
        sticky_hub.run(sticky_hub.engine.resume("i", None))
    sticky_hub.run(sticky_hub.engine.suspend("i", None))
    with pytest.raises(InstanceConflict, match="is suspended already"):
        sticky_hub.run(sticky_hub.engine.suspend("i", None))


def test_a_suspension_and_a_resumption_in_one_turn_are_taken_in_their_order(sticky_hub: ScriptedHub) -> None:
    sticky_hub.start("waiting", instance_id="i")
    sticky_hub.settle()

    async def both() -> None:
        await asyncio.gather(sticky_hub.engine.suspend("i", "a"), sticky_hub.engine.resume("i", "b"))

    sticky_hub.run(both())
    sticky_hub.settle()

    assert sticky_hub.status("i").runtime_status == "Running"
    reasons = [event.get("Reason") for event in sticky_hub.history("i") if "Reason" in event]
    assert reasons == ["a", "b"]


def test_purges_an_ended_instance_with_all_it_left(sticky_hub: ScriptedHub) -> None:
    sticky_hub.output(sticky_hub.start("shouting", "a", instance_id="i"))

    assert sticky_hub.run(sticky_hub.engine.purge("i")) == 1
    assert sticky_hub.run(sticky_hub.engine.purge("i")) == 0
    assert listed(sticky_hub) == ()
    assert list(queries.history(sticky_hub.store, "i")) == []
    with pytest.raises(InstanceNotFound):
        sticky_hub.status("i")


def test_purges_neither_the_living_nor_the_unknown(sticky_hub: ScriptedHub) -> None:
    sticky_hub.start("waiting", instance_id="i")

    assert sticky_hub.run(sticky_hub.engine.purge("i")) == 0
    assert sticky_hub.run(sticky_hub.engine.purge("nobody")) == 0
    assert sticky_hub.status("i").runtime_status in {"Pending", "Running"}


def test_tells_the_history_as_azure_writes_it(sticky_hub: ScriptedHub) -> None:
    sticky_hub.output(sticky_hub.start("shouting", "a", instance_id="i"))

    assert kinds(sticky_hub, "i") == [
        EventType.ORCHESTRATOR_STARTED,
        EventType.EXECUTION_STARTED,
        EventType.TASK_SCHEDULED,
        EventType.ORCHESTRATOR_COMPLETED,
        EventType.ORCHESTRATOR_STARTED,
        EventType.TASK_COMPLETED,
        EventType.EXECUTION_COMPLETED,
        EventType.ORCHESTRATOR_COMPLETED,
    ]


def test_lists_instances_oldest_first_in_pages(sticky_hub: ScriptedHub) -> None:
    for identity in "abc":
        sticky_hub.start("waiting", instance_id=identity)
        sticky_hub.advance(1)
    first = sticky_hub.run(sticky_hub.engine.instances(InstanceFilter(top=2)))
    rest = sticky_hub.run(sticky_hub.engine.instances(InstanceFilter(top=2, continuation=first.continuation)))

    assert [status.instance_id for status in (*first.instances, *rest.instances)] == ["a", "b", "c"]
    with pytest.raises(InvalidRequest):
        sticky_hub.run(sticky_hub.engine.instances(InstanceFilter(continuation="x")))


def test_says_in_words_what_an_instance_waits_for(sticky_hub: ScriptedHub) -> None:
    sticky_hub.worker.hold("shout")
    sticky_hub.start("waiting", instance_id="e")
    sticky_hub.start("shouting", "a", instance_id="a")
    sticky_hub.settle()

    assert sticky_hub.engine.waits_of("e") == ["the event 'go'"]
    assert sticky_hub.engine.waits_of("a") == ["activity 'shout'"]
    assert sticky_hub.engine.waits_of("nobody") == []


def test_whoever_waits_for_the_end_is_told_once_it_is_on_disk(sticky_hub: ScriptedHub) -> None:
    sticky_hub.start("waiting", instance_id="i")

    async def wait() -> list[str]:
        waits = [asyncio.ensure_future(sticky_hub.engine.ended("i")) for _ in range(2)]
        await asyncio.sleep(0)
        await sticky_hub.engine.raise_event("i", "go", "1")
        return [status.runtime_status for status in await asyncio.gather(*waits)]

    assert sticky_hub.run(wait()) == ["Completed", "Completed"]


def test_whoever_waits_is_told_how_it_ended_even_if_it_begins_anew_at_once(sticky_hub: ScriptedHub) -> None:
    sticky_hub.start("waiting", instance_id="i")

    async def wait() -> tuple[str, str]:
        wait = asyncio.ensure_future(sticky_hub.engine.ended("i"))
        await asyncio.sleep(0)
        await sticky_hub.engine.raise_event("i", "go", "1")
        await sticky_hub.engine.ended("i")
        await sticky_hub.engine.start("waiting", instance_id="i")
        ended = await asyncio.wait_for(wait, 5)
        return ended.runtime_status, (await sticky_hub.engine.status("i")).runtime_status

    told, now = sticky_hub.run(wait())

    assert told == "Completed"
    assert now in ("Pending", "Running")


@pytest.mark.parametrize("pause", range(6))
def test_an_end_between_a_commit_and_its_news_is_not_missed(sticky_hub: ScriptedHub, pause: int) -> None:
    sticky_hub.worker.hold("shout")
    sticky_hub.start("waiting", instance_id="other")
    sticky_hub.start("shouting", "a", instance_id="i")
    sticky_hub.settle()
    sticky_hub.worker.hold("shouting")
    sticky_hub.worker.release("shout")
    sticky_hub.settle()

    async def wait() -> str:
        busy = asyncio.ensure_future(sticky_hub.engine.raise_event("other", "later", "1"))
        wait = asyncio.ensure_future(sticky_hub.engine.ended("i"))
        for _ in range(pause):
            await asyncio.sleep(0)
        sticky_hub.worker.release("shouting")
        await busy
        return (await asyncio.wait_for(wait, 5)).runtime_status

    assert sticky_hub.run(wait()) == "Completed"


def test_an_error_no_file_can_hold_fails_the_instance_and_not_the_host(sticky_hub: ScriptedHub) -> None:
    identity = sticky_hub.start("failing")
    sticky_hub.settle()

    status = sticky_hub.status(identity)
    assert status.runtime_status == "Failed"
    assert status.output_text == "Orchestrator function 'failing' failed: no \\ud800 luck"


def test_signals_reach_an_entity_whatever_the_case_of_its_name(sticky_hub: ScriptedHub) -> None:
    for name in ("counter", "COUNTER"):
        sticky_hub.run(sticky_hub.engine.signal_entity(name, "K", "add", json.dumps(json.dumps(2))))
    sticky_hub.settle()

    assert sticky_hub.entity("Counter", "K") == 4
    assert sticky_hub.entity("counter", "k") is None


def test_refuses_to_signal_what_is_not_there(sticky_hub: ScriptedHub) -> None:
    with pytest.raises(UnknownFunction, match=r"not an entity function.*counter"):
        sticky_hub.run(sticky_hub.engine.signal_entity("account", "k", "add", None))


def test_a_commit_that_fails_is_told_to_everybody_and_nothing_is_promised_after_it(
    sticky_hub: ScriptedHub,
) -> None:
    engine, told = sticky_hub.engine, list[BaseException]()
    sticky_hub.start("waiting", instance_id="i")
    sticky_hub.settle()
    engine.on_failure = told.append

    async def ask() -> list[object]:
        wait = asyncio.ensure_future(engine.ended("i"))
        await asyncio.sleep(0)
        sticky_hub.store.after_commit = fail
        steer = engine.raise_event("i", "go", "1")
        answers = await asyncio.gather(engine.start("at_once"), steer, wait, return_exceptions=True)
        return list(answers)

    answers = sticky_hub.run(ask())

    assert [type(answer) for answer in answers] == [DiskGone] * 3
    assert [type(error) for error in told] == [DiskGone]
    for question in (
        engine.start("at_once"),
        engine.status("i"),
        engine.instances(InstanceFilter()),
        engine.signal_entity("counter", "k", "add", None),
        engine.entity("counter", "k"),
        engine.ended("i"),
    ):
        with pytest.raises(DiskGone):
            sticky_hub.run(question)


def test_an_activity_is_not_called_when_its_scheduling_cannot_be_written(sticky_hub: ScriptedHub) -> None:
    sticky_hub.start("shouting", "a")
    [[pages]] = sticky_hub.store.rows("PRAGMA page_count")
    next(sticky_hub.store.rows(f"PRAGMA max_page_count = {pages}"))

    async def start_more() -> None:
        while True:
            await sticky_hub.engine.start("shouting", input_json=json.dumps(json.dumps("x" * 5000)))

    with pytest.raises(Exception, match="full"):
        sticky_hub.run(start_more())
    calls = len(sticky_hub.worker.delivered("shout"))
    sticky_hub.turn(20)

    assert len(sticky_hub.worker.delivered("shout")) == calls
    assert sticky_hub.engine.is_quiet


def test_an_abandoned_engine_writes_nothing_more(sticky_hub: ScriptedHub) -> None:
    sticky_hub.start("waiting", instance_id="i")
    sticky_hub.settle()
    written = sticky_hub.store.commits

    async def ask() -> object:
        steer = asyncio.ensure_future(sticky_hub.engine.raise_event("i", "go", "1"))
        await asyncio.sleep(0)
        sticky_hub.engine.abandon()
        [answer] = await asyncio.gather(steer, return_exceptions=True)
        return answer

    assert "abandoned" in str(sticky_hub.run(ask()))
    sticky_hub.turn(5)
    assert sticky_hub.store.commits == written


def test_a_stopped_engine_has_written_what_it_knows_and_calls_nothing_more(sticky_hub: ScriptedHub) -> None:
    sticky_hub.worker.hold("shouting")
    sticky_hub.start("shouting", "a", instance_id="i")
    sticky_hub.settle()
    sticky_hub.engine.wind_down()
    sticky_hub.worker.release("shouting")
    sticky_hub.settle()
    sticky_hub.engine.stop()

    assert sticky_hub.worker.delivered("shout") == []
    assert [task[2] for task in queries.open_activities(sticky_hub.store)] == ["shout"]
