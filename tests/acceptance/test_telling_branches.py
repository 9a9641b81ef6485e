"""Branches of a fan-out tell events and notify people, side by side with those who are asked."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from content_host import content_host
from driver import ROOT
from shipped import published

SPREAD = {
    "description": "Tells of something in three ways at once.",
    "type": "spread",
    "pattern": "fan_out",
    "deadline": 60,
    "needed": 1,
    "input": {"news": {}, "to": {"required": False}},
    "branches": [
        {"name": "comment", "agent": "announcer", "prompt": "Write a message about this: {{news}}"},
        {
            "name": "tell",
            "event": "RecordSubmitted",
            "topic": "records",
            "with": {"reference": "N-1", "record": "{{news}}"},
        },
        {"name": "mail", "notify": "email", "to": "{{to}}", "subject": "News", "text": "{{news}}"},
    ],
    "combine": {"name": "page", "output": "page"},
    "result": {"branches": "branches", "page": "page"},
}
NEWS = "The harbour is open again."


@pytest.fixture
def catalogue(tmp_path: Path) -> Path:
    """The shipped one, with the workflow in it."""
    folder = tmp_path / "catalogue"
    shutil.copytree(ROOT / "catalogue", folder)
    (folder / "workflows" / "spread.yaml").write_text(yaml.safe_dump({"spread": SPREAD}), encoding="utf-8")
    return folder


def spread(folder: Path, catalogue: Path, **given: str) -> tuple[Any, Any]:
    """The task, and the first of those that the event has started."""
    with content_host(folder, catalogue=catalogue) as host:
        task = host.ended(host.start({"news": NEWS, **given}, "spread")["task_id"])
        host.host.advance(600)
        listed = host.host.request("GET", f"/api/tasks?correlation_id={task['id']}&workflow=record-summary")
        return task, host.task(listed.json()["tasks"][0]["id"])


def test_each_does_its_own(tmp_path: Path, catalogue: Path) -> None:
    task, heard = spread(tmp_path, catalogue, to="all@example.com")

    brought = {one["agent"]: one["data"] for one in task["result"]["branches"]}
    mail = json.loads(published(brought["mail"]["address"]))
    assert (task["status"], task["result"]["completed_agents"]) == ("completed", 3)
    assert brought["tell"]["id"] == heard["event"]["id"] == f"{task['id']}.tell"
    assert heard["input"] == {"reference": "N-1", "record": NEWS}
    assert (mail["to"], mail["text"]) == ("all@example.com", NEWS)


def test_one_that_tells_nobody_is_missing(tmp_path: Path, catalogue: Path) -> None:
    task, heard = spread(tmp_path, catalogue)

    [gap] = task["result"]["missing"]
    assert (task["status"], task["result"]["completed_agents"]) == ("completed", 2)
    assert (gap["branch"], gap["category"]) == ("mail", "PERMANENT")
    assert "nobody was told by email" in gap["because"]
    assert heard["status"] == "completed"
