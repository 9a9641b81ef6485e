"""Runs that their callers end themselves."""

from pathlib import Path

from content_host import content_host

#: The writer's model asks for patience: the run waits after its first step.
WAITS = {"faults": [{"agent": "writer", "times": 1, "fault": {"status": 429, "retry_after": 300}}]}


def test_a_run_is_ended_once_and_says_by_whom_and_why(tmp_path: Path) -> None:
    with content_host(tmp_path, script=WAITS) as app:
        run = app.start()["task_id"]
        app.host.settle()
        answer = app.host.request("POST", f"/api/task/{run}/cancel", json={"reason": "Stale; 50 % / ü?"})
        app.host.settle()
        task = app.task(run)
        again = app.host.request("POST", f"/api/task/{run}/cancel")
        app.host.advance(3_600)

        assert (answer.status, answer.headers["location"]) == (202, f"{app.host.url}/api/task/{run}")
        assert (task["status"], task["error"]["message"]) == (
            "cancelled",
            "Cancelled by the account 'default': Stale; 50 % / ü?",
        )
        assert (again.status, app.task(run)) == (409, task)
