"""Four sources are asked at once, and one of them or more has trouble: the published contract, over HTTP."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from pattern_host import PatternHost, absent, pattern_host, seconds

SOURCES = ["web", "academic", "news", "social"]
SILENT = {"agent": "social-researcher", "fault": "timeout"}
#: Their answers come in the opposite order.
SLOW = [
    {"agent": f"{source}-researcher", "fault": {"slow": wait}}
    for source, wait in zip(SOURCES, (20, 15, 10, 5), strict=True)
]
DURABLES = {
    "id",
    "statusQueryGetUri",
    "sendEventPostUri",
    "terminatePostUri",
    "rewindPostUri",
    "purgeHistoryDeleteUri",
    "restartPostUri",
    "suspendPostUri",
    "resumePostUri",
}
either_replay = pytest.mark.parametrize("replay", ["sticky", "always"])


def refusing(source: str) -> dict[str, Any]:
    return {"agent": f"{source}-researcher", "fault": {"status": 400}}


def begun(host: PatternHost) -> str:
    """The run's id; whatever takes no time is done."""
    run = str(host.post("/api/research-parallel", {"query": "tides"}).json()["task_id"])
    host.host.settle()
    return run


def research(folder: Path, *faults: Mapping[str, Any], replay: Any = "sticky") -> Any:
    """The task of a research that has ended."""
    with pattern_host(folder, faults=faults, replay=replay) as host:
        return host.ended(begun(host))


def agents(task: Any) -> list[str]:
    return [source["agent"] for source in task["result"]["sources"]]


def test_a_start_answers_as_the_tutorial_says(tmp_path: Path) -> None:
    with pattern_host(tmp_path) as host:
        reply = host.post("/api/research-parallel", {"query": "tides"})

    told = reply.json()
    assert reply.status == 202
    assert {name: told[name] for name in ("status", "workflow", "agents_dispatched")} == {
        "status": "started",
        "workflow": "parallel",
        "agents_dispatched": 4,
    }
    assert set(told) == {"task_id", "status", "workflow", "agents_dispatched", "message"} | DURABLES
    assert told["id"] == told["task_id"]
    assert isinstance(told["message"], str)


@pytest.mark.parametrize("body", [{}, {"query": ""}, {"query": None}])
def test_without_a_query_it_says_exactly_so(tmp_path: Path, body: Any) -> None:
    with pattern_host(tmp_path) as host:
        reply = host.post("/api/research-parallel", body)

    assert (reply.status, reply.json()) == (400, {"error": "Query required"})


@either_replay
def test_all_four_answer_and_nobody_is_missing(tmp_path: Path, replay: Any) -> None:
    task = research(tmp_path, replay=replay)

    assert (task["type"], task["status"]) == ("parallel_research", "completed")
    assert task["input"] == {"query": "tides", "agents": SOURCES}
    assert set(task["result"]) == {"query", "sources", "summary", "completed_agents", "timed_out"}
    assert (task["result"]["query"], agents(task)) == ("tides", SOURCES)
    assert (task["result"]["completed_agents"], task["result"]["timed_out"]) == (4, False)
    assert all(source["data"]["summary"] for source in task["result"]["sources"])
    assert "tides" in task["result"]["summary"]
    assert [step["name"] for step in task["steps"]] == [*SOURCES, "synthesise"]


@either_replay
def test_one_that_never_answers_holds_it_up_until_its_deadline_exactly(tmp_path: Path, replay: Any) -> None:
    with pattern_host(tmp_path, faults=[SILENT], replay=replay) as host:
        run = begun(host)
        host.host.advance(29.999)
        before, seen = host.stands(run), [step["name"] for step in host.task(run)["steps"]]
        host.host.advance(0.001)
        after, task = host.stands(run), host.task(run)

    assert (before, seen) == (("in_progress", "Running"), SOURCES[:3])
    # The closing step takes no time here.
    assert (after, seconds(task)) == (("completed", "Completed"), 30)
    assert (agents(task), task["result"]["completed_agents"]) == (SOURCES[:3], 3)
    assert task["result"]["timed_out"] is True
    [missing] = task["result"]["missing"]
    assert (missing["branch"], missing["agent"]) == ("social", "social-researcher")
    assert (missing["category"], missing["since"]) == ("TIMEOUT", task["completed_at"])
    assert "30 s" in missing["because"]


def test_the_closing_step_has_its_own_time_after_the_deadline(tmp_path: Path) -> None:
    slow = {"agent": "synthesiser", "fault": {"slow": 45}}
    with pattern_host(tmp_path, faults=[SILENT, slow]) as host:
        run = begun(host)
        host.host.advance(74.999)
        before = host.stands(run)
        host.host.advance(0.001)

        assert before == ("in_progress", "Running")
        assert host.stands(run) == ("completed", "Completed")
        assert host.task(run)["result"]["completed_agents"] == 3


@either_replay
def test_sources_stand_as_declared_whoever_answers_first(tmp_path: Path, replay: Any) -> None:
    task = research(tmp_path, *SLOW, replay=replay)

    assert (agents(task), seconds(task)) == (SOURCES, 20)
    assert [step["name"] for step in task["steps"]] == [*SOURCES, "synthesise"]
    done = [step["completed_at"] for step in task["steps"][:4]]
    assert done == sorted(done, reverse=True)


def test_a_finished_answer_is_seen_while_others_are_awaited(tmp_path: Path) -> None:
    with pattern_host(tmp_path, faults=SLOW) as host:
        run = begun(host)
        host.host.advance(12)
        task = host.task(run)

    assert (task["status"], task["result"]) == ("in_progress", None)
    assert [step["name"] for step in task["steps"]] == ["news", "social"]
    assert [(one["step"], one["state"]) for one in task["ahead"]] == [
        ("web", "under_way"),
        ("academic", "under_way"),
        ("synthesise", "to_come"),
    ]


@either_replay
def test_two_that_are_refused_for_good_are_not_waited_for(tmp_path: Path, replay: Any) -> None:
    task = research(tmp_path, refusing("academic"), refusing("social"), replay=replay)

    assert (task["status"], seconds(task)) == ("completed", 0)
    assert (agents(task), task["result"]["completed_agents"]) == (["web", "news"], 2)
    assert task["result"]["timed_out"] is False
    assert absent(task["result"]) == [("academic", "PERMANENT"), ("social", "PERMANENT")]


def test_whoever_makes_one_answer_of_all_is_told_who_is_missing(tmp_path: Path) -> None:
    seen = {"contains": "[social is missing: no answer in time]", "answer": "Three of four."}
    with pattern_host(tmp_path, faults=[SILENT], answers=[seen]) as host:
        task = host.ended(begun(host))

    assert task["result"]["summary"] == "Three of four."


@either_replay
def test_another_try_of_one_does_not_wait_for_a_silent_one(tmp_path: Path, replay: Any) -> None:
    busy = {"agent": "web-researcher", "times": 1, "fault": {"status": 503, "retry_after": 7}}
    with pattern_host(tmp_path, faults=[SILENT, busy], replay=replay) as host:
        run = begun(host)
        waits = host.task(run)["waits"]
        host.host.advance(12)
        seen = [step["name"] for step in host.task(run)["steps"]]
        task = host.ended(run)

    assert [(wait["step"], wait["category"]) for wait in waits] == [("web", "TRANSIENT")]
    assert seen == ["web", "academic", "news"]
    assert (agents(task), seconds(task)) == (SOURCES[:3], 30)


def test_where_nobody_answers_it_fails_and_says_who_and_why(tmp_path: Path) -> None:
    silent = [{"agent": f"{source}-researcher", "fault": "timeout"} for source in SOURCES]
    with pattern_host(tmp_path, faults=silent) as host:
        task = host.ended(begun(host))
        stands = host.stands(task["id"])

    assert (stands, seconds(task)) == (("failed", "Failed"), 30)
    assert (task["result"], task["error"]["category"]) == (None, "TIMEOUT")
    assert absent(task["error"]) == [(source, "TIMEOUT") for source in sorted(SOURCES)]
    assert all(source in task["error"]["message"] for source in SOURCES)
    assert "0 of 4 brought a result" in task["error"]["message"]


def test_only_the_sources_asked_for_are_sent_out(tmp_path: Path) -> None:
    with pattern_host(tmp_path, faults=[SILENT]) as host:
        reply = host.post("/api/research-parallel", {"query": "tides", "agents": ["news", "web"]})
        task = host.ended(reply.json()["task_id"])

    assert reply.json()["agents_dispatched"] == 2
    assert (agents(task), seconds(task)) == (["web", "news"], 0)
    assert task["result"]["completed_agents"] == 2
    assert task["input"] == {"query": "tides", "agents": ["web", "news"]}


def test_what_is_not_known_to_be_a_source_is_refused(tmp_path: Path) -> None:
    with pattern_host(tmp_path) as host:
        reply = host.post("/api/research-parallel", {"query": "tides", "agents": ["wep"]})

    assert reply.status == 400
    assert "wep" in reply.text
    assert "web" in reply.text
