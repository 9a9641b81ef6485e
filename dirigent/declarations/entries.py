"""Drafts of agents and accounts, looked at as wholes, and what becomes of them when nothing is wrong."""

from collections.abc import Mapping
from typing import TypeVar

import msgspec

from dirigent.declarations.findings import Report
from dirigent.declarations.guards import examine_limits, limits_of
from dirigent.declarations.kinds import Draft
from dirigent.declarations.outputs import Drafts
from dirigent.declarations.subscriptions import build_subscription
from dirigent.declarations.workflows import build_workflow
from dirigent.domain.account_gate import AccountRules
from dirigent.domain.catalogue import DEFAULT, Agent, Catalogue, Model
from dirigent.domain.retries import RetryPolicy
from dirigent.domain.spelling import suggestion

Built = TypeVar("Built", Model, Agent)


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


def build(
    models: Drafts, agents: Drafts, workflows: Drafts, accounts: Drafts, subscriptions: Drafts
) -> Catalogue:
    """The catalogue, of drafts in which nothing is wrong."""
    return Catalogue(
        models={name: _built(Model, name, draft.values) for name, draft in models.items()},
        agents={name: _built(Agent, name, draft.values) for name, draft in agents.items()},
        workflows={name: build_workflow(name, draft) for name, draft in workflows.items()},
        accounts={name: _account(draft, accounts.get(DEFAULT)) for name, draft in accounts.items()},
        subscriptions={name: build_subscription(name, draft) for name, draft in subscriptions.items()},
    )


def _account(draft: Draft, usual: Draft | None) -> AccountRules:
    rules = {key: limits_of(draft.values.get(key), _of(usual, key)) for key in ("limits", "users")}
    return msgspec.convert(rules, AccountRules)


def _built(kind: type[Built], name: str, values: Mapping[str, object]) -> Built:
    plain = {key: value.values if isinstance(value, Draft) else value for key, value in values.items()}
    return msgspec.convert({"name": name, **plain}, kind)
