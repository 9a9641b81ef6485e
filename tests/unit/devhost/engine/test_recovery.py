"""A host that dies at any commit is followed by one that brings every instance to the same end."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import azure.durable_functions as df
import pytest

from devhost.storage import queries
from devhost.storage.tables import CHILDREN, LETTERS, TASKS, TIMERS, Row, Table
from devhost.testing.scripted_hub import ScriptedHub


def story(context: Any) -> Any:
    """A bit of everything: two rounds of activity, child, timer, entity, events and a lost timer."""
    told = context.get_input() or []
    number = len(told)
    said = yield context.task_all([context.call_activity("shout", word) for word in ("a", "b")])
    child = yield context.call_sub_orchestrator("errand", number, instance_id="child")
    yield context.create_timer(context.current_utc_datetime + timedelta(seconds=10))
    total = yield context.call_entity(df.EntityId("counter", "k"), "add", 1)
    context.signal_entity(df.EntityId("counter", "k"), "add", 10)
    context.set_custom_status(number)
    limit = context.create_timer(context.current_utc_datetime + timedelta(days=1))
    event = context.wait_for_external_event("go")
    yield context.task_any([limit, event])
    limit.cancel()
    told = [*told, [said, child, total, event.result]]
    if number == 0:
        context.continue_as_new(told)
        return None
    return told


def errand(context: Any) -> Any:
    said = yield context.call_activity("shout", f"errand {context.get_input()}")
    if context.get_input() == 1:
        yield context.create_timer(context.current_utc_datetime + timedelta(seconds=5))
    return said


def shout(value: Any) -> Any:
    return value.upper()


def counter(state: Any, operation: str, value: Any) -> tuple[Any, Any]:
    return (state or 0) + value, (state or 0) + value


TOLD = [[["A", "B"], "ERRAND 0", 1, "first"], [["A", "B"], "ERRAND 1", 12, "second"]]


class HostDied(Exception):
    """Raised by a commit a test wants to be the host's last."""


def dying_at(commit: int) -> Callable[[int], None]:
    def count(number: int) -> None:
        if number >= commit:
            raise HostDied(f"after commit {number}")

    return count


def open_hub(folder: Path, *, always_replay: bool) -> ScriptedHub:
    hub = ScriptedHub(folder, always_replay=always_replay)
    hub.worker.serve(orchestrators=[story, errand], activities=[shout], entities=[counter])
    return hub


def live_on(hub: ScriptedHub) -> None:
    """Do what a client would that asks until it is granted: nothing of it twice."""
    row = queries.instance(hub.store, "i")
    if row is None:
        hub.start("story", instance_id="i")
    # Both events early: the engine keeps each until it is waited for.
    for name in ("first", "second"):
        if name not in known(hub):
            hub.run(hub.engine.raise_event("i", "go", json.dumps(name)))
    hub.advance(60)


def known(hub: ScriptedHub) -> str:
    """Everything the file tells of the instance."""
    letters = "".join(event for *_, event in queries.letters(hub.store))
    return letters + "".join(queries.history(hub.store, "i")) + str(queries.instance(hub.store, "i"))


def killed(hub: ScriptedHub, commit: int) -> bool:
    hub.store.after_commit = dying_at(commit)
    try:
        live_on(hub)
    except HostDied:
        return True
    return hub.engine.commits.failure is not None


@pytest.mark.parametrize("always_replay", [False, True], ids=["sticky", "always_replay"])
def test_a_host_that_dies_at_any_commit_loses_nothing(tmp_path: Path, always_replay: bool) -> None:
    commit = 0
    alive = False
    while not alive:
        commit += 1
        with open_hub(tmp_path / str(commit), always_replay=always_replay) as hub:
            alive = not killed(hub, commit)
            hub.crash()
            live_on(hub)

            assert hub.output("i") == TOLD, f"after a death at commit {commit}"
            assert hub.entity("counter", "k") == 22
            assert hub.status("i").custom_status_json == "1"
            assert hub.engine.live_instances == 0
    # Fewer would mean that the deaths were not spread over the story.
    assert commit > 20


@pytest.mark.parametrize("rhythm", [1, 2, 3, 5])
def test_a_host_that_dies_again_and_again_comes_to_the_same_end(tmp_path: Path, rhythm: int) -> None:
    with open_hub(tmp_path, always_replay=False) as hub:
        deaths = 0
        while killed(hub, rhythm):
            deaths += 1
            assert deaths < 200
            hub.crash()
            # What was due while no host ran fires when the next one starts.
            hub.clock.jump_to(hub.clock.now() + timedelta(seconds=30))
        hub.crash()
        live_on(hub)

        assert hub.output("i") == TOLD
        assert hub.entity("counter", "k") == 22


def test_an_ended_story_leaves_nothing_to_do(tmp_path: Path) -> None:
    with open_hub(tmp_path, always_replay=False) as hub:
        live_on(hub)
        hub.restart()
        before = len(hub.worker.deliveries)
        hub.advance(100_000)

        assert hub.output("i") == TOLD
        assert len(hub.worker.deliveries) == before
        for rows in (
            queries.open_activities(hub.store),
            queries.open_timers(hub.store),
            queries.open_children(hub.store),
            queries.letters(hub.store),
            queries.operations(hub.store),
        ):
            assert list(rows) == []


def test_numbers_go_on_above_those_on_disk(tmp_path: Path) -> None:
    with open_hub(tmp_path, always_replay=False) as hub:
        hub.worker.hold("counter")
        hub.start("story", instance_id="i")
        hub.run(hub.engine.raise_event("i", "later", "1"))
        hub.run(hub.engine.signal_entity("counter", "other", "add", '"1"'))
        highest = queries.highest_number(hub.store)
        hub.crash()
        hub.run(hub.engine.raise_event("i", "later", "2"))

        names = [json.loads(event)["Input"] for *_, event in queries.letters(hub.store) if "later" in event]
        assert names == ["1", "2"]
        assert queries.highest_number(hub.store) > highest


def test_events_kept_from_the_execution_before_come_after_the_start_of_the_next(tmp_path: Path) -> None:
    with open_hub(tmp_path, always_replay=False) as hub:
        hub.start("story", instance_id="i")
        for name in ("first", "second"):
            hub.run(hub.engine.raise_event("i", "go", json.dumps(name)))
        hub.worker.hold("story")
        hub.advance(10)
        hub.crash()
        hub.worker.release("story")
        hub.advance(60)

        assert hub.output("i") == TOLD


@pytest.mark.parametrize(
    ("table", "row"),
    [
        (LETTERS, (999, "nobody", None, "{}")),
        (TASKS, ("nobody", 0, "shout", None)),
        (TIMERS, ("nobody", 0, "2030-01-01T00:00:00.000000Z")),
        (CHILDREN, ("nobody", 0, "child")),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_passes_over_a_row_that_belongs_to_nobody_and_says_so(
    tmp_path: Path, table: Table, row: Row, caplog: pytest.LogCaptureFixture
) -> None:
    with open_hub(tmp_path, always_replay=False) as hub:
        hub.start("story", instance_id="i")
        hub.store.put(table, row)
        hub.store.commit()
        hub.crash()

        assert "of 'nobody', which is not live: passed over" in caplog.text
        assert hub.status("i").runtime_status in {"Pending", "Running"}
