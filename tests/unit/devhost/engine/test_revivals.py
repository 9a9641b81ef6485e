"""Failed instances that go on."""

import asyncio
from datetime import timedelta
from typing import Any

import azure.durable_functions as df
import pytest

from devhost.engine.errors import InstanceConflict, InstanceEnded, InstanceNotFound
from devhost.engine.hub import InstanceFilter
from devhost.testing.scripted_hub import ScriptedHub


def open_ended(context: Any) -> Any:
    timer = context.create_timer(context.current_utc_datetime + timedelta(seconds=5))
    asked = context.call_entity(df.EntityId("slow", "k"), "ask")
    yield context.task_any([context.call_activity("work", "a"), timer, asked])
    second = yield context.call_activity("work", "b")
    answer = yield asked
    return [second, answer]


def early(context: Any) -> Any:
    yield context.call_activity("work", "b")
    return (yield context.wait_for_external_event("go"))


def slow(_state: Any, _operation: str, _value: Any) -> tuple[Any, Any]:
    return 1, "asked"


class Moods:
    """An activity that fails until it is told otherwise."""

    def __init__(self) -> None:
        self.is_bad = True
        self.asked: list[Any] = []

    def work(self, value: Any) -> Any:
        self.asked.append(value)
        if self.is_bad and value == "b":
            raise ValueError("not today")
        return value


def chain(context: Any) -> Any:
    first = yield context.call_activity("work", "a")
    said = yield context.wait_for_external_event("go")
    second = yield context.call_activity("work", "b")
    return [first, said, second]


def fan(context: Any) -> Any:
    timer = context.create_timer(context.current_utc_datetime + timedelta(seconds=60))
    yield context.call_activity("work", "first")
    timer.cancel()
    return (yield context.task_all([context.call_activity("work", name) for name in "abc"]))


def patient(context: Any) -> Any:
    options = df.RetryOptions(1_000, 2)
    return (yield context.call_activity_with_retry("work", options, "b"))


def parent(context: Any) -> Any:
    return (yield context.call_sub_orchestrator("patient", None, instance_id="child"))


@pytest.fixture
def moods(hub: ScriptedHub) -> Moods:
    moods = Moods()
    hub.worker.serve(
        orchestrators=[chain, fan, patient, parent, open_ended, early],
        activities=[moods.work],
        entities=[slow],
    )
    return moods


def rewind(hub: ScriptedHub, instance_id: str = "i") -> None:
    hub.run(hub.engine.rewind(instance_id, "try again"))
    hub.advance(10)


def test_goes_on_from_the_failed_task_and_repeats_nothing_before_it(hub: ScriptedHub, moods: Moods) -> None:
    hub.start("chain", instance_id="i")
    hub.raise_event("i", "go", 1)
    assert hub.status("i").runtime_status == "Failed"
    moods.is_bad = False
    rewind(hub)

    assert hub.output("i") == ["a", 1, "b"]
    assert moods.asked == ["a", "b", "b"]


def test_does_only_the_failed_branch_of_a_fan_out_again(hub: ScriptedHub, moods: Moods) -> None:
    hub.start("fan", instance_id="i")
    hub.settle()
    moods.is_bad = False
    rewind(hub)

    assert hub.output("i") == ["a", "b", "c"]
    assert sorted(moods.asked) == ["a", "b", "b", "c", "first"]


def test_gives_the_last_attempt_another_try(hub: ScriptedHub, moods: Moods) -> None:
    hub.start("patient", instance_id="i")
    hub.advance(10)
    assert hub.status("i").runtime_status == "Failed"
    moods.is_bad = False
    rewind(hub)

    assert hub.output("i") == "b"


def test_takes_failed_children_along(hub: ScriptedHub, moods: Moods) -> None:
    hub.start("parent", instance_id="i")
    hub.advance(10)
    assert [hub.status(name).runtime_status for name in ("i", "child")] == ["Failed", "Failed"]
    moods.is_bad = False
    rewind(hub)

    assert hub.output("i") == "b"


def test_starts_a_child_anew_that_was_purged(hub: ScriptedHub, moods: Moods) -> None:
    hub.start("parent", instance_id="i")
    hub.advance(10)
    hub.run(hub.engine.purge("child"))
    moods.is_bad = False
    rewind(hub)

    assert hub.output("i") == "b"


def test_may_fail_again_and_be_rewound_again(hub: ScriptedHub, moods: Moods) -> None:
    hub.start("chain", instance_id="i")
    hub.raise_event("i", "go", 1)
    rewind(hub)
    assert hub.status("i").runtime_status == "Failed"
    moods.is_bad = False
    rewind(hub)

    assert hub.output("i") == ["a", 1, "b"]


@pytest.mark.parametrize("moment", ["before", "after"])
def test_survives_a_crash(hub: ScriptedHub, moods: Moods, moment: str) -> None:
    hub.start("fan", instance_id="i")
    hub.settle()
    moods.is_bad = False
    if moment == "before":
        hub.crash()
    hub.run(hub.engine.rewind("i", None))
    hub.crash()
    hub.advance(10)

    assert hub.output("i") == ["a", "b", "c"]


def test_rewinds_nothing_but_failed_instances(hub: ScriptedHub, moods: Moods) -> None:
    hub.start("chain", instance_id="running")
    hub.start("chain", instance_id="ended")
    hub.run(hub.engine.terminate("ended", "enough"))
    hub.settle()

    with pytest.raises(InstanceConflict, match="only a failed one can be rewound"):
        hub.run(hub.engine.rewind("running", None))
    with pytest.raises(InstanceEnded):
        hub.run(hub.engine.rewind("ended", None))
    with pytest.raises(InstanceNotFound):
        hub.run(hub.engine.rewind("nobody", None))


def test_a_mended_orchestrator_goes_on_where_its_own_mistake_stopped_it(
    hub: ScriptedHub, moods: Moods
) -> None:
    def broken(context: Any) -> Any:
        said = yield context.call_activity("work", "a")
        raise KeyError(said)

    def mended(context: Any) -> Any:
        said = yield context.call_activity("work", "a")
        return said

    broken.__name__ = mended.__name__ = "mending"
    hub.worker.serve(orchestrators=[broken])
    hub.start("mending", instance_id="i")
    hub.settle()
    hub.worker.serve(orchestrators=[mended])
    rewind(hub)

    assert hub.output("i") == "a"
    assert moods.asked == ["a"]


def test_an_orchestrator_that_left_tasks_open_goes_on_from_where_it_ended(
    hub: ScriptedHub, moods: Moods
) -> None:
    hub.start("open_ended", instance_id="i")
    hub.advance(10)
    assert hub.status("i").runtime_status == "Failed"
    moods.is_bad = False
    rewind(hub)

    assert hub.output("i") == ["b", "asked"]


def test_an_answer_that_came_too_late_is_asked_for_again(hub: ScriptedHub, moods: Moods) -> None:
    hub.worker.hold("slow")
    hub.start("open_ended", instance_id="i")
    hub.advance(10)
    assert hub.status("i").runtime_status == "Failed"
    hub.worker.release("slow")
    hub.settle()
    moods.is_bad = False
    rewind(hub)

    assert hub.output("i") == ["b", "asked"]


def test_an_event_nobody_had_waited_for_yet_is_still_there(hub: ScriptedHub, moods: Moods) -> None:
    hub.worker.hold("work")
    hub.start("early", instance_id="i")
    hub.raise_event("i", "go", 7)
    hub.worker.release("work")
    hub.settle()
    assert hub.status("i").runtime_status == "Failed"
    moods.is_bad = False
    rewind(hub)

    assert hub.output("i") == 7


def test_a_child_that_has_completed_since_is_not_done_twice(hub: ScriptedHub, moods: Moods) -> None:
    hub.start("parent", instance_id="i")
    hub.advance(10)
    moods.is_bad = False
    rewind(hub, "child")
    before = list(moods.asked)
    rewind(hub)

    assert hub.output("i") == "b"
    assert moods.asked == before


def test_purging_spares_what_was_rewound_in_the_same_turn(hub: ScriptedHub, moods: Moods) -> None:
    hub.start("chain", instance_id="i")
    hub.raise_event("i", "go", 1)
    moods.is_bad = False

    async def both() -> int:
        # A change of another instance makes both wait for the same commit.
        return (
            await asyncio.gather(
                hub.engine.start("early", instance_id="other"),
                hub.engine.rewind("i", None),
                hub.engine.purge_matching(InstanceFilter()),
            )
        )[2]

    assert hub.run(both()) == 0
    hub.crash()
    assert hub.output("i") == ["a", 1, "b"]
