"""What is still ahead of a run that goes on."""

from collections.abc import Iterator, Mapping
from typing import Any

from dirigent import codec
from dirigent.domain.catalogue import Workflow
from dirigent.domain.outcomes import Missing
from dirigent.domain.records import RunRecord, StepRecord
from dirigent.domain.run_ids import child_id
from dirigent.domain.runs import ENDED, Status
from dirigent.domain.selections import left_out
from dirigent.domain.steps import ChooseStep, Step, WorkflowStep
from dirigent.domain.teams import Team

#: Nothing is known of whom the run has given up, of what its steps said, of runs within it.
NOTHING: Mapping[str, Any] = {}


def ahead(
    record: RunRecord,
    workflow: Workflow,
    given: Mapping[str, object],
    steps: tuple[StepRecord, ...],
    *,
    gone: Mapping[str, Missing] = NOTHING,
    said: Mapping[str, object] = NOTHING,
    runs: frozenset[str] = frozenset(),
) -> list[dict[str, object]]:
    """The steps that are not done, those that may be under way or were given up among them.

    None of a run that ended. `said` holds the outputs so far, `runs` those runs within it that there are.
    """
    if record.status in ENDED:
        return []
    absent, done = left_out(workflow, given), frozenset(step.step for step in steps)
    lost = frozenset(gone)
    closed = frozenset(_given_up(workflow, done | lost)) - lost
    begun = under_way(record, workflow, given, steps, gone)
    views = []
    for step in workflow.steps:
        if step.name in done | absent | closed:
            continue
        view = _view(step, gone.get(step.name), is_begun=step.name in begun)
        if step.name in begun:
            view |= _where(record, step, said, runs)
        views.append(view)
    return views


def cut(
    record: RunRecord,
    workflow: Workflow,
    given: Mapping[str, object],
    steps: tuple[StepRecord, ...],
    runs: frozenset[str] = frozenset(),
) -> list[dict[str, object]]:
    """The steps that may have been under way when somebody ended the run; none where nobody did."""
    # One that was ended while it waited to begin had nothing under way.
    has_begun = bool(steps) or record.admission is not None or record.parent is not None
    if record.status is not Status.CANCELLED or not has_begun:
        return []
    begun = under_way(record, workflow, given, steps)
    return [
        {"step": step.name, "name": step.record or step.name} | _child(record, step, runs)
        for step in workflow.steps
        if step.name in begun
    ]


def under_way(
    record: RunRecord,
    workflow: Workflow,
    given: Mapping[str, object],
    steps: tuple[StepRecord, ...],
    gone: Mapping[str, Missing] = NOTHING,
) -> frozenset[str]:
    """The steps that may be under way, by what is done and whom the run has given up."""
    if record.status is Status.PENDING:
        return frozenset()
    settled = frozenset(step.step for step in steps) | frozenset(gone)
    return frozenset(_under_way(workflow, left_out(workflow, given), settled))


def way(step: ChooseStep, said: Mapping[str, object]) -> str | None:
    """Which branch the step goes, empty for that of all other values; None as long as that is open."""
    output, _, field = step.choose.partition(".")
    found = said.get(output)
    if not isinstance(found, dict) or field not in found:
        return None
    value = found[field]
    told = value if isinstance(value, str) else codec.to_json(value).decode()
    return told if told in step.branches else ""


def _view(step: Step, missing: Missing | None, *, is_begun: bool) -> dict[str, object]:
    view: dict[str, object] = {"step": step.name, "name": step.record or step.name}
    if missing is not None:
        return view | {"state": "given_up", "category": missing.category, "because": missing.because}
    return view | {"state": "under_way" if is_begun else "to_come"}


def _where(
    record: RunRecord, step: Step, said: Mapping[str, object], runs: frozenset[str]
) -> dict[str, object]:
    """Where the step leads that may be under way."""
    if isinstance(step, WorkflowStep):
        return {"child": child_id(record.run, step.name)}
    if not isinstance(step, ChooseStep):
        return {}
    branch = way(step, said)
    told: dict[str, object] = {} if branch is None else {"branch": branch or None}
    return told | _child(record, step, runs)


def _child(record: RunRecord, step: Step, runs: frozenset[str]) -> dict[str, object]:
    child = child_id(record.run, step.name)
    return {"child": child} if child in runs else {}


def _under_way(workflow: Workflow, absent: frozenset[str], settled: frozenset[str]) -> Iterator[str]:
    """What may be under way when these are done or given up."""
    if workflow.team is not None:
        kept = workflow.team.only(frozenset(workflow.team.names) - absent)
        yield from _of_team(kept, settled)
    elif voters := _voters(workflow) - settled - frozenset(_given_up(workflow, settled)):
        yield from voters
    else:
        over = settled | _voters(workflow)
        yield from [step.name for step in workflow.steps if step.name not in over][:1]


def _given_up(workflow: Workflow, settled: frozenset[str]) -> Iterator[str]:
    """Whoever did not come in time for what followed."""
    if workflow.team is not None:
        for team in workflow.team.teams():
            if team.merge in settled:
                yield from team.steps()
    elif workflow.election is not None and not settled.isdisjoint(
        (workflow.election.resolution, workflow.election.tally)
    ):
        yield from _voters(workflow)


def _voters(workflow: Workflow) -> frozenset[str]:
    return frozenset(() if workflow.election is None else (one.name for one in workflow.election.voters))


def _of_team(team: Team, settled: frozenset[str]) -> Iterator[str]:
    if team.merge in settled:
        return
    if team.brief is not None and team.brief not in settled:
        yield team.brief
        return
    inner = [name for member in team.members for name in _of_member(member, settled)]
    yield from inner or [team.merge]


def _of_member(member: str | Team, settled: frozenset[str]) -> Iterator[str]:
    if isinstance(member, Team):
        yield from _of_team(member, settled)
    elif member not in settled:
        yield member
