"""Routes that show what is declared."""

import azure.durable_functions as df
import azure.functions as func

from dirigent.domain.catalogue import Agent, AskStep, Catalogue, PublishStep, Workflow
from triggers.problems import answered
from triggers.replies import tagged
from triggers.routes import Handler, add_route
from triggers.starts import find_workflow


def directory(catalogue: Catalogue) -> df.Blueprint:
    """The routes that show the catalogue's workflows and agents."""

    async def list_workflows(req: func.HttpRequest) -> func.HttpResponse:
        lines = [_line(workflow) for _, workflow in sorted(catalogue.workflows.items())]
        return tagged(req, {"workflows": lines})

    async def show_workflow(req: func.HttpRequest) -> func.HttpResponse:
        async def shown() -> func.HttpResponse:
            workflow = find_workflow(catalogue, req.route_params["name"])
            return tagged(req, workflow_view(workflow, catalogue))

        return await answered(shown())

    async def list_agents(req: func.HttpRequest) -> func.HttpResponse:
        agents = [agent_view(agent, catalogue) for _, agent in sorted(catalogue.agents.items())]
        return tagged(req, {"agents": agents})

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
        "steps": [_step(step, catalogue) for step in workflow.steps],
        "result": list(workflow.result),
        "timeout": workflow.timeout,
        "sample": workflow.sample,
    }


def _step(step: AskStep | PublishStep, catalogue: Catalogue) -> dict[str, object]:
    view: dict[str, object] = {"name": step.name, "record": step.record or step.name, "output": step.output}
    if isinstance(step, PublishStep):
        return view | {"kind": "publish", "publishes": step.publish}
    return view | {"kind": "ask", "agent": step.agent, "model": catalogue.agents[step.agent].model}


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
        "workflows": sorted(
            name
            for name, workflow in catalogue.workflows.items()
            if any(isinstance(step, AskStep) and step.agent == agent.name for step in workflow.steps)
        ),
    }
