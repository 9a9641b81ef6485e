"""Runs that are steered over Durable's own management API, and what their tasks say then."""

from pathlib import Path
from typing import Any

import pytest
from content_host import content_host

from devhost.testing import OrchestrationFailed

ONCE = {"faults": [{"agent": "writer", "times": 1, "fault": {"status": 400}}]}
WAITS = {"faults": [{"agent": "writer", "times": 1, "fault": {"status": 429, "retry_after": 300}}]}
HOOKS = "/runtime/webhooks/durabletask/instances"


def restart(host: Any, run: str, *, anew: bool) -> str:
    query = f"restartWithNewInstanceId={str(anew).lower()}"
    reply = host.host.request("POST", f"{HOOKS}/{run}/restart?{query}")
    assert reply.status == 202
    return str(reply.json()["id"])


def test_a_failed_run_restarted_under_its_id_does_what_was_not_done(tmp_path: Path) -> None:
    with content_host(tmp_path, script=ONCE) as host:
        run = host.start()["task_id"]
        failed = host.ended(run)
        restart(host, run, anew=False)
        task = host.ended(run)

    assert (failed["status"], failed["error"]["step"]) == ("failed", "write")
    assert (task["status"], "error" in task) == ("completed", False)
    assert [step["name"] for step in task["steps"]] == ["research", "writing", "editing", "publishing"]
    assert task["steps"][0] == failed["steps"][0]


def test_a_copy_under_another_id_is_refused_and_the_run_goes_on(tmp_path: Path) -> None:
    with content_host(tmp_path, script=WAITS) as host:
        run = host.start()["task_id"]
        host.host.settle()
        copy = restart(host, run, anew=True)
        with pytest.raises(OrchestrationFailed, match=f"copy of the run '{run}'"):
            host.host.result(copy)

        assert host.ended(run)["status"] == "completed"
        assert host.host.request("GET", f"/api/task/{copy}").status == 404


def test_a_rewound_run_fails_as_before(tmp_path: Path) -> None:
    with content_host(tmp_path, script=ONCE) as host:
        run = host.start()["task_id"]
        failed = host.ended(run)
        host.host.rewind(run, "once more")

        assert host.ended(run) == failed
