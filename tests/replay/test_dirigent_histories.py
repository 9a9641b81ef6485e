"""Runs recorded once are replayed by today's orchestrators; one that was changed must be found out.

None is recorded anew to make a test pass: runs that began with former code go on with today's.
New ones are recorded, and those that are there already left alone, by

    PYTHONPATH=.:tests/acceptance:tests/oracle .venv/bin/python tests/replay/test_dirigent_histories.py
"""

import json
import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from content_host import content_host
from driver import ROOT
from golden_history import GoldenHistory

from devhost.engine.history import COMMANDS, EventType
from devhost.engine.messages import (
    Command,
    Completed,
    Diverged,
    Event,
    Failed,
    ScheduleActivity,
    SendToEntity,
)
from devhost.options import Replay
from dirigent import codec
from dirigent.domain import sequences
from dirigent.domain.pendings import Call
from dirigent.domain.runs import StartRun
from dirigent.ports.orchestration import Context, Steps
from orchestrators import ORCHESTRATORS
from orchestrators.asking import asking
from orchestrators.hearing import now

GOLDEN = Path(__file__).parent / "golden_runs"

FAR = datetime(2040, 1, 1, tzinfo=UTC)
BUSY = {"agent": "writer", "times": 2, "fault": {"status": 429, "retry_after": 20}}
REFUSED = {"agent": "writer", "fault": {"status": 400}}
ILL = {"agent": "writer", "deployment": "gpt-4o", "fault": {"status": 500}}
IMPATIENT = {"agents/editorial.yaml": {"writer": {"retry": {"initial_delay": 1}}}}
SPARE = {
    "models.yaml": {
        "main": {"breaker": {"failures": 1}},
        "spare": {"deployment": "gpt-4o-mini", "breaker": {"failures": 1}},
    },
    "agents/editorial.yaml": {"writer": {"fallback": {"model": "spare"}}},
}


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """What is done to a run."""

    script: Any = field(default_factory=dict)
    #: What the catalogue declares otherwise, by file.
    declared: Any = field(default_factory=dict)
    #: It begins just after another run of the account, and the edge has looked away.
    is_second: bool = False


SCENARIOS = {
    # Accepted before there were gates.
    "content": Scenario(),
    "content_after_retries": Scenario(script={"faults": [BUSY]}),
    "content_failed": Scenario(script={"faults": [REFUSED]}),
    "guarded": Scenario(),
    "guarded_after_circuit": Scenario(
        script={"faults": [ILL | {"times": 2}]},
        declared={"models.yaml": {"main": {"breaker": {"failures": 2}}}, **IMPATIENT},
    ),
    "guarded_degraded": Scenario(script={"faults": [ILL]}, declared=SPARE),
    "guarded_degraded_in_vain": Scenario(
        script={"faults": [ILL, ILL | {"deployment": "gpt-4o-mini"}]}, declared=SPARE
    ),
    "guarded_late": Scenario(
        declared={"accounts.yaml": {"default": {"limits": {"burst": "unlimited", "minute": 1}}}},
        is_second=True,
    ),
    "guarded_refused": Scenario(
        declared={"accounts.yaml": {"default": {"limits": {"hour": 1, "minute": 1}}}}, is_second=True
    ),
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

    assert [[meaning(command) for command in turn.commands] for turn in turns] == [
        asked(episode) for episode in golden.episodes
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


@pytest.mark.parametrize("name", [name for name in SCENARIOS if name.startswith("guarded")])
def test_asks_for_the_same_however_it_is_replayed(name: str, tmp_path: Path) -> None:
    always = history(SCENARIOS[name], tmp_path / "always", "always")
    sticky = history(SCENARIOS[name], tmp_path / "sticky", "sticky")

    assert asked(sticky) == asked(always)
    assert asked(always) == asked(read(name).past(1_000))
    assert always[-2]["OrchestrationStatus"] == sticky[-2]["OrchestrationStatus"]


def asked(events: Sequence[Event]) -> list[tuple[Any, ...]]:
    """What was asked for, and of whom."""
    return [(event["EventId"], *_addressee(event)) for event in events if event["EventType"] in COMMANDS]


def _addressee(event: Event) -> tuple[Any, ...]:
    if event["EventType"] == EventType.EVENT_SENT:
        sent = json.loads(event["Input"])
        return event["InstanceId"], sent["op"], sent["signal"]
    return (event.get("Name"),)


def meaning(command: Command) -> tuple[Any, ...]:
    """The same of what is being asked for."""
    if isinstance(command, SendToEntity):
        return command.id, command.target, command.operation, command.is_signal
    return command.id, command.name if isinstance(command, ScheduleActivity) else None


def hasty(context: Context) -> Steps:
    """`sequential`, changed so that its last two steps change places."""
    start = codec.decode(StartRun, context.get_input())
    deadline = now(context) + timedelta(seconds=start.timeout)
    *first, edit, publish = start.plan
    state = sequences.Sequence(
        start=codec.decode(StartRun, codec.encode(start) | swapped(first, publish, edit))
    )
    while not isinstance(move := state.next_move(), sequences.Settled):
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


def unguarded(context: Context) -> Steps:
    """`sequential`, changed so that it passes no gate."""
    start = codec.decode(StartRun, context.get_input())
    ungated = codec.encode(start) | {"max_wait": None}
    return (yield from asking(context, codec.decode(StartRun, ungated), (Call(step=start.plan[0]),), FAR))


def test_refuses_an_orchestrator_that_passes_no_gate_any_more() -> None:
    golden = read("guarded")
    turn = golden.play(unguarded, past=golden.past(len(golden.episodes) - 1), news=())

    assert isinstance(turn.outcome, Diverged)
    assert "'ask_agent'" in turn.outcome.error


def history(scenario: Scenario, folder: Path, replay: Replay) -> list[Event]:
    """Run the scenario on a virtual clock; all that was written down of its run."""
    folder.mkdir(exist_ok=True)
    catalogue = declare(folder / "catalogue", scenario.declared)
    with content_host(folder, script=scenario.script, catalogue=catalogue, replay=replay) as host:
        run = host.start({"topic": "tides"})["task_id"]
        host.ended(run)
        if scenario.is_second:
            first, run = run, run[:-1] + ("0" if run[-1] != "0" else "1")
            accepted = json.loads(json.loads(host.host.history(first)[1]["Input"]))
            host.host.start("sequential", input=accepted | {"run": run}, instance_id=run)
            host.ended(run)
        return host.host.history(run)


def declare(folder: Path, declared: Any) -> Path:
    """The app's catalogue, with some things declared otherwise."""
    shutil.copytree(ROOT / "catalogue", folder)
    for name, entries in declared.items():
        path = folder / name
        found = yaml.safe_load(path.read_text(encoding="utf-8")) if path.exists() else {}
        for key, values in entries.items():
            found[key] = found.get(key, {}) | values
        path.write_text(yaml.safe_dump(found), encoding="utf-8")
    return folder


def record(name: str) -> None:
    """Keep the history of the scenario's run."""
    with tempfile.TemporaryDirectory() as folder:
        events = history(SCENARIOS[name], Path(folder), "always")
    text = json.dumps({"orchestrator": "sequential", "events": events}, indent=1)
    (GOLDEN / f"{name}.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    for missing in sorted(set(SCENARIOS) - {path.stem for path in GOLDEN.glob("*.json")}):
        record(missing)
        print(f"recorded {missing}")
