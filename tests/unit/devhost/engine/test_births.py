"""Parents start children under their own ids or derived ones, and hear why one cannot be."""

from typing import Any

import pytest

from devhost.engine.births import LONGEST_ID, check_id
from devhost.engine.errors import InvalidInstanceId
from devhost.storage import queries
from devhost.testing.scripted_hub import ScriptedHub


def parent(context: Any) -> Any:
    """Calls the child its input names, as often as that says, one after the other."""
    order = context.get_input()
    answers = []
    for number in range(order.get("times", 1)):
        try:
            answers.append(
                (
                    yield context.call_sub_orchestrator(
                        order["child"], number, instance_id=order.get("id"), version=order.get("version")
                    )
                )
            )
        except Exception as error:  # noqa: BLE001 - the SDK raises no other
            answers.append(str(error))
    return answers


def echo(context: Any) -> Any:
    return [context.instance_id, context.get_input(), context.parent_instance_id]


def versioned(context: Any) -> Any:
    return context.version


def waiting(context: Any) -> Any:
    yield context.wait_for_external_event("go")
    return "heard"


@pytest.fixture(autouse=True)
def app(hub: ScriptedHub) -> None:
    hub.worker.serve(orchestrators=[parent, echo, waiting, versioned])


def test_a_child_knows_its_parent_and_its_input(hub: ScriptedHub) -> None:
    hub.start("parent", {"child": "echo", "id": "c"}, instance_id="p")

    assert hub.output("p") == [["c", 0, "p"]]
    assert hub.status("c").parent_instance_id == "p"


def test_a_child_without_an_id_gets_one_from_its_parent_s_execution(hub: ScriptedHub) -> None:
    hub.start("parent", {"child": "echo"}, instance_id="p")
    [[child, *_]] = hub.output("p")
    execution = hub.history("p")[1]["OrchestrationInstance"]["ExecutionId"]

    assert child == f"{execution}:0"


@pytest.mark.parametrize("version", [None, "9"])
def test_a_child_has_the_version_it_was_called_with(hub: ScriptedHub, version: str | None) -> None:
    assert hub.output(hub.start("parent", {"child": "versioned", "version": version})) == [version or ""]


def test_a_child_s_id_that_is_running_fails_the_parent_s_task(hub: ScriptedHub) -> None:
    hub.start("waiting", instance_id="c")
    hub.settle()
    hub.start("parent", {"child": "echo", "id": "c"}, instance_id="p")

    [answer] = hub.output("p")
    assert "An Orchestration instance with the status Running already exists." in answer
    assert hub.status("c").name == "waiting"


@pytest.mark.parametrize("identity", ["@c@d", "a/b", "a" * (LONGEST_ID + 1), "\ud800"])
def test_a_child_s_id_azure_refuses_fails_the_parent_s_task(hub: ScriptedHub, identity: str) -> None:
    [answer] = hub.output(hub.start("parent", {"child": "echo", "id": identity}))

    assert "The instance id" in answer


def test_a_child_s_id_can_be_used_again_and_again(hub: ScriptedHub) -> None:
    hub.start("parent", {"child": "echo", "id": "c", "times": 4}, instance_id="p")

    assert hub.output("p") == [["c", number, "p"] for number in range(4)]
    assert len([event for event in hub.history("c") if event["EventType"] == 0]) == 1


@pytest.mark.parametrize("crash", [False, True], ids=["alive", "crashed"])
def test_an_id_can_be_used_again_in_the_commit_its_instance_ended_in(hub: ScriptedHub, crash: bool) -> None:
    hub.start("waiting", instance_id="c")
    hub.settle()
    hub.worker.hold("waiting")
    hub.worker.hold("parent")
    hub.raise_event("c", "go")
    hub.start("parent", {"child": "echo", "id": "c"}, instance_id="p")
    hub.settle()
    on_disk: list[tuple[str, str]] = []

    def look(number: int) -> None:
        row = queries.instance(hub.store, "c")
        assert row is not None
        on_disk.append((row[1], row[7]))

    hub.store.after_commit = look
    hub.worker.release("waiting")
    hub.worker.release("parent")
    hub.turn(1)
    if crash:
        hub.crash()

    assert on_disk[0] == ("echo", "Pending")
    assert hub.output("p") == [["c", 0, "p"]]
    assert [event["EventType"] for event in hub.history("c")] == [12, 0, 1, 13]


@pytest.mark.parametrize("is_known", [False, True], ids=["found on disk", "in memory"])
def test_an_instance_that_begins_anew_has_nothing_of_the_one_before(hub: ScriptedHub, is_known: bool) -> None:
    hub.start("parent", {"child": "echo", "times": 3}, instance_id="i")
    hub.settle()
    if not is_known:
        hub.restart()
    hub.start("waiting", instance_id="i")
    hub.settle()
    [[rows]] = hub.store.rows("SELECT count(*) FROM history WHERE instance = 'i'")

    assert rows == 1


def test_a_replaced_child_leaves_no_history_behind(hub: ScriptedHub) -> None:
    hub.start("waiting", instance_id="c")
    hub.raise_event("c", "go")
    before = len(hub.history("c"))
    hub.output(hub.start("parent", {"child": "echo", "id": "c"}))
    hub.crash()

    assert before > 6
    assert [event["EventType"] for event in hub.history("c")] == [12, 0, 1, 13]


@pytest.mark.parametrize("identity", ["a", "a b", "ä€😀", "a:b@c", "a" * LONGEST_ID])
def test_lets_other_ids_be(identity: str) -> None:
    check_id(identity)


@pytest.mark.parametrize(
    ("identity", "rule"),
    [("", "is empty"), ("@x", "kept for entities"), ("x\x9f", "control"), ("x" * 257, "longer than 256")],
)
def test_refuses_an_id_by_the_rule_it_breaks(identity: str, rule: str) -> None:
    with pytest.raises(InvalidInstanceId, match=rule):
        check_id(identity)
