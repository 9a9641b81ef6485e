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
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from content_host import content_host
from driver import ROOT
from golden_flows import FLOWS
from golden_history import GoldenHistory
from msgspec.structs import replace
from pattern_catalogue import compose

from devhost.engine.history import COMMANDS, EventType
from devhost.engine.messages import (
    Command,
    Completed,
    Diverged,
    Event,
    Failed,
    ScheduleActivity,
    SendToEntity,
    StartChild,
)
from devhost.options import Replay
from dirigent import codec
from dirigent.domain import sequences
from dirigent.domain.gatherings import Gathering
from dirigent.domain.run_ids import child_id
from dirigent.domain.runs import StartRun
from dirigent.ports.orchestration import Context, Steps
from orchestrators import ORCHESTRATORS
from orchestrators.asking import asking
from orchestrators.conducting import conducting

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


def slow(agent: str, seconds: float) -> dict[str, Any]:
    return {"agent": agent, "fault": {"slow": seconds}}


#: No two answers come at the same instant: which is heard first would be anybody's guess.
TROUBLE = {
    "faults": [
        slow("quick", 1),
        slow("slow", 2),
        {"agent": "busy", "times": 1, "fault": {"status": 503, "retry_after": 3}},
        {"agent": "lost", "fault": {"status": 400}},
        {"agent": "silent", "fault": "timeout"},
    ],
    "answers": [
        {"agent": "quick", "answer": "Yes."},
        {"agent": "slow", "answer": "yes"},
        {"agent": "head", "times": 1, "answer": {"kind": "wide"}},
    ],
}
DIVIDED = {
    "faults": [slow("quick", 1), slow("slow", 2), slow("busy", 3), slow("merger", 5)],
    "answers": [{"agent": "merger", "answer": {"quick": "A", "slow": "B", "busy": "C"}}],
}


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """What is done to a run."""

    script: Any = field(default_factory=dict)
    #: What the catalogue declares otherwise, by file.
    declared: Any = field(default_factory=dict)
    #: It begins just after another run of the account, and the edge has looked away.
    is_second: bool = False
    #: Of those that are kept for this; without one it is the app's own, of one article.
    flow: str = ""
    #: The instance is that of the step of a step … of the run.
    path: tuple[str, ...] = ()


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
    "fan_out": Scenario(script=TROUBLE, flow="abreast"),
    "hierarchy": Scenario(script=TROUBLE, flow="firm"),
    "quorum": Scenario(script=TROUBLE, flow="poll"),
    "quorum_compared": Scenario(script=DIVIDED, flow="compared"),
    "quorum_voter": Scenario(script=TROUBLE, flow="poll", path=("quick",)),
    "nested": Scenario(script=TROUBLE, flow="nested"),
    "nested_inside": Scenario(script=TROUBLE, flow="nested", path=("process",)),
}
#: Each is played anew as well; those from before there were gates cannot be.
REPEATED = [name for name in SCENARIOS if not name.startswith("content")]


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


@pytest.mark.parametrize("name", REPEATED)
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
    return command.id, command.name if isinstance(command, ScheduleActivity | StartChild) else None


def hasty(context: Context) -> Steps:
    """`sequential`, changed so that its last two steps change places."""

    def swapped(start: StartRun, now: datetime) -> sequences.Sequence:
        *first, edit, publish = start.plan
        return sequences.Sequence.of(replace(start, plan=(*first, publish, edit)), now)

    return (yield from conducting(context, swapped))


def test_refuses_an_orchestrator_that_was_changed() -> None:
    golden = read("content")
    turn = golden.play(hasty, past=golden.past(len(golden.episodes) - 1), news=())

    assert isinstance(turn.outcome, Diverged)
    assert "'publish_artifact'" in turn.outcome.error


def unguarded(context: Context) -> Steps:
    """`sequential`, changed so that it passes no gate."""
    start = replace(codec.decode(StartRun, context.get_input()), max_wait=None)
    return (yield from asking(context, start, sequences.Sequence.of(start, FAR), FAR))


def test_refuses_an_orchestrator_that_passes_no_gate_any_more() -> None:
    golden = read("guarded")
    turn = golden.play(unguarded, past=golden.past(len(golden.episodes) - 1), news=())

    assert isinstance(turn.outcome, Diverged)
    assert "'ask_agent'" in turn.outcome.error


def inside_out(context: Context) -> Steps:
    """`fan_out`, changed so that the last branch is asked first."""

    def reversed_(start: StartRun, now: datetime) -> Gathering:
        team = start.team and replace(start.team, members=start.team.members[::-1])
        return Gathering.of(replace(start, team=team), now)

    return (yield from conducting(context, reversed_))


def test_refuses_a_fan_out_that_was_changed() -> None:
    golden = read("fan_out")
    turn = golden.play(inside_out, past=golden.past(len(golden.episodes) - 1), news=())

    assert isinstance(turn.outcome, Diverged)
    assert "deployment@silent" in turn.outcome.error


def history(scenario: Scenario, folder: Path, replay: Replay) -> list[Event]:
    """Run the scenario on a virtual clock; all that was written down of its run."""
    folder.mkdir(exist_ok=True)
    catalogue = compose(folder, FLOWS) if scenario.flow else declare(folder / "catalogue", scenario.declared)
    with content_host(folder, script=scenario.script, catalogue=catalogue, replay=replay) as host:
        run = host.start({"topic": "tides"}, scenario.flow or "content-creation")["task_id"]
        host.ended(run)
        if scenario.flow:
            # Calls that nobody waits for any more come to their end.
            host.host.advance(120)
        for step in scenario.path:
            run = child_id(run, step)
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
    text = json.dumps({"orchestrator": events[1]["Name"], "events": events}, indent=1)
    (GOLDEN / f"{name}.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    for missing in sorted(set(SCENARIOS) - {path.stem for path in GOLDEN.glob("*.json")}):
        record(missing)
        print(f"recorded {missing}")
