"""Replays of many dead letters, recorded once, are replayed by today's orchestrator.

None is recorded anew to make a test pass. New ones are recorded, and those that are there left alone, by

    PYTHONPATH=.:tests/acceptance:tests/oracle .venv/bin/python tests/replay/test_redriving_histories.py
"""

import json
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from content_host import content_host
from event_catalogue import TOPIC, asking, subscribed
from golden_history import GoldenHistory

from devhost.engine.history import COMMANDS
from devhost.engine.messages import Completed, Diverged, Event, ScheduleActivity
from devhost.options import Replay
from dirigent import codec
from dirigent.domain.redrives import Redrive
from dirigent.ports.orchestration import Context, Steps
from orchestrators.hearing import now
from orchestrators.redriving import redriving

GOLDEN = Path(__file__).parent / "golden_redrives"

#: What is asked for, of how many letters, and how often their agent refuses.
SCENARIOS: dict[str, tuple[dict[str, Any], int, int]] = {
    "redriving": ({"rate": 5}, 12, 12),
    "redriving_stopped": ({"rate": 1, "stop_after": 1}, 12, 100),
}


def read(name: str) -> GoldenHistory:
    return GoldenHistory.read(GOLDEN / f"{name}.json")


def test_every_history_belongs_to_a_scenario() -> None:
    assert sorted(path.stem for path in GOLDEN.iterdir()) == sorted(SCENARIOS)


@pytest.mark.parametrize("name", SCENARIOS)
def test_takes_no_other_step_in_any_replay(name: str) -> None:
    golden = read(name)
    turns = [
        golden.play(redriving, past=golden.past(episodes), news=())
        for episodes in range(1, len(golden.episodes))
    ]

    assert [(turn.commands, turn.outcome) for turn in turns] == [((), None)] * (len(golden.episodes) - 1)


@pytest.mark.parametrize("name", SCENARIOS)
def test_asks_for_as_much_in_each_episode_as_it_did(name: str) -> None:
    golden = read(name)
    turns = [
        golden.play(redriving, past=golden.past(number), news=golden.news(number))
        for number in range(len(golden.episodes))
    ]

    found = [
        [
            (command.id, command.name if isinstance(command, ScheduleActivity) else None)
            for command in turn.commands
        ]
        for turn in turns
    ]
    assert found == [asked(episode) for episode in golden.episodes]


@pytest.mark.parametrize("name", SCENARIOS)
def test_ends_as_it_did(name: str) -> None:
    golden = read(name)
    last = len(golden.episodes) - 1

    played = golden.play(redriving, past=golden.past(last), news=golden.news(last))

    assert played.outcome == Completed(output_json=golden.end["Result"])


def hasty(context: Context) -> Steps:
    """`redriving`, changed so that it waits before its first go."""
    redrive = codec.decode(Redrive, context.get_input())
    yield context.create_timer(now(context) + timedelta(seconds=redrive.size))
    return (yield from redriving(context))


def test_refuses_an_orchestrator_that_was_changed() -> None:
    golden = read("redriving")
    turn = golden.play(hasty, past=golden.past(len(golden.episodes) - 1), news=())

    assert isinstance(turn.outcome, Diverged)
    assert "'redrive'" in turn.outcome.error


@pytest.mark.parametrize("replay", ["sticky", "always"])
def test_asks_for_the_same_however_it_is_replayed(replay: Replay, tmp_path: Path) -> None:
    events = history("redriving", tmp_path, replay)

    assert asked(events) == asked(read("redriving").past(1_000))


def asked(events: Any) -> list[tuple[Any, ...]]:
    """What was asked for."""
    return [(event["EventId"], event.get("Name")) for event in events if event["EventType"] in COMMANDS]


def history(name: str, folder: Path, replay: Replay) -> list[Event]:
    """Let events come to nothing and have them told again; all that was written down of that."""
    wish, number, refusals = SCENARIOS[name]
    catalogue = subscribed(
        folder,
        {"analyse": asking("ann")},
        {"analyser": {"topic": "data", "workflow": "analyse", "with": TOPIC}},
    )
    script = {"faults": [{"agent": "ann", "times": refusals, "fault": {"status": 400}}]}
    told = [{"type": "Seen", "id": f"e{each}", "data": {"topic": "tides"}} for each in range(number)]
    with content_host(folder, script=script, catalogue=catalogue, replay=replay) as content:
        assert content.host.request("POST", "/api/events/data", json=told).status == 202
        content.host.advance(60)
        started = content.host.request("POST", "/api/dead-letters/replay", json=wish)
        assert started.status == 202, started.text
        redrive: str = started.json()["replay_id"]
        content.host.result(redrive)
        return content.host.history(redrive)


def record(name: str) -> None:
    """Keep the history of the scenario."""
    with tempfile.TemporaryDirectory() as folder:
        events = history(name, Path(folder), "always")
    text = json.dumps({"orchestrator": "redriving", "events": events}, indent=1)
    GOLDEN.mkdir(exist_ok=True)
    (GOLDEN / f"{name}.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    for missing in sorted(set(SCENARIOS) - {path.stem for path in GOLDEN.glob("*.json")}):
        record(missing)
        print(f"recorded {missing}")
