"""A model that fails in every way it can: the run ends as the failure's category says."""

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from content_host import content_host

from devhost.engine.history import EventType

STEPS = ["research", "writing", "editing", "publishing"]


def faulty(fault: Any, **limits: Any) -> dict[str, Any]:
    return {"faults": [{"agent": "writer", **limits, "fault": fault}]}


def timers(host: Any, run: str) -> list[Any]:
    return [event for event in host.host.history(run) if event["EventType"] == EventType.TIMER_FIRED]


@pytest.mark.parametrize("replay", ["sticky", "always"])
@pytest.mark.parametrize(
    "fault",
    [{"status": 429, "retry_after": 20}, {"status": 500}, "timeout", {"slow": 120}, "garbage"],
    ids=str,
)
def test_what_passes_is_waited_for_in_timers(tmp_path: Path, fault: Any, replay: Any) -> None:
    with content_host(tmp_path, script=faulty(fault, times=2), replay=replay) as host:
        run = host.start()["task_id"]
        task = host.ended(run)

        assert (task["status"], [step["name"] for step in task["steps"]]) == ("completed", STEPS)
        assert len(timers(host, run)) == 2


@pytest.mark.parametrize(
    ("fault", "category", "attempts"),
    [
        ({"status": 429, "retry_after": 20}, "RATE_LIMIT", 3),
        ({"status": 500}, "TRANSIENT", 3),
        ("timeout", "TIMEOUT", 3),
        ({"slow": 120}, "TIMEOUT", 3),
        ("garbage", "TRANSIENT", 3),
        ({"status": 400}, "PERMANENT", 1),
        ({"status": 401}, "AUTHENTICATION", 1),
    ],
    ids=str,
)
def test_what_does_not_pass_fails_the_run_with_its_category(
    tmp_path: Path, fault: Any, category: str, attempts: int
) -> None:
    with content_host(tmp_path, script=faulty(fault)) as host:
        task = host.ended(host.start()["task_id"])

        assert task["status"] == "failed"
        error = task["error"]
        assert (error["category"], error["step"], error["attempts"]) == (category, "write", attempts)
        assert "writer" in error["message"]
        assert [step["name"] for step in task["steps"]] == ["research"]
        assert task["result"] is None


def test_a_providers_retry_after_is_honoured(tmp_path: Path) -> None:
    with content_host(tmp_path, script=faulty({"status": 429, "retry_after": 200}, times=1)) as host:
        run = host.start()["task_id"]
        task = host.ended(run)

        took = datetime.fromisoformat(task["completed_at"]) - datetime.fromisoformat(task["created_at"])
        assert 200 <= took.total_seconds() < 206


def test_durable_says_failed_too(tmp_path: Path) -> None:
    with content_host(tmp_path, script=faulty({"status": 400})) as host:
        run = host.start()["task_id"]
        host.ended(run)

        assert host.host.status(run).runtime_status == "Failed"
        assert "PERMANENT" in str(host.host.status(run).output)


def test_a_run_ends_when_its_time_is_over_whatever_is_tried(tmp_path: Path) -> None:
    with content_host(tmp_path, script=faulty({"status": 429, "retry_after": 800})) as host:
        task = host.ended(host.start()["task_id"])
        took = datetime.fromisoformat(task["completed_at"]) - datetime.fromisoformat(task["created_at"])

        assert task["error"]["category"] == "RATE_LIMIT"
        assert took.total_seconds() < 3600
