"""The routes that show runs, and end them."""

import asyncio
import json
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import azure.functions as func
import pytest
from msgspec.structs import replace

from dirigent import codec
from dirigent.domain.catalogue import ResultField
from dirigent.domain.outcomes import Category, Missing
from dirigent.domain.records import StepRecord
from dirigent.domain.run_ids import child_id, new_run_id
from dirigent.domain.runs import Held, Parent
from dirigent.domain.waves import Wait
from dirigent.records.runs import Runs
from triggers.instances import DurableInstances
from triggers.tasks import tasks


def get(bench: Any, name: str, **request: Any) -> func.HttpResponse:
    """Call one of the functions that show tasks."""
    functions = bench.functions(tasks(bench.parts, request.pop("settings", bench.settings)))
    with_client = {} if name == "list_tasks" else {"client": bench.client}
    answer: func.HttpResponse = asyncio.run(functions[name](req=bench.request(**request), **with_client))
    return answer


def keep(bench: Any, count: int = 1, *, completes: bool = True) -> list[str]:
    """Keep that many runs, a minute apart; their ids, newest first."""
    runs = Runs(bench.parts.records, bench.parts.artifacts)
    ids: list[str] = []
    for number in range(count):
        bench.clock.time += timedelta(minutes=1)
        run = new_run_id(bench.clock.now(), number)
        asyncio.run(runs.open(bench.opening(run), at=bench.clock.now()))
        if completes:
            asyncio.run(runs.complete("default", run, Held(text="{}"), at=bench.clock.now()))
        ids.insert(0, run)
    return ids


@pytest.mark.parametrize("function", ["show_task", "trace_task"])
def test_shows_a_task_once_to_a_caller_who_keeps_it(bench: Any, function: str) -> None:
    [run] = keep(bench)
    first = get(bench, function, path=f"task/{run}", id=run)
    second = get(bench, function, path="x", id=run, headers={"If-None-Match": first.headers["ETag"]})

    assert (first.status_code, json.loads(first.get_body())["id"]) == (200, run)
    assert (second.status_code, second.get_body()) == (304, b"")


@pytest.mark.parametrize(
    "run", ["unknown", "unkn%6fwn", "a" * 101, "..", "a/b", "a b", "@entity@key", "\ud800", ""]
)
@pytest.mark.parametrize("function", ["show_task", "trace_task"])
def test_finds_no_task_that_is_none(bench: Any, function: str, run: str) -> None:
    answer = get(bench, function, path="task/x", id=run)

    assert (answer.status_code, answer.mimetype) == (404, "application/problem+json")


def test_asks_durable_for_no_id_that_cannot_be_one(bench: Any) -> None:
    get(bench, "show_task", path="task/x", id="a?b")

    assert bench.client.asked == []


def test_asks_for_patience_while_durable_is_away(bench: Any) -> None:
    [run] = keep(bench, completes=False)
    bench.client.is_down = True

    assert get(bench, "show_task", path="task/x", id=run).status_code == 503


def test_lists_tasks_newest_first(bench: Any) -> None:
    ids = keep(bench, 3)
    answer = get(bench, "list_tasks", path="tasks")

    told = json.loads(answer.get_body())
    assert ([task["id"] for task in told["tasks"]], told["continuation_token"]) == (ids, None)
    assert "Link" not in answer.headers


def test_leads_from_page_to_page(bench: Any) -> None:
    ids, seen = keep(bench, 5), []
    params = {"limit": "2", "status": "completed", "code": "key"}
    for _ in range(3):
        answer = get(bench, "list_tasks", path="tasks", params=params)
        seen += [task["id"] for task in json.loads(answer.get_body())["tasks"]]
        link = answer.headers.get("Link", "<>")
        query = urlsplit(link[1 : link.index(">")]).query
        params = {name: values[0] for name, values in parse_qs(query).items()}

    assert (seen, params) == (ids, {})


def test_links_without_the_callers_key(bench: Any) -> None:
    keep(bench, 2)
    link = get(bench, "list_tasks", path="tasks", params={"limit": "1", "code": "secret"}).headers["Link"]

    assert link.startswith("<http://host/api/tasks?limit=1&continuation_token=")
    assert (link.endswith('>; rel="next"'), "secret" in link) == (True, False)


def test_refuses_a_token_that_nobody_gave_out(bench: Any) -> None:
    answer = get(bench, "list_tasks", path="tasks", params={"continuation_token": "x"})

    assert answer.status_code == 400
    assert "continuation_token" in json.loads(answer.get_body())["error"]


def test_refuses_the_list_of_another_account(bench: Any) -> None:
    assert get(bench, "list_tasks", path="tasks", params={"account": "other"}).status_code == 403


@pytest.mark.parametrize("function", ["show_task", "trace_task"])
def test_says_that_a_record_cannot_be_read(bench: Any, function: str) -> None:
    [run] = keep(bench)
    asyncio.run(bench.parts.records.merge("runs", "default", run, {"status": "archived"}))

    answer = get(bench, function, path=f"task/{run}", id=run)

    assert (answer.status_code, answer.mimetype) == (410, "application/problem+json")
    assert f"The record of the run {run!r} cannot be read" in json.loads(answer.get_body())["error"]


def test_says_that_an_input_cannot_be_read(bench: Any) -> None:
    [run] = keep(bench)
    asyncio.run(bench.parts.records.merge("runs", "default", run, {"input_text": "{"}))

    answer = get(bench, "show_task", path=f"task/{run}", id=run)

    assert answer.status_code == 410
    assert f"The input of the task {run!r} cannot be read" in json.loads(answer.get_body())["error"]


def test_lists_the_others_when_one_cannot_be_read(bench: Any) -> None:
    spoilt, readable = keep(bench, 2)
    asyncio.run(bench.parts.records.merge("runs", "default", spoilt, {"status": "archived"}))

    answer = get(bench, "list_tasks", path="tasks")

    assert answer.status_code == 200
    assert [task["id"] for task in json.loads(answer.get_body())["tasks"]] == [readable]


def cancel(bench: Any, run: str, body: bytes = b"") -> func.HttpResponse:
    """Ask for the end of a run."""
    return get(bench, "cancel_task", path=f"task/{run}/cancel", method="POST", body=body, id=run)


def test_ends_a_run_that_goes_on(bench: Any) -> None:
    [run] = keep(bench, completes=False)
    bench.client.put(run, "Running")
    answer = cancel(bench, run, b'{"reason": "The topic is stale."}')
    [line] = json.loads(get(bench, "list_tasks", path="tasks").get_body())["tasks"]
    task = json.loads(get(bench, "show_task", path=f"task/{run}", id=run).get_body())

    assert (json.loads(answer.get_body())["status"], line["status"]) == ("cancelled", "cancelled")
    assert (answer.status_code, answer.headers["Location"]) == (202, f"http://host/api/task/{run}")
    assert json.loads(answer.get_body())["task_id"] == run
    assert (task["status"], task["error"]["message"]) == (
        "cancelled",
        "Cancelled by the account 'default': The topic is stale.",
    )


def step(name: str, at: datetime, **others: Any) -> StepRecord:
    """A step that was done then."""
    return StepRecord(
        step=name,
        position=0,
        record=name,
        output=name,
        value=Held(text=""),
        started_at=at,
        completed_at=at,
        **others,
    )


def begin_research(wide: Any) -> tuple[str, str]:
    """A run, one branch of which is a run: both go on; their ids."""
    frozen, run = wide.frozen("multi-source-research"), new_run_id(wide.clock.now(), 1)
    start = wide.opening(run, plan=frozen.plan, definition=frozen.definition)
    parent = Parent(run=run, definition=frozen.definition, step="deep", until=wide.clock.now())
    nested = wide.opening(child_id(run, "deep"), parent=parent, workflow="vote")
    runs = Runs(wide.parts.records, wide.parts.artifacts)
    for each in (start, nested):
        asyncio.run(runs.open(each, at=wide.clock.now()))
        asyncio.run(DurableInstances(wide.client).start("fan_out", each))
        wide.client.put(each.run, "Running")
    return run, nested.run


def test_ends_the_runs_within_a_run_too(wide: Any) -> None:
    run, nested = begin_research(wide)
    answer = cancel(wide, run)
    task = json.loads(get(wide, "show_task", path=f"task/{nested}", id=nested).get_body())

    assert json.loads(answer.get_body())["status"] == "cancelled"
    assert (task["status"], task["parent"]) == ("cancelled", run)
    assert wide.client.ended == [run, nested]


def test_ends_what_is_left_of_a_run_that_was_ended_alone(wide: Any) -> None:
    run, nested = begin_research(wide)
    wide.client.put(run, "Terminated")
    answers = [cancel(wide, run) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [202, 409]
    assert wide.client.ended == [nested]


def test_tells_what_is_ahead_of_a_run(wide: Any) -> None:
    run, nested = begin_research(wide)
    task = json.loads(get(wide, "show_task", path="x", id=run).get_body())

    assert [(step["name"], step["state"]) for step in task["ahead"]] == [
        ("web", "under_way"),
        ("news", "under_way"),
        ("deep", "under_way"),
        ("summary", "to_come"),
    ]
    assert task["ahead"][2]["child"] == nested


def test_tells_what_was_cut_when_a_run_was_cancelled(wide: Any) -> None:
    run, nested = begin_research(wide)
    asyncio.run(Runs(wide.parts.records, wide.parts.artifacts).add_step(run, step("web", wide.clock.now())))
    cancel(wide, run)
    task = json.loads(get(wide, "show_task", path="x", id=run).get_body())

    assert [(each["step"], each.get("child")) for each in task["cut"]] == [("news", None), ("deep", nested)]


def test_tells_what_voters_wait_for(wide: Any) -> None:
    run, start = "run-1", wide.opening("run-1", definition=wide.frozen("vote").definition)
    asyncio.run(Runs(wide.parts.records, wide.parts.artifacts).open(start, at=wide.clock.now()))
    due = wide.clock.now() + timedelta(seconds=5)
    wait = Wait(step="claude", attempts=1, next_try=due, category=Category.TRANSIENT, because="busy")
    for instance in (run, child_id(run, "claude")):
        wide.client.put(instance, "Running")
    wide.client.instances[child_id(run, "claude")]["customStatus"] = {"waits": codec.encode((wait,))}
    found = [
        json.loads(get(wide, shown, path="x", id=run).get_body()) for shown in ("show_task", "trace_task")
    ]

    told = [[(each["step"], each["because"]) for each in one["waits"]] for one in found]
    assert told == [[("claude", "busy")]] * 2


def test_tells_whom_a_run_has_given_up_while_it_goes_on(wide: Any) -> None:
    run, _ = begin_research(wide)
    since = wide.clock.now()
    missing = Missing(branch="news", category=Category.TIMEOUT, because="no answer", since=since)
    wide.client.instances[run]["customStatus"] = {"waits": [], "missing": codec.encode((missing,))}
    task = json.loads(get(wide, "show_task", path="x", id=run).get_body())
    trace = json.loads(get(wide, "trace_task", path="x", id=run).get_body())

    [found] = [step for step in task["ahead"] if step["state"] == "given_up"]
    assert (found["step"], found["category"], found["because"]) == ("news", "TIMEOUT", "no answer")
    assert [(row["name"], row["state"]) for row in trace["steps"]] == [("news", "missing")]
    assert trace["pipeline"] == "news ✗"


def test_lists_runs_within_runs_only_to_whoever_asks_for_them(wide: Any) -> None:
    run, nested = begin_research(wide)
    listed = [
        json.loads(get(wide, "list_tasks", path="tasks", params=params).get_body())["tasks"]
        for params in ({}, {"children": "true"})
    ]

    assert [[task["id"] for task in tasks] for tasks in listed] == [[run], [run, nested]]
    assert [task.get("parent") for task in listed[1]] == [None, run]


def test_traces_the_runs_within_a_run(wide: Any) -> None:
    run, nested = begin_research(wide)
    told = json.loads(get(wide, "trace_task", path="x", id=run).get_body())
    inside = json.loads(get(wide, "trace_task", path="x", id=nested).get_body())

    [child] = told["children"]
    assert (child["id"], child["step"], child["workflow"]) == (nested, "deep", "vote")
    assert (child["status"], inside["parent"]) == ("in_progress", run)


def test_traces_a_vote_that_was_not_waited_for_as_late(wide: Any) -> None:
    vote = replace(wide.catalogue.workflows["vote"], result={"votes": ResultField(value="ballots")})
    wide.catalogue = replace(wide.catalogue, workflows=wide.catalogue.workflows | {"vote": vote})
    runs, now, run = Runs(wide.parts.records, wide.parts.artifacts), wide.clock.now(), "run-1"
    asyncio.run(runs.open(wide.opening(run, definition=wide.frozen("vote").definition), at=now))
    asyncio.run(runs.add_step(run, step("gpt", now)))
    result = Held(text='{"votes":[{"voter":"gpt","said":"unheard"}]}')
    asyncio.run(runs.complete("default", run, result, at=now))
    told = json.loads(get(wide, "trace_task", path="x", id=run).get_body())

    assert (told["steps"][0]["late"], told["pipeline"]) == (True, "")


@pytest.mark.parametrize("function", ["show_task", "trace_task"])
def test_says_that_the_scripted_model_spoke_within_a_run(wide: Any, function: str) -> None:
    run, nested = begin_research(wide)
    runs, now = Runs(wide.parts.records, wide.parts.artifacts), wide.clock.now()
    asyncio.run(runs.add_step(run, step("deep", now, child=nested)))
    asyncio.run(runs.add_step(nested, step("gpt", now, model="scripted:gpt")))

    assert json.loads(get(wide, function, path="x", id=run).get_body())["simulated"] is True


@pytest.mark.parametrize("body", [b"", b"{}", b'{"reason": null}', b'{"reason": " "}'])
def test_ends_a_run_without_a_reason(bench: Any, body: bytes) -> None:
    [run] = keep(bench, completes=False)
    bench.client.put(run, "Running")

    assert cancel(bench, run, body).status_code == 202
    assert bench.client.instances[run]["output"] == "cancelled by the account 'default'"


@pytest.mark.parametrize(
    "body", [b"[]", b'"why"', b'{"reson": "x"}', b'{"reason": 5}', b'{"reason": []}', b'{"reason": false}']
)
def test_ends_nothing_for_a_reason_that_is_none(bench: Any, body: bytes) -> None:
    [run] = keep(bench, completes=False)
    bench.client.put(run, "Running")

    assert cancel(bench, run, body).status_code == 400
    assert bench.client.instances[run]["runtimeStatus"] == "Running"


def test_takes_no_long_reason(bench: Any) -> None:
    [run] = keep(bench, completes=False)
    bench.client.put(run, "Running")

    assert cancel(bench, run, json.dumps({"reason": "x" * 500}).encode()).status_code == 202
    assert cancel(bench, run, json.dumps({"reason": "x" * 501}).encode()).status_code == 400


def test_ends_no_run_twice(bench: Any) -> None:
    [run] = keep(bench)
    answer = cancel(bench, run)

    assert answer.status_code == 409
    assert json.loads(answer.get_body())["error"].endswith("has ended: it is completed.")


def test_ends_no_run_of_another_account(bench: Any) -> None:
    asyncio.run(
        Runs(bench.parts.records, bench.parts.artifacts).open(
            bench.opening("run-1", account="other"), at=bench.clock.now()
        )
    )
    bench.client.put("run-1", "Running")
    answer = cancel(bench, "run-1")

    assert answer.status_code == 404
    assert answer.get_body() == get(bench, "show_task", path="task/run-1", id="run-1").get_body()
    assert bench.client.instances["run-1"]["runtimeStatus"] == "Running"


def test_tells_which_user_ended_a_run(bench: Any) -> None:
    start = bench.opening("run-1", account="house")
    asyncio.run(Runs(bench.parts.records, bench.parts.artifacts).open(start, at=bench.clock.now()))
    bench.client.put("run-1", "Running")
    signed_in = {"settings": bench.enforced(), "headers": bench.signed_in("house", "ann")}
    answer = get(bench, "cancel_task", path="x", method="POST", id="run-1", **signed_in)

    assert answer.status_code == 202
    assert bench.client.instances["run-1"]["output"] == "cancelled by the user 'ann'"
