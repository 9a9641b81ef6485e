"""Workflows that are steps of workflows: each pattern inside each, and what reaches the outermost."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from pattern_catalogue import ABOUT, compose
from pattern_host import absent, pattern_host, seconds

INNER = ("sequential", "fan-out", "hierarchy", "quorum")
OUTER = ("in-sequence", "in-fan-out", "in-hierarchy", "in-choice")
SEVERAL = [{"name": "one", "agent": "one", "prompt": ABOUT}, {"name": "two", "agent": "two", "prompt": ABOUT}]
#: Each asks the agents `one` and `two`, and brings a `text`.
INSIDE: dict[str, dict[str, Any]] = {
    "sequential": {
        "steps": [
            {"name": "one", "agent": "one", "prompt": ABOUT, "output": "first"},
            {"name": "two", "agent": "two", "prompt": "Explain {{first}}.", "output": "second"},
        ],
        "result": {"text": "second"},
    },
    "fan-out": {
        "pattern": "fan_out",
        "deadline": 10,
        "branches": SEVERAL,
        "result": {"text": "combined"},
    },
    "hierarchy": {
        "pattern": "hierarchy",
        "master": {
            "name": "head",
            "agent": "head",
            "prompt": "Merge this: {{reports}}",
            "deadline": 10,
            "team": SEVERAL,
        },
        "result": {"text": "head"},
    },
    "quorum": {
        "pattern": "quorum",
        "deadline": 10,
        "prompt": ABOUT,
        "needed": 1,
        "voters": [{"name": "one", "agent": "one"}, {"name": "two", "agent": "two"}],
        "resolution": {"agent": "head", "prompt": "Choose of these: {{ballots}}"},
        "result": {"text": "decision"},
    },
}


def chosen(inner: str, nested: Mapping[str, Any]) -> dict[str, Any]:
    """A chain that ends with the workflow, or with a step of the same name."""
    triage = {"name": "triage", "agent": "clerk", "prompt": ABOUT, "output": "sorted"}
    choice = {
        "name": "sub",
        "choose": "sorted.kind",
        "branches": {inner: nested},
        "otherwise": {"agent": "side", "prompt": ABOUT},
        "output": "sub",
    }
    return {
        "steps": [{**triage, "answers": {"kind": {"one_of": [inner, "none"]}}}, choice],
        "result": {"all": "sub", "kind": "sorted.kind"},
    }


def outside(inner: str) -> dict[str, dict[str, Any]]:
    """The workflow as a step of each pattern that has room for one; voters are asked and no more."""
    nested = {"workflow": inner, "with": {"topic": "{{topic}}"}}
    return {
        f"{inner}-in-sequence": {
            "steps": [
                {**nested, "name": "sub", "output": "sub"},
                {"name": "after", "agent": "after", "prompt": "Explain {{sub.text}}.", "output": "after"},
            ],
            "result": {"text": "sub.text", "after": "after"},
        },
        f"{inner}-in-fan-out": {
            "pattern": "fan_out",
            "branches": [{"name": "side", "agent": "side", "prompt": ABOUT}, {**nested, "name": "sub"}],
            "result": {"text": "sub.text", "branches": "branches", "all": "combined"},
        },
        f"{inner}-in-hierarchy": {
            "pattern": "hierarchy",
            "master": {
                "name": "top",
                "agent": "top",
                "prompt": "Merge this: {{reports}}",
                "team": [{"name": "side", "agent": "side", "prompt": ABOUT}, {**nested, "name": "sub"}],
            },
            "result": {"text": "sub.text", "top": "top"},
        },
        f"{inner}-in-choice": chosen(inner, nested),
    }


FLOWS = INSIDE | {name: flow for inner in INNER for name, flow in outside(inner).items()}
#: Three deep: what is missing in the innermost is the outermost's as well.
FLOWS["deep"] = {
    "steps": [
        {"name": "outer", "workflow": "fan-out-in-fan-out", "with": {"topic": "{{topic}}"}, "output": "o"}
    ],
    "result": {"text": "o.text"},
}
#: It takes short topics only.
FLOWS["narrow"] = {**INSIDE["sequential"], "input": {"topic": {"max_length": 10}}}
FLOWS["careless"] = {
    "steps": [{"name": "sub", "workflow": "narrow", "with": {"topic": "{{topic}}"}, "output": "sub"}],
    "result": {"text": "sub.text"},
}
#: An answer says which branches of the workflow inside are sent out.
FLOWS["chosen"] = {
    **INSIDE["fan-out"],
    "input": {"topic": {}, "who": {"type": "list", "required": False}},
    "select": "who",
    "result": {"branches": "branches", "who": "who"},
}
FLOWS["choosing"] = {
    "steps": [
        {
            "name": "triage",
            "agent": "clerk",
            "prompt": ABOUT,
            "output": "sorted",
            "answers": {"who": {"type": "list"}},
        },
        {
            "name": "sub",
            "workflow": "chosen",
            "with": {"topic": "{{topic}}", "who": "{{sorted.who}}"},
            "output": "sub",
        },
    ],
    "result": {"branches": "sub.branches", "who": "sub.who"},
}
either_replay = pytest.mark.parametrize("replay", ["sticky", "always"])


def stated(inner: str) -> dict[str, Any]:
    return {"agent": "clerk", "times": 1, "answer": {"kind": inner}}


def refusing(agent: str) -> dict[str, Any]:
    return {"agent": agent, "fault": {"status": 400}}


def play(
    folder: Path, workflow: str, *faults: Mapping[str, Any], replay: Any = "sticky", **agents: Any
) -> Any:
    """The task of a run that has ended."""
    catalogue = compose(folder, FLOWS, **agents)
    with pattern_host(folder, faults=faults, catalogue=catalogue, replay=replay) as host:
        return host.play(workflow)


@either_replay
@pytest.mark.parametrize("inner", INNER)
def test_every_pattern_is_a_step_of_every_other(tmp_path: Path, inner: str, replay: Any) -> None:
    catalogue = compose(tmp_path, FLOWS)
    with pattern_host(tmp_path, answers=[stated(inner)], catalogue=catalogue, replay=replay) as host:
        alone = host.play(inner)["result"]["text"]
        for outer in OUTER:
            task = host.play(f"{inner}-{outer}")
            child = host.child(task["id"], "sub")

            found = task["result"]["all"] if outer == "in-choice" else task["result"]
            assert (outer, task["status"], child["status"]) == (outer, "completed", "completed")
            assert found["text"] == child["result"]["text"] == alone
            [step] = [step for step in task["steps"] if step["name"] == "sub"]
            assert (step["child"], step["result"]["sub"]) == (child["id"], child["result"])
            assert (child["parent"], child["workflow"]) == (task["id"], inner)


@either_replay
def test_what_runs_below_have_consumed_is_the_outermosts(tmp_path: Path, replay: Any) -> None:
    catalogue = compose(tmp_path, FLOWS)
    with pattern_host(tmp_path, catalogue=catalogue, replay=replay) as host:
        run = host.play("deep")["id"]
        inner = host.child(run, "outer", "sub")["id"]
        below, middle, whole = (host.tokens(one) for one in (inner, host.child(run, "outer")["id"], run))

    assert 0 < below["total"] < middle["total"]
    assert whole == middle


@pytest.mark.parametrize("outer", ["in-sequence", "in-fan-out", "in-hierarchy"])
@pytest.mark.parametrize("inner", ["fan-out", "hierarchy"])
def test_what_is_missing_inside_is_told_outside(tmp_path: Path, inner: str, outer: str) -> None:
    silent = {"agent": "two", "fault": "timeout"}
    task = play(tmp_path, f"{inner}-{outer}", silent)

    assert (task["status"], seconds(task)) == ("completed", 10)
    assert absent(task["result"]) == [("sub/two", "TIMEOUT")]
    assert task["result"]["timed_out"] is True
    [step] = [step for step in task["steps"] if step["name"] == "sub"]
    assert step["turnout"]["completed_agents"] == 1
    assert absent(step["turnout"]) == [("two", "TIMEOUT")]


@either_replay
def test_what_is_missing_three_levels_below_is_told_at_the_top(tmp_path: Path, replay: Any) -> None:
    task = play(tmp_path, "deep", refusing("one"), replay=replay)

    assert (task["status"], absent(task["result"])) == ("completed", [("outer/sub/one", "PERMANENT")])


def test_a_voter_that_is_missing_inside_is_told_outside(tmp_path: Path) -> None:
    task = play(tmp_path, "quorum-in-fan-out", refusing("two"))

    assert (task["status"], absent(task["result"])) == ("completed", [("sub/two", "PERMANENT")])


@pytest.mark.parametrize("workflow", ["deep", "sequential-in-hierarchy", "quorum-in-sequence"])
def test_an_answer_in_an_agents_place_below_marks_the_outermost(tmp_path: Path, workflow: str) -> None:
    value = {"fallback": {"value": "We cannot say."}, "retry": {"max_attempts": 1}}
    task = play(tmp_path, workflow, refusing("one"), refusing("two"), one=value, two=value)

    assert task["status"] == "completed"
    step = "outer" if workflow == "deep" else "sub"
    [mark] = task["result"]["degraded"]
    assert (mark["step"], mark["by"], mark["category"]) == (step, "workflow", "PERMANENT")
    assert "'one'" in mark["because"]


@pytest.mark.parametrize("outer", ["in-sequence", "in-choice"])
def test_a_run_that_fails_says_which_step_below_has_failed(tmp_path: Path, outer: str) -> None:
    catalogue = compose(tmp_path, FLOWS)
    answers = [stated("sequential")]
    faults = [{"agent": "two", "fault": {"status": 401}}]
    with pattern_host(tmp_path, faults=faults, answers=answers, catalogue=catalogue) as host:
        task = host.play(f"sequential-{outer}")
        child = host.child(task["id"], "sub")

        assert host.stands(task["id"]) == ("failed", "Failed")
    assert (child["status"], child["error"]["step"]) == ("failed", "two")
    assert (task["error"]["step"], task["error"]["category"]) == ("sub", "AUTHENTICATION")
    assert "'two'" in task["error"]["message"]


@either_replay
def test_a_branch_that_is_a_run_and_fails_is_missing(tmp_path: Path, replay: Any) -> None:
    task = play(tmp_path, "sequential-in-fan-out", refusing("two"), replay=replay)

    assert task["status"] == "completed"
    assert absent(task["result"]) == [("sub", "PERMANENT")]
    assert [branch["agent"] for branch in task["result"]["branches"]] == ["side"]
    assert task["result"]["text"] is None


@either_replay
def test_a_run_that_is_cut_is_missing_as_a_whole_and_keeps_what_it_had(tmp_path: Path, replay: Any) -> None:
    nested = {"workflow": "sequential", "with": {"topic": "{{topic}}"}, "name": "sub"}
    cutting = {
        "pattern": "fan_out",
        "deadline": 5,
        "branches": [nested, {"name": "side", "agent": "side", "prompt": ABOUT}],
        "result": {"branches": "branches"},
    }
    catalogue = compose(tmp_path, {"sequential": INSIDE["sequential"], "cutting": cutting})
    faults = [{"agent": "two", "fault": "timeout"}]
    with pattern_host(tmp_path, faults=faults, catalogue=catalogue, replay=replay) as host:
        run = host.begin("cutting")
        host.hold(run, "sub")
        task, child = host.ended(run), host.child(run, "sub")

    assert (task["status"], absent(task["result"])) == ("completed", [("sub", "TIMEOUT")])
    assert [one["agent"] for one in task["result"]["branches"]] == ["side"]
    assert task["result"]["completed_agents"] == 1
    assert (child["status"], [step["name"] for step in child["steps"]]) == ("cancelled", ["one"])


def test_a_step_that_is_a_run_takes_one_place_in_its_account(tmp_path: Path) -> None:
    catalogue = compose(tmp_path, FLOWS)
    (catalogue / "accounts.yaml").write_text(
        "default: {limits: {minute: 1, burst: 1}, users: unlimited}\n", encoding="utf-8"
    )
    with pattern_host(tmp_path, catalogue=catalogue) as host:
        task = host.play("deep")

    assert (task["status"], seconds(task)) == ("completed", 0)


@either_replay
def test_a_step_whose_input_does_not_fit_fails_and_names_the_field(tmp_path: Path, replay: Any) -> None:
    catalogue = compose(tmp_path, FLOWS)
    with pattern_host(tmp_path, catalogue=catalogue, replay=replay) as host:
        fits = host.play("careless", {"topic": "tides"})
        task = host.play("careless", {"topic": "the tides of the sea"})

    assert fits["status"] == "completed"
    assert (task["status"], task["error"]["step"]) == ("failed", "sub")
    assert task["error"]["category"] == "PERMANENT"
    assert "'narrow'" in task["error"]["message"]
    assert "'topic'" in task["error"]["message"]


@either_replay
def test_a_list_given_to_a_workflow_inside_names_who_is_sent_out(tmp_path: Path, replay: Any) -> None:
    catalogue = compose(tmp_path, FLOWS)
    answers = [{"agent": "clerk", "times": 1, "answer": {"who": [who]}} for who in ("two", "three")]
    with pattern_host(tmp_path, answers=answers, catalogue=catalogue, replay=replay) as host:
        task = host.play("choosing")
        wrong = host.play("choosing")
        child = host.child(task["id"], "sub")

    assert (task["status"], task["result"]["who"]) == ("completed", ["two"])
    assert [branch["agent"] for branch in task["result"]["branches"]] == ["two"]
    assert "missing" not in task["result"]
    assert [step["name"] for step in child["steps"]] == ["two", "combine"]
    assert (wrong["status"], wrong["error"]["step"]) == ("failed", "sub")
    assert wrong["error"]["category"] == "PERMANENT"
    assert "'who[0]' is 'three', which is no branch" in wrong["error"]["message"]
