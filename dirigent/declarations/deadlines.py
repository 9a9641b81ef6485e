"""How long workflows wait for their members, and how long they are waited for themselves."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from msgspec import Struct

from dirigent.declarations.findings import Report
from dirigent.declarations.kinds import Draft
from dirigent.declarations.outputs import Drafts
from dirigent.declarations.shapes import Part, Shape


class Wait(Struct, frozen=True, kw_only=True):
    """Somebody waits so long, and no longer."""

    seconds: float
    #: Which number it is, for people.
    says: str


class _Team(Struct, frozen=True, kw_only=True):
    members: list[str]
    #: How long it waits for them: by its own deadline, and by the shortest around them.
    own: Wait | None
    least: Wait | None


def examine_deadlines(
    workflows: Drafts, shapes: Mapping[str, Shape], innermost_first: Iterable[str], report: Report
) -> None:
    """Report where a workflow is waited for no longer than it waits for its own members."""
    longest: dict[str, Wait] = {}
    for name in innermost_first:
        teams = list(_teams(name, workflows[name], shapes[name]))
        waits = [team.own for team in teams if team.own is not None]
        around = {member: team.least for team in teams for member in team.members}
        for part in shapes[name].parts:
            waits.extend(_inside(part, around.get(part.draft.text("name") or ""), longest, report))
        if waits:
            longest[name] = max(waits, key=_seconds)


def _inside(part: Part, team: Wait | None, longest: Mapping[str, Wait], report: Report) -> Iterator[Wait]:
    """How long the workflows wait that are the step, as far as they are waited for."""
    for way in part.ways():
        inner = longest.get(way.text("workflow") or "")
        if inner is None:
            continue
        outer = _shorter(team, _total(way))
        if outer is None or inner.seconds < outer.seconds:
            yield inner
            continue
        # Given up here at the latest, it is nothing that whoever stands further out has to mend.
        why = f"{inner.says} ({inner.seconds:g} s) is not over before {outer.says} ({outer.seconds:g} s)"
        remedy = "raise the outer one or lower the inner one."
        report.add(way.at("workflow"), f"{why}, so what finished inside would be lost: {remedy}")


def _teams(name: str, workflow: Draft, shape: Shape) -> Iterator[_Team]:
    # A deadline that was refused is not the default that stands in for it.
    if "deadline" in workflow.written - workflow.values.keys():
        return
    if (election := shape.fields.get("election")) is not None:
        own = _deadline(election, repr(name))
        yield _Team(members=[], own=own, least=own)
    if (team := shape.fields.get("team")) is not None:
        yield from _inwards(team, name, None, is_managed="master" in workflow.written)


def _inwards(
    team: Mapping[str, Any], workflow: str, outer: Wait | None, *, is_managed: bool
) -> Iterator[_Team]:
    """The team and all teams inside it."""
    # A team of branches is called as its closing step, by which nobody knows it.
    own = _deadline(team, f"{team['name']!r} in {workflow!r}" if is_managed else repr(workflow))
    least = _shorter(outer, own)
    members = [member for member in team["members"] if isinstance(member, str)]
    yield _Team(members=members, own=own, least=least)
    for member in team["members"]:
        if isinstance(member, dict):
            yield from _inwards(member, workflow, least, is_managed=True)


def _deadline(declared: Mapping[str, Any], whose: str) -> Wait | None:
    seconds = declared["deadline"]
    return None if seconds is None else Wait(seconds=seconds, says=f"the deadline of {whose}")


def _total(way: Draft) -> Wait | None:
    seconds = way.values.get("total_timeout")
    return Wait(seconds=seconds, says="the step's `total_timeout`") if isinstance(seconds, float) else None


def _shorter(one: Wait | None, other: Wait | None) -> Wait | None:
    return min((wait for wait in (one, other) if wait is not None), key=_seconds, default=None)


def _seconds(wait: Wait) -> float:
    return wait.seconds
