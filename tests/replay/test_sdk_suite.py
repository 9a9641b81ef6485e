"""The histories of the SDK's own tests lead this host to the steps and ends that its authors expect.

Each is played by the adapter in its three manners, and performed by the engine, whose own history must then
lead the SDK's handle to the same answer. What cannot be used is listed below with the reason.
"""

import gc
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from rehearsal import told_by_sdk
from sdk_play import Adapter, expected_outcome, expected_steps, misnumbered, unexplained
from sdk_stage import Stage
from sdk_suite import Case, SuiteMissing, borrowed_name, collected, suite_folder

from devhost.engine.messages import Completed, ContinuedAsNew, Diverged, Failed, Outcome

pytestmark = [
    pytest.mark.filterwarnings("ignore:azure.functions (df_loads|Durable JSON codec):DeprecationWarning"),
    # One of the suite's orchestrators has a bare `except` that yields again, also when it is thrown away.
    pytest.mark.filterwarnings(
        "ignore:Exception ignored in. <generator object generator_function_try_catch"
        ":pytest.PytestUnraisableExceptionWarning"
    ),
]

GOES_ON = "tells of an episode after the orchestrator had ended"
LEAVES_OUT = "leaves out commands that are given at the same time as others"
#: Histories that no engine writes: with them as the past, the adapter must find that code and history differ.
IMPOSSIBLE = {
    "test_create_timer.test_timers_can_be_cancelled": GOES_ON,
    "test_create_timer.test_timers_can_be_cancelled_replayV2": GOES_ON,
    "test_entity.test_signal_entity_sent_and_response_received": LEAVES_OUT,
    "test_fan_out_fan_in.test_failed_parrot_value": GOES_ON,
    "test_is_replaying_flag.test_is_replaying_propagates_in_compound_task": LEAVES_OUT,
    "test_retries.test_redundant_completion_doesnt_get_processed #2": GOES_ON,
    "test_retries.test_retries_can_fail": "goes on to the next call after the failure",
    "test_sequential_orchestrator.test_call_activity_with_none_return": "names another activity",
    "test_sequential_orchestrator.test_reusing_task_in_when_any_pattern": GOES_ON,
    "test_task_any.test_continues_on_one_failure": LEAVES_OUT,
    "test_task_any.test_succeeds_on_one_result": LEAVES_OUT,
}
#: Returns what `is_replaying` was at each step: its end depends on how it is played, only replays compare.
ASKS_WHETHER_IT_REPLAYS = "test_sequential_orchestrator.test_sequential_is_replaying"
#: What the engine cannot bring about as the history tells it.
NOT_PERFORMED = {
    "test_continue_as_new.test_tokyo_state": "begins anew, and with it its history",
    "test_retries.test_retries_can_fail": IMPOSSIBLE["test_retries.test_retries_can_fail"],
    ASKS_WHETHER_IT_REPLAYS: "as above: the engine does not replay it",
}


@pytest.fixture
def cases() -> Iterator[list[Case]]:
    """What was collected, while its modules go by their own name."""
    suite = collected()
    with borrowed_name():
        yield suite.cases
        gc.collect()  # what the orchestrators leave behind is reported here, not in another test


def test_every_test_of_the_sdk_passes_and_is_heard() -> None:
    suite = collected()

    assert suite.broken == {}
    assert (suite.tests, len(suite.cases)) == (114, 110)
    names = {case.name for case in suite.cases}
    assert len(names) == len(suite.cases)
    assert {*IMPOSSIBLE, *NOT_PERFORMED} <= names


def test_leaves_the_name_of_the_tests_to_others() -> None:
    collected()
    before = _claimed()

    with borrowed_name():
        theirs = _claimed()

    assert "tests.orchestrator.orchestrator_test_utils" in theirs
    assert not theirs.items() & before.items()
    assert _claimed() == before
    assert "jsonschema" not in sys.modules


def test_says_so_when_the_wheel_came_without_its_tests() -> None:
    with pytest.raises(SuiteMissing, match=r"without the package `tests` .* make setup"):
        suite_folder(())


def test_takes_the_steps_the_sdk_expects(cases: list[Case]) -> None:
    turns = {case.name: (case, Adapter(case).whole()) for case in cases}

    wrong = {name: unexplained(turn.commands, expected_steps(case)) for name, (case, turn) in turns.items()}
    assert {name: found for name, found in wrong.items() if found} == {}
    assert [name for name, (_, turn) in turns.items() if misnumbered(turn.commands)] == []


def test_comes_to_the_ends_the_sdk_expects(cases: list[Case]) -> None:
    turns = {case.name: (case, Adapter(case).whole()) for case in cases}

    ends = {name: (turn.outcome, expected_outcome(case)) for name, (case, turn) in turns.items()}
    del ends[ASKS_WHETHER_IT_REPLAYS]
    assert {name: both for name, both in ends.items() if both[0] != both[1]} == {}
    shown = {name: (turn.custom_status_json, case) for name, (case, turn) in turns.items()}
    assert {
        name for name, (text, case) in shown.items() if _status(text) != case.answer.get("customStatus")
    } == set()


def test_comes_to_them_after_a_replay_too(cases: list[Case]) -> None:
    ends = {case.name: (Adapter(case).replayed().outcome, expected_outcome(case)) for case in cases}

    different = {name: both for name, both in ends.items() if both[0] != both[1]}
    assert different.keys() == IMPOSSIBLE.keys()
    assert all(isinstance(ours, Diverged) for ours, _ in different.values())


def test_comes_to_them_when_it_is_kept_between_the_episodes(cases: list[Case]) -> None:
    for case in cases:
        turn, commands = Adapter(case).kept()

        whole = Adapter(case).whole()
        assert (case.name, turn.outcome) == (case.name, whole.outcome)
        assert (case.name, commands) == (case.name, whole.commands)


def test_tells_news_from_the_past_as_the_sdk_does(cases: list[Case]) -> None:
    asked = [case for case in cases if case.is_replaying is not None]
    marked = [case for case in asked if any(event["IsPlayed"] for event in Adapter(case).marked_news())]

    for case in asked:
        held: Any = Adapter(case).replayed().held
        if case.name not in IMPOSSIBLE:
            # News are never marked as played by an engine; the suite's builder does it by default.
            assert (case.name, held._context.is_replaying) == (
                case.name,
                case not in marked and case.is_replaying,
            )
    assert (len(asked), len(marked)) == (6, 2)


@pytest.mark.parametrize("replay", ["kept", "always"])
def test_the_engines_own_histories_lead_the_sdk_to_the_same_answers(
    cases: list[Case], tmp_path: Path, replay: str
) -> None:
    performed = [case for case in cases if case.name not in NOT_PERFORMED]
    for number, case in enumerate(performed):
        stage = Stage(case, tmp_path / str(number), always_replay=replay == "always")
        try:
            stage.perform()
            _compare(case, stage)
        finally:
            stage.close()
    assert len(performed) == 110 - len(NOT_PERFORMED)


def _claimed() -> dict[str, ModuleType]:
    return {name: module for name, module in sys.modules.items() if name.partition(".")[0] == "tests"}


def _compare(case: Case, stage: Stage) -> None:
    told = told_by_sdk(case.function, stage.history(), None, instance_id=str(case.body["instanceId"]))
    expected = expected_outcome(case)
    assert (case.name, told.asked) == (case.name, [step for step, _ in expected_steps(case)])
    assert (case.name, _in_short(told.outcome)) == (case.name, _in_short(expected))
    assert (case.name, told.custom_status) == (case.name, case.answer.get("customStatus"))
    if expected is not None:
        stage.let_end()
    status = stage.status()
    assert (case.name, status.runtime_status) == (case.name, _state(expected))
    if isinstance(expected, Completed):
        assert (case.name, status.output_text) == (case.name, expected.output_json)


def _in_short(outcome: Outcome | None) -> Any:
    # The engine puts a failed task's reason into Azure's words; the suite writes the reason alone.
    return "Reasons" in outcome.error or outcome if isinstance(outcome, Failed) else outcome


def _state(outcome: Outcome | None) -> str:
    assert not isinstance(outcome, ContinuedAsNew)
    return "Running" if outcome is None else type(outcome).__name__


def _status(text: str | None) -> Any:
    return None if text is None else json.loads(text)
