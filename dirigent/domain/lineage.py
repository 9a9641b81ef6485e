"""Instances that a run may have begun: its nested runs, theirs, and the calls that are made apart."""

from collections.abc import Iterator

from dirigent.domain.elections import Election
from dirigent.domain.run_ids import child_id, path_of
from dirigent.domain.runs import Nested, PlannedStep, StartRun


def descendants(start: StartRun) -> tuple[str, ...]:
    """Their ids, the outermost first: whoever is ended begins nothing more."""
    return tuple(_below(start.run, start.plan, start.election))


def below(instance: str, step: PlannedStep) -> tuple[str, ...]:
    """The ids of what the instance that makes the step may have begun."""
    return () if step.nested is None else tuple(_inside(instance, step.nested))


def _inside(run: str, nested: Nested) -> Iterator[str]:
    yield from _below(run, nested.plan, nested.election)


def _below(run: str, plan: tuple[PlannedStep, ...], election: Election | None) -> Iterator[str]:
    inner = []
    for step in plan:
        # Whichever way a step goes, its run is called as the step is.
        ways = [way.nested for way in (step, *step.branches.values(), step.otherwise) if way is not None]
        nested = [way for way in ways if way is not None]
        if nested:
            child = child_id(run, step.name)
            inner += [(child, way) for way in nested]
            yield child
    if election is not None:
        asked = [voter.name for voter in election.voters]
        if election.same is not None:
            # Once more with each further answer, at most.
            asked += [path_of(election.same, again) for again in range(len(election.voters))]
        yield from (child_id(run, name) for name in asked)
    for child, way in inner:
        yield from _inside(child, way)
