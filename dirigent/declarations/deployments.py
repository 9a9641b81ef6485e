"""Models of one deployment, held against one another: it is one, whatever it is called here."""

from collections.abc import Callable, Hashable, Iterator, Mapping
from typing import TypeVar

import msgspec

from dirigent.declarations.findings import Report
from dirigent.declarations.kinds import Draft
from dirigent.domain.breakers import BreakerRules
from dirigent.domain.dialects import Dialect

Part = TypeVar("Part", BreakerRules, Dialect)


def examine_deployments(models: Mapping[str, Draft], report: Report) -> None:
    """Report every model that says other things of a deployment than an earlier one does."""
    _examine_endpoints(models, report)
    _examine_spelling(models, report)
    _examine_breakers(models, report)
    _examine_dialects(models, report)


def _examine_endpoints(models: Mapping[str, Draft], report: Report) -> None:
    # Circuits, windows and pauses are kept under the deployment's name alone.
    for model, first in _twins(models, _name, _endpoint):
        why = f"Is at another endpoint than {first}, whose deployment is called the same"
        remedy = "name the same endpoint in both, or call one of the deployments otherwise at its provider"
        report.add(model.at("endpoint"), f"{why}, so both would share a circuit and limits: {remedy}.")


def _examine_spelling(models: Mapping[str, Draft], report: Report) -> None:
    first: dict[Hashable, str] = {}
    for model in models.values():
        deployment, endpoint = model.text("deployment"), _endpoint(model)
        if deployment is None or endpoint is None:
            continue
        # Providers take both for one.
        if (other := first.setdefault((deployment.casefold(), endpoint), deployment)) != deployment:
            why = (
                f"Differs from the deployment {other!r} in capitals only, and would have a circuit of its own"
            )
            report.add(model.at("deployment"), f"{why}: write both alike.")


def _examine_breakers(models: Mapping[str, Draft], report: Report) -> None:
    for model, first in _twins(models, _deployment, _rules):
        why = f"Has another breaker than {first}, which is the same deployment and so the same circuit"
        report.add(model.at("breaker"), f"{why}: write the same breaker in both.")


def _examine_dialects(models: Mapping[str, Draft], report: Report) -> None:
    # What a deployment understands is no choice of whoever uses it: calls that are worded otherwise would be
    # refused as long as they are made, and open the circuit for those that are not.
    for model, first in _twins(models, _deployment, _dialect):
        why = f"Has another dialect than {first}, which is the same deployment and understands the same"
        report.add(model.at("dialect"), f"{why}: write the same dialect in both.")


def _twins(
    models: Mapping[str, Draft],
    one: Callable[[Draft], Hashable | None],
    told: Callable[[Draft], object | None],
) -> Iterator[tuple[Draft, str]]:
    """Models that tell something else than the first one that is one with them, and where that stands."""
    first: dict[Hashable, tuple[str, object]] = {}
    for name, model in models.items():
        which, its = one(model), told(model)
        if which is None or its is None:
            continue
        where = f"{name!r} ({model.place.file}:{model.place.line})"
        other, theirs = first.setdefault(which, (where, its))
        if its != theirs:
            yield model, other


def _name(model: Draft) -> str | None:
    deployment = model.text("deployment")
    return None if deployment is None else deployment.casefold()


def _endpoint(model: Draft) -> str | None:
    """Its name, empty for where all others are; None where it could not be read."""
    return model.text("endpoint") if "endpoint" in model.written else ""


def _deployment(model: Draft) -> tuple[str, str] | None:
    """What makes it one; None where that could not be read."""
    deployment, endpoint = model.text("deployment"), _endpoint(model)
    return None if deployment is None or endpoint is None else (deployment, endpoint)


def _rules(model: Draft) -> BreakerRules | None:
    return _part(model, "breaker", BreakerRules)


def _dialect(model: Draft) -> Dialect | None:
    return _part(model, "dialect", Dialect)


def _part(model: Draft, key: str, kind: type[Part]) -> Part | None:
    """What holds of it; None where it could not be read."""
    part = model.values.get(key)
    if isinstance(part, Draft):
        return msgspec.convert(part.values, kind) if part.is_whole else None
    return None if key in model.written else kind()
