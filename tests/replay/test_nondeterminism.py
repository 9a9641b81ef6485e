"""An orchestrator that takes other steps than its history tells is found out, and told at which step."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from devhost.options import Replay
from devhost.testing import LocalHost, OrchestrationFailed

HEAD = """
import os
import random
import time
import uuid
from datetime import timedelta

import azure.durable_functions as df
import azure.functions as func

app = df.DFApp(http_auth_level=func.AuthLevel.ANONYMOUS)


@app.activity_trigger(input_name="word")
def one(word: str) -> str:
    return word


@app.activity_trigger(input_name="word")
def two(word: str) -> str:
    return word


@app.entity_trigger(context_name="context")
def note(context: df.DurableEntityContext):
    context.set_result(1)


@app.orchestration_trigger(context_name="context")
def child(context: df.DurableOrchestrationContext):
    return (yield context.call_activity("one", "child"))


@app.orchestration_trigger(context_name="context")
def story(context: df.DurableOrchestrationContext):
"""

FIRST_DRAFT = """
    yield context.call_activity("one", "first")
    yield context.create_timer(context.current_utc_datetime + timedelta(seconds=1))
    yield context.call_sub_orchestrator("child")
    yield context.call_entity(df.EntityId("note", "mine"), "read")
    yield context.wait_for_external_event("Go on")
    return (yield context.call_activity("one", "last"))
"""

REPLAYS: tuple[Replay, ...] = ("sticky", "always")

Write = Callable[[str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes the app anew, with this for the story, and returns its folder."""
    folder = tmp_path / "app"
    folder.mkdir()
    (folder / "host.json").write_text('{"version": "2.0"}', encoding="utf-8")

    def write_story(story: str) -> Path:
        (folder / "function_app.py").write_text(HEAD + story, encoding="utf-8")
        return folder

    return write_story


def begun(app: Path, state: Path) -> None:
    """Run the story up to its wait, and stop the host."""
    with LocalHost(app, state=state) as host:
        host.start("story", instance_id="story")
        host.advance(10)
        assert host.status("story").runtime_status == "Running"


def gone_on(app: Path, state: Path, replay: Replay) -> Any:
    """Take the story up again, and see how it ends."""
    with LocalHost(app, state=state, replay=replay) as host:
        host.raise_event("story", "Go on")
        return host.result("story")


@pytest.mark.parametrize("replay", REPLAYS)
def test_goes_on_where_the_story_is_the_same(write: Write, tmp_path: Path, replay: Replay) -> None:
    begun(write(FIRST_DRAFT), tmp_path / "state")
    app = write(FIRST_DRAFT.replace('"last"', '"changed after the wait"'))

    assert gone_on(app, tmp_path / "state", replay) == "changed after the wait"


@pytest.mark.parametrize(
    ("before", "after", "difference"),
    [
        (
            'call_activity("one", "first")',
            'call_activity("two", "first")',
            "step 1 was activity 'one' when the orchestrator first ran, replayed it is activity 'two'",
        ),
        (
            "    yield context.create_timer(context.current_utc_datetime + timedelta(seconds=1))\n",
            "",
            "step 2 was a timer when the orchestrator first ran, replayed it is sub-orchestration 'child'",
        ),
        (
            'call_sub_orchestrator("child")',
            'call_activity("two", "no child")',
            (
                "step 3 was sub-orchestration 'child' when the orchestrator first ran, "
                "replayed it is activity 'two'"
            ),
        ),
        (
            'EntityId("note", "mine"), "read"',
            'EntityId("note", "yours"), "read"',
            (
                "step 4 was entity operation 'read' on @note@mine when the orchestrator first ran, "
                "replayed it is entity operation 'read' on @note@yours"
            ),
        ),
        (
            'wait_for_external_event("Go on")',
            'call_activity("two", "no wait")',
            "step 5 was nothing when the orchestrator first ran, replayed it is activity 'two'",
        ),
        (
            'yield context.call_entity(df.EntityId("note", "mine"), "read")',
            "pass",
            (
                "step 4 was entity operation 'read' on @note@mine when the orchestrator first ran, "
                "replayed it is nothing"
            ),
        ),
        (
            '    yield context.wait_for_external_event("Go on")\n',
            '    return "early"\n',
            "step 5 was a wait when the orchestrator first ran, replayed it is its end (Completed)",
        ),
    ],
    ids=["name", "left out", "kind", "entity", "put in", "cut short", "ended"],
)
@pytest.mark.parametrize("replay", REPLAYS)
def test_names_the_first_step_that_differs_after_an_edit(
    write: Write, tmp_path: Path, *, before: str, after: str, difference: str, replay: Replay
) -> None:
    assert before in FIRST_DRAFT
    begun(write(FIRST_DRAFT), tmp_path / "state")
    app = write(FIRST_DRAFT.replace(before, after))

    with pytest.raises(OrchestrationFailed, match="Non-Deterministic workflow detected") as failure:
        gone_on(app, tmp_path / "state", replay)

    assert difference in str(failure.value)
    assert failure.value.status == "Failed"


@pytest.mark.parametrize("replay", REPLAYS)
def test_keeps_a_story_that_is_not_in_the_app_until_it_is_there_again(
    write: Write, tmp_path: Path, replay: Replay
) -> None:
    app = write(FIRST_DRAFT)
    begun(app, tmp_path / "state")
    write(FIRST_DRAFT).joinpath("function_app.py").write_text(
        (HEAD + FIRST_DRAFT).replace("def story(", "def another_story("), encoding="utf-8"
    )
    with LocalHost(app, state=tmp_path / "state", replay=replay) as host:
        host.raise_event("story", "Go on")
        host.settle()
        assert host.status("story").runtime_status == "Running"

    with LocalHost(write(FIRST_DRAFT), state=tmp_path / "state", replay=replay) as host:
        assert host.result("story") == "last"


def test_carries_nothing_out_that_a_changed_story_asks_for(write: Write, tmp_path: Path) -> None:
    begun(write(FIRST_DRAFT), tmp_path / "state")
    app = write(FIRST_DRAFT.replace('wait_for_external_event("Go on")', 'call_activity("two", "no wait")'))

    with LocalHost(app, state=tmp_path / "state") as host:
        host.raise_event("story", "Go on")
        with pytest.raises(OrchestrationFailed):
            host.result("story")

        scheduled = [event["Name"] for event in host.history("story") if event["EventType"] == 4]
    assert scheduled == ["one"]


@pytest.mark.parametrize(
    "decider",
    ["random.random()", "time.time_ns()", "uuid.uuid4()", "os.urandom(8).hex()"],
)
def test_finds_out_who_decides_by_dice_or_clock_when_always_replaying(write: Write, decider: str) -> None:
    app = write(
        f"""
    yield context.call_entity(df.EntityId("note", str({decider})), "read")
    return (yield context.call_activity("one", "last"))
"""
    )

    with LocalHost(app, replay="always") as host:
        host.start("story", instance_id="story")
        with pytest.raises(
            OrchestrationFailed, match="step 1 was entity operation 'read' on @note@"
        ) as failure:
            host.result("story")

    assert "no clock, random number, environment or I/O" in str(failure.value)


def test_overlooks_dice_where_the_orchestrator_is_kept_where_it_waits(write: Write) -> None:
    app = write(
        """
    yield context.call_entity(df.EntityId("note", str(random.random())), "read")
    return (yield context.call_activity("one", "last"))
"""
    )

    with LocalHost(app, replay="sticky") as host:
        host.start("story", instance_id="story")

        assert host.result("story") == "last"
