"""Starting later and again, forgetting many, listing entities, versions a host does not run."""

import json
from datetime import timedelta
from typing import Any

import pytest

from devhost.engine.errors import InstanceConflict, InstanceNotFound, InvalidRequest
from devhost.engine.hub import EntityFilter, InstanceFilter
from devhost.engine.versions import VersionPolicy
from devhost.testing.scripted_hub import ScriptedHub
from devhost.testing.virtual_clock import START


def echo(context: Any) -> Any:
    said = yield context.call_activity("say", context.get_input())
    return [said, context.version]


def waiting(context: Any) -> Any:
    return (yield context.wait_for_external_event("go"))


def say(value: Any) -> Any:
    return value


def counter(state: Any, _operation: str, _value: Any) -> tuple[Any, Any]:
    return (state or 0) + 1, None


@pytest.fixture(autouse=True)
def _served(hub: ScriptedHub) -> None:
    hub.worker.serve(orchestrators=[echo, waiting], activities=[say])


@pytest.mark.parametrize("crash", [False, True])
def test_starts_at_the_instant_it_was_scheduled_for(hub: ScriptedHub, crash: bool) -> None:
    hub.run(hub.engine.start("echo", instance_id="i", input_json='"1"', at=START + timedelta(hours=1)))
    hub.advance(3_599)
    before = hub.status("i").runtime_status
    if crash:
        hub.crash()
    hub.advance(1)

    assert before == "Pending"
    assert hub.output("i") == [1, ""]


def test_a_scheduled_instance_can_be_terminated_and_never_starts(hub: ScriptedHub) -> None:
    hub.run(hub.engine.start("echo", instance_id="i", input_json='"1"', at=START + timedelta(hours=1)))
    hub.run(hub.engine.terminate("i", "not wanted"))
    hub.advance(7_200)

    assert hub.status("i").runtime_status == "Terminated"
    assert hub.worker.delivered("say") == []
    assert hub.clock.next_due() is None


def test_restarts_with_the_same_input_and_version_under_a_new_id(hub: ScriptedHub) -> None:
    hub.start("echo", {"a": 1}, instance_id="i", version="7")
    hub.settle()
    again = hub.run(hub.engine.restart("i"))

    assert again != "i"
    assert hub.output(again) == hub.output("i") == [{"a": 1}, "7"]


def test_restarts_in_place_when_asked(hub: ScriptedHub) -> None:
    hub.start("echo", 1, instance_id="i")
    hub.settle()
    first = hub.status("i").created
    hub.clock.jump_to(START + timedelta(seconds=9))

    assert hub.run(hub.engine.restart("i", with_new_id=False)) == "i"
    assert hub.output("i") == [1, ""]
    assert hub.status("i").created > first


def test_does_not_restart_in_place_what_still_runs_nor_what_is_not_there(hub: ScriptedHub) -> None:
    hub.start("waiting", instance_id="i")

    with pytest.raises(InstanceConflict, match="already exists"):
        hub.run(hub.engine.restart("i", with_new_id=False))
    with pytest.raises(InstanceNotFound):
        hub.run(hub.engine.restart("nobody"))


def test_forgets_the_ended_instances_a_filter_lets_through(hub: ScriptedHub) -> None:
    for second in range(3):
        hub.start("echo", second, instance_id=f"e{second}")
        hub.advance(10)
    hub.start("waiting", instance_id="w")
    wanted = InstanceFilter(created_from=START + timedelta(seconds=5))

    assert hub.run(hub.engine.purge_matching(wanted)) == 2
    assert hub.run(hub.engine.purge_matching(wanted)) == 0
    left = hub.run(hub.engine.instances(InstanceFilter())).instances
    assert [status.instance_id for status in left] == ["e0", "w"]


def test_forgets_none_when_only_running_ones_are_asked_for(hub: ScriptedHub) -> None:
    hub.start("echo", 1, instance_id="i")
    hub.settle()

    assert hub.run(hub.engine.purge_matching(InstanceFilter(runtime_statuses=frozenset({"Running"})))) == 0
    assert hub.status("i").runtime_status == "Completed"


def test_lists_entities_by_page_and_filter(hub: ScriptedHub) -> None:
    hub.worker.serve(entities=[counter])
    for key in ("c", "a", "b"):
        hub.run(hub.engine.signal_entity("Counter", key, "add", None))
        hub.advance(10)

    pages, continuation = [], None
    while True:
        wanted = EntityFilter(name="COUNTER", top=2, continuation=continuation)
        page = hub.run(hub.engine.entities(wanted))
        pages.append([entity.key for entity in page.entities])
        continuation = page.continuation
        if continuation is None:
            break
    late = hub.run(hub.engine.entities(EntityFilter(last_operation_from=START + timedelta(seconds=5))))

    assert pages == [["a", "b"], ["c"]]
    assert [entity.key for entity in late.entities] == ["a", "b"]
    assert {json.loads(str(entity.state_json)) for entity in late.entities} == {1}
    assert hub.run(hub.engine.entities(EntityFilter(name="count"))).entities == ()


def test_refuses_a_made_up_continuation(hub: ScriptedHub) -> None:
    with pytest.raises(InvalidRequest, match="start the listing again"):
        hub.run(hub.engine.entities(EntityFilter(continuation="made up")))


def test_keeps_an_instance_of_another_version_for_another_host(
    hub: ScriptedHub, caplog: pytest.LogCaptureFixture
) -> None:
    hub.versions = VersionPolicy(own="1.0", strategy="Strict")
    hub.crash()
    hub.start("echo", 1, instance_id="i", version="2.0")
    hub.settle()
    refused = hub.status("i").runtime_status
    hub.versions = VersionPolicy(own="2.0", strategy="Strict")
    hub.crash()

    assert refused == "Pending"
    assert "its version is '2.0' and this host runs '1.0' only (Strict)" in caplog.text
    assert hub.output("i") == [1, "2.0"]


def test_fails_an_instance_of_another_version_when_told_to(
    hub: ScriptedHub, caplog: pytest.LogCaptureFixture
) -> None:
    hub.versions = VersionPolicy(own="1.0", strategy="CurrentOrOlder", on_mismatch="Fail")
    hub.crash()
    hub.start("echo", 1, instance_id="i", version="1.1")
    hub.settle()

    assert hub.status("i").runtime_status == "Failed"
    assert "Version mismatch: its version '1.1' is newer than this host's '1.0'" in str(
        hub.status("i").output_text
    )
    assert "Instance 'i' (echo) fails: its version '1.1' is newer" in caplog.text
