"""Which of a workflow's branches a run sends out, where its input names them."""

from collections.abc import Mapping, Sequence
from itertools import islice

from dirigent.domain.catalogue import Workflow
from dirigent.domain.inputs import MOST_PROBLEMS, InputRefused, Problem, check
from dirigent.domain.spelling import LONGEST

#: More names than these do not help whoever reads a refusal.
MOST_NAMES = 20


def checked(workflow: Workflow, body: object) -> dict[str, object]:
    """The body as an input: with the names of the branches, all where none are named, in declared order."""
    values = check(workflow, body)
    if workflow.select is None or workflow.team is None:
        return values
    names = workflow.team.names
    named = _named(workflow.select, values, body)
    chosen = names if named is None else _chosen(workflow.select, named, names, workflow.team.needed)
    values[workflow.select] = [name for name in names if name in chosen]
    return {field.name: values[field.name] for field in workflow.input if field.name in values}


def left_out(workflow: Workflow, values: Mapping[str, object]) -> frozenset[str]:
    """The branches that the input does not name."""
    if workflow.select is None or workflow.team is None:
        return frozenset()
    named = values.get(workflow.select)
    return frozenset(workflow.team.names) - frozenset(named) if isinstance(named, list) else frozenset()


def _named(field: str, values: Mapping[str, object], body: object) -> list[object] | None:
    # An empty list elsewhere counts as left out; here it would send out all where none was named.
    given = body.get(field) if isinstance(body, dict) and body.get(field) == [] else values.get(field)
    return given if isinstance(given, list) else None


def _chosen(field: str, given: Sequence[object], names: tuple[str, ...], needed: int) -> Sequence[object]:
    remedy = f"send some of {_listed(names)}, each once, or leave the field out for all"
    problems = [
        Problem(field=f"{field}[{place}]", message=f"The field '{field}[{place}]' {why}: {remedy}.")
        for place, item in enumerate(given)
        if (why := _problem(item, given[:place], names))
    ]
    if not problems and len(given) < max(needed, 1):
        least = "is empty" if not given else f"names {len(given)}, and a result needs at least {needed}"
        problems = [Problem(field=field, message=f"The field {field!r} {least}: {remedy}.")]
    if problems:
        raise InputRefused(tuple(islice(problems, MOST_PROBLEMS)))
    return given


def _problem(item: object, before: Sequence[object], names: tuple[str, ...]) -> str:
    if item not in names:
        return f"is {str(item)[:LONGEST]!r}, which is no branch of the workflow"
    return f"names {item!r} once more" if item in before else ""


def _listed(names: tuple[str, ...]) -> str:
    more = "" if len(names) <= MOST_NAMES else f" and {len(names) - MOST_NAMES} more"
    return ", ".join(repr(name) for name in names[:MOST_NAMES]) + more
