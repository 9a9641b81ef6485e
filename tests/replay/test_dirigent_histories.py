"""Runs recorded once are replayed by today's orchestrators; one that was changed must be found out.

None is recorded anew to make a test pass: runs that began with former code go on with today's.
New ones are recorded, and those that are there already left alone, by

    PYTHONPATH=.:tests/acceptance:tests/oracle .venv/bin/python tests/replay/test_dirigent_histories.py
"""

import json
import tempfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from content_host import content_host
from golden_history import GoldenHistory

from devhost.engine.history import COMMANDS
from devhost.engine.messages import Completed, Diverged, Failed
from dirigent import codec
from dirigent.domain.runs import StartRun
from dirigent.domain.sequences import Sequence, Settled
from dirigent.ports.orchestration import Context, Steps
from orchestrators import ORCHESTRATORS
from orchestrators.asking import asking, now

GOLDEN = Path(__file__).parent / "golden_runs"

BUSY = {"agent": "writer", "times": 2, "fault": {"status": 429, "retry_after": 20}}
REFUSED = {"agent": "writer", "fault": {"status": 400}}
SCENARIOS: dict[str, Any] = {
    "content": {},
    "content_after_retries": {"faults": [BUSY]},
    "content_failed": {"faults": [REFUSED]},
}


def read(name: str) -> GoldenHistory:
    return GoldenHistory.read(GOLDEN / f"{name}.json")


def code(name: str) -> Callable[..., Any]:
    """Today's orchestrator of that name."""
    return next(function for function in ORCHESTRATORS if function.__name__ == name)


def test_every_history_belongs_to_a_scenario() -> None:
    assert sorted(path.stem for path in GOLDEN.iterdir()) == sorted(SCENARIOS)


@pytest.mark.parametrize("name", SCENARIOS)
def test_takes_no_other_step_in_any_replay(name: str) -> None:
    golden = read(name)
    turns = [
        golden.play(code(golden.orchestrator), past=golden.past(episodes), news=())
        for episodes in range(1, len(golden.episodes))
    ]

    assert [(turn.commands, turn.outcome) for turn in turns] == [((), None)] * (len(golden.episodes) - 1)


@pytest.mark.parametrize("name", SCENARIOS)
def test_asks_for_as_much_in_each_episode_as_it_did(name: str) -> None:
    golden = read(name)
    turns = [
        golden.play(code(golden.orchestrator), past=golden.past(number), news=golden.news(number))
        for number in range(len(golden.episodes))
    ]

    asked = [[event for event in told if event["EventType"] in COMMANDS] for told in golden.episodes]
    assert [[command.id for command in turn.commands] for turn in turns] == [
        [event["EventId"] for event in events] for events in asked
    ]


@pytest.mark.parametrize("name", SCENARIOS)
def test_ends_as_it_did(name: str) -> None:
    golden = read(name)
    last = len(golden.episodes) - 1
    played = golden.play(code(golden.orchestrator), past=golden.past(last), news=golden.news(last))

    if golden.end["OrchestrationStatus"] == "Completed":
        assert played.outcome == Completed(output_json=golden.end["Result"])
    else:
        assert isinstance(played.outcome, Failed)
        assert golden.end["Result"].endswith(played.outcome.error)


def hasty(context: Context) -> Steps:
    """`sequential`, changed so that its last two steps change places."""
    start = codec.decode(StartRun, context.get_input())
    deadline = now(context) + timedelta(seconds=start.timeout)
    *first, edit, publish = start.plan
    state = Sequence(start=codec.decode(StartRun, codec.encode(start) | swapped(first, publish, edit)))
    while not isinstance(move := state.next_move(), Settled):
        [outcome] = yield from asking(context, start, (move,), deadline)
        state = state.hear(outcome)
    return {"task_id": start.run, "status": "completed"}


def swapped(first: Any, *last: Any) -> dict[str, Any]:
    return {"plan": codec.encode((*first, *last))}


def test_refuses_an_orchestrator_that_was_changed() -> None:
    golden = read("content")
    turn = golden.play(hasty, past=golden.past(len(golden.episodes) - 1), news=())

    assert isinstance(turn.outcome, Diverged)
    assert "'publish_artifact'" in turn.outcome.error


def record(name: str, script: Any) -> None:
    """Run the scenario on a virtual clock and keep its history."""
    with (
        tempfile.TemporaryDirectory() as folder,
        content_host(Path(folder), script=script, replay="always") as host,
    ):
        run = host.start({"topic": "tides"})["task_id"]
        host.ended(run)
        events = host.host.history(run)
    GOLDEN.mkdir(exist_ok=True)
    text = json.dumps({"orchestrator": "sequential", "events": events}, indent=1)
    (GOLDEN / f"{name}.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    for missing in sorted(set(SCENARIOS) - {path.stem for path in GOLDEN.glob("*.json")}):
        record(missing, SCENARIOS[missing])
        print(f"recorded {missing}")
