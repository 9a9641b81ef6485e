"""Agents, models and workflows, as declared."""

from collections.abc import Iterator, Mapping
from typing import Literal

import msgspec

from dirigent.domain.account_gate import AccountRules
from dirigent.domain.breakers import BreakerRules
from dirigent.domain.dialects import Dialect
from dirigent.domain.elections import Election
from dirigent.domain.messages import Message
from dirigent.domain.retries import RetryPolicy
from dirigent.domain.runs import Nested, PlannedStep, Substitute
from dirigent.domain.steps import (
    AskStep,
    ChooseStep,
    CombineStep,
    FieldType,
    NotifyStep,
    PublishStep,
    SendStep,
    Step,
    TallyStep,
    WorkflowStep,
)
from dirigent.domain.subscriptions import Subscription
from dirigent.domain.teams import Team
from dirigent.domain.windows import Limits

#: What a person may wait for one article: a run that takes longer is lost rather than slow.
RUN_TIMEOUT = 3600.0
CALL_TIMEOUT = 30.0
#: Long enough for a circuit to be closed again, or for a minute's window to have room.
MAX_WAIT = 120.0
#: The account whose rules hold for all accounts that are not declared themselves.
DEFAULT = "default"

Pattern = Literal["sequential", "fan_out", "hierarchy", "quorum"]

#: What the branches of each pattern are called together, in prompts and results.
GATHERED: dict[Pattern, str] = {"fan_out": "branches", "hierarchy": "reports", "quorum": "ballots"}
#: What a vote tells besides: the choice, how it came about, and the weight of each choice.
DECISION, OUTCOME, TALLY = "decision", "outcome", "tally"
#: Of proposals that a judge chooses from: whose is the best, and what it says.
WINNER, BEST = "winner", "best"
#: In the prompt of a branch: its name.
BRANCH = "branch"


#: The activities that perform steps which ask nobody.
_EFFECTS: dict[type[Step], str] = {
    PublishStep: "publish_artifact",
    SendStep: "send_event",
    NotifyStep: "notify_people",
}


class Model(Message, frozen=True, kw_only=True, omit_defaults=False):
    """A model deployment under a name agents can use."""

    name: str
    #: What the provider calls it.
    deployment: str
    description: str = ""
    #: Where it is reached, as the settings name it; None for where all others are.
    endpoint: str | None = None
    dialect: Dialect = Dialect()
    #: Of the deployment's circuit; models of the same deployment have the same.
    breaker: BreakerRules = BreakerRules()


class Fallback(Message, frozen=True, kw_only=True, omit_defaults=False):
    """Who answers when an agent cannot: exactly one of these."""

    agent: str | None = None
    #: The same agent speaks with this one.
    model: str | None = None
    #: The answer itself.
    value: str | None = None


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
    #: How often it may be called.
    limits: Limits = Limits()
    fallback: Fallback | None = None


class InputField(Message, frozen=True, kw_only=True, omit_defaults=False):
    """One field of the object a workflow is started with."""

    name: str
    type: FieldType = "string"
    required: bool = True
    description: str = ""
    #: What a caller is told who left it out; a sentence is made up where none is declared.
    missing: str = ""
    max_length: int = 100_000


class ResultField(Message, frozen=True, kw_only=True, omit_defaults=False):
    """Where a field of the result comes from: exactly one of both."""

    #: An input field, an output, a field of an output (`triage.kind`), or what the pattern tells.
    value: str | None = None
    #: An input field or an output whose words are counted.
    words_of: str | None = None


class Workflow(Message, frozen=True, kw_only=True, omit_defaults=False):
    """Steps, and the pattern by which they follow one another."""

    name: str
    description: str
    #: The `type` of its tasks in the HTTP API.
    type: str
    input: tuple[InputField, ...]
    #: All of them, whatever the pattern; their order is that of the task's records.
    steps: tuple[Step, ...]
    result: dict[str, ResultField]
    pattern: Pattern = "sequential"
    #: Of `fan_out` and `hierarchy`: who works side by side.
    team: Team | None = None
    #: Of `quorum`: who votes on what.
    election: Election | None = None
    #: The input field, a list, that names the branches to send out; all where it is left out.
    select: str | None = None
    #: Seconds a run may take in all.
    timeout: float = RUN_TIMEOUT
    #: Seconds a run, and each of its calls, waits where it is refused for having come too often or too early.
    max_wait: float = MAX_WAIT
    #: An input to try it with.
    sample: dict[str, object] = msgspec.field(default_factory=dict)


class Definition(Message, frozen=True, kw_only=True, omit_defaults=False):
    """A workflow with the agents and models it refers to: what a run is frozen to."""

    workflow: Workflow
    agents: dict[str, Agent]
    models: dict[str, Model]

    def plan(self, nested: Mapping[str, Nested] | None = None) -> tuple[PlannedStep, ...]:
        """What the orchestrator must know of each step; `nested` holds the workflows that are steps."""
        return tuple(self._planned(step, nested or {}) for step in self.workflow.steps)

    def _planned(self, step: Step, nested: Mapping[str, Nested]) -> PlannedStep:
        match step:
            case AskStep():
                return self._asked(step)
            case ChooseStep():
                return self._chosen(step, nested)
            case WorkflowStep():
                found = nested[step.workflow]
                return PlannedStep(
                    name=step.name,
                    activity="",
                    timeout=found.timeout,
                    # What it could do again it has done itself.
                    retry=RetryPolicy(max_attempts=1),
                    total_timeout=step.total_timeout,
                    nested=found,
                )
            case PublishStep() | SendStep() | NotifyStep():
                timeout = CALL_TIMEOUT if step.timeout is None else step.timeout
                return PlannedStep(
                    name=step.name,
                    activity=_EFFECTS[type(step)],
                    timeout=timeout,
                    total_timeout=step.total_timeout,
                )
            case CombineStep() | TallyStep():
                return PlannedStep(name=step.name, activity="combine_branches", timeout=CALL_TIMEOUT)

    def _chosen(self, step: ChooseStep, nested: Mapping[str, Nested]) -> PlannedStep:
        output = step.choose.partition(".")[0]
        branches = {key: self._planned(branch, nested) for key, branch in step.branches.items()}
        return PlannedStep(
            name=step.name,
            activity="",
            timeout=CALL_TIMEOUT,
            choose=next(other.name for other in self.workflow.steps if other.output == output),
            branches=branches,
            otherwise=None if step.otherwise is None else self._planned(step.otherwise, nested),
        )

    def _asked(self, step: AskStep) -> PlannedStep:
        agent = self.agents[step.agent]
        home = self._deployment(agent)
        timeout = agent.timeout if step.timeout is None else step.timeout
        if step.total_timeout is not None:
            # As declared: an attempt that takes all of the step's time was not cut short.
            timeout = min(timeout, step.total_timeout)
        return PlannedStep(
            name=step.name,
            activity="ask_agent",
            timeout=timeout,
            retry=agent.retry,
            agent=agent.name,
            deployments=(home,),
            fallback=(
                None
                if agent.fallback is None
                else self._substitute(agent, agent.fallback, timeout, step.total_timeout)
            ),
            total_timeout=step.total_timeout,
        )

    def _substitute(
        self, agent: Agent, fallback: Fallback, timeout: float, total: float | None
    ) -> Substitute:
        if fallback.agent is not None:
            other = self.agents[fallback.agent]
            home = self._deployment(other)
            return Substitute(
                agent=other.name,
                home=home,
                deployment=home,
                timeout=other.timeout if total is None else min(other.timeout, total),
                retry=other.retry,
            )
        if fallback.model is not None:
            # Counted where the agent's calls are always counted: another model is no second quota.
            return Substitute(
                agent=agent.name,
                home=self._deployment(agent),
                deployment=self.models[fallback.model].deployment,
                timeout=timeout,
                retry=agent.retry,
            )
        return Substitute(timeout=timeout)

    def _deployment(self, agent: Agent) -> str:
        return self.models[agent.model].deployment

    def step(self, name: str) -> Step:
        """The step of that name."""
        return next(step for step in self.workflow.steps if step.name == name)

    def told(self, step: Step) -> str | None:
        """The field of its answer by which the run goes on; empty for the answer as a whole."""
        election = self.workflow.election
        if election is not None and any(voter.name == step.name for voter in election.voters):
            return election.by or ""
        for other in self.workflow.steps:
            if isinstance(other, ChooseStep):
                output, _, field = other.choose.partition(".")
                if output == step.output:
                    return field
        return None


def plain(workflow: Workflow) -> Iterator[Step]:
    """The workflow's steps; of one that chooses, all of its branches."""
    for step in workflow.steps:
        if isinstance(step, ChooseStep):
            yield from step.branches.values()
            if step.otherwise is not None:
                yield step.otherwise
        else:
            yield step


class Catalogue(Message, frozen=True, kw_only=True, omit_defaults=False):
    """Everything declared, by name."""

    models: dict[str, Model]
    agents: dict[str, Agent]
    workflows: dict[str, Workflow]
    accounts: dict[str, AccountRules] = msgspec.field(default_factory=dict)
    subscriptions: dict[str, Subscription] = msgspec.field(default_factory=dict)

    def definition(self, workflow: str) -> Definition:
        """The workflow with what it refers to, and nothing else."""
        found = self.workflows[workflow]
        names = {step.agent for step in plain(found) if isinstance(step, AskStep)}
        fallbacks = [fallback for name in names if (fallback := self.agents[name].fallback) is not None]
        names |= {fallback.agent for fallback in fallbacks if fallback.agent is not None}
        agents = {name: self.agents[name] for name in sorted(names)}
        spoken = {agent.model for agent in agents.values()}
        spoken |= {fallback.model for fallback in fallbacks if fallback.model is not None}
        models = {name: self.models[name] for name in sorted(spoken)}
        return Definition(workflow=found, agents=agents, models=models)

    def topics(self) -> tuple[str, ...]:
        """Where events are told or heard of."""
        told = {
            step.topic
            for workflow in self.workflows.values()
            for step in plain(workflow)
            if isinstance(step, SendStep)
        }
        return tuple(sorted(told | {one.topic for one in self.subscriptions.values()}))

    def account(self, account: str) -> AccountRules:
        """How often runs may be started on the account."""
        return self.accounts.get(account) or self.accounts.get(DEFAULT) or AccountRules()

    def breaker(self, deployment: str) -> BreakerRules:
        """When the deployment's circuit opens; the usual rules for one that is not declared any more."""
        declared = (model.breaker for model in self.models.values() if model.deployment == deployment)
        return next(declared, BreakerRules())

    def limits(self, agent: str) -> Limits:
        """How often the agent may be called; the usual limits for one that is not declared any more."""
        found = self.agents.get(agent)
        return Limits() if found is None else found.limits
