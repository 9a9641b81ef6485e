"""What nobody waits for any longer is ended for real: by Durable's word, with everything below it."""

from pathlib import Path
from typing import Any

import pytest
from driver import HOOKS
from pattern_catalogue import ABOUT, compose
from pattern_host import absent, pattern_host, seconds

from dirigent.domain.run_ids import child_id

VOTERS = [{"name": name, "agent": f"{name}-voter"} for name in ("first", "second", "last")]
#: Inside of each other: a fan-out's branch is a hierarchy, of which one member is a vote and one a chain.
FLOWS: dict[str, dict[str, Any]] = {
    "poll": {
        "pattern": "quorum",
        "deadline": 9.9,
        "prompt": ABOUT,
        "voters": VOTERS,
        "resolution": {"agent": "sleeper", "prompt": "Choose of these: {{ballots}}"},
        "result": {"decision": "decision", "ballots": "ballots"},
    },
    "chain": {
        "steps": [
            {"name": "begin", "agent": "beginner", "prompt": ABOUT, "output": "begun"},
            {"name": "go-on", "agent": "sleeper", "prompt": "Explain {{begun}}.", "output": "gone_on"},
        ],
        "result": {"text": "gone_on"},
    },
    "house": {
        "pattern": "hierarchy",
        "master": {
            "name": "head",
            "agent": "head",
            "prompt": "Merge this: {{reports}}",
            "output": "merged",
            "team": [
                {"name": "poll", "workflow": "poll", "with": {"topic": "{{topic}}"}},
                {"name": "chain", "workflow": "chain", "with": {"topic": "{{topic}}"}},
            ],
        },
        "result": {"merged": "merged"},
    },
    "cut": {
        "pattern": "fan_out",
        "deadline": 10,
        "branches": [
            {"name": "swift", "agent": "swift", "prompt": ABOUT},
            {"name": "house", "workflow": "house", "with": {"topic": "{{topic}}"}},
        ],
        "result": {"branches": "branches", "text": "combined"},
    },
    "brief": {
        "timeout": 50,
        "steps": [
            {"name": "house", "workflow": "house", "with": {"topic": "{{topic}}"}, "output": "house"},
            {"name": "last", "agent": "swift", "prompt": "Explain {{house.merged}}.", "output": "last"},
        ],
        "result": {"text": "last"},
    },
}
#: Below a run of `cut` or `brief`: first the runs, then the voters' instances.
RUNS = (("house",), ("house", "poll"), ("house", "chain"))
UNHEARD = (("house", "poll", "second"), ("house", "poll", "last"))
SILENT = [{"agent": name, "fault": "timeout"} for name in ("second-voter", "last-voter", "sleeper")]
either_replay = pytest.mark.parametrize("replay", ["sticky", "always"])


def says(agent: str, answer: str) -> dict[str, Any]:
    return {"agent": agent, "answer": answer}


def slow(agent: str, wait: float) -> dict[str, Any]:
    return {"agent": agent, "fault": {"slow": wait}}


YES = [says(voter["agent"], "Yes.") for voter in VOTERS]


@either_replay
def test_a_vote_ends_with_the_deciding_voice_whatever_the_last_voter_does(
    tmp_path: Path, replay: Any
) -> None:
    catalogue = compose(tmp_path, FLOWS)
    faults = [slow("first-voter", 3), slow("second-voter", 7), {"agent": "last-voter", "fault": "timeout"}]
    with pattern_host(tmp_path, faults=faults, answers=YES, catalogue=catalogue, replay=replay) as host:
        run = host.begin("poll")
        host.host.advance(6.999)
        before, waiting = host.stands(run), host.durable(run, "last")
        host.host.advance(0.001)
        task = host.task(run)

        assert (before, waiting) == (("in_progress", "Running"), "Running")
        assert (host.stands(run), seconds(task)) == (("completed", "Completed"), 7)
        assert [host.durable(run, voter["name"]) for voter in VOTERS] == [
            "Completed",
            "Completed",
            "Terminated",
        ]
    assert [ballot["said"] for ballot in task["result"]["ballots"]] == ["choice", "choice", "unheard"]
    assert "missing" not in task["result"]


def test_a_vote_that_can_be_decided_at_once_takes_no_time(tmp_path: Path) -> None:
    silent = [{"agent": "last-voter", "fault": "timeout"}]
    catalogue = compose(tmp_path, FLOWS)
    with pattern_host(tmp_path, faults=silent, answers=YES, catalogue=catalogue) as host:
        begun = host.host.clock.now()
        run = host.begin("poll")

        assert host.stands(run) == ("completed", "Completed")
        assert host.host.clock.now() == begun
        assert host.durable(run, "last") == "Terminated"


@either_replay
def test_a_branch_cut_off_is_ended_with_all_that_it_has_begun(tmp_path: Path, replay: Any) -> None:
    catalogue = compose(tmp_path, FLOWS)
    with pattern_host(tmp_path, faults=SILENT, answers=YES, catalogue=catalogue, replay=replay) as host:
        run = host.begin("cut")
        for path in (*RUNS, *UNHEARD):
            host.hold(run, *path)
        host.host.advance(9.999)
        before = [host.durable(run, *path) for path in (*RUNS, *UNHEARD)]
        host.host.advance(0.001)
        task = host.task(run)

        assert before == ["Suspended"] * 5
        assert (host.stands(run), seconds(task)) == (("completed", "Completed"), 10)
        assert absent(task["result"]) == [("house", "TIMEOUT")]
        assert [host.durable(run, *path) for path in (*RUNS, *UNHEARD)] == ["Terminated"] * 5
        children = [host.child(run, *path) for path in RUNS]
    assert [child["status"] for child in children] == ["cancelled"] * 3
    assert all("did not wait for it any longer" in child["error"]["message"] for child in children)
    assert [child["completed_at"] for child in children] == [task["completed_at"]] * 3


@either_replay
def test_nothing_below_a_branch_outlives_its_deadline(tmp_path: Path, replay: Any) -> None:
    catalogue = compose(tmp_path, FLOWS)
    with pattern_host(tmp_path, faults=SILENT, answers=YES, catalogue=catalogue, replay=replay) as host:
        run = host.begin("cut")
        task = host.ended(run)
        host.host.settle()

        assert seconds(task) == 10
        # They give up at the same instant, each for itself, and some may be faster than who ends them.
        assert {host.durable(run, *path) for path in (*RUNS, *UNHEARD)} <= {"Terminated", "Failed"}
        assert {host.child(run, *path)["status"] for path in RUNS} <= {"cancelled", "failed"}


def test_what_had_ended_below_a_branch_cut_off_stays_as_it_was(tmp_path: Path) -> None:
    catalogue = compose(tmp_path, FLOWS)
    faults = [{"agent": "sleeper", "fault": "timeout"}]
    with pattern_host(tmp_path, faults=faults, answers=YES, catalogue=catalogue) as host:
        run = host.begin("cut")
        poll = host.child(run, "house", "poll")
        for path in (("house",), ("house", "chain")):
            host.hold(run, *path)
        task = host.ended(run)

        assert absent(task["result"]) == [("house", "TIMEOUT")]
        assert [host.durable(run, *path) for path in RUNS] == ["Terminated", "Completed", "Terminated"]
        assert (poll["status"], poll["result"]["decision"]) == ("completed", "Yes.")
        assert host.child(run, "house", "poll") == poll


@either_replay
def test_a_run_that_is_cancelled_ends_with_all_that_it_has_begun(tmp_path: Path, replay: Any) -> None:
    catalogue = compose(tmp_path, FLOWS)
    with pattern_host(tmp_path, faults=SILENT, answers=YES, catalogue=catalogue, replay=replay) as host:
        run = host.begin("cut")
        reply = host.post(f"/api/task/{run}/cancel", {"reason": "not needed today"})
        host.host.settle()

        assert reply.status == 202
        assert host.stands(run) == ("cancelled", "Terminated")
        assert [host.durable(run, *path) for path in (*RUNS, *UNHEARD)] == ["Terminated"] * 5
        children = [host.child(run, *path) for path in RUNS]
        root = host.task(run)
    assert [child["status"] for child in children] == ["cancelled"] * 3
    assert all("not needed today" in one["error"]["message"] for one in (root, *children))


@either_replay
def test_a_branch_that_somebody_cancels_is_missing_in_a_run_that_goes_on(tmp_path: Path, replay: Any) -> None:
    catalogue = compose(tmp_path, FLOWS)
    with pattern_host(tmp_path, faults=SILENT, answers=YES, catalogue=catalogue, replay=replay) as host:
        run = host.begin("cut")
        reply = host.post(f"/api/task/{host.child(run, 'house')['id']}/cancel", {"reason": "too dear"})
        task = host.ended(run)

        assert reply.status == 202
        assert (host.stands(run), seconds(task)) == (("completed", "Completed"), 0)
        assert [host.durable(run, *path) for path in (*RUNS, *UNHEARD)] == ["Terminated"] * 5
        assert [host.child(run, *path)["status"] for path in RUNS] == ["cancelled"] * 3
    assert absent(task["result"]) == [("house", "PERMANENT")]
    assert "too dear" in task["result"]["missing"][0]["because"]


@either_replay
def test_a_branch_ended_by_the_hosts_own_means_leaves_nothing_running_below(
    tmp_path: Path, replay: Any
) -> None:
    catalogue = compose(tmp_path, FLOWS)
    with pattern_host(tmp_path, faults=SILENT, answers=YES, catalogue=catalogue, replay=replay) as host:
        run = host.begin("cut")
        before = [host.durable(run, *path) for path in (*RUNS, *UNHEARD)]
        host.post(f"{HOOKS}/instances/{child_id(run, 'house')}/terminate?reason=a+mistake")
        task = host.ended(run)

        assert before == ["Running"] * 5
        assert (host.stands(run), seconds(task)) == (("completed", "Completed"), 0)
        assert [host.durable(run, *path) for path in (*RUNS, *UNHEARD)] == ["Terminated"] * 5
        assert [host.child(run, *path)["status"] for path in RUNS] == ["cancelled"] * 3
    assert absent(task["result"]) == [("house", "PERMANENT")]
    assert "a mistake" in task["result"]["missing"][0]["because"]


@either_replay
def test_a_step_that_somebody_suspends_outlives_the_run_by_a_moment_only(tmp_path: Path, replay: Any) -> None:
    catalogue = compose(tmp_path, FLOWS)
    with pattern_host(tmp_path, faults=SILENT, answers=YES, catalogue=catalogue, replay=replay) as host:
        run = host.begin("brief")
        host.hold(run, "house")
        host.host.advance(59.999)
        before = host.stands(run), host.durable(run, "house")
        host.host.advance(0.001)
        task, child = host.task(run), host.child(run, "house")

        assert before == (("in_progress", "Running"), "Suspended")
        assert (host.stands(run), seconds(task)) == (("failed", "Failed"), 60)
        assert host.durable(run, "house") == "Terminated"
    assert (task["error"]["step"], task["error"]["category"]) == ("house", "TIMEOUT")
    assert "the run's 50 s" in task["error"]["message"]
    assert (child["status"], child["completed_at"]) == ("cancelled", task["completed_at"])


@either_replay
def test_an_answer_after_the_deadline_is_kept_as_late_and_used_by_nobody(tmp_path: Path, replay: Any) -> None:
    late = slow("news-researcher", 30)
    with pattern_host(tmp_path, faults=[late], replay=replay) as host:
        task = host.play("multi-source-research", {"query": "tides"})

    marks = {step["name"]: step.get("late") for step in task["steps"]}
    assert marks == {"web": None, "academic": None, "news": True, "social": None, "synthesise": None}
    assert [source["agent"] for source in task["result"]["sources"]] == ["web", "academic", "social"]
    assert absent(task["result"]) == [("news", "TIMEOUT")]


@either_replay
def test_a_vote_after_the_decision_is_kept_as_late_and_counts_for_nothing(
    tmp_path: Path, replay: Any
) -> None:
    catalogue = compose(tmp_path, FLOWS)
    faults = [slow("last-voter", 5)]
    with pattern_host(tmp_path, faults=faults, answers=YES, catalogue=catalogue, replay=replay) as host:
        run = host.begin("poll")
        before = host.task(run)
        host.host.advance(5)
        task = host.task(run)

    assert [step["name"] for step in before["steps"]] == ["first", "second", "tally"]
    assert {step["name"]: step.get("late") for step in task["steps"]} == {
        "first": None,
        "second": None,
        "last": True,
        "tally": None,
    }
    assert task["result"] == before["result"]
    assert task["completed_at"] == before["completed_at"]
