"""Showing what is declared."""

import asyncio
import json
from typing import Any

import pytest

from triggers.directory import directory


def told(bench: Any, function: str, **request: Any) -> Any:
    """Status and body of an answer."""
    asked = bench.functions(directory(bench.catalogue))[function](req=bench.request(**request))
    answer = asyncio.run(asked)
    return answer.status_code, json.loads(answer.get_body())


LINE = {
    "name": "content-creation",
    "description": "Writes an article.",
    "type": "content_creation",
    "pattern": "sequential",
}


def test_lists_workflows(bench: Any) -> None:
    line = LINE | {"steps": ["write", "publish"]}

    assert told(bench, "list_workflows", path="workflows") == (200, {"workflows": [line]})


def test_shows_what_a_workflow_takes_does_and_brings(bench: Any) -> None:
    status, view = told(bench, "show_workflow", path="workflows/x", name="content-creation")

    topic = {"name": "topic", "type": "string", "required": True, "description": "", "max_length": 100_000}
    assert status == 200
    assert view == LINE | {
        "input": [topic, topic | {"name": "tone", "required": False}],
        "steps": [
            {
                "name": "write",
                "record": "writing",
                "output": "draft",
                "kind": "ask",
                "agent": "writer",
                "model": "m",
            },
            {
                "name": "publish",
                "record": "publish",
                "output": "address",
                "kind": "publish",
                "publishes": "draft",
            },
        ],
        "result": ["topic"],
        "timeout": 3600.0,
        "sample": {"topic": "tea"},
    }


def test_names_the_workflow_that_was_probably_meant(bench: Any) -> None:
    status, view = told(bench, "show_workflow", path="workflows/x", name="content_creation")

    assert (status, view["status"]) == (404, 404)
    assert "'content-creation'" in view["error"]


def test_shows_agents_without_their_instructions(bench: Any) -> None:
    _, view = told(bench, "list_agents", path="agents")

    idler, writer = view["agents"]
    assert (idler["name"], idler["workflows"]) == ("idler", [])
    assert writer == {
        "name": "writer",
        "description": "Writes.",
        "model": "m",
        "deployment": "gpt",
        "temperature": 0.7,
        "token_limit": 4096,
        "timeout": 30.0,
        "retry": {"max_attempts": 3, "initial_delay": 5.0, "exponential_base": 2.0, "max_delay": 60.0},
        "workflows": ["content-creation"],
    }


@pytest.mark.parametrize("function", ["list_workflows", "list_agents"])
def test_sends_a_list_once_to_a_caller_who_keeps_it(bench: Any, function: str) -> None:
    handler = bench.functions(directory(bench.catalogue))[function]
    tag = asyncio.run(handler(req=bench.request("x"))).headers["ETag"]
    again = asyncio.run(handler(req=bench.request("x", headers={"If-None-Match": tag})))

    assert again.status_code == 304
