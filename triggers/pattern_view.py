"""Steps of a workflow and how they follow one another, as a page can draw them."""

from msgspec.structs import asdict

from dirigent.domain.catalogue import Catalogue, Workflow
from dirigent.domain.elections import Election
from dirigent.domain.steps import (
    AskStep,
    ChooseStep,
    CombineStep,
    NotifyStep,
    PlainStep,
    PublishStep,
    SendStep,
    Step,
    TallyStep,
    WorkflowStep,
)
from dirigent.domain.teams import Team

View = dict[str, object]


def step_view(step: Step, catalogue: Catalogue) -> View:
    """A step; its prompt is the team's own."""
    view: View = {"name": step.name, "record": step.record or step.name, "output": step.output}
    if isinstance(step, ChooseStep):
        branches = {value: _done(way, catalogue) for value, way in step.branches.items()}
        otherwise = None if step.otherwise is None else _done(step.otherwise, catalogue)
        return view | {"kind": "choose", "choose": step.choose, "branches": branches, "otherwise": otherwise}
    if isinstance(step, CombineStep | TallyStep):
        return view | {"kind": step.__struct_config__.tag}
    return view | _done(step, catalogue)


def _done(step: PlainStep, catalogue: Catalogue) -> View:
    match step:
        case PublishStep():
            return {"kind": "publish", "publishes": step.publish}
        case SendStep():
            return {"kind": "send", **_who(step, catalogue), "given": list(step.given)}
        case NotifyStep():
            return {"kind": "notify", **_who(step, catalogue)}
        case WorkflowStep():
            return {"kind": "workflow", **_who(step, catalogue), "given": list(step.given)}
        case AskStep():
            view: View = {"kind": "ask", **_who(step, catalogue)}
            return view | {"answers": [asdict(field) for field in step.answers]} if step.answers else view


def pattern_view(workflow: Workflow, catalogue: Catalogue) -> View:
    """Who works side by side, or votes on what; nothing where one step follows another."""
    if workflow.team is not None:
        steps = {step.name: step for step in workflow.steps}
        return {"team": _team(workflow.team, steps, catalogue), "select": workflow.select}
    if workflow.election is not None:
        return {"election": _election(workflow.election, workflow, catalogue)}
    return {}


def _team(team: Team, steps: dict[str, Step], catalogue: Catalogue) -> View:
    return {
        "name": team.name,
        "brief": team.brief,
        "members": [
            _team(member, steps, catalogue)
            if isinstance(member, Team)
            else {"name": member} | _who(steps[member], catalogue)
            for member in team.members
        ],
        "merge": team.merge,
        **_who(steps[team.merge], catalogue),
        "deadline": team.deadline,
        "needed": team.needed,
    }


def _who(step: Step, catalogue: Catalogue) -> View:
    """Who does it, or hears of it; nothing where that is nobody."""
    match step:
        case AskStep():
            return {"agent": step.agent, "model": catalogue.agents[step.agent].model}
        case WorkflowStep():
            return {"workflow": step.workflow, "pattern": catalogue.workflows[step.workflow].pattern}
        case SendStep():
            return {"event": step.event, "topic": step.topic}
        case NotifyStep():
            return {"channel": step.channel}
    return {}


def _election(election: Election, workflow: Workflow, catalogue: Catalogue) -> View:
    steps = {step.name: step for step in workflow.steps}
    voters = [
        {"name": voter.name, **_who(steps[voter.name], catalogue), "weight": voter.weight}
        for voter in election.voters
    ]
    return {
        "voters": voters,
        "needed": election.needed,
        "weight": election.weight,
        "deadline": election.deadline,
        "vote": election.by,
        "abstain": election.abstain,
        "same": election.same,
        "resolution": election.resolution,
        "tally": election.tally,
    }
