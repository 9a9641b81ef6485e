"""Showing what is declared."""

import asyncio
import json
from typing import Any

import pytest
from msgspec.structs import replace

from dirigent.domain.catalogue import Fallback
from dirigent.domain.steps import AskStep, ChooseStep
from dirigent.domain.subscriptions import Subscription
from dirigent.domain.windows import Limits
from triggers.directory import agent_view, directory, workflow_view


def told(bench: Any, function: str, **request: Any) -> Any:
    """Status and body of an answer."""
    asked = bench.functions(directory(bench.catalogue, bench.settings))[function](
        req=bench.request(**request)
    )
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
        "max_wait": 120.0,
        "subscriptions": [],
        "sample": {"topic": "tea"},
    }


def test_shows_which_events_start_a_workflow(bench: Any) -> None:
    mine = Subscription(
        name="tea-watch",
        description="Hears of tea.",
        topic="data",
        workflow="content-creation",
        filter="type = 'Tea'",
    )
    other = replace(mine, name="elsewhere", workflow="other")
    catalogue = replace(bench.catalogue, subscriptions={one.name: one for one in (mine, other)})
    view = workflow_view(catalogue.workflows["content-creation"], catalogue)

    assert view["subscriptions"] == [
        {"name": "tea-watch", "description": "Hears of tea.", "topic": "data", "filter": "type = 'Tea'"}
    ]


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
        "limits": {"burst": 10, "minute": 60, "hour": 1_000, "day": 10_000},
        "fallback": None,
        "workflows": ["content-creation"],
    }


def test_an_agent_works_where_it_may_answer_for_another(bench: Any) -> None:
    catalogue, agents = bench.catalogue, bench.catalogue.agents
    writer = replace(agents["writer"], fallback=Fallback(agent="idler"))
    relieved = replace(catalogue, agents=agents | {"writer": writer})

    assert agent_view(agents["idler"], relieved)["workflows"] == ["content-creation"]


@pytest.mark.parametrize(
    ("fallback", "shown"),
    [
        (Fallback(agent="idler"), {"by": "agent", "name": "idler"}),
        (Fallback(model="spare"), {"by": "model", "name": "spare"}),
        (Fallback(value="An article."), {"by": "value", "name": None}),
    ],
)
def test_shows_who_answers_for_an_agent_but_not_what(
    bench: Any, fallback: Fallback, shown: dict[str, object]
) -> None:
    agent = replace(bench.catalogue.agents["writer"], fallback=fallback)

    assert agent_view(agent, bench.catalogue)["fallback"] == shown


def test_shows_a_window_without_limit_as_null(bench: Any) -> None:
    agent = replace(bench.catalogue.agents["writer"], limits=Limits(burst=None, minute=5))

    limits = {"burst": None, "minute": 5, "hour": 1_000, "day": 10_000}
    assert agent_view(agent, bench.catalogue)["limits"] == limits


@pytest.mark.parametrize("function", ["list_workflows", "list_agents"])
def test_sends_a_list_once_to_a_caller_who_keeps_it(bench: Any, function: str) -> None:
    handler = bench.functions(directory(bench.catalogue, bench.settings))[function]
    tag = asyncio.run(handler(req=bench.request("x"))).headers["ETag"]
    again = asyncio.run(handler(req=bench.request("x", headers={"If-None-Match": tag})))

    assert again.status_code == 304


def test_an_agent_works_in_every_branch_of_a_choice(bench: Any) -> None:
    catalogue = bench.catalogue
    ask = AskStep(name="c", agent="idler", prompt="p", output="c")
    choice = ChooseStep(name="c", choose="draft.kind", output="c", branches={"x": ask})
    workflow = replace(catalogue.workflows["content-creation"], steps=(choice,))
    chosen = replace(catalogue, workflows={"content-creation": workflow})

    assert agent_view(catalogue.agents["idler"], chosen)["workflows"] == ["content-creation"]
