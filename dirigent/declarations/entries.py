"""Drafts of agents and workflows, looked at as wholes, and what becomes of them when nothing is wrong."""

from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

from dirigent.declarations.findings import Place, Report
from dirigent.declarations.flows import Flow
from dirigent.declarations.guards import examine_limits, limits_of
from dirigent.declarations.kinds import Draft
from dirigent.domain.account_gate import AccountRules
from dirigent.domain.catalogue import DEFAULT, Agent, Catalogue, InputField, Model, Workflow
from dirigent.domain.inputs import InputRefused, fitted
from dirigent.domain.retries import RetryPolicy
from dirigent.domain.spelling import suggestion

Drafts = dict[str, Draft]

#: By this field a result tells which of its answers are not the agents' own.
RESERVED = "degraded"

Built = TypeVar("Built", Model, Agent, Workflow)


def examine_agent(agent: Draft, models: Drafts | None, report: Report) -> None:
    """Report what of an agent does not fit the rest; None: models that nobody knows."""
    model = agent.text("model")
    if model is not None and models is not None and model not in models:
        hint = suggestion(model, models, kind="models")
        report.add(agent.at("model"), f"No model is called {model!r}: {hint}")
    retry = agent.values.get("retry")
    if isinstance(retry, Draft):
        policy = msgspec.convert(retry.values, RetryPolicy)
        if policy.max_delay < policy.initial_delay:
            why = f"max_delay ({policy.max_delay:g}) is less than initial_delay ({policy.initial_delay:g})"
            report.add(retry.place, f"{why}: raise the one or lower the other.")
    examine_limits(agent.values.get("limits"), None, report)


def examine_account(name: str, account: Draft, usual: Draft | None, report: Report) -> None:
    """Report what of an account has no effect; `usual`: what holds for those not named."""
    if name != DEFAULT and name.casefold() == DEFAULT:
        why = f"{name!r} differs from {DEFAULT!r} in capitals only"
        report.add(account.place, f"{why}: write {DEFAULT!r} for what holds for every account not named.")
    if usual is None or usual is account:
        usual = Draft(place=account.place)
    for key in ("limits", "users"):
        taken = usual.values.get(key)
        # What an account takes from a default that could not be read, nobody knows.
        is_known = taken.is_whole if isinstance(taken, Draft) else usual.is_whole
        examine_limits(account.values.get(key), taken, report, is_usual_known=is_known)


def _of(draft: Draft | None, key: str) -> object:
    return None if draft is None else draft.values.get(key)


def examine_workflow(workflow: Draft, agents: Drafts | None, report: Report) -> None:
    """Report what of a workflow does not fit the rest or itself; None: agents that nobody knows."""
    given = workflow.values.get("steps")
    steps = [step for step in given if isinstance(step, Draft)] if isinstance(given, list) else []
    for step in steps:
        agent = step.text("agent")
        if agent is not None and agents is not None and agent not in agents:
            hint = suggestion(agent, agents, kind="agents")
            report.add(step.at("agent"), f"No agent is called {agent!r}: {hint}")
    fields, result = _drafts(workflow, "input"), _drafts(workflow, "result")
    _examine_times(steps, report)
    _examine_reserved(steps, result or {}, report)
    if steps and fields is not None:
        is_whole = result is not None and given == steps and all(map(_is_readable, steps))
        Flow(fields=fields, steps=steps, result=result or {}, is_whole=is_whole).examine(report)
    if fields is not None and "sample" in workflow.values:
        _examine_sample(workflow, fields, report)


def _examine_times(steps: list[Draft], report: Report) -> None:
    for step in steps:
        timeout, total = step.values.get("timeout"), step.values.get("total_timeout")
        if isinstance(timeout, float) and isinstance(total, float) and timeout > total:
            why = f"timeout ({timeout:g}) is more than total_timeout ({total:g})"
            remedy = "raise total_timeout or lower timeout."
            report.add(step.at("timeout"), f"{why}, so no attempt could last that long: {remedy}")


def _examine_reserved(steps: list[Draft], result: Drafts, report: Report) -> None:
    taken = [step.at("output") for step in steps if step.text("output") == RESERVED]
    taken += [result[RESERVED].place] if RESERVED in result else []
    for place in taken:
        report.add(place, f"{RESERVED!r} is reserved, results are marked by it: choose another name.")


def _is_readable(step: Draft) -> bool:
    return "prompt" in step.values or {"publish", "filename"} <= step.values.keys()


def _drafts(workflow: Draft, key: str) -> Drafts | None:
    found = workflow.values.get(key)
    if not isinstance(found, dict):
        return None
    return {name: draft for name, draft in found.items() if isinstance(draft, Draft)}


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


def build(models: Drafts, agents: Drafts, workflows: Drafts, accounts: Drafts) -> Catalogue:
    """The catalogue, of drafts in which nothing is wrong."""
    return Catalogue(
        models={name: _built(Model, name, draft.values) for name, draft in models.items()},
        agents={name: _built(Agent, name, draft.values) for name, draft in agents.items()},
        workflows={name: _workflow(name, draft) for name, draft in workflows.items()},
        accounts={name: _account(draft, accounts.get(DEFAULT)) for name, draft in accounts.items()},
    )


def _account(draft: Draft, usual: Draft | None) -> AccountRules:
    rules = {key: limits_of(draft.values.get(key), _of(usual, key)) for key in ("limits", "users")}
    return msgspec.convert(rules, AccountRules)


def _workflow(name: str, draft: Draft) -> Workflow:
    values: dict[str, Any] = dict(draft.values)
    values["input"] = _fields(values["input"])
    values["steps"] = [
        {"kind": "publish" if "publish" in step.values else "ask", **step.values} for step in values["steps"]
    ]
    values["result"] = {field: found.values for field, found in values["result"].items()}
    return _built(Workflow, name, values)


def _fields(drafts: Drafts) -> list[dict[str, object]]:
    return [{"name": name, **draft.values} for name, draft in drafts.items()]


def _built(kind: type[Built], name: str, values: Mapping[str, object]) -> Built:
    plain = {key: value.values if isinstance(value, Draft) else value for key, value in values.items()}
    return msgspec.convert({"name": name, **plain}, kind)
