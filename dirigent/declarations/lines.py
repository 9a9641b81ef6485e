"""Workflows in a line each, for people."""

from dirigent.domain.catalogue import Workflow
from dirigent.domain.steps import ChooseStep, Step
from dirigent.domain.teams import Team


def line(workflow: Workflow) -> str:
    """The steps in a line; those side by side stand in brackets."""
    if workflow.team is not None:
        return _team(workflow.team)
    if workflow.election is not None:
        voters = [voter.name for voter in workflow.election.voters]
        others = (step.name for step in workflow.steps if step.name not in voters)
        return " → ".join([f"[{', '.join(voters)}]", *others])
    return " → ".join(map(_step, workflow.steps))


def _step(step: Step) -> str:
    if not isinstance(step, ChooseStep):
        return step.name
    ways = [*step.branches, *(["otherwise"] if step.otherwise is not None else [])]
    return f"{step.name} ({' | '.join(ways)})"


def _team(team: Team) -> str:
    members = ", ".join(member if isinstance(member, str) else _team(member) for member in team.members)
    return " → ".join(part for part in (team.brief, f"[{members}]", team.merge) if part)
