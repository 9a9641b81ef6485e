"""A field of an earlier answer decides which way a run goes on."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from pattern_catalogue import ABOUT, TOPIC, compose
from pattern_host import absent, pattern_host, seconds

KINDS = ["bill", "deed", "grudge", "other"]
TRIAGE = {
    "name": "triage",
    "agent": "clerk",
    "prompt": "Classify this: {{topic}}",
    "output": "sorted",
    "answers": {"kind": {"one_of": KINDS}, "urgent": {"type": "boolean"}},
}
WAYS = {
    "name": "process",
    "choose": "sorted.kind",
    "branches": {
        "bill": {"workflow": "reading", "with": {"topic": "{{topic}}", "haste": "{{sorted.urgent}}"}},
        "deed": {"publish": "draft", "filename": "{{topic}}.md"},
        "grudge": {"agent": "consoler", "prompt": "Explain {{topic}} kindly."},
    },
    "otherwise": {"agent": "clerk", "prompt": "Say in a word who should read about {{topic}}."},
    "output": "processed",
}
DRAFT = {"name": "draft", "agent": "writer", "prompt": ABOUT, "output": "draft"}
FLOWS: dict[str, dict[str, Any]] = {
    "reading": {
        "input": {**TOPIC, "haste": {"type": "boolean"}},
        "pattern": "fan_out",
        "deadline": 10,
        "branches": [
            {"name": "sums", "agent": "summer", "prompt": ABOUT},
            {"name": "dates", "agent": "dater", "prompt": ABOUT},
        ],
        "result": {"page": "combined", "haste": "haste"},
    },
    # Somebody goes on after the choice.
    "desk": {
        "steps": [
            TRIAGE,
            DRAFT,
            WAYS,
            {"name": "note", "agent": "clerk", "prompt": "Note this: {{processed}}", "output": "note"},
        ],
        "result": {"kind": "sorted.kind", "processed": "processed", "note": "note"},
    },
    # The choice is the last that is done.
    "hatch": {
        "steps": [TRIAGE, DRAFT, WAYS],
        "result": {"kind": "sorted.kind", "processed": "processed"},
    },
    # A boolean needs no way for anything else.
    "alarm": {
        "steps": [
            TRIAGE,
            {
                "name": "tell",
                "choose": "sorted.urgent",
                "branches": {
                    "true": {"agent": "runner", "prompt": ABOUT},
                    "false": {"agent": "writer", "prompt": ABOUT},
                },
                "output": "told",
            },
        ],
        "result": {"told": "told"},
    },
}
either_replay = pytest.mark.parametrize("replay", ["sticky", "always"])


def sorting(kind: str, *, is_urgent: bool = True) -> dict[str, Any]:
    """How the clerk sorts whatever speaks of that kind."""
    return {
        "agent": "clerk",
        "contains": f"a {kind}",
        "times": 1,
        "answer": {"kind": kind, "urgent": is_urgent},
    }


def processed(task: Any) -> Any:
    [step] = [step for step in task["steps"] if step["name"] == "process"]
    return step


@either_replay
@pytest.mark.parametrize("workflow", ["desk", "hatch"])
def test_each_way_is_gone_as_the_answer_says(tmp_path: Path, workflow: str, replay: Any) -> None:
    answers = [sorting(kind) for kind in KINDS]
    answers += [{"agent": "consoler", "answer": "There, there."}, {"contains": "in a word", "answer": "Ann."}]
    catalogue = compose(tmp_path, FLOWS)
    with pattern_host(tmp_path, answers=answers, catalogue=catalogue, replay=replay) as host:
        tasks = {kind: host.play(workflow, {"topic": f"a {kind}"}) for kind in KINDS}
        child = host.child(tasks["bill"]["id"], "process")

    assert [task["status"] for task in tasks.values()] == ["completed"] * 4
    assert [task["result"]["kind"] for task in tasks.values()] == KINDS
    steps = {kind: processed(task) for kind, task in tasks.items()}
    assert [step["branch"] for step in steps.values()] == ["bill", "deed", "grudge", None]
    assert all(
        task["result"]["processed"] == steps[kind]["result"]["processed"] for kind, task in tasks.items()
    )
    assert steps["bill"]["result"]["processed"] == child["result"]
    assert (child["input"], child["result"]["haste"]) == ({"topic": "a bill", "haste": True}, True)
    assert str(steps["deed"]["result"]["processed"]).endswith("a-deed.md")
    assert steps["grudge"]["result"]["processed"] == "There, there."
    assert steps["other"]["result"]["processed"] == "Ann."


@either_replay
@pytest.mark.parametrize("workflow", ["desk", "hatch"])
def test_what_is_missing_on_the_way_taken_is_told_at_the_end(
    tmp_path: Path, workflow: str, replay: Any
) -> None:
    silent = [{"agent": "dater", "fault": "timeout"}]
    catalogue = compose(tmp_path, FLOWS)
    with pattern_host(
        tmp_path, faults=silent, answers=[sorting("bill")], catalogue=catalogue, replay=replay
    ) as host:
        task = host.play(workflow, {"topic": "a bill"})
        whole, below = host.tokens(task["id"]), host.tokens(host.child(task["id"], "process")["id"])

    assert (task["status"], seconds(task)) == ("completed", 10)
    assert absent(task["result"]) == [("process/dates", "TIMEOUT")]
    assert task["result"]["timed_out"] is True
    assert 0 < below["total"] < whole["total"]


@pytest.mark.parametrize(("is_urgent", "who"), [(True, "runner"), (False, "writer")])
def test_a_yes_or_no_chooses_as_well(tmp_path: Path, who: str, *, is_urgent: bool) -> None:
    answers = [sorting("bill", is_urgent=is_urgent), {"agent": who, "answer": f"{who} was asked"}]
    with pattern_host(tmp_path, answers=answers, catalogue=compose(tmp_path, FLOWS)) as host:
        task = host.play("alarm", {"topic": "a bill"})

    assert (task["status"], task["result"]["told"]) == ("completed", f"{who} was asked")


@pytest.mark.parametrize("fault", [{"status": 400}, "timeout"], ids=str)
def test_a_way_that_cannot_be_gone_fails_the_run(tmp_path: Path, fault: Mapping[str, Any] | str) -> None:
    faults = [{"agent": "consoler", "fault": fault}]
    answers = [sorting("grudge")]
    with pattern_host(tmp_path, faults=faults, answers=answers, catalogue=compose(tmp_path, FLOWS)) as host:
        task = host.play("hatch", {"topic": "a grudge"})

    assert (task["status"], task["error"]["step"]) == ("failed", "process")
    assert "consoler" in task["error"]["message"]


def test_an_answer_that_names_no_way_is_asked_for_again(tmp_path: Path) -> None:
    odd = {"agent": "clerk", "times": 1, "answer": {"kind": "poem", "urgent": False}}
    answers = [odd, sorting("grudge")]
    with pattern_host(tmp_path, answers=answers, catalogue=compose(tmp_path, FLOWS)) as host:
        task = host.play("hatch", {"topic": "a grudge"})

    assert (task["status"], task["result"]["kind"]) == ("completed", "grudge")
