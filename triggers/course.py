"""How the steps of a run followed one another, as the pattern of its workflow has it."""

from collections.abc import Container, Iterable, Mapping
from datetime import datetime

from dirigent.domain.catalogue import GATHERED, Workflow
from dirigent.domain.elections import Election
from dirigent.domain.outcomes import Missing, Turnout
from dirigent.domain.records import RunRecord, StepRecord
from dirigent.domain.steps import WorkflowStep
from dirigent.domain.teams import Team

#: What a ballot says of a voter whose answer nobody waited for.
UNHEARD = "unheard"
#: Behind the name of whoever brought nothing in time.
CROSS = "✗"


def lost(
    record: RunRecord,
    workflow: Workflow | None,
    steps: Iterable[StepRecord],
    so_far: Iterable[Missing] = (),
) -> dict[str, Missing]:
    """By name, the run's own steps that brought nothing in time; `so_far` are those of one that goes on."""
    nested = {step.step for step in steps if step.child is not None}
    if workflow is not None:
        nested |= {step.name for step in workflow.steps if isinstance(step, WorkflowStep)}
    missing = () if record.turnout is None else record.turnout.missing
    paths = [(each.branch.split("/"), each) for each in missing]
    # What is missing inside a step that is a run is none of this run's, whatever it is called.
    own = {path[-1]: each for path, each in paths if nested.isdisjoint(path[:-1])}
    return {each.branch: each for each in so_far} | own


def unheard(
    record: RunRecord, workflow: Workflow, steps: tuple[StepRecord, ...], result: Mapping[str, object]
) -> frozenset[str]:
    """The voters that were not waited for."""
    names = [name for name, field in workflow.result.items() if field.value == GATHERED["quorum"]]
    if not names and workflow.election is not None and record.turnout is not None:
        return _unheard(record.turnout, workflow.election, steps)
    found = [ballot for name in names if isinstance(told := result.get(name), list) for ballot in told]
    return frozenset(
        str(ballot.get("voter"))
        for ballot in found
        if isinstance(ballot, dict) and ballot.get("said") == UNHEARD
    )


def _unheard(turnout: Turnout, election: Election, steps: tuple[StepRecord, ...]) -> frozenset[str]:
    """Where no ballots tell it: as many as were heard are those whose answers came first."""
    voters, missing = {voter.name for voter in election.voters}, {one.branch for one in turnout.missing}
    done = sorted((step for step in steps if step.step in voters - missing), key=lambda one: one.completed_at)
    return frozenset(voters - missing - {step.step for step in done[: turnout.completed_agents]})


def beginnings(
    record: RunRecord, workflow: Workflow | None, steps: tuple[StepRecord, ...]
) -> dict[str, datetime]:
    """When each step could begin: after all it builds on, and side by side with none of that."""
    if workflow is not None and workflow.team is not None:
        return _Team(record, steps).beginnings(workflow.team)
    if workflow is not None and workflow.election is not None:
        return _of_election(record, workflow.election, steps)
    ends = (record.created_at, *(step.completed_at for step in steps))
    return {step.step: end for step, end in zip(steps, ends, strict=False)}


def pipeline(
    workflow: Workflow | None,
    steps: tuple[StepRecord, ...],
    late: frozenset[str] = frozenset(),
    gone: Container[str] = frozenset(),
) -> str:
    """The steps done, in a line, without those that came late; those side by side stand in brackets.

    Those that were given up are in their places, with a cross.
    """
    done = frozenset(step.step for step in steps if step.step not in late)
    if workflow is None:
        return _joined([name] for name in (step.step for step in steps) if name in done)
    told = {step.name: told for step in workflow.steps if (told := _told(step.name, done, gone))}
    if workflow.team is not None:
        return _line(workflow.team, told)
    first = set() if workflow.election is None else {voter.name for voter in workflow.election.voters}
    voters = [text for name, text in told.items() if name in first]
    return _joined([voters, *([text] for name, text in told.items() if name not in first)])


def _told(name: str, done: Container[str], gone: Container[str]) -> str:
    return f"{name} {CROSS}" if name in gone else name if name in done else ""


def _line(team: Team, told: Mapping[str, str]) -> str:
    members = [
        told.get(member, "") if isinstance(member, str) else _line(member, told) for member in team.members
    ]
    brief = "" if team.brief is None else told.get(team.brief, "")
    return _joined([[brief], members, [told.get(team.merge, "")]])


def _joined(groups: Iterable[list[str]]) -> str:
    found = ([text for text in group if text] for group in groups)
    return " → ".join(one[0] if len(one) == 1 else f"[{', '.join(one)}]" for one in found if one)


class _Team:
    """Goes through the teams of a run from outside in."""

    def __init__(self, record: RunRecord, steps: tuple[StepRecord, ...]) -> None:
        self._created = record.created_at
        self._done: Mapping[str, datetime] = {step.step: step.completed_at for step in steps}
        missing = () if record.turnout is None else record.turnout.missing
        self._given_up = {each.branch: each.since for each in missing}
        self._found: dict[str, datetime] = {}

    def beginnings(self, team: Team) -> dict[str, datetime]:
        """When each step of the team could begin."""
        self._walk(team, self._created, "")
        return self._found

    def _walk(self, team: Team, at: datetime, within: str) -> datetime:
        """When the members of the team have ended, as far as that is known."""
        if team.brief is not None:
            at = self._step(team.brief, at, within + team.brief)
        ends = [at]
        for member in team.members:
            if isinstance(member, str):
                ends.append(self._step(member, at, within + member))
            else:
                members = self._walk(member, at, f"{within}{member.name}/")
                ends.append(self._step(member.merge, members, within + member.name))
        if not within:
            self._step(team.merge, max(ends), team.merge)
        return max(ends)

    def _step(self, name: str, at: datetime, path: str) -> datetime:
        self._found[name] = at
        # Given up, it was waited for no longer, even if it came after all.
        return self._given_up.get(path) or self._done.get(name, at)


def _of_election(record: RunRecord, election: Election, steps: tuple[StepRecord, ...]) -> dict[str, datetime]:
    voters = {voter.name for voter in election.voters}
    found: dict[str, datetime] = {}
    for step in steps:
        # After the vote that decided; others may have come later still.
        ends = (other.completed_at for other in steps if other is not step)
        before = [end for end in ends if end <= step.started_at]
        is_voter = step.step in voters
        found[step.step] = record.created_at if is_voter else max(before, default=record.created_at)
    return found
