"""Agents, models and workflows, as declared."""

from typing import Literal

import msgspec

from dirigent.domain.messages import Message
from dirigent.domain.retries import RetryPolicy
from dirigent.domain.runs import PlannedStep

#: What a person may wait for one article: a run that takes longer is lost rather than slow.
RUN_TIMEOUT = 3600.0
CALL_TIMEOUT = 30.0

FieldType = Literal["string", "integer", "number", "boolean", "list"]


class Model(Message, frozen=True, kw_only=True, omit_defaults=False):
    """A model deployment under a name agents can use."""

    name: str
    #: What the provider calls it.
    deployment: str
    description: str = ""


class Agent(Message, frozen=True, kw_only=True, omit_defaults=False):
    """A role: who it is, which model it speaks with and how patient one is with it."""

    name: str
    description: str
    instructions: str
    #: Name of its model.
    model: str
    temperature: float = 0.7
    token_limit: int = 4096
    timeout: float = CALL_TIMEOUT
    retry: RetryPolicy = RetryPolicy()


class InputField(Message, frozen=True, kw_only=True, omit_defaults=False):
    """One field of the object a workflow is started with."""

    name: str
    type: FieldType = "string"
    required: bool = True
    description: str = ""
    #: What a caller is told who left it out; a sentence is made up where none is declared.
    missing: str = ""
    max_length: int = 100_000


class AskStep(Message, frozen=True, kw_only=True, omit_defaults=False, tag="ask", tag_field="kind"):
    """Ask an agent; its answer is the step's output."""

    name: str
    agent: str
    #: Template over the input's fields and earlier outputs.
    prompt: str
    #: Name of the output, for later steps and the result.
    output: str
    #: Name of the step's record where it differs from the step's.
    record: str = ""
    timeout: float | None = None


class PublishStep(Message, frozen=True, kw_only=True, omit_defaults=False, tag="publish", tag_field="kind"):
    """Write an earlier output as an artifact; its address is the step's output."""

    name: str
    #: The output to publish.
    publish: str
    output: str
    #: What the artifact is called, a template like a prompt; it ends in the file's extension.
    filename: str
    content_type: str = "text/markdown; charset=utf-8"
    record: str = ""
    timeout: float | None = None


Step = AskStep | PublishStep


class ResultField(Message, frozen=True, kw_only=True, omit_defaults=False):
    """Where a field of the result comes from: exactly one of both."""

    #: An input field or an output.
    value: str | None = None
    #: An input field or an output whose words are counted.
    words_of: str | None = None


class Workflow(Message, frozen=True, kw_only=True, omit_defaults=False):
    """Steps one after another, each seeing the input and what earlier steps produced."""

    name: str
    description: str
    #: The `type` of its tasks in the HTTP API.
    type: str
    input: tuple[InputField, ...]
    steps: tuple[Step, ...]
    result: dict[str, ResultField]
    pattern: Literal["sequential"] = "sequential"
    #: Seconds a run may take in all.
    timeout: float = RUN_TIMEOUT
    #: An input to try it with.
    sample: dict[str, object] = msgspec.field(default_factory=dict)


class Definition(Message, frozen=True, kw_only=True, omit_defaults=False):
    """A workflow with everything it refers to: what a run is frozen to."""

    workflow: Workflow
    agents: dict[str, Agent]
    models: dict[str, Model]

    def plan(self) -> tuple[PlannedStep, ...]:
        """What the orchestrator must know of each step."""
        return tuple(self._planned(step) for step in self.workflow.steps)

    def _planned(self, step: Step) -> PlannedStep:
        if isinstance(step, PublishStep):
            timeout = CALL_TIMEOUT if step.timeout is None else step.timeout
            return PlannedStep(name=step.name, activity="publish_artifact", timeout=timeout)
        agent = self.agents[step.agent]
        return PlannedStep(
            name=step.name,
            activity="ask_agent",
            timeout=agent.timeout if step.timeout is None else step.timeout,
            retry=agent.retry,
            agent=agent.name,
            deployments=(self.models[agent.model].deployment,),
        )

    def step(self, name: str) -> Step:
        """The step of that name."""
        return next(step for step in self.workflow.steps if step.name == name)


class Catalogue(Message, frozen=True, kw_only=True, omit_defaults=False):
    """Everything declared, by name."""

    models: dict[str, Model]
    agents: dict[str, Agent]
    workflows: dict[str, Workflow]

    def definition(self, workflow: str) -> Definition:
        """The workflow with what it refers to, and nothing else."""
        found = self.workflows[workflow]
        names = {step.agent for step in found.steps if isinstance(step, AskStep)}
        agents = {name: self.agents[name] for name in sorted(names)}
        models = {agent.model: self.models[agent.model] for agent in agents.values()}
        return Definition(workflow=found, agents=agents, models=dict(sorted(models.items())))
