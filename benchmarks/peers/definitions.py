"""The same work as workflows of the app: of its own types, for YAML has every manager ask a model."""

import json
from collections.abc import Callable
from pathlib import Path

from benchmarks.catalogues import ACCOUNTS, WIDE
from benchmarks.peers import work
from dirigent import declarations
from dirigent.domain.catalogue import (
    DECISION,
    Catalogue,
    Definition,
    InputField,
    Pattern,
    ResultField,
    Workflow,
)
from dirigent.domain.elections import Election, Voter
from dirigent.domain.steps import AskStep, CombineStep, Step, TallyStep
from dirigent.domain.teams import Team

#: The field of the result that holds what peers return.
ANSWER = "answer"
TOPIC = "{{topic}}"

Define = Callable[[Catalogue], Definition]


def declared(folder: Path) -> Catalogue:
    """The agents that are asked, with limits that refuse nobody, and one model for them all."""
    agent = {"description": "Is asked.", "instructions": "Answer.", "model": "paced", "limits": WIDE}
    roles = (*work.STAGES, work.AGENT, *work.VOTERS, *work.WORKERS)
    asked: dict[str, object] = {"description": "Is there, for a catalogue has workflows.", "type": "unused"}
    asked |= {"input": {"topic": {"type": "string"}}, "result": {"asked": {"value": "asked"}}}
    asked |= {"steps": [{"name": "ask", "agent": work.AGENT, "prompt": TOPIC, "output": "asked"}]}
    files: dict[str, object] = {
        "models.yaml": {"paced": {"deployment": "paced"}},
        "accounts.yaml": ACCOUNTS,
        "agents/asked.yaml": dict.fromkeys(roles, agent),
        "workflows/asked.yaml": {"asked": asked},
    }
    for name, content in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        # As JSON, which is YAML, too: it spells out what several names share.
        file.write_text(json.dumps(content), encoding="utf-8")
    return declarations.read(folder)


def chain(catalogue: Catalogue) -> Definition:
    """Each stage reads the one before."""
    read = [TOPIC, *(f"{{{{{role}}}}}" for role in work.STAGES[:-1])]
    steps = tuple(_ask(role, prompt) for role, prompt in zip(work.STAGES, read, strict=True))
    return _definition(catalogue, _workflow("chain", steps, work.STAGES[-1]))


def fan_out(catalogue: Catalogue, width: int) -> Definition:
    """Parts of a topic, put one below the other without asking anybody."""
    parts = tuple(
        _ask(f"part-{number}", f"{TOPIC} {work.part(number)}", work.AGENT) for number in range(width)
    )
    team = Team(name="parts", members=tuple(part.name for part in parts), merge="together")
    together = CombineStep(name="together", output="together")
    workflow = _workflow(f"fan-out-{width}", (*parts, together), "together", pattern="fan_out", team=team)
    return _definition(catalogue, workflow)


def quorum(catalogue: Catalogue) -> Definition:
    """Voters whose whole answer is their vote."""
    voters = tuple(_ask(voter, TOPIC) for voter in work.VOTERS)
    election = Election(
        voters=tuple(Voter(name=voter.name) for voter in voters), needed=work.NEEDED, tally="tally"
    )
    tally = TallyStep(name="tally", output="tallied")
    workflow = _workflow("quorum", (*voters, tally), DECISION, pattern="quorum", election=election)
    return _definition(catalogue, workflow)


def hierarchy(catalogue: Catalogue) -> Definition:
    """Managers who put their workers' answers one below the other, without a call: as peers do."""
    steps: list[Step] = []
    managers = []
    for manager in work.MANAGERS:
        workers = [_ask(f"{manager}-{worker}", f"For [{manager}].", worker) for worker in work.WORKERS]
        steps += [*workers, CombineStep(name=manager, output=manager)]
        managers.append(Team(name=manager, members=tuple(worker.name for worker in workers), merge=manager))
    steps.append(CombineStep(name="together", output="together"))
    team = Team(name="together", members=tuple(managers), merge="together")
    workflow = _workflow("hierarchy", tuple(steps), "together", pattern="hierarchy", team=team)
    return _definition(catalogue, workflow)


def _workflow(
    name: str,
    steps: tuple[Step, ...],
    answer: str,
    *,
    pattern: Pattern = "sequential",
    team: Team | None = None,
    election: Election | None = None,
) -> Workflow:
    return Workflow(
        name=name,
        description=name,
        type=name,
        input=(InputField(name="topic"),),
        steps=steps,
        result={ANSWER: ResultField(value=answer)},
        pattern=pattern,
        team=team,
        election=election,
    )


def _ask(name: str, prompt: str, agent: str | None = None) -> AskStep:
    return AskStep(name=name, agent=agent or name, prompt=prompt, output=name.replace("-", "_"))


def _definition(catalogue: Catalogue, workflow: Workflow) -> Definition:
    asked = sorted({step.agent for step in workflow.steps if isinstance(step, AskStep)})
    agents = {name: catalogue.agents[name] for name in asked}
    return Definition(workflow=workflow, agents=agents, models=catalogue.models)
