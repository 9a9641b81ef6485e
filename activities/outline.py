"""A definition, laid out so that each of hundreds of steps finds at once what it needs."""

from dirigent.domain.catalogue import GATHERED, Definition
from dirigent.domain.steps import AskStep, CombineStep, Step, TallyStep
from dirigent.domain.teams import Team


class Outline:
    """A definition's steps by name, place and output, and who belongs to which team."""

    def __init__(self, definition: Definition) -> None:
        self.definition = definition
        self.workflow = definition.workflow
        self.places = {step.name: place for place, step in enumerate(self.workflow.steps)}
        #: Output → step.
        self.makers = {step.output: step.name for step in self.workflow.steps}
        #: Steps that ask nobody and change nothing: done sooner than looked for.
        self.quick = frozenset(
            step.name for step in self.workflow.steps if isinstance(step, CombineStep | TallyStep)
        )
        #: What branches are called together; None where there are none.
        self.gathered = GATHERED.get(self.workflow.pattern)
        team = self.workflow.team
        #: Merging step → team.
        self.teams = {} if team is None else {one.merge: one for one in team.teams()}
        merges = (self.step(merge) for merge in self.teams)
        #: The step that chooses the best of what the branches brought.
        self.picks = next((step for step in merges if isinstance(step, AskStep) and step.picks), None)
        election = self.workflow.election
        self.voters = (
            frozenset(voter.name for voter in election.voters) if election is not None else frozenset()
        )
        self._told: dict[str, str | None] = {}
        self._paths: dict[str, dict[str, str]] = {}

    def step(self, name: str) -> Step:
        """The step of that name."""
        return self.workflow.steps[self.places[name]]

    def is_comparison(self, name: str) -> bool:
        """Whether the step says which answers of voters mean the same."""
        election = self.workflow.election
        return election is not None and name == election.same

    def told(self, name: str) -> str | None:
        """The field of the step's answer by which the run goes on; empty for the answer as a whole."""
        if name not in self._told:
            self._told[name] = self.definition.told(self.step(name))
        return self._told[name]

    def paths(self, merge: str) -> dict[str, str]:
        """Steps of the team's members → what a turnout of that team calls them."""
        if merge not in self._paths:
            team = self.teams.get(merge)
            self._paths[merge] = self._voters() if team is None else dict(_paths(team, ""))
        return self._paths[merge]

    def _voters(self) -> dict[str, str]:
        # All steps of a vote are called by their names.
        return {name: name for name in self.places} if self.workflow.election is not None else {}

    def agent(self, name: str) -> str | None:
        """Who is asked in that step."""
        step = self.step(name)
        return step.agent if isinstance(step, AskStep) else None


def _paths(team: Team, inside: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for member in team.members:
        if isinstance(member, str):
            found.append((member, f"{inside}{member}"))
            continue
        path = f"{inside}{member.name}"
        found.append((member.merge, path))
        found += _paths(member, f"{path}/")
    return found
