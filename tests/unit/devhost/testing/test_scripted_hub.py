"""The scripted hub turns only while a test waits, and can stop, die and start again."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from devhost.testing.scripted_hub import NotCompleted, ScriptedHub


def sleeping(context: Any) -> Any:
    yield context.create_timer(context.current_utc_datetime + timedelta(seconds=10))
    return context.get_input()


def waiting(context: Any) -> Any:
    return (yield context.wait_for_external_event("go"))


def circling(context: Any) -> Any:
    yield context.call_activity("nothing", None)
    context.continue_as_new(None)


def nothing(value: Any) -> Any:
    return None


def counter(state: Any, operation: str, value: Any) -> tuple[Any, Any]:
    return (state or 0) + 1, None


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def opened(folder: Path) -> ScriptedHub:
    hub = ScriptedHub(folder)
    hub.worker.serve(orchestrators=[sleeping, waiting, circling], activities=[nothing], entities=[counter])
    return hub


def test_time_moves_only_when_it_is_told_to(folder: Path) -> None:
    with opened(folder) as hub:
        hub.start("sleeping", "dream", instance_id="i")
        hub.settle()
        before = hub.status("i").runtime_status
        hub.advance(10)

        assert (before, hub.output("i")) == ("Running", "dream")


def test_an_output_that_is_not_there_is_an_error_that_tells_the_status(folder: Path) -> None:
    with opened(folder) as hub:
        hub.start("waiting", instance_id="i")

        with pytest.raises(NotCompleted, match="'i' \\(waiting\\) is Running: None") as complaint:
            hub.output("i")
        assert complaint.value.status.instance_id == "i"


@pytest.mark.parametrize("end", ["restart", "crash"])
def test_goes_on_after_an_end_with_what_is_on_disk(folder: Path, end: str) -> None:
    with opened(folder) as hub:
        hub.start("waiting", instance_id="i")
        hub.settle()
        getattr(hub, end)()
        hub.raise_event("i", "go", "now")

        assert hub.output("i") == "now"


def test_a_crash_loses_what_is_not_on_disk(folder: Path) -> None:
    with opened(folder) as hub:
        start = hub.loop.create_task(hub.engine.start("waiting", instance_id="i"))
        hub.loop.call_soon(hub.engine.abandon)
        with pytest.raises(RuntimeError, match="abandoned"):
            hub.loop.run_until_complete(start)
        hub.crash()

        assert hub.engine.live_instances == 0


def test_says_when_a_hub_never_comes_to_rest(folder: Path) -> None:
    with opened(folder) as hub:
        hub.start("circling")

        with pytest.raises(RuntimeError, match="still busy after"):
            hub.settle()


def test_tells_an_entity_s_state_and_an_instance_s_history(folder: Path) -> None:
    with opened(folder) as hub:
        hub.start("waiting", instance_id="i")
        hub.run(hub.engine.signal_entity("counter", "k", "add", None))
        hub.settle()

        assert (hub.entity("counter", "k"), hub.entity("counter", "other")) == (1, None)
        assert [event["EventType"] for event in hub.history("i")] == [12, 0, 13]


def test_turns_the_loop_as_often_as_told(folder: Path) -> None:
    with opened(folder) as hub:
        turns: list[int] = []

        def count() -> None:
            turns.append(len(turns))
            hub.loop.call_soon(count)

        hub.loop.call_soon(count)
        hub.turn(5)

        assert len(turns) >= 5
