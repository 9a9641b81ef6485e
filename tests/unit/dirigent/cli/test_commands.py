"""The commands: what they give, and the status they end with."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dirigent.cli.api import Api
from dirigent.cli.commands import obey
from dirigent.cli.door import Answer
from dirigent.cli.invocation import invocation
from dirigent.cli.options import parse

Do = Callable[..., int]


def answer(status: int, value: object) -> Answer:
    return Answer(status=status, body=json.dumps(value).encode())


def task(status: str, **more: object) -> dict[str, object]:
    ended = None if status == "in_progress" else "2030-01-01T00:00:02Z"
    base = {"id": "t1", "workflow": "tides", "status": status, "created_at": "2030-01-01T00:00:00Z"}
    return {**base, "completed_at": ended, "steps": [], "result": None, **more}


@pytest.fixture
def do(door: Any, screen: Any) -> Do:
    """Types a command at an app that has accepted the task t1."""
    door.answers["/api/workflows/tides"] = [answer(202, {"task_id": "t1", "steps": ["ebb"]})]

    def type_command(*arguments: str) -> int:
        return obey(parse(arguments, {}), Api(door, "http://app"), screen.terminal())

    return type_command


def test_start_gives_the_id_and_nothing_else(do: Do, door: Any, screen: Any) -> None:
    status = do("start", "tides", "--input", '{"topic": "a", "depth": 1}', "topic=b", "--key", "k")

    assert (status, screen.given) == (0, "t1\n")
    assert "watch t1" in screen.told
    assert door.sent[0].body == {"topic": "b", "depth": 1}
    assert door.sent[0].headers["Idempotency-Key"] == "k"


def test_watch_gives_the_result_of_a_task_that_completed(do: Do, door: Any, screen: Any) -> None:
    done = task("completed", result={"article": "ebb and flow"}, simulated=True)
    door.answers["/api/workflows/tides"] += [answer(200, {"steps": [{"name": "ebb", "record": "ebb"}]})]
    door.answers["/api/task/t1"] = [answer(200, task("in_progress")), answer(200, done)]

    status = do("start", "tides", "--watch")

    assert (status, screen.given) == (0, "article  ebb and flow\n")
    assert "The task t1 is completed after 2.0 s. Simulated:" in screen.told


def test_watch_ends_with_1_when_the_task_failed(do: Do, door: Any, screen: Any) -> None:
    error = {"category": "PERMANENT", "message": "refused", "step": "ebb", "attempts": 1}
    door.answers["/api/workflows/tides"] = [answer(404, {})]
    door.answers["/api/task/t1"] = [answer(200, task("failed", error=error))]

    status = do("watch", "t1")

    assert (status, screen.given) == (1, "")
    assert screen.told == (
        "Failed in step 'ebb' after 1 try (PERMANENT): refused\nThe task t1 is failed after 2.0 s.\n"
    )


def test_an_interrupted_watch_says_that_the_task_goes_on(do: Do, door: Any, screen: Any) -> None:
    def interrupted(seconds: float) -> None:
        raise KeyboardInterrupt

    screen.pause = interrupted
    door.answers["/api/workflows/tides"] = [answer(404, {})]
    door.answers["/api/task/t1"] = [answer(200, task("in_progress"))]

    assert do("watch", "t1") == 130
    typed = invocation(sys.executable, Path.cwd())
    assert screen.told == f"The task goes on; follow it with: {typed} watch t1\n"


@pytest.mark.parametrize(("state", "status"), [("completed", 0), ("in_progress", 0), ("failed", 1)])
def test_show_ends_as_the_task_did(do: Do, door: Any, screen: Any, state: str, status: int) -> None:
    door.answers["/api/task/t1"] = [answer(200, task(state))]

    assert do("show", "t1") == status
    assert f"status    {state}" in screen.given


def test_json_is_what_the_app_answered(do: Do, door: Any, screen: Any) -> None:
    found = task("completed", result={"article": "ø\x1b[2J\x9b\u202e"})
    door.answers["/api/task/t1"] = [answer(200, found)]

    assert do("show", "t1", "--json") == 0
    assert json.loads(screen.given) == found
    assert "ø" in screen.given
    assert not set(screen.given) & set("\x1b\x9b\u202e")


def test_trace_and_tasks_are_given(do: Do, door: Any, screen: Any) -> None:
    totals = {"attempts": 0, "duration": 0.0, "tokens": {"total": 0}}
    door.answers["/api/task/t1/trace"] = [answer(200, {"steps": [], "totals": totals})]
    door.answers["/api/tasks?status=failed"] = [answer(200, {"tasks": [], "continuation_token": None})]

    assert (do("trace", "t1"), do("tasks", "--status", "failed")) == (0, 0)
    assert screen.given.startswith("step ")
    assert screen.given.endswith("No tasks.\n")


def test_watch_tells_where_the_result_was_published(do: Do, door: Any, screen: Any) -> None:
    steps = [{"name": "sell", "completed_at": "2030-01-01T00:00:01Z", "result": {"address": "file:///a.md"}}]
    door.answers["/api/workflows/tides"] = [answer(404, {})]
    door.answers["/api/task/t1"] = [answer(200, task("completed", result={"article": "a"}, steps=steps))]

    assert do("watch", "t1") == 0
    # Standard output holds the result alone.
    assert screen.given == "article  a\n"
    assert screen.told.endswith("\naddress  file:///a.md\n")


def test_a_cancelled_task_is_not_called_failed(do: Do, door: Any, screen: Any) -> None:
    error = {"category": "PERMANENT", "message": "Somebody ended the run."}
    door.answers["/api/workflows/tides"] = [answer(404, {})]
    door.answers["/api/task/t1"] = [answer(200, task("cancelled", error=error))]

    assert do("watch", "t1") == 1
    assert screen.told.startswith("Cancelled: Somebody ended the run.\nThe task t1 is cancelled after 2.0 s.")


def test_start_with_the_sample_sends_it_but_for_the_fields_given(do: Do, door: Any) -> None:
    declared = {"sample": {"topic": "ebb", "depth": 1, "tone": "dry"}}
    door.answers["/api/workflows/tides"].insert(0, answer(200, declared))

    assert do("start", "tides", "--sample", "--input", '{"tone": "wet"}', "topic=flow") == 0
    assert [(sent.method, sent.body) for sent in door.sent] == [
        ("GET", None),
        ("POST", {"topic": "flow", "depth": 1, "tone": "wet"}),
    ]


def test_one_workflow_is_shown(do: Do, door: Any, screen: Any) -> None:
    shown = {"name": "tides", "description": "Ebbs.", "pattern": "sequential", "input": [], "steps": []}
    steps = {"steps": [{"name": "ebb", "kind": "ask", "agent": "clerk"}]}
    door.answers["/api/workflows/tides"] = [answer(200, shown | steps)]

    assert (do("workflows", "tides"), do("workflows", "tides", "--json")) == (0, 0)
    assert screen.given.startswith("workflow  tides\n")
    assert "Steps\n  ebb  ask  clerk\n{" in screen.given


def test_a_workflow_that_there_is_not_is_told(do: Do, door: Any, screen: Any) -> None:
    why = "There is no workflow 'tide': did you mean 'tides'?"
    door.answers["/api/workflows/tide"] = [answer(404, {"error": why})]

    assert (do("workflows", "tide"), do("start", "tide", "--sample")) == (2, 2)
    assert screen.told == f"Refused: {why}\nRefused: {why}\n"


def test_workflows_and_agents_are_listed(do: Do, door: Any, screen: Any) -> None:
    door.answers["/api/workflows"] = [answer(200, {"workflows": [{"name": "tides"}, {"name": "gone"}]})]
    shown = {"name": "tides", "description": "Ebbs.", "input": []}
    door.answers["/api/workflows/tides"] = [answer(200, shown)]
    door.answers["/api/agents"] = [answer(200, {"agents": []})]

    assert (do("workflows"), do("agents"), do("workflows", "--json")) == (0, 0, 0)
    assert screen.given.startswith("tides  Ebbs.\n  (no fields)\nNo agents.\n{")


@pytest.mark.parametrize(
    ("field", "hint"),
    [
        ("nights=2", "nights=2 gives a text; for what is none write nights:=2"),
        ("nights=two", "nights=two gives a text; for what is none write nights:=JSON, such as nights:=2"),
    ],
)
def test_a_text_in_the_place_of_a_number_gets_a_hint(
    do: Do, door: Any, screen: Any, field: str, hint: str
) -> None:
    why = "The field 'nights' must be a whole number, not a text."
    door.answers["/api/workflows/tides"] = [answer(400, {"error": why})]

    assert do("start", "tides", field, "topic=a") == 2
    assert screen.told.startswith(f"Refused: {why}\n  {hint}")
    assert "topic" not in screen.told


def test_a_refusal_ends_with_2(do: Do, door: Any, screen: Any) -> None:
    door.answers["/api/task/t1"] = [answer(404, {"error": "There is no task 't1'."})]

    assert do("show", "t1") == 2
    assert (screen.told, screen.given) == ("Refused: There is no task 't1'.\n", "")


def test_an_app_that_is_away_ends_with_3_and_a_remedy(do: Do, door: Any, screen: Any) -> None:
    door.answers["/api/tasks"] = [None]

    assert do("tasks") == 3
    assert screen.told.startswith("http://app cannot be reached: nobody is there.\n")
    assert "make serve" in screen.told


def test_an_app_that_cannot_now_refuses(do: Do, door: Any, screen: Any) -> None:
    why = "The records do not answer. Try again in 5 seconds."
    door.answers["/api/tasks"] = [answer(503, {"status": 503, "error": why})]

    assert do("tasks", "--json") == 2
    assert screen.told == f"Refused: {why}\n"
    assert json.loads(screen.given) == {"status": 503, "error": why}


def test_somebody_else_at_the_address_ends_with_3(do: Do, door: Any, screen: Any) -> None:
    door.answers["/api/workflows/tides"] = [answer(404, {"error": {"message": "Not here.", "code": None}})]

    assert do("start", "tides") == 3
    assert screen.told.startswith(
        "http://app cannot be reached: it answered 404 (Not here), and not as this app does.\nIs the app "
    )
    assert "{" not in screen.told


def circuit(state: str) -> dict[str, object]:
    rules = {"failures": 5, "cool_down": 60.0, "trials": 1, "success_threshold": 1}
    counts = {"failures": 0, "successes": 0, "trials": 0, "rules": rules}
    times = dict.fromkeys(("changed_at", "cooled_at", "paused_until"))
    return {"name": "fast", "models": ["main"], "agents": [], "state": state, **counts, **times}


def test_circuits_are_listed_shown_and_reset(do: Do, door: Any, screen: Any) -> None:
    door.answers |= {
        "/api/circuits": [answer(200, {"circuits": [circuit("open")]})],
        "/api/circuits/main": [answer(200, circuit("open"))],
        "/api/circuits/main/reset": [answer(200, circuit("closed"))],
    }

    assert (do("circuits"), do("circuits", "main"), do("circuits", "main", "--reset")) == (0, 0, 0)
    assert [line for line in screen.given.splitlines() if line.startswith(("circuit", "state"))] == [
        "circuit  state  failures  left alone until  agents",
        *("circuit       fast", "state         open"),
        *("circuit       fast", "state         closed"),
    ]
    assert screen.told == ""


def test_a_reset_that_is_not_heard_of_yet_says_so(do: Do, door: Any, screen: Any) -> None:
    door.answers["/api/circuits/fast/reset"] = [answer(202, circuit("open"))]

    assert do("circuits", "fast", "--reset") == 0
    assert screen.told.startswith("It was told to close; look again with: ")
    assert screen.told.endswith(" circuits fast\n")


def test_limits_are_shown(do: Do, door: Any, screen: Any) -> None:
    left = {"limits": {"burst": 10}, "left": {"burst": 10}, "refused_by": None, "retry_after": None}
    door.answers["/api/limits/agent/writer"] = [
        answer(200, {"level": "agent", "key": "writer", "allowed": True, **left})
    ]

    assert do("limits", "agent", "writer") == 0
    assert screen.given.startswith("The agent 'writer' may go ahead.\n")


def test_a_task_is_cancelled_with_a_reason(do: Do, door: Any, screen: Any) -> None:
    told = {"task_id": "t1", "status": "cancelling"}
    door.answers["/api/task/t1/cancel"] = [answer(202, told)]

    assert (do("cancel", "t1", "--reason", "enough"), screen.given) == (0, "")
    assert screen.told.startswith("The task was told to end; see how it ended with: ")
    assert door.sent[0].body == {"reason": "enough"}
    assert do("cancel", "t1", "--json") == 0
    assert json.loads(screen.given) == told


def test_a_task_that_has_ended_is_not_cancelled(do: Do, door: Any, screen: Any) -> None:
    door.answers["/api/task/t1/cancel"] = [answer(409, {"error": "The task 't1' has ended."})]

    assert do("cancel", "t1") == 2
    assert screen.told == "Refused: The task 't1' has ended.\n"


def test_a_start_that_came_too_early_says_when_to_come_back(do: Do, door: Any, screen: Any) -> None:
    why = "The account 'a' has had all its 10 starts of any second. Come back in 0.5 seconds."
    door.answers["/api/workflows/tides"] = [answer(429, {"error": why, "retry_after": 0.5})]

    assert do("start", "tides") == 2
    assert (screen.told, screen.given) == (f"Refused: {why.replace('0.5 seconds', '1 s')}\n", "")


@pytest.mark.parametrize(
    ("body", "given"),
    [
        ({"error": "Too often.", "retry_after": 0.5}, {"error": "Too often.", "retry_after": 0.5}),
        ([], {"status": 429, "error": "The app answered 429 without a reason."}),
    ],
)
def test_a_program_reads_a_refusal_as_json(
    do: Do, door: Any, screen: Any, body: object, given: object
) -> None:
    door.answers["/api/workflows/tides"] = [answer(429, body)]

    assert do("start", "tides", "a=b", "--json") == 2
    assert json.loads(screen.given) == given
    assert screen.told.startswith("Refused: ")


def test_a_task_that_waits_says_for_what(do: Do, door: Any, screen: Any) -> None:
    wait = {"step": None, "attempts": 0, "category": "RATE_LIMIT", "because": "all starts are had"}
    waits = [wait | {"next_try": "2030-01-01T00:00:01.5Z"}]
    totals = {"attempts": 0, "duration": 0.0, "tokens": {"total": 0}}
    door.answers["/api/task/t1"] = [answer(200, task("pending", waits=waits) | {"completed_at": None})]
    door.answers["/api/task/t1/trace"] = [answer(200, {"steps": [], "totals": totals, "waits": waits})]

    do("show", "t1")
    do("trace", "t1")

    line = "\n\nWaits\n  start  RATE_LIMIT: all starts are had; again at 2030-01-01T00:00:01Z\n"
    assert screen.given.count(line) == 2


def test_tasks_are_listed_with_those_within_others_when_asked_for(do: Do, door: Any, screen: Any) -> None:
    door.answers["/api/tasks?children=true"] = [answer(200, {"tasks": [], "continuation_token": None})]

    assert do("tasks", "--children") == 0
    assert screen.given == "No tasks.\n"


def test_tasks_are_listed_by_what_they_belong_to(do: Do, door: Any, screen: Any) -> None:
    door.answers["/api/tasks?correlation_id=storm-1"] = [
        answer(200, {"tasks": [], "continuation_token": None})
    ]

    assert do("tasks", "--correlation", "storm-1") == 0
    assert screen.given == "No tasks.\n"
