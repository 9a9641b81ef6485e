"""Drafts of workflows, looked at as wholes, and what becomes of them when nothing is wrong."""

from collections.abc import Callable, Collection
from typing import Any

import msgspec
from msgspec import Struct

from dirigent.declarations import polls, shapes, teams
from dirigent.declarations.choices import examine_answers, examine_choices, examine_fixed
from dirigent.declarations.deadlines import examine_deadlines
from dirigent.declarations.findings import Place, Report
from dirigent.declarations.flows import Flow
from dirigent.declarations.givens import examine_givens
from dirigent.declarations.kinds import Draft
from dirigent.declarations.names import examine_names
from dirigent.declarations.nesting import Nesting
from dirigent.declarations.outputs import Drafts, Scope, drafts_of
from dirigent.declarations.pattern_keys import MOST_STEPS
from dirigent.declarations.shapes import Part, Shape
from dirigent.declarations.tellings import examine_tellings
from dirigent.domain.catalogue import InputField, Workflow
from dirigent.domain.inputs import InputRefused, fitted
from dirigent.domain.spelling import suggestion
from dirigent.domain.steps import (
    AskStep,
    ChooseStep,
    CombineStep,
    NotifyStep,
    PublishStep,
    SendStep,
    TallyStep,
    WorkflowStep,
)

_SHAPES: dict[str, Callable[[Draft], Shape]] = {
    "sequential": shapes.sequential,
    "fan_out": teams.fan_out,
    "hierarchy": teams.hierarchy,
    "quorum": polls.quorum,
}
_PATTERNS: dict[str, Callable[[Draft, Report], None]] = {
    "fan_out": teams.examine_fan_out,
    "hierarchy": teams.examine_hierarchy,
    "quorum": polls.examine_quorum,
}
_STEPS: dict[str, tuple[str, type[msgspec.Struct]]] = {
    "agent": ("ask", AskStep),
    "publish": ("publish", PublishStep),
    "workflow": ("workflow", WorkflowStep),
    "event": ("send", SendStep),
    "notify": ("notify", NotifyStep),
    "choose": ("choose", ChooseStep),
    "combine": ("combine", CombineStep),
    "tally": ("tally", TallyStep),
}


class Known(Struct, frozen=True, kw_only=True):
    """What else is declared; None is what nobody knows."""

    agents: Drafts | None
    workflows: Drafts | None
    #: What subscriptions listen on.
    topics: Collection[str] | None


def shape_of(workflow: Draft) -> Shape:
    """The workflow's steps, by its pattern."""
    pattern = workflow.values.get("pattern", "sequential")
    if "pattern" in workflow.written and "pattern" not in workflow.values:
        return Shape(parts=(), is_whole=False)
    return _SHAPES[str(pattern)](workflow)


def examine_workflows(workflows: Drafts, known: Known, report: Report) -> None:
    """Report what of each workflow does not fit itself, the others or the rest."""
    found = {name: shape_of(workflow) for name, workflow in workflows.items()}
    for name, workflow in workflows.items():
        _examine(workflow, found[name], known, report)
    nesting = Nesting.of(workflows, found)
    nesting.examine(report)
    # Whatever stands in a circle has no depth, and waits for itself.
    examine_deadlines(workflows, found, nesting.depths, report)


def _examine(workflow: Draft, shape: Shape, known: Known, report: Report) -> None:
    fields, result = drafts_of(workflow, "input"), drafts_of(workflow, "result")
    _examine_agents(shape, known.agents, report)
    _examine_times(shape, report)
    examine_tellings(shape, known.topics, report)
    examine_answers(shape, report)
    examine_names(fields or {}, result or {}, shape, report)
    if (examine_pattern := _PATTERNS.get(str(workflow.values.get("pattern")))) is not None:
        examine_pattern(workflow, report)
    if len(shape.parts) > MOST_STEPS:
        why = f"Has {len(shape.parts):,} steps in all: no more than {MOST_STEPS:,} may be"
        report.add(workflow.place, f"{why}; make some of them a workflow of their own.")
    if shape.parts and fields is not None:
        scope = Scope.of(fields, shape, known.workflows)
        is_whole = result is not None and shape.is_whole
        flow = Flow(scope=scope, result=result or {}, is_whole=is_whole)
        if (select := workflow.text("select")) is not None:
            flow.used.add(select)
        flow.examine(report)
        examine_choices(scope, report)
        examine_givens(scope, known.workflows, report)
    if fields is not None and "sample" in workflow.values:
        _examine_sample(workflow, fields, report)


def _examine_times(shape: Shape, report: Report) -> None:
    for part in shape.parts:
        for way in part.ways():
            timeout, total = way.values.get("timeout"), way.values.get("total_timeout")
            if isinstance(timeout, float) and isinstance(total, float) and timeout > total:
                why = f"timeout ({timeout:g}) is more than total_timeout ({total:g})"
                remedy = "raise total_timeout or lower timeout."
                report.add(way.at("timeout"), f"{why}, so no attempt could last that long: {remedy}")


def _examine_agents(shape: Shape, agents: Drafts | None, report: Report) -> None:
    if agents is None:
        return
    for part in shape.parts:
        for way in part.ways():
            agent = way.text("agent")
            if agent is not None and agent not in agents:
                hint = suggestion(agent, agents, kind="agents")
                report.add(way.at("agent"), f"No agent is called {agent!r}: {hint}")
    examine_fixed(shape, agents, report)


def _examine_sample(workflow: Draft, fields: Drafts, report: Report) -> None:
    at = workflow.at("sample")
    try:
        fitted(msgspec.convert(_fields(fields), tuple[InputField, ...]), workflow.values["sample"])
    except InputRefused as refused:
        for problem in refused.problems:
            field = fields.get(problem.field.partition("[")[0])
            if field is not None and not field.is_whole:
                continue
            where = f"{at.path}.{problem.field}" if problem.field else at.path
            place = Place(file=at.file, path=where, line=at.line)
            report.add(place, f"The sample does not fit the input: {problem.message}")


def build_workflow(name: str, draft: Draft) -> Workflow:
    """The workflow, of a draft in which nothing is wrong."""
    shape = shape_of(draft)
    own = {field.name for field in msgspec.structs.fields(Workflow)}
    values: dict[str, Any] = {key: value for key, value in draft.values.items() if key in own}
    values["name"] = name
    values["input"] = _fields(values["input"])
    values["steps"] = [_step(part) for part in shape.parts]
    values["result"] = {field: found.values for field, found in values["result"].items()}
    return msgspec.convert(values | dict(shape.fields), Workflow)


def _fields(found: Drafts) -> list[dict[str, object]]:
    return [{"name": name, **draft.values} for name, draft in found.items()]


def _step(part: Part) -> dict[str, object]:
    values = _plain(part.draft, part.kind) | dict(part.extra)
    if part.kind != "choose":
        return values
    called = {key: values[key] for key in ("name", "output", "record") if key in values}
    branches: dict[str, object] = {
        key: _plain(way, shapes.kind_of(way)) | called for key, way in part.branches().items()
    }
    other = part.draft.values.get("otherwise")
    otherwise = _plain(other, shapes.kind_of(other)) | called if isinstance(other, Draft) else None
    return values | {"branches": branches, "otherwise": otherwise}


def _plain(draft: Draft, kind: str) -> dict[str, object]:
    tag, step = _STEPS[kind]
    own = {field.name for field in msgspec.structs.fields(step)}
    values = {key: value for key, value in draft.values.items() if key in own}
    if (answers := drafts_of(draft, "answers")) is not None and "answers" in own:
        values["answers"] = _fields(answers)
    for key, field in (("with", "given"), ("properties", "properties")):
        if isinstance(given := draft.values.get(key), Draft):
            values[field] = given.values
    if kind == "notify":
        values["channel"] = draft.values["notify"]
    return {"kind": tag, **values}
