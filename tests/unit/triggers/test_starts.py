"""The routes that start runs."""

import asyncio
import json
from dataclasses import replace
from typing import Any

import azure.functions as func
import pytest

from triggers.starts import starts

TEA = b'{"topic": "tea"}'


def post(
    bench: Any,
    body: bytes = TEA,
    *,
    name: str = "content-creation",
    headers: dict[str, str] | None = None,
    settings: Any = None,
) -> func.HttpResponse:
    """Ask for a run of the workflow."""
    functions = bench.functions(starts(bench.parts, bench.catalogue, settings or bench.settings))
    request = bench.request(f"workflows/{name}", method="POST", body=body, headers=headers, name=name)
    answer: func.HttpResponse = asyncio.run(functions["start_workflow"](req=request, client=bench.client))
    return answer


def tutorial(bench: Any, body: bytes, route: str = "create-content") -> func.HttpResponse:
    """Ask as the tutorial does."""
    functions = bench.functions(starts(bench.parts, bench.catalogue, bench.settings))
    function = functions[route.replace("-", "_")]
    request = bench.request(route, method="POST", body=body)
    answer: func.HttpResponse = asyncio.run(function(req=request, client=bench.client))
    return answer


def test_tells_where_to_follow_the_run(bench: Any) -> None:
    answer = post(bench)

    told = json.loads(answer.get_body())
    [run] = bench.client.started
    where = f"http://host/api/task/{run}"
    assert answer.status_code == 202
    assert (answer.headers["Location"], answer.headers["Retry-After"]) == (where, "2")
    assert "Idempotent-Replayed" not in answer.headers
    assert told == {
        "task_id": run,
        "status": "started",
        "workflow": "sequential",
        "steps": ["write", "publish"],
        "message": f"The workflow 'content-creation' was started; follow it at {where}.",
        "id": run,
        "statusQueryGetUri": f"http://host/instances/{run}?code=key",
    }


def test_leaves_the_management_urls_out_when_told_to(bench: Any) -> None:
    answer = post(bench, settings=replace(bench.settings, management_urls=False))

    assert list(json.loads(answer.get_body())) == ["task_id", "status", "workflow", "steps", "message"]


def test_repeats_its_answer_to_a_repeated_key(bench: Any) -> None:
    first, second = (post(bench, headers={"Idempotency-Key": "k"}) for _ in range(2))

    assert (second.status_code, second.get_body()) == (202, first.get_body())
    assert second.headers["Location"] == first.headers["Location"]
    assert second.headers["Idempotent-Replayed"] == "true"


@pytest.mark.parametrize("key", ["", " ", "a b", "k" * 256, "schön", "a\tb"])
def test_refuses_a_key_that_is_none(bench: Any, key: str) -> None:
    answer = post(bench, headers={"Idempotency-Key": key})

    assert (answer.status_code, bench.client.started) == (400, [])
    assert "Idempotency-Key" in json.loads(answer.get_body())["error"]


def test_names_the_workflow_that_was_probably_meant(bench: Any) -> None:
    answer = post(bench, name="content-creaton")

    assert answer.status_code == 404
    assert json.loads(answer.get_body())["error"].endswith("did you mean 'content-creation'?")


def test_names_the_fields_that_do_not_fit(bench: Any) -> None:
    answer = post(bench, b'{"topic": 5, "tome": "dry"}')

    told = json.loads(answer.get_body())
    assert (answer.status_code, answer.mimetype) == (400, "application/problem+json")
    assert [problem["field"] for problem in told["errors"]] == ["topic", "tome"]


@pytest.mark.parametrize("body", [b"", b"{}", b'{"topic": null}', b'{"topic": " "}', b'{"topik": "tea"}'])
def test_answers_the_tutorials_error_as_the_tutorial_does(bench: Any, body: bytes) -> None:
    answer = tutorial(bench, body)

    assert (answer.status_code, answer.mimetype) == (400, "application/json")
    assert json.loads(answer.get_body()) == {"error": "Topic required"}


@pytest.mark.parametrize("body", [b"[]", b'{"topic": 5}', b'{"topic": "tea", "tome": "dry"}'])
def test_answers_other_errors_of_the_tutorials_route_as_everywhere(bench: Any, body: bytes) -> None:
    answer = tutorial(bench, body)

    assert (answer.status_code, answer.mimetype) == (400, "application/problem+json")


def test_starts_the_tutorials_workflow(bench: Any) -> None:
    answer = tutorial(bench, TEA)

    [run] = bench.client.started
    assert (answer.status_code, json.loads(answer.get_body())["task_id"]) == (202, run)
    assert answer.headers["Location"] == f"http://host/api/task/{run}"


def test_answers_the_tutorials_parallel_start_as_the_tutorial_does(wide: Any) -> None:
    answer = tutorial(wide, b'{"query": "tea"}', "research-parallel")

    [run] = wide.client.started
    told = json.loads(answer.get_body())
    where = f"http://host/api/task/{run}"
    assert (answer.status_code, answer.headers["Location"]) == (202, where)
    assert told == {
        "task_id": run,
        "status": "started",
        "workflow": "parallel",
        "agents_dispatched": 3,
        "message": f"The workflow 'multi-source-research' was started; follow it at {where}.",
        "id": run,
        "statusQueryGetUri": f"http://host/instances/{run}?code=key",
    }


def test_answers_the_error_of_the_tutorials_parallel_start_as_the_tutorial_does(wide: Any) -> None:
    answer = tutorial(wide, b'{"agents": ["web", "news"]}', "research-parallel")

    assert (answer.status_code, json.loads(answer.get_body())) == (400, {"error": "Query required"})


def test_knows_no_route_of_the_tutorial_without_its_workflow(bench: Any) -> None:
    answer = tutorial(bench, b'{"query": "tea"}', "research-parallel")

    assert (answer.status_code, answer.mimetype) == (404, "application/problem+json")
    assert json.loads(answer.get_body())["error"].startswith("There is no workflow 'multi-source-research': ")


@pytest.mark.parametrize(
    ("name", "workflow", "agents", "steps"),
    [
        ("multi-source-research", "parallel", 2, ["web", "deep", "summary"]),
        ("tree", "hierarchy", 4, ["master-brief", "scraper", "analyst", "research", "editor", "master"]),
        ("vote", "quorum", 2, ["gpt", "claude", "arbiter", "tally"]),
        ("desk", "sequential", None, ["triage", "process", "file"]),
    ],
)
def test_tells_the_pattern_and_how_many_it_sends_out(
    wide: Any, name: str, workflow: str, agents: int | None, steps: list[str]
) -> None:
    is_research = name == "multi-source-research"
    answer = post(wide, b'{"query": "q", "agents": ["deep", "web"]}' if is_research else TEA, name=name)

    told = json.loads(answer.get_body())
    assert (told["workflow"], told.get("agents_dispatched"), told["steps"]) == (workflow, agents, steps)


def test_shows_the_branches_in_the_input_and_refuses_others(wide: Any) -> None:
    good = post(wide, b'{"query": "tea"}', name="multi-source-research")
    bad = post(wide, b'{"query": "tea", "agents": ["web", "wbe"]}', name="multi-source-research")
    [run] = wide.client.started
    start = json.loads(wide.client.instances[run]["input"])

    assert (good.status_code, bad.status_code) == (202, 400)
    assert json.loads(start["input"]["text"]) == {"query": "tea", "agents": ["web", "news", "deep"]}
    assert [problem["field"] for problem in json.loads(bad.get_body())["errors"]] == ["agents[1]"]


def test_takes_no_more_than_the_limit(bench: Any) -> None:
    assert post(bench, settings=replace(bench.settings, body_limit=10)).status_code == 413


def test_turns_away_who_has_had_all_starts(bench: Any) -> None:
    bench.exhaust()
    answers = [post(bench), tutorial(bench, TEA)]

    assert [(answer.status_code, answer.headers["Retry-After"]) for answer in answers] == [(429, "2")] * 2
    assert bench.client.started == []


def test_asks_for_patience_while_durable_is_away(bench: Any) -> None:
    bench.client.is_down = True

    assert post(bench).status_code == 503


@pytest.mark.parametrize("host", ["é", 'ev"><script>', "[::1"])
def test_repeats_no_host_that_somebody_made_up(bench: Any, host: str) -> None:
    functions = bench.functions(starts(bench.parts, bench.catalogue, bench.settings))
    request = func.HttpRequest(
        "POST", f"http://{host}/api/create-content", body=TEA, headers={"Content-Type": "application/json"}
    )

    answer = asyncio.run(functions["create_content"](req=request, client=bench.client))

    [run] = bench.client.started
    assert (answer.status_code, answer.headers["Location"]) == (202, f"/api/task/{run}")
    assert host.encode() not in answer.get_body()
