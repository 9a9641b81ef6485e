"""The published contract of content creation, over HTTP against the host in a process of its own."""

import re
import time
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from chaos_load import Line
from driver import ROOT, polled
from mortal_app import MortalApp
from shipped import published

INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
MANAGEMENT = {
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


@pytest.fixture(scope="module")
def line(surrounded: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Line]:
    """A connection to the app, whose model takes a while for each answer."""
    folder = tmp_path_factory.mktemp("contract")
    catalogue = folder / "catalogue"
    for name, declared in UNSEEN.items():
        (catalogue / name).parent.mkdir(parents=True, exist_ok=True)
        (catalogue / name).write_text(yaml.safe_dump(declared, sort_keys=False), encoding="utf-8")
    for name in ("agents", "workflows"):
        for shipped in sorted(((ROOT / "catalogue") / name).glob("*.yaml")):
            (catalogue / name / shipped.name).write_bytes(shipped.read_bytes())
    models = yaml.safe_load((ROOT / "catalogue/models.yaml").read_text(encoding="utf-8"))
    (catalogue / "models.yaml").write_text(yaml.safe_dump(models | UNSEEN_MODELS), encoding="utf-8")
    (folder / "script.yaml").write_text("pace: 0.3\n", encoding="utf-8")
    settings = {
        "DIRIGENT_CATALOGUE": str(catalogue),
        "DIRIGENT_SCRIPT": str(folder / "script.yaml"),
    }
    host = MortalApp(folder, settings)
    host.spawn()
    host.wait_until_ready()
    line = Line(host.port)
    yield line
    line.close()
    host.stop()


UNSEEN_MODELS = {"tiny": {"deployment": "tiny-1"}}
UNSEEN = {
    "agents/kitchen.yaml": {
        "cook": {"description": "Cooks.", "instructions": "You plan meals.", "model": "tiny"},
        "taster": {"description": "Tastes.", "instructions": "You judge meals.", "model": "tiny"},
    },
    "workflows/dinner.yaml": {
        "dinner": {
            "description": "A menu that somebody has tasted.",
            "type": "dinner_menu",
            "input": {"guests": {"type": "integer"}, "dish": {"type": "string"}},
            "steps": [
                {
                    "name": "plan",
                    "agent": "cook",
                    "prompt": "Plan {{dish}} for {{guests}} guests.",
                    "output": "menu",
                },
                {"name": "taste", "agent": "taster", "prompt": "Review this: {{menu}}", "output": "verdict"},
            ],
            "result": {"menu": {"value": "menu"}, "verdict": {"value": "verdict"}},
        }
    },
}


def ended(line: Line, run: str) -> Any:
    def look() -> Any:
        status, task = line.send("GET", f"/api/task/{run}")
        assert status == 200, task
        return task if task["status"] not in ("pending", "in_progress") else None

    return polled(look)


def test_a_start_answers_as_the_tutorial_says(line: Line) -> None:
    status, told = line.send("POST", "/api/create-content", {"topic": "tides"})

    assert status == 202
    assert {name: told[name] for name in ("status", "workflow", "steps")} == {
        "status": "started",
        "workflow": "sequential",
        "steps": ["research", "write", "edit", "publish"],
    }
    assert set(told) == {"task_id", "status", "workflow", "steps", "message"} | MANAGEMENT
    assert told["id"] == told["task_id"]
    assert isinstance(told["message"], str)


@pytest.mark.parametrize("body", [{}, {"topic": ""}, {"topic": None}])
def test_without_a_topic_it_says_exactly_so(line: Line, body: Any) -> None:
    assert line.send("POST", "/api/create-content", body) == (400, {"error": "Topic required"})


def test_a_task_ends_with_four_steps_and_the_article(line: Line) -> None:
    _, told = line.send("POST", "/api/create-content", {"topic": "tides"})
    task = ended(line, told["task_id"])

    assert (task["id"], task["type"], task["status"]) == (told["task_id"], "content_creation", "completed")
    assert task["input"] == {"topic": "tides"}
    assert [(step["name"], list(step["result"])) for step in task["steps"]] == [
        ("research", ["research"]),
        ("writing", ["draft"]),
        ("editing", ["edited"]),
        ("publishing", ["address"]),
    ]
    assert all(set(step) == {"name", "completed_at", "result"} for step in task["steps"])
    assert set(task["result"]) == {"topic", "final_article", "word_count"}
    assert task["result"]["final_article"] == task["steps"][2]["result"]["edited"]
    assert task["result"]["word_count"] == len(task["result"]["final_article"].split()) > 100
    assert "tides" in task["result"]["final_article"]
    instants = [task["created_at"], *(step["completed_at"] for step in task["steps"]), task["completed_at"]]
    assert all(INSTANT.fullmatch(instant) for instant in instants)
    assert instants == sorted(instants)


def test_the_published_file_holds_the_article(line: Line) -> None:
    _, told = line.send("POST", "/api/create-content", {"topic": "tides"})
    task = ended(line, told["task_id"])

    address = task["steps"][3]["result"]["address"]
    assert published(address) == task["result"]["final_article"]


def test_results_of_steps_are_seen_while_later_ones_run(line: Line) -> None:
    _, told = line.send("POST", "/api/create-content", {"topic": "dunes"})
    seen: list[int] = []
    status = "pending"
    while status in ("pending", "in_progress"):
        _, task = line.send("GET", f"/api/task/{told['task_id']}")
        status = task["status"]
        if status == "in_progress" and len(task["steps"]) not in seen:
            seen.append(len(task["steps"]))
        time.sleep(0.02)

    assert {1, 2} <= set(seen)
    assert seen == sorted(seen)


def test_an_unknown_task_is_not_found(line: Line) -> None:
    status, problem = line.send("GET", "/api/task/nobody-knows-it")

    assert status == 404
    assert "nobody-knows-it" in problem["error"]


def test_health_is_told(line: Line) -> None:
    status, health = line.send("GET", "/api/health")

    assert (status, health["status"], health["service"]) == (200, "healthy", "orchestrator")


def test_a_workflow_nobody_has_seen_runs_as_well(line: Line) -> None:
    _, told = line.send("POST", "/api/workflows/dinner", {"guests": 4, "dish": "soup"})
    task = ended(line, told["task_id"])

    assert (told["workflow"], told["steps"]) == ("sequential", ["plan", "taste"])
    assert (task["type"], task["status"], task["input"]) == (
        "dinner_menu",
        "completed",
        {"guests": 4, "dish": "soup"},
    )
    assert [step["name"] for step in task["steps"]] == ["plan", "taste"]
    assert set(task["result"]) == {"menu", "verdict"}


def test_the_same_key_with_another_body_is_a_conflict(line: Line) -> None:
    key = {"Idempotency-Key": "one-key"}
    status, _ = line.send("POST", "/api/create-content", {"topic": "tides"}, key)
    again, problem = line.send("POST", "/api/create-content", {"topic": "dunes"}, key)

    assert (status, again) == (202, 409)
    assert "one-key" in problem["error"] or "Idempotency-Key" in problem["error"]


def test_a_body_over_the_limit_is_refused(line: Line) -> None:
    status, problem = line.send("POST", "/api/create-content", {"topic": "x" * 1_100_000})

    assert status == 413
    assert "1000000" in problem["error"].replace(",", "").replace(" ", "")
