"""Routes that show what is declared."""

from collections.abc import Callable

import azure.durable_functions as df
import azure.functions as func
from msgspec.structs import asdict

from dirigent.domain.catalogue import Agent, Catalogue, Fallback, Workflow, plain
from dirigent.domain.steps import AskStep
from dirigent.settings import Settings
from triggers.identity import caller
from triggers.pattern_view import pattern_view, step_view
from triggers.problems import answered
from triggers.replies import tagged
from triggers.routes import Handler, add_route
from triggers.starts import find_workflow


def directory(catalogue: Catalogue, settings: Settings) -> df.Blueprint:
    """The routes that show the catalogue's workflows and agents, to every account alike."""

    async def answer(req: func.HttpRequest, view: Callable[[], object]) -> func.HttpResponse:
        async def shown() -> func.HttpResponse:
            # What is declared belongs to no account, but it is nothing for strangers.
            caller(req, settings)
            return tagged(req, view())

        return await answered(shown())

    async def list_workflows(req: func.HttpRequest) -> func.HttpResponse:
        workflows = sorted(catalogue.workflows.items())
        return await answer(req, lambda: {"workflows": [_line(workflow) for _, workflow in workflows]})

    async def show_workflow(req: func.HttpRequest) -> func.HttpResponse:
        name = req.route_params["name"]
        return await answer(req, lambda: workflow_view(find_workflow(catalogue, name), catalogue))

    async def list_agents(req: func.HttpRequest) -> func.HttpResponse:
        agents = sorted(catalogue.agents.items())
        return await answer(req, lambda: {"agents": [agent_view(agent, catalogue) for _, agent in agents]})

    blueprint = df.Blueprint()
    routes: dict[str, Handler] = {
        "workflows": list_workflows,
        "workflows/{name}": show_workflow,
        "agents": list_agents,
    }
    for route, handler in routes.items():
        add_route(blueprint, "GET", route, handler)
    return blueprint


def _line(workflow: Workflow) -> dict[str, object]:
    return {
        "name": workflow.name,
        "description": workflow.description,
        "type": workflow.type,
        "pattern": workflow.pattern,
        "steps": [step.name for step in workflow.steps],
    }


def workflow_view(workflow: Workflow, catalogue: Catalogue) -> dict[str, object]:
    """A workflow: what it takes, what it does, what it results in, and an input to try it with."""
    view = _line(workflow)
    del view["steps"]
    return view | {
        "input": [
            {
                "name": field.name,
                "type": field.type,
                "required": field.required,
                "description": field.description,
                "max_length": field.max_length,
            }
            for field in workflow.input
        ],
        "steps": [step_view(step, catalogue) for step in workflow.steps],
        **pattern_view(workflow, catalogue),
        "result": list(workflow.result),
        "timeout": workflow.timeout,
        "max_wait": workflow.max_wait,
        "subscriptions": _subscriptions(workflow, catalogue),
        "sample": workflow.sample,
    }


def _subscriptions(workflow: Workflow, catalogue: Catalogue) -> list[dict[str, object]]:
    """The events that start the workflow."""
    return [
        {"name": name, "description": one.description, "topic": one.topic, "filter": one.filter}
        for name, one in sorted(catalogue.subscriptions.items())
        if one.workflow == workflow.name
    ]


def agent_view(agent: Agent, catalogue: Catalogue) -> dict[str, object]:
    """An agent as a caller may know it; its instructions are the team's own."""
    return {
        "name": agent.name,
        "description": agent.description,
        "model": agent.model,
        "deployment": catalogue.models[agent.model].deployment,
        "temperature": agent.temperature,
        "token_limit": agent.token_limit,
        "timeout": agent.timeout,
        "retry": {
            "max_attempts": agent.retry.max_attempts,
            "initial_delay": agent.retry.initial_delay,
            "exponential_base": agent.retry.exponential_base,
            "max_delay": agent.retry.max_delay,
        },
        "limits": asdict(agent.limits),
        "fallback": None if agent.fallback is None else _fallback(agent.fallback),
        "workflows": _workflows(agent, catalogue),
    }


def _workflows(agent: Agent, catalogue: Catalogue) -> list[str]:
    """The workflows that ask the agent, or may ask it as somebody's fallback."""
    names = {agent.name} | {
        other.name
        for other in catalogue.agents.values()
        if other.fallback is not None and other.fallback.agent == agent.name
    }
    return sorted(
        name
        for name, workflow in catalogue.workflows.items()
        if any(isinstance(step, AskStep) and step.agent in names for step in plain(workflow))
    )


def _fallback(fallback: Fallback) -> dict[str, object]:
    """In the words by which results are marked; a fixed value may be a whole article, and is not shown."""
    by = "agent" if fallback.agent else "model" if fallback.model else "value"
    return {"by": by, "name": fallback.agent or fallback.model}
