"""Histories recorded once are replayed by today's code: it takes their steps and comes to their end.

None is recorded anew to make a test pass: instances that began with former code go on with today's.
New ones are recorded, and those that are there already left alone, by

    PYTHONPATH=. .venv/bin/python tests/replay/test_golden_histories.py
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from golden_history import GoldenHistory

from devhost.engine.history import COMMANDS
from devhost.engine.messages import Completed, Diverged, Failed
from devhost.testing import LocalHost, OrchestrationFailed

HERE = Path(__file__).parent
APPS = HERE.parent / "apps"
GOLDEN = HERE / "golden"

#: Recorded as the others, and then its second activity was given another name: it must not be replayed.
OF_OTHER_CODE = "renamed_step"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """What to run to record a history."""

    app: str
    orchestrator: str
    given: Any = None
    events: Sequence[tuple[str, Any]] = field(default=())


SCENARIOS = {
    "chain": Scenario(app="chaining", orchestrator="chain", given="  hello "),
    "chain_with_cleanup": Scenario(app="chaining", orchestrator="chain_with_cleanup"),
    "chain_that_fails": Scenario(app="chaining", orchestrator="chain_that_fails"),
    "fan_out": Scenario(
        app="fan_out", orchestrator="sum_of_squares", given={"activity": "square", "width": 5}
    ),
    "children": Scenario(app="children", orchestrator="side_by_side", given=3),
    "child_that_fails": Scenario(app="children", orchestrator="forgiving"),
    "retries": Scenario(
        app="retries", orchestrator="keep_trying", given={"milliseconds": 500, "attempts": 4, "failures": 2}
    ),
    "retries_used_up": Scenario(
        app="retries",
        orchestrator="give_up_gracefully",
        given={"milliseconds": 500, "attempts": 2, "failures": 9},
    ),
    "events": Scenario(
        app="events", orchestrator="until_done", events=[("Word", "one"), ("Word", "two"), ("Done", True)]
    ),
    "entity": Scenario(app="counter", orchestrator="signal_then_call", given={"key": "golden", "signals": 3}),
    "approved": Scenario(
        app="approval",
        orchestrator="approval",
        given={"what": "desk", "timeout_seconds": 3600},
        events=[("Decision", {"approved": True, "by": "the boss"})],
    ),
    "escalated": Scenario(
        app="approval", orchestrator="approval", given={"what": "desk", "timeout_seconds": 3600}
    ),
    "last_round": Scenario(
        app="rounds", orchestrator="heartbeat", given={"beats": [], "until": 3, "seconds": 60}
    ),
    OF_OTHER_CODE: Scenario(app="chaining", orchestrator="chain", given="  hello "),
}


GOOD = sorted(set(SCENARIOS) - {OF_OTHER_CODE})


def read(name: str) -> GoldenHistory:
    return GoldenHistory.read(GOLDEN / f"{name}.json")


def code(host: LocalHost, name: str) -> Any:
    """Today's orchestrator of that scenario."""
    function = host.host.app.catalog.orchestrator(SCENARIOS[name].orchestrator)
    assert function is not None, f"there is no orchestrator {SCENARIOS[name].orchestrator} any more"
    handle: Any = function.call
    return handle.orchestrator_function


@pytest.fixture
def host(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[LocalHost]:
    """Hosts the app of the scenario the test is about."""
    with LocalHost(APPS / SCENARIOS[request.param].app, state=tmp_path) as host:
        yield host


def test_every_history_belongs_to_a_scenario() -> None:
    assert sorted(path.stem for path in GOLDEN.iterdir()) == sorted(SCENARIOS)


@pytest.mark.parametrize(("host", "name"), [(name, name) for name in GOOD], indirect=["host"], ids=GOOD)
def test_takes_no_other_step_in_any_replay(host: LocalHost, name: str) -> None:
    golden = read(name)

    turns = [
        golden.play(code(host, name), past=golden.past(episodes), news=())
        for episodes in range(1, len(golden.episodes))
    ]

    assert [(turn.commands, turn.outcome) for turn in turns] == [((), None)] * (len(golden.episodes) - 1)


@pytest.mark.parametrize(("host", "name"), [(name, name) for name in GOOD], indirect=["host"], ids=GOOD)
def test_asks_for_as_much_in_each_episode_as_it_did(host: LocalHost, name: str) -> None:
    golden = read(name)

    turns = [
        golden.play(code(host, name), past=golden.past(number), news=golden.news(number))
        for number in range(len(golden.episodes))
    ]

    asked = [[event for event in told if event["EventType"] in COMMANDS] for told in golden.episodes]
    assert [[command.id for command in turn.commands] for turn in turns] == [
        [event["EventId"] for event in events] for events in asked
    ]


@pytest.mark.parametrize(("host", "name"), [(name, name) for name in GOOD], indirect=["host"], ids=GOOD)
def test_ends_as_it_did(host: LocalHost, name: str) -> None:
    golden = read(name)
    last = len(golden.episodes) - 1

    outcome = golden.play(code(host, name), past=golden.past(last), news=golden.news(last)).outcome

    if golden.end["OrchestrationStatus"] == "Completed":
        assert outcome == Completed(output_json=golden.end["Result"])
    else:
        assert isinstance(outcome, Failed)
        assert golden.end["Result"].endswith(outcome.error)


@pytest.mark.parametrize("host", [OF_OTHER_CODE], indirect=True)
def test_refuses_the_history_of_other_code(host: LocalHost) -> None:
    golden = read(OF_OTHER_CODE)

    turn = golden.play(code(host, OF_OTHER_CODE), past=golden.past(len(golden.episodes) - 1), news=())

    assert isinstance(turn.outcome, Diverged)
    assert (
        "step 2 was activity 'raise_eyebrows' when the orchestrator first ran, "
        "replayed it is activity 'raise_voice'" in turn.outcome.error
    )


def record(name: str, scenario: Scenario) -> None:
    """Run the scenario on a virtual clock and keep its history."""
    with LocalHost(APPS / scenario.app, replay="always") as host:
        host.start(scenario.orchestrator, input=scenario.given, instance_id=name)
        host.settle()
        for event, data in scenario.events:
            host.raise_event(name, event, data)
            host.settle()
        try:
            host.result(name)
        except OrchestrationFailed as failure:
            print(f"{name} ends with: {failure}")
        events = host.history(name)
    text = json.dumps(
        {"app": scenario.app, "orchestrator": scenario.orchestrator, "events": events}, indent=1
    )
    # Stacks name the files they lead through, which are elsewhere on every machine.
    text = text.replace(str(APPS), "apps")
    if name == OF_OTHER_CODE:
        text = text.replace("raise_voice", "raise_eyebrows")
    (GOLDEN / f"{name}.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    for missing in sorted(set(SCENARIOS) - {path.stem for path in GOLDEN.glob("*.json")}):
        record(missing, SCENARIOS[missing])
        print(f"recorded {missing}")
