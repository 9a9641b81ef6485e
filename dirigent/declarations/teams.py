"""Patterns of teams: branches side by side with a closing step, and managers with teams of their own."""

from collections.abc import Collection
from typing import Any

from msgspec import Struct, field

from dirigent.declarations.findings import Place, Report
from dirigent.declarations.kinds import Draft
from dirigent.declarations.outputs import drafts_of
from dirigent.declarations.pattern_keys import DEADLINE
from dirigent.declarations.shapes import (
    Part,
    Shape,
    called,
    common,
    completed,
    count,
    drafts,
    is_readable,
    kind_of,
)
from dirigent.domain.catalogue import BEST, BRANCH, GATHERED, RUN_TIMEOUT, WINNER
from dirigent.domain.spelling import suggestion

#: More levels of managers nobody oversees.
DEEPEST_TEAM = 8

BRANCHES, REPORTS = GATHERED["fan_out"], GATHERED["hierarchy"]


def fan_out(workflow: Draft) -> Shape:
    """Branches side by side, then what becomes of them."""
    given = workflow.values.get("branches")
    branches = [
        called(common(branch, workflow) if "agent" in branch.written else branch) for branch in drafts(given)
    ]
    everybody = range(len(branches))
    parts = [Part(kind=kind_of(branch), draft=branch, names={BRANCH: ()}) for branch in branches]
    closing, is_judged = _closing(workflow)
    parts.append(_closing_part(closing, everybody, is_judged=is_judged))
    team = {
        "name": closing.text("name"),
        "members": [branch.text("name") for branch in branches],
        "merge": closing.text("name"),
        "deadline": workflow.values.get("deadline", DEADLINE),
        "needed": workflow.values.get("needed", 1),
    }
    judged: dict[str, Collection[int]] = {WINNER: [len(branches)], BEST: [len(branches)]}
    told = {BRANCHES: everybody} | (judged if is_judged else {})
    return Shape(
        parts=parts,
        told=told,
        reserved=(BRANCH, *told),
        is_whole=len(branches) == len(given if isinstance(given, list) else [None])
        and all(map(is_readable, branches))
        and closing.is_whole,
        fields={"team": team, "select": workflow.values.get("select")},
    )


def _closing_part(closing: Draft, branches: range, *, is_judged: bool) -> Part:
    is_asked = closing.text("agent") is not None
    # Without a template or a prompt it puts together all there is.
    is_join = not {"agent", "template", "prompt", "pick"} & closing.written
    return Part(
        kind="agent" if is_asked else "combine",
        draft=closing,
        sees=branches,
        names={BRANCHES: branches},
        merges=BRANCHES if is_asked else "",
        takes=branches if is_join else (),
        extra={"picks": True} if is_judged else {},
    )


def _closing(workflow: Draft) -> tuple[Draft, bool]:
    """The closing step, and whether it picks the best."""
    at = workflow.at("branches")
    written = workflow.values.get("combine")
    draft = (
        written if isinstance(written, Draft) else Draft(place=at, is_whole="combine" not in workflow.written)
    )
    place = draft.place
    closing = completed(draft, name=("combine", place), output=("combined", place))
    return closing, "pick" in draft.values


def _examine_closing(closing: Draft, report: Report) -> None:
    asks = "agent" in closing.written
    if asks and "template" in closing.written:
        report.add(closing.at("template"), "An agent is asked by a `prompt`: write that, or remove `agent`.")
    elif asks and "prompt" not in closing.written:
        report.add(closing.place, "The key 'prompt' is missing: add what the agent is asked.")
    if asks:
        return
    for key in ("prompt", "answers", "pick", "timeout", "total_timeout"):
        if key in closing.written:
            report.add(closing.at(key), f"Nobody is asked here: add 'agent', or remove {key!r}.")


class _Tree(Struct, frozen=True, kw_only=True):
    """Managers and their teams, made flat."""

    parts: list[Part] = field(default_factory=list)
    unread: list[Draft] = field(default_factory=list)
    #: Of each manager's part, in the order of their merging.
    workers: list[int] = field(default_factory=list)

    def add(self, manager: Draft, sees: tuple[int, ...]) -> tuple[dict[str, Any], int]:
        """The manager's team, and the place of the part that merges."""
        brief = manager.values.get("brief")
        briefs = self._brief(manager, brief, sees) if isinstance(brief, Draft) else None
        inner = sees if briefs is None else (*sees, briefs)
        members, merged = self._members(manager, inner)
        if not manager.is_whole:
            self.unread.append(manager)
        self.parts.append(
            Part(
                kind="agent",
                draft=called(manager),
                sees=(*inner, *merged),
                names={REPORTS: merged},
                merges=REPORTS,
            )
        )
        at = len(self.parts) - 1
        self.workers.append(at)
        team = {
            "name": manager.text("name"),
            "members": members,
            "merge": manager.text("name"),
            "brief": None if briefs is None else self.parts[briefs].draft.text("name"),
            "deadline": manager.values.get("deadline"),
            "needed": manager.values.get("needed", 1),
        }
        return team, at

    def _members(self, manager: Draft, sees: tuple[int, ...]) -> tuple[list[Any], list[int]]:
        members: list[Any] = []
        merged: list[int] = []
        given = manager.values.get("team")
        for member in drafts(given):
            if "team" in member.written and "workflow" not in member.written:
                team, at = self.add(member, sees)
                members.append(team)
            else:
                self.parts.append(Part(kind=kind_of(member), draft=called(member), sees=sees))
                at = len(self.parts) - 1
                self.workers.append(at)
                members.append(member.text("name"))
                if not is_readable(member):
                    self.unread.append(member)
            merged.append(at)
        return members, merged

    def _brief(self, manager: Draft, brief: Draft, sees: tuple[int, ...]) -> int:
        name = manager.text("name")
        given = {"agent": (manager.text("agent"), manager.at("agent"))}
        if name is not None:
            given["name"] = (f"{name}-brief", brief.place)
            given["output"] = (f"{name.replace('-', '_')}_brief", brief.place)
        self.parts.append(Part(kind="agent", draft=completed(brief, **given), sees=sees))
        return len(self.parts) - 1


def hierarchy(workflow: Draft) -> Shape:
    """A master, who merges what managers and workers bring."""
    master = workflow.values.get("master")
    if not isinstance(master, Draft):
        return Shape(parts=(), reserved=(REPORTS,), is_whole=False)
    tree = _Tree()
    team, _ = tree.add(master, ())
    return Shape(
        parts=tree.parts,
        told={REPORTS: tuple(tree.workers[:-1])},
        reserved=(REPORTS,),
        is_whole=not tree.unread,
        fields={"team": team},
    )


def examine_fan_out(workflow: Draft, report: Report) -> None:
    """Report what no run of the branches could ever do."""
    branches = drafts(workflow.values.get("branches"))
    examine_deadline(workflow, report)
    _examine_needed(workflow, count(workflow.values.get("branches")), "branches", report)
    examine_common(workflow, branches, "branches", report)
    if isinstance(closing := workflow.values.get("combine"), Draft):
        _examine_closing(closing, report)
        if "pick" in closing.values:
            _examine_pick(closing, count(workflow.values.get("branches")), report)
    _examine_select(workflow, branches, report)


def _examine_pick(closing: Draft, branches: int, report: Report) -> None:
    if branches == 1:
        report.add(closing.at("pick"), "There is one branch only: add another, or leave `pick` out.")
    answers = drafts_of(closing, "answers") or {}
    if WINNER in answers:
        why = f"{WINNER!r} is asked for without being declared: leave it out, or call the field otherwise."
        report.add(answers[WINNER].place, why)


def _examine_needed(team: Draft, members: int, what: str, report: Report) -> None:
    least = team.values.get("needed", 1)
    if isinstance(least, int) and 0 < members < least:
        why = f"Needs {least} of {members} {what}, so there never is a result"
        report.add(team.at("needed"), f"{why}: lower `needed`, or add {what}.")


def examine_common(workflow: Draft, each: list[Draft], what: str, report: Report) -> None:
    """Report who has no prompt, and a prompt or answers that nobody takes from the workflow."""
    asked = [draft for draft in each if "agent" in draft.written]
    if "prompt" not in workflow.written:
        for draft in asked:
            if "prompt" not in draft.written:
                why = f"The key 'prompt' is missing: add what is asked, here or for all beside {what!r}."
                report.add(draft.place, why)
    for key in ("prompt", "answers"):
        if key in workflow.written and each and all(key in draft.written for draft in asked):
            why = f"Nobody takes it, for all {what} have their own or ask nobody"
            report.add(workflow.at(key), f"{why}: leave it out here or there.")


def examine_deadline(workflow: Draft, report: Report) -> None:
    """Report a deadline that the run never comes to."""
    deadline, timeout = workflow.values.get("deadline", DEADLINE), _timeout(workflow)
    if "deadline" in workflow.written - workflow.values.keys() or not isinstance(deadline, float):
        return
    if timeout is not None and deadline >= timeout:
        at = workflow.at("deadline" if "deadline" in workflow.written else "timeout")
        _report_deadline(at, deadline, timeout, report)


def _report_deadline(at: Place, deadline: float, timeout: float, report: Report) -> None:
    why = f"deadline ({deadline:g}) is not less than the {timeout:g} s there are in all"
    report.add(at, f"{why}, so no time is left to close: lower the deadline or raise the timeout.")


def _timeout(workflow: Draft) -> float | None:
    found = workflow.values.get("timeout", None if "timeout" in workflow.written else RUN_TIMEOUT)
    return found if isinstance(found, float) else None


def _examine_select(workflow: Draft, branches: list[Draft], report: Report) -> None:
    select, fields = workflow.text("select"), drafts_of(workflow, "input")
    if select is None or fields is None:
        return
    at = workflow.at("select")
    if select not in fields:
        report.add(
            at, f"No input field is called {select!r}: {suggestion(select, fields, kind='the fields')}"
        )
        return
    field = fields[select]
    if field.is_whole and (
        field.values.get("type") != "list" or field.values.get("required", True) is not False
    ):
        why = f"{select!r} is no list that may be left out"
        report.add(at, f"{why}: declare the field as {{type: list, required: false}}.")
    sample = workflow.values.get("sample")
    chosen = sample.get(select) if isinstance(sample, dict) else None
    names = [name for branch in branches if (name := branch.text("name")) is not None]
    if not isinstance(chosen, list) or len(names) < len(branches):
        return
    for item in chosen:
        if item not in names:
            hint = suggestion(str(item), names, kind="branches")
            report.add(
                workflow.at("sample"), f"The sample does not fit: no branch is called {item!r}: {hint}"
            )


def examine_hierarchy(workflow: Draft, report: Report) -> None:
    """Report what no team could ever do."""
    master = workflow.values.get("master")
    if isinstance(master, Draft):
        _examine_team(master, _timeout(workflow), 1, report)


def _examine_team(manager: Draft, outer: float | None, level: int, report: Report) -> None:
    if level == DEEPEST_TEAM + 1:
        why = f"Managers stand {level} above one another here: no more than {DEEPEST_TEAM} may"
        report.add(manager.place, f"{why}; lift the team up, or make it a workflow of its own.")
    members = drafts(manager.values.get("team"))
    _examine_needed(manager, count(manager.values.get("team")), "members", report)
    deadline = manager.values.get("deadline")
    if isinstance(deadline, float):
        if outer is not None and deadline >= outer:
            _report_deadline(manager.at("deadline"), deadline, outer, report)
        outer = deadline
    for member in members:
        if "team" in member.values:
            _examine_team(member, outer, level + 1, report)
