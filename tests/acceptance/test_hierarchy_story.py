"""Three levels of managers and workers, and what becomes of the whole where one of them fails."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from pattern_catalogue import ABOUT, compose
from pattern_host import absent, pattern_host, seconds


def worker(name: str, prompt: str = ABOUT) -> dict[str, Any]:
    return {"name": name, "agent": name, "prompt": prompt}


def chief(name: str, *team: Mapping[str, Any], **said: Any) -> dict[str, Any]:
    return {"name": name, "agent": name, "prompt": "Merge this: {{reports}}", **said, "team": list(team)}


#: The master has a left and a middle manager and a worker; a manager in the middle has two workers.
FIRM = {
    "firm": {
        "pattern": "hierarchy",
        "master": chief(
            "master",
            chief("left", worker("ann"), worker("ben")),
            chief(
                "middle",
                worker("cid", "Explain {{topic}} as ordered: {{orders}}"),
                chief("depth", worker("dot"), worker("eve"), deadline=20),
                brief={"prompt": "Divide the work on {{topic}}.", "output": "orders"},
            ),
            worker("zoe"),
        ),
        "result": {"text": "master", "reports": "reports"},
    }
}
#: For whoever merges what Dot and Eve brought, they are the members of `depth`.
OUTLINE = [("left", ["ann", "ben"]), ("middle", ["cid", ("depth", ["dot", "eve"])]), "zoe"]
either_replay = pytest.mark.parametrize("replay", ["sticky", "always"])


def fails(agent: str, fault: Any = None) -> dict[str, Any]:
    return {"agent": agent, "fault": fault or {"status": 400}}


def work(
    folder: Path, *faults: Mapping[str, Any], flows: Any = FIRM, replay: Any = "sticky", **said: Any
) -> Any:
    """The task of a run of the firm that has ended."""
    catalogue = compose(folder, flows)
    with pattern_host(folder, faults=faults, catalogue=catalogue, replay=replay, **said) as host:
        return host.play("firm")


def outline(reports: Any) -> list[Any]:
    """Who brought something; a team with its members, and in brackets where nobody has merged it."""
    found: list[Any] = []
    for one in reports:
        name = one["agent"] if one["data"] is not None else f"({one['agent']})"
        found.append((name, outline(one["reports"])) if "reports" in one else name)
    return found


def whole(task: Any) -> tuple[int, bool]:
    return task["result"]["completed_agents"], task["result"]["timed_out"]


def because(found: Any) -> dict[str, str]:
    return {one["branch"]: one["because"] for one in found["missing"]}


@either_replay
def test_all_of_it_is_done_side_by_side_and_told_in_the_declared_order(tmp_path: Path, replay: Any) -> None:
    names = ["ann", "ben", "cid", "dot", "eve", "zoe"]
    slow = [fails(name, {"slow": 12 - 2 * place}) for place, name in enumerate(names)]
    task = work(tmp_path, *slow, replay=replay)

    assert (task["status"], outline(task["result"]["reports"])) == ("completed", OUTLINE)
    # Six workers and three managers.
    assert whole(task) == (9, False)
    assert "missing" not in task["result"]
    assert seconds(task) == 12


@either_replay
def test_a_worker_who_fails_three_levels_down_is_named_at_the_top(tmp_path: Path, replay: Any) -> None:
    task = work(tmp_path, fails("dot"), replay=replay)

    assert (task["status"], absent(task["result"])) == ("completed", [("middle/depth/dot", "PERMANENT")])
    assert outline(task["result"]["reports"]) == [
        ("left", ["ann", "ben"]),
        ("middle", ["cid", ("depth", ["eve"])]),
        "zoe",
    ]
    assert whole(task) == (8, False)
    assert "'dot'" in because(task["result"])["middle/depth/dot"]


def test_a_branch_of_which_nothing_is_left_does_not_sink_the_others(tmp_path: Path) -> None:
    task = work(tmp_path, fails("cid"), fails("dot"), fails("eve"))

    assert task["status"] == "completed"
    assert outline(task["result"]["reports"]) == [("left", ["ann", "ben"]), "zoe"]
    assert absent(task["result"]) == [
        ("middle", "PERMANENT"),
        ("middle/cid", "PERMANENT"),
        ("middle/depth", "PERMANENT"),
        ("middle/depth/dot", "PERMANENT"),
        ("middle/depth/eve", "PERMANENT"),
    ]
    assert "0 of 2 brought a result" in because(task["result"])["middle"]
    assert whole(task) == (4, False)


@either_replay
def test_what_a_manager_could_not_merge_reaches_whoever_is_above(tmp_path: Path, replay: Any) -> None:
    unmerged = "What the members of depth brought, which nobody has merged"
    answers = [{"agent": "middle", "contains": unmerged, "answer": "I merged it in Depth's place."}]
    task = work(tmp_path, fails("depth"), replay=replay, answers=answers)

    assert absent(task["result"]) == [("middle/depth", "PERMANENT")]
    reports = task["result"]["reports"]
    assert outline(reports) == [
        ("left", ["ann", "ben"]),
        ("middle", ["cid", ("(depth)", ["dot", "eve"])]),
        "zoe",
    ]
    assert reports[1]["data"] == {"text": "I merged it in Depth's place."}


@either_replay
def test_what_nobody_has_merged_counts_for_whoever_needs_it(tmp_path: Path, replay: Any) -> None:
    team = (chief("left", worker("ann"), worker("ben")), worker("zoe"))
    strict = {"pattern": "hierarchy", "master": chief("master", *team, needed=2)}
    flows = {"firm": {**strict, "result": {"text": "master", "reports": "reports"}}}
    task = work(tmp_path, fails("left"), fails("ben"), flows=flows, replay=replay)

    assert (task["status"], outline(task["result"]["reports"])) == ("completed", [("(left)", ["ann"]), "zoe"])
    assert absent(task["result"]) == [("left", "PERMANENT"), ("left/ben", "PERMANENT")]
    assert whole(task) == (2, False)


@either_replay
def test_a_team_that_is_out_of_time_merges_what_it_has(tmp_path: Path, replay: Any) -> None:
    faults = [fails("eve", "timeout"), fails("depth", {"slow": 5})]
    task = work(tmp_path, *faults, replay=replay)

    assert absent(task["result"]) == [("middle/depth/eve", "TIMEOUT")]
    assert "20 s for the team 'depth'" in because(task["result"])["middle/depth/eve"]
    assert whole(task) == (8, True)
    assert seconds(task) == 25


def test_a_manager_who_cannot_divide_the_work_is_missing_with_the_team(tmp_path: Path) -> None:
    task = work(tmp_path, {**fails("middle"), "contains": "Divide"})

    assert outline(task["result"]["reports"]) == [("left", ["ann", "ben"]), "zoe"]
    assert [name for name, _ in absent(task["result"])] == [
        "middle",
        "middle/cid",
        "middle/depth",
        "middle/depth/dot",
        "middle/depth/eve",
    ]
    assert all("its work was not divided" in why for why in because(task["result"]).values())
    assert {"cid", "dot", "eve"}.isdisjoint(step["name"] for step in task["steps"])


def test_a_master_who_cannot_merge_fails_the_run_and_what_was_done_stays(tmp_path: Path) -> None:
    task = work(tmp_path, fails("master"), fails("ann"))

    assert (task["status"], task["result"]) == ("failed", None)
    assert (task["error"]["step"], task["error"]["category"]) == ("master", "PERMANENT")
    assert absent(task["error"]) == [("left/ann", "PERMANENT")]
    done = {step["name"] for step in task["steps"]}
    assert done == {"middle-brief", "ben", "left", "cid", "dot", "eve", "depth", "middle", "zoe"}


def test_where_the_whole_work_cannot_be_divided_nothing_is_done(tmp_path: Path) -> None:
    with pattern_host(tmp_path, faults=[fails("master")]) as host:
        task = host.play("newsroom", {"topic": "tides"})

    assert (task["status"], task["steps"]) == ("failed", [])
    assert (task["error"]["step"], task["error"]["category"]) == ("master-brief", "PERMANENT")
