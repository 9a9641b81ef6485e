"""A folder of declarations, read as a whole."""

from pathlib import Path

from dirigent.declarations.deployments import examine_deployments
from dirigent.declarations.entries import build, examine_account, examine_agent
from dirigent.declarations.files import files
from dirigent.declarations.files import read as read_file
from dirigent.declarations.findings import Place, Report
from dirigent.declarations.guards import examine_fallback
from dirigent.declarations.hearings import examine_hearing
from dirigent.declarations.keys import section
from dirigent.declarations.kinds import Draft
from dirigent.declarations.outputs import Drafts
from dirigent.declarations.subscriptions import examine_subscription
from dirigent.declarations.tellings import told_by
from dirigent.declarations.workflows import Known, examine_workflows, shape_of
from dirigent.domain.catalogue import DEFAULT, Catalogue

#: What to do where a section has no file at all.
_FIRST_FILES = {
    "models": "add models.yaml, with a line such as `main: {deployment: gpt-4o}`.",
    "agents": "add a file such as agents/my-desk.yaml.",
    "workflows": "add a file such as workflows/my-work.yaml.",
}


SECTIONS = ("models", "agents", "workflows", "accounts", "subscriptions")


def read(folder: Path) -> Catalogue:
    """The catalogue in the folder; `CatalogueRefused` tells everything that is wrong with it at once."""
    report = Report()
    sections: dict[str, Drafts] = {name: {} for name in SECTIONS}
    found = list(files(folder, report))
    unread = _absent({name for name, _, _ in found}, report)
    for name, path, place in found:
        drafts = _drafts(name, path, place, report)
        if drafts is None:
            unread.add(name)
        else:
            _add(sections[name], drafts, report)
    _examine(sections, unread, report)
    if report.findings:
        raise report.refusal(folder)
    return build(**sections)


def _examine(sections: dict[str, Drafts], unread: set[str], report: Report) -> None:
    # Of a section that could not be read as a whole, nobody knows what it lacks.
    models = None if "models" in unread else sections["models"]
    agents = None if "agents" in unread else sections["agents"]
    examine_deployments(sections["models"], report)
    for name, agent in sections["agents"].items():
        examine_agent(agent, models, report)
        examine_fallback(name, agent, agents, models, report)
    workflows = None if "workflows" in unread else sections["workflows"]
    topics = {topic for draft in sections["subscriptions"].values() if (topic := draft.text("topic"))}
    known = Known(agents=agents, workflows=workflows, topics=None if "subscriptions" in unread else topics)
    examine_workflows(sections["workflows"], known, report)
    told = None if workflows is None else told_by(map(shape_of, workflows.values()))
    for name, subscription in sections["subscriptions"].items():
        examine_subscription(name, subscription, workflows, report)
        examine_hearing(subscription, told, report)
    usual = sections["accounts"].get(DEFAULT)
    for name, account in sections["accounts"].items():
        examine_account(name, account, usual, report)


def _absent(there: set[str], report: Report) -> set[str]:
    """The sections of which there is no file; told once, not by all who refer to what is not there."""
    gone = _FIRST_FILES.keys() - there
    # What lies where nobody reads has been reported, and may be just what is missing here.
    if not report.findings:
        for name in sorted(gone):
            report.add(Place(file=name), f"No {name.removesuffix('s')} is declared: {_FIRST_FILES[name]}")
    return gone


def _drafts(name: str, path: Path, place: Place, report: Report) -> Drafts | None:
    tree = read_file(path, place, report)
    if tree is None:
        return None
    at = Place(file=place.file, path=place.path, line=tree.line)
    found = section(name).read(tree, at, report)
    if not isinstance(found, dict):
        return None
    return {entry: draft for entry, draft in found.items() if isinstance(draft, Draft)}


def _add(known: Drafts, found: Drafts, report: Report) -> None:
    for name, draft in found.items():
        first = known.setdefault(name, draft)
        if first is not draft:
            where = f"{first.place.file}:{first.place.line}"
            report.add(draft.place, f"{name!r} is declared already, in {where}: rename one of them.")
