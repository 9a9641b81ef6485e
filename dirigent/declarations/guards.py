"""Limits, breakers and fallbacks, held against one another: none may be declared that has no effect."""

from collections.abc import Mapping

import msgspec
from msgspec.structs import asdict

from dirigent.declarations.findings import Report
from dirigent.declarations.kinds import Draft
from dirigent.domain.breakers import BreakerRules
from dirigent.domain.spelling import suggestion
from dirigent.domain.windows import Limits

#: A burst is left out: whoever allows more in a second than in a minute means that seconds do not matter.
_LONGER = {"minute": ("hour", "day"), "hour": ("day",)}

_TOGETHER = "so both fail together: name a model of another deployment."


def examine_limits(limits: object, usual: object, report: Report, *, is_usual_known: bool = True) -> None:
    """Report every written limit that a longer window's keeps from ever being reached.

    What is not written is as in `usual`, where that is known; lowering a longer window's limit alone is
    no mistake.
    """
    if not isinstance(limits, Draft):
        return
    holding = limits_of(limits, usual) if is_usual_known else limits.values
    for name, longer_names in _LONGER.items():
        limit = limits.values.get(name)
        for longer in longer_names:
            most = None if longer in limits.written - limits.values.keys() else holding.get(longer)
            if isinstance(limit, int) and isinstance(most, int) and limit > most:
                what = f"{name} ({limit:,}) is more than {longer} ({most:,}), so it would never be reached"
                report.add(limits.at(name), f"{what}: raise {longer} or lower {name}.")
                break


def limits_of(limits: object, usual: object) -> dict[str, object]:
    """Every window's limit: as written, else as in `usual`, else as everywhere."""
    holding: dict[str, object] = asdict(Limits())
    for draft in (usual, limits):
        if isinstance(draft, Draft):
            holding |= draft.values
    return holding


def examine_breakers(models: Mapping[str, Draft], report: Report) -> None:
    """Report every model that has another breaker than an earlier one of the same deployment."""
    first: dict[str, tuple[str, Draft, BreakerRules]] = {}
    for name, model in models.items():
        deployment, rules = model.text("deployment"), _rules(model)
        if deployment is None or rules is None:
            continue
        other, draft, theirs = first.setdefault(deployment, (name, model, rules))
        if rules != theirs:
            where = f"{other!r} ({draft.place.file}:{draft.place.line})"
            why = f"Has another breaker than {where}, which is the same deployment and so the same circuit"
            report.add(model.at("breaker"), f"{why}: write the same breaker in both.")


def examine_spelling(models: Mapping[str, Draft], report: Report) -> None:
    """Report every deployment that differs from another in capitals only: providers take both for one."""
    first: dict[str, str] = {}
    for model in models.values():
        deployment = model.text("deployment")
        if deployment is None:
            continue
        if (other := first.setdefault(deployment.casefold(), deployment)) != deployment:
            why = (
                f"Differs from the deployment {other!r} in capitals only, and would have a circuit of its own"
            )
            report.add(model.at("deployment"), f"{why}: write both alike.")


def _rules(model: Draft) -> BreakerRules | None:
    breaker = model.values.get("breaker")
    if isinstance(breaker, Draft):
        return msgspec.convert(breaker.values, BreakerRules) if breaker.is_whole else None
    return None if "breaker" in model.written else BreakerRules()


def examine_fallback(
    name: str,
    agent: Draft,
    agents: Mapping[str, Draft] | None,
    models: Mapping[str, Draft] | None,
    report: Report,
) -> None:
    """Report a fallback that nobody knows or that fails together with the agent; None: nobody knows any."""
    fallback = agent.values.get("fallback")
    if not isinstance(fallback, Draft):
        return
    other, model = fallback.text("agent"), fallback.text("model")
    if other is not None and other == name:
        report.add(fallback.at("agent"), f"{name!r} is the agent itself: name another one, or a model.")
    elif other is not None and agents is not None and other not in agents:
        hint = suggestion(other, agents.keys() - {name}, kind="other agents")
        report.add(fallback.at("agent"), f"No agent is called {other!r}: {hint}")
    if model is not None and models is not None:
        _examine_model(model, agent, fallback, models, report)


def _examine_model(
    model: str, agent: Draft, fallback: Draft, models: Mapping[str, Draft], report: Report
) -> None:
    at, own = fallback.at("model"), agent.text("model")
    if model == own:
        why = f"{model!r} is the model the agent has already"
        report.add(at, f"{why}, {_TOGETHER}")
    elif model not in models:
        hint = suggestion(model, models.keys() - {own}, kind="other models")
        report.add(at, f"No model is called {model!r}: {hint}")
    elif own is not None and own in models:
        deployment = models[model].text("deployment")
        if deployment is not None and deployment == models[own].text("deployment"):
            why = f"{model!r} is the deployment {deployment!r}, as is the agent's own {own!r}"
            report.add(at, f"{why}, {_TOGETHER}")
