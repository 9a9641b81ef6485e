"""Runs as callers see them: followed, listed, ended from outside, and removed when they are old."""

from pathlib import Path
from typing import Any

import pytest
import surroundings
from content_host import ContentHost, content_host

#: The writer's model asks for patience: the run waits after its first step.
WAITS = {"faults": [{"agent": "writer", "times": 1, "fault": {"status": 429, "retry_after": 300}}]}
DAY = 86_400
#: Nobody listens there.
NOWHERE = "http://127.0.0.1:9"


def waiting(app: ContentHost) -> str:
    """A run that waits for a timer."""
    run = app.start()["task_id"]
    app.host.settle()
    return str(run)


def listed(app: ContentHost, query: str = "") -> Any:
    """The tasks of a list."""
    reply = app.host.request("GET", f"/api/tasks{query}")
    assert reply.status == 200, reply.text
    return reply.json()["tasks"]


def test_a_task_can_be_followed_from_the_moment_it_is_accepted(tmp_path: Path) -> None:
    with content_host(tmp_path, script=WAITS) as app:
        run = app.start()["task_id"]
        at_once = app.task(run)
        app.host.settle()
        later = app.task(run)
        done = app.ended(run)

    assert at_once["status"] in ("pending", "in_progress")
    assert set(at_once) | {"simulated", "waits"} == set(later)
    [wait] = later["waits"]
    assert (wait["step"], wait["attempts"], wait["category"]) == ("write", 1, "RATE_LIMIT")
    assert "waits" not in done
    assert (later["status"], [step["name"] for step in later["steps"]]) == ("in_progress", ["research"])
    assert (later["result"], later["completed_at"]) == (None, None)
    assert (done["status"], len(done["steps"])) == ("completed", 4)


def test_a_poller_is_sent_nothing_until_something_happened(tmp_path: Path) -> None:
    with content_host(tmp_path, script=WAITS) as app:
        path = f"/api/task/{waiting(app)}"
        tag = app.host.request("GET", path).headers["etag"]
        idle = app.host.request("GET", path, headers={"If-None-Match": tag})
        app.host.advance(900)
        news = app.host.request("GET", path, headers={"If-None-Match": tag})

    assert (idle.status, idle.body, idle.headers["etag"]) == (304, b"", tag)
    assert (news.status, news.json()["status"]) == (200, "completed")
    assert news.headers["etag"] != tag


def test_the_trace_counts_what_was_tried(tmp_path: Path) -> None:
    with content_host(tmp_path, script=WAITS) as app:
        run = app.start()["task_id"]
        app.ended(run)
        trace = app.host.request("GET", f"/api/task/{run}/trace").json()

    assert trace["pipeline"] == "research → write → edit → publish"
    assert [step["attempts"] for step in trace["steps"]] == [1, 2, 1, 1]
    assert (trace["totals"]["attempts"], trace["simulated"]) == (5, True)
    assert trace["totals"]["duration"] >= 300
    assert trace["totals"]["tokens"]["total"] == sum(step["tokens"]["total"] for step in trace["steps"]) > 0


def test_a_list_is_filtered_by_status_and_time(tmp_path: Path) -> None:
    with content_host(tmp_path, script=WAITS) as app:
        first = waiting(app)
        app.ended(first)
        app.host.advance(DAY)
        second = app.start()["task_id"]
        app.ended(second)
        app.host.terminate(third := app.start()["task_id"], "not needed")
        app.task(third)

        assert {task["id"] for task in listed(app)} == {first, second, third}
        assert [task["id"] for task in listed(app, "?status=completed")] == [second, first]
        assert [task["id"] for task in listed(app, "?status=cancelled&workflow=content-creation")] == [third]
        assert listed(app, "?workflow=another") == []
        between = app.task(first)["completed_at"]
        assert [task["id"] for task in listed(app, f"?to={between}")] == [first]
        assert first not in [task["id"] for task in listed(app, f"?from={between}")]


def test_a_run_that_somebody_ended_is_cancelled(tmp_path: Path) -> None:
    with content_host(tmp_path, script=WAITS) as app:
        run = waiting(app)
        app.host.terminate(run, "not needed")
        task = app.task(run)
        [line] = listed(app)

    assert (task["status"], task["error"]["message"]) == ("cancelled", "Somebody ended the run: not needed")
    assert [step["name"] for step in task["steps"]] == ["research"]
    assert (line["status"], line["error"]) == ("cancelled", task["error"])


def test_a_run_whose_instance_is_gone_has_failed(tmp_path: Path) -> None:
    with content_host(tmp_path, script=WAITS) as app:
        run = waiting(app)
        app.host.terminate(run, "not needed")
        app.host.purge(run)
        task = app.task(run)

    assert (task["status"], task["error"]["category"]) == ("failed", "PERMANENT")
    assert "gone" in task["error"]["message"]


def test_an_instance_of_anything_else_is_no_task(tmp_path: Path) -> None:
    with content_host(tmp_path) as app:
        app.host.start("sequential", input={"not": "a run"}, instance_id="stray")
        app.host.settle()

        assert app.host.request("GET", "/api/task/stray").status == 404


def test_another_account_sees_nothing_of_a_run(tmp_path: Path) -> None:
    with content_host(tmp_path, script=WAITS) as app:
        runs = [waiting(app), app.start()["task_id"]]
        app.host.crash()
    with content_host(tmp_path, script=WAITS, DIRIGENT_DEFAULT_ACCOUNT="other") as app:
        statuses = [app.host.request("GET", f"/api/task/{run}").status for run in runs]

        assert (statuses, listed(app)) == ([404, 404], [])
        assert app.host.request("GET", "/api/tasks?account=default").status == 403


def test_old_runs_are_removed_at_night(tmp_path: Path) -> None:
    key = {"Idempotency_Key": "k"}
    with content_host(tmp_path) as app:
        run = app.start(**key)["task_id"]
        app.ended(run)
        app.host.advance(29 * DAY)
        kept = len(listed(app))
        app.host.advance(2 * DAY)

        files = [name for name in surroundings.present().files(tmp_path) if run in name]
        assert (kept, listed(app), files, app.host.statuses()) == (1, [], [], ())
        assert app.host.request("GET", f"/api/task/{run}").status == 404
        assert app.start(**key)["task_id"] != run


@pytest.mark.embedded_only("it spoils the file of the records")
def test_records_that_are_away_are_told_as_such(tmp_path: Path) -> None:
    with content_host(tmp_path) as app:
        app.ended(run := app.start()["task_id"])
        app.host.module.parts.records.close()
        spoil(tmp_path / "data" / "records.db")
        replies = [
            app.host.request("GET", f"/api/task/{run}"),
            app.host.request("GET", "/api/tasks"),
            app.host.request(
                "POST", "/api/create-content", json={"topic": "x"}, headers={"Idempotency-Key": "k"}
            ),
        ]
        health = app.host.request("GET", "/api/health")

    assert [(reply.status, reply.headers["retry-after"]) for reply in replies] == [(503, "5")] * 3
    assert not any(str(tmp_path) in reply.text for reply in [*replies, health])
    assert (health.status, health.json()["status"]) == (503, "unhealthy")


@pytest.mark.services_only("records in a file are always within reach")
def test_an_account_that_cannot_be_reached_is_told_as_such(tmp_path: Path) -> None:
    ends = ";".join(f"{service}Endpoint={NOWHERE}/gone" for service in ("Blob", "Queue", "Table"))
    account = f"DefaultEndpointsProtocol=http;AccountName=gone;AccountKey=c2VjcmV0;{ends}"
    with content_host(tmp_path, DIRIGENT_STORAGE="GONE", GONE=account) as app:
        replies = [
            app.host.request("GET", "/api/task/any"),
            app.host.request("POST", "/api/create-content", json={"topic": "x"}),
        ]
        health = app.host.request("GET", "/api/health")

    assert [(reply.status, reply.headers["retry-after"]) for reply in replies] == [(503, "5")] * 2
    assert not any("c2VjcmV0" in reply.text or NOWHERE in reply.text for reply in [*replies, health])
    assert (health.status, health.json()["status"]) == (503, "unhealthy")


def spoil(database: Path) -> None:
    """Leave a file that no database can read."""
    for beside in database.parent.glob(f"{database.name}-*"):
        beside.unlink()
    database.write_bytes(b"no database at all " * 1000)
