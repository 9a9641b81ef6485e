"""Limits and fallbacks, held against one another: none may be declared that has no effect."""

from collections.abc import Mapping

from msgspec.structs import asdict

from dirigent.declarations.findings import Report
from dirigent.declarations.kinds import Draft
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
